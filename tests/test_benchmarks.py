"""A benchmark that did not do what it measures has no figure."""

import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from benchmarks import common


class Answering(BaseHTTPRequestHandler):
    """200 everywhere, but 404 at /perdue and no answer at /coupee."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/coupee":
            self.close_connection = True
            return
        self.send_response(404 if self.path == "/perdue" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def port():
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever).start()
        yield server.server_port
        server.shutdown()


def measure(port, path_of):
    server = SimpleNamespace(pid=os.getpid())
    return common.load(port, server, lambda n: common.request_bytes(path_of(n), port), seconds=0.2, clients=3)


@pytest.mark.parametrize(("path", "error"), [("/perdue", AssertionError), ("/coupee", ConnectionError)])
def test_one_client_that_stops_on_the_way_fails_the_measure(port, path, error):
    with pytest.raises(error):
        measure(port, lambda n: path if n == 2 else "/")


def test_when_each_client_goes_to_the_end_there_is_a_figure(port):
    assert measure(port, lambda n: "/").rate > 0
