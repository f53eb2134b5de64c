"""Mails per second, each outcome durable, beside a raw smtplib loop that sends prebuilt bytes to the same local sink.

The sink is a process of its own, written for speed; it says yes to everything, at once or after the delays of a far
relay (20 ms of round trip, 30 ms to accept).
"""

import asyncio
import contextlib
import smtplib
import subprocess
import sys
import time
from functools import partial

from benchmarks.common import ROOT, folder
from benchmarks.writing import Table, number
from cptsapp import create_app
from cptsapp.kernel import db as database
from cptsapp.kernel import mail
from cptsapp.kernel.db import db, now
from cptsapp.kernel.mail import Kind, OutgoingMail, State, campaigns, headers, identity_for, sender

MAILS, FAR_MAILS, ROUNDS = 2000, 240, 3
ROUND_TRIP_SECONDS, ACCEPT_SECONDS = 0.020, 0.030
PARAGRAPH = "La réunion pluriprofessionnelle se tient jeudi à 20 h, à la maison de santé. Inscrivez-vous d’un clic. "


class Sink(asyncio.Protocol):
    """As much SMTP as a sender needs, with PIPELINING; `delays` are (round trip, acceptance) in seconds."""

    def __init__(self, delays=(0, 0)):
        self.delays, self.buffer, self.in_data = delays, b"", False

    def connection_made(self, transport):
        self.transport = transport
        self.say(b"220 sink\r\n")

    def say(self, words, accept=0):
        if delay := self.delays[0] + accept:
            asyncio.get_running_loop().call_later(delay, self.transport.write, words)
        else:
            self.transport.write(words)

    def data_received(self, data):
        self.buffer += data
        while self.in_data or b"\r\n" in self.buffer:
            if self.in_data:
                if not self.buffer.endswith(b"\r\n.\r\n"):
                    return
                self.buffer, self.in_data = b"", False
                self.say(b"250 OK\r\n", self.delays[1])
                continue
            lines, _, self.buffer = self.buffer.rpartition(b"\r\n")
            self.say(b"".join(self.answer(line) for line in lines.split(b"\r\n")))

    def answer(self, line):
        verb = line[:4].upper()
        if verb == b"DATA":
            self.in_data = True
            return b"354 go\r\n"
        return (
            b"250-sink\r\n250 PIPELINING\r\n"
            if verb == b"EHLO"
            else b"221 bye\r\n"
            if verb == b"QUIT"
            else b"250 OK\r\n"
        )


async def serve(delays):
    server = await asyncio.get_running_loop().create_server(lambda: Sink(delays), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextlib.contextmanager
def sink(*, far=False):
    """Start a sink, give its port."""
    command = [sys.executable, "-m", "benchmarks.courriels", "far" if far else "near"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def pieces() -> list[bytes]:
    """Return a letter compiled once, cut where a recipient's name goes: a recipient then costs a join."""
    text = "Bonjour @@,\n\n" + (PARAGRAPH * 3 + "\n\n") * 16
    html = "<p>Bonjour @@,</p>" + ("<p style='margin:0 0 16px;font-size:16px'>" + PARAGRAPH * 3 + "</p>\n") * 40
    lines = headers.head(
        kind=Kind.COLLECTIVE,
        identity=identity_for(Kind.COLLECTIVE),
        to="@@to@@",
        subject="La lettre",
        message_id="@@id@@",
        at=now(),
    )
    return headers.message(lines, text=text, html=html).split(b"@@")


def compiled_source():
    head, _, middle, _, *rest = pieces()

    def of(row, message_id):
        name = row.to_address.split("@")[0].encode()
        return b"".join([head, row.to_address.encode(), middle, message_id.encode(), name.join(rest)])

    return of


def fill(count, *, campaign):
    OutgoingMail.delete().execute()
    with db.atomic():
        for index in range(count):
            to = f"p{index}@exemple.fr"
            if campaign:
                row = {"campaign_id": 1, "kind": Kind.COLLECTIVE, "to_address": to, "subject": "La lettre"}
                OutgoingMail.insert(row).execute()
            else:
                values = {"address": "bonjour@exemple.fr", "collective": False}
                mail.queue("outbox/test", to=to, values=values)


def raw(port, count) -> tuple[float, float]:
    """The floor: return (mails per second, CPU ms per mail) of a bare loop on one kept connection."""
    content = compiled_source()(OutgoingMail(to_address="p@exemple.fr"), "<1@exemple.fr>")
    with smtplib.SMTP("127.0.0.1", port) as host:
        host.ehlo()
        start, cpu = time.perf_counter(), time.process_time()
        for index in range(count):
            host.sendmail("lettre@exemple.fr", [f"p{index}@exemple.fr"], content)
        return count / (time.perf_counter() - start), (time.process_time() - cpu) / count * 1000


def commits() -> tuple[float, float]:
    """The disk's own limit for one connection: commits per second of one small mark, flushed (synchronous FULL)."""
    fill(1, campaign=True)
    start, cpu, count = time.perf_counter(), time.process_time(), 500
    for index in range(count):
        with db.atomic():
            db.execute_sql("UPDATE outgoing_mail SET attempts = ?", (index,))
    return count / (time.perf_counter() - start), (time.process_time() - cpu) / count * 1000


def ours(app, port, *, count=MAILS, connections, campaign=True) -> tuple[float, float]:
    fill(count, campaign=campaign)
    app.config["MAIL_PORT"] = port
    mail.relay.mail.state = mail.relay.mail.init_app(app)
    start, cpu = time.perf_counter(), time.process_time()
    report = sender.Pass(connections=connections, rate=0).run()
    elapsed, cpu = time.perf_counter() - start, time.process_time() - cpu
    assert report.counts == {"sent": count}, report
    assert OutgoingMail.select().where(OutgoingMail.state == State.SENT).count() == count
    return count / elapsed, cpu / count * 1000


CASES = {
    "lettre de 30 ko, états durables, 1 connexion": {"connections": 1},
    "lettre de 30 ko, états durables, 4 connexions": {"connections": 4},
    "messages de modèles, composés un à un, 1 connexion": {"connections": 1, "count": 500, "campaign": False},
}


def best(measure) -> tuple[float, float]:
    """Return the middle of three rounds: the machine has other things to do."""
    return sorted(measure() for _ in range(ROUNDS))[ROUNDS // 2]


HEADS = ("quoi", "par seconde", "× la boucle", "CPU ms")


def row(name: str, figure: tuple[float, float], floor: tuple[float, float]) -> tuple:
    rate, cpu = figure
    return name, number(rate), number(rate / floor[0], 2), number(cpu, 2)


def main():
    with folder() as place:
        app = create_app(place, secret_key="x" * 40, second_factor_required=False)
        with app.app_context(), database.connection():
            database.create_all()
            campaigns.provide(campaigns.Campaigns(compiled_source(), lambda: [1]))
            with sink() as port:
                floor = best(partial(raw, port, MAILS))
                rows = [row("boucle smtplib, messages prêts (M)", floor, floor)]
                rows += [row("écriture durable seule (une par message, SQLite)", best(commits), floor)]
                for name, options in CASES.items():
                    rows.append(row(name, best(partial(ours, app, port, **options)), floor))
                yield Table(HEADS, rows)
            with sink(far=True) as port:
                far = raw(port, FAR_MAILS // 8)
                letter = ours(app, port, count=FAR_MAILS, connections=8)
                rows = [row("relais lointain (20 ms, 30 ms) : boucle smtplib", far, far)]
                yield Table(HEADS, [*rows, row("relais lointain : lettre, 8 connexions", letter, far)])
            campaigns.forget()
        db.close_all()


if __name__ == "__main__":
    far = sys.argv[1:] == ["far"]
    asyncio.run(serve((ROUND_TRIP_SECONDS, ACCEPT_SECONDS) if far else (0, 0)))
