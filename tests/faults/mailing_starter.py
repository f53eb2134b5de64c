"""Processes that start a sending, to be killed: at each line of standard input one is forked, and its pid is printed.

usage: mailing_starter.py INSTANCE SECRET MAILING
"""

import os
import sys

from cptsapp import create_app
from cptsapp.blueprints.mailing import rules, sources
from cptsapp.blueprints.mailing.letters import Letter
from cptsapp.kernel import db as database

INSTANCE, SECRET, MAILING = sys.argv[1], sys.argv[2], int(sys.argv[3])


app = create_app(INSTANCE, secret_key=SECRET)
letter = Letter("La lettre", "", "<p>{bonjour}</p>", "{bonjour}")
sources.register(sources.LetterSource("essai", "Essai", lambda id: letter, lambda id: ""))


def work():
    with app.app_context(), database.connection():
        rules.start(MAILING)


for _ in sys.stdin:
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            work()
        finally:
            os._exit(0)
    print(pid, flush=True)
