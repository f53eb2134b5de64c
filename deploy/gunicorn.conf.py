"""How gunicorn serves an instance: `gunicorn --config deploy/gunicorn.conf.py wsgi:app`."""

import gc
import os

from cptsapp import create_app
from cptsapp.kernel.logs import GunicornLogger
from cptsapp.kernel.serving import leave_what_is_loaded
from cptsapp.kernel.settings import settings

settings.configure(os.environ.get("CPTS_INSTANCE", "instance"))

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "cptsapp.kernel.serving.FairWorker"  # gthread, its connections shared out
workers = settings.web_workers
threads = settings.web_threads
preload_app = True  # read once: the processes share its memory
graceful_timeout = 30
keepalive = 75  # longer than the proxy in front keeps its own: it never writes into a connection that closes
control_socket_disable = True  # it would be opened under the home folder, which is closed
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 (the sign of life of a worker)
logger_class = GunicornLogger
loglevel = "warning"
accesslog = None  # addresses of pages may hold what was searched for


def when_ready(server):
    leave_what_is_loaded()


def on_reload(server):
    """Make the application again, as cpts.toml now says, for the processes that take over from the others."""
    gc.unfreeze()
    server.app.callable = create_app()
    leave_what_is_loaded()
