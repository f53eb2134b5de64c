"""Sending processes to be killed: at each line of standard input a fresh one is forked, and its pid is printed.

usage: mail_worker.py INSTANCE SECRET PORT CONNECTIONS [naive|full]
naive: send, then mark (the negative control); full: the files of the database may hardly grow any more
"""

import os
import resource
import signal
import sys
import time
from datetime import timedelta

from cptsapp import create_app
from cptsapp.kernel import db as database
from cptsapp.kernel.mail import OutgoingMail, dialogue, marks, sender

INSTANCE, SECRET, PORT, CONNECTIONS = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
LEASE = timedelta(seconds=1.5)

# The same rules on a faster clock.
marks.DELAYS[:] = [timedelta(seconds=0.2)] * len(marks.DELAYS)
marks.PAUSES[:] = [timedelta(seconds=0.2)] * len(marks.PAUSES)
marks.LOST_DELAY = timedelta(seconds=0.1)
sender.SECONDS_BETWEEN_FAILURES = 0.05
dialogue.REPLY_SECONDS = 1.0


def let_all_end(holder, about_to_end, *, lease):
    """Let every dot be written, and keep the Message-ID alone: without it the row could never be marked as sent."""
    for id, message_id in about_to_end:
        OutgoingMail.update(message_id=message_id).where(OutgoingMail.id == id).execute()
    return {id for id, _ in about_to_end}


if "naive" in sys.argv:
    marks.begin_doubt = let_all_end


def leave_no_room():
    """Let no file grow beyond a little more than the largest of the database, as on a disk that is full."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    base = os.path.join(INSTANCE, "cpts.db")
    largest = max(os.path.getsize(name) for name in (base, base + "-wal") if os.path.exists(name))
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 60_000, resource.RLIM_INFINITY))


# Made once, before the forks: a sender that is started works at once, and is killed at work.
app = create_app(INSTANCE, secret_key=SECRET, mail_port=PORT, mail_connections=CONNECTIONS)
app.jinja_loader.searchpath.append(os.path.join(os.path.dirname(__file__), "templates"))


def work():
    with app.app_context(), database.connection():
        if "full" in sys.argv:
            leave_no_room()
        while True:
            sender.Pass(lease=LEASE).run()
            time.sleep(0.02)


for _ in sys.stdin:
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            work()
        finally:
            os._exit(1)
    print(pid, flush=True)
