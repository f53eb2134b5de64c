"""The floor F: a bare Flask « hello » under the same server."""

from flask import Flask

app = Flask("hello")


@app.get("/")
def hello():
    return "hello"
