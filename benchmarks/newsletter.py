"""A personalised letter of 30 kB to 2,000 and 10,000 people, each outcome durable, beside a raw loop of prebuilt bytes.

The sink is Debian's smtp-sink (package postfix) when it is there, or where SMTP_SINK says; else our own, in Python,
whose own speed then weighs on the figures. BENCH_RECIPIENTS (« 2000 10000 ») and BENCH_ROUNDS choose.
"""

import contextlib
import os
import shutil
import smtplib
import socket
import subprocess
import time
from functools import partial

from benchmarks import courriels
from benchmarks.common import folder, free_port
from benchmarks.courriels import row
from benchmarks.writing import Table, number
from cptsapp import create_app
from cptsapp.blueprints.mailing import audience, rules, sources
from cptsapp.blueprints.mailing.compiling import compile
from cptsapp.blueprints.mailing.content import recipient
from cptsapp.blueprints.mailing.letters import Letter, values_for
from cptsapp.blueprints.mailing.models import Mailing, MailingText, State
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import db as database
from cptsapp.kernel import mail
from cptsapp.kernel.db import db, insert_rows, now
from cptsapp.kernel.mail import Kind, OutgoingMail, identity_for, sender
from cptsapp.kernel.registry import Segment, segments

RECIPIENTS = [int(each) for each in os.environ.get("BENCH_RECIPIENTS", "2000 10000").split()]
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
FAR = 240
PARAGRAPH = courriels.PARAGRAPH * 3
LETTER = Letter(
    subject="La lettre de novembre",
    preheader="Ce mois-ci",
    html="<p>{bonjour},</p>" + f"<p style='margin:0 0 16px;font-size:16px'>{PARAGRAPH}</p>\n" * 52,
    text="{bonjour},\n\n" + f"{PARAGRAPH}\n\n" * 26,
)


def found_sink() -> str | None:
    named = os.environ.get("SMTP_SINK") or shutil.which("smtp-sink") or "/usr/sbin/smtp-sink"
    return named if os.path.exists(named) else None


@contextlib.contextmanager
def sink():
    """Start the sink; give its port and its name."""
    program = found_sink()
    if program is None:
        with courriels.sink() as port:
            yield port, "puits en Python, faute de smtp-sink"
        return
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []  # it refuses to run as root
    process = subprocess.Popen([program, *user, f"127.0.0.1:{port}", "100"])
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        yield port, "smtp-sink"
    finally:
        process.kill()
        process.wait()


def people(count):
    fields = [Person.family_name, Person.given_name, Person.email, Person.email_normalised, Person.folded]
    rows = [(f"Nom{n}", f"Prénom{n}", f"p{n}@exemple.fr", f"p{n}@exemple.fr", f"nom{n:06}") for n in range(count)]
    with db.atomic():
        insert_rows(Person, fields, rows)


def prepared(count) -> float:
    """Start a sending to `count` people; return the seconds of CPU that it took."""
    OutgoingMail.delete().execute()
    MailingText.delete().execute()
    Mailing.delete().execute()
    mailing = rules.open_for("essai", 1)
    rules.set_audience(mailing.id, [audience.Step("or", "essai", str(count))])
    start = time.process_time()
    rules.start(mailing.id)
    return time.process_time() - start


def raw(port, count) -> tuple[float, float]:
    """The floor: return (mails per second, CPU ms per mail) of a bare loop on one kept connection."""
    whom = recipient("p1@exemple.fr", values_for(["Prénom1"], ["Prénom1 Nom1"]))
    content = compile(LETTER, identity_for(Kind.COLLECTIVE)).message_for(whom, message_id="<1@exemple.fr>", at=now())
    with smtplib.SMTP("127.0.0.1", port) as host:
        host.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        host.ehlo()
        start, cpu = time.perf_counter(), time.process_time()
        for index in range(count):
            host.sendmail("lettre@exemple.fr", [f"p{index}@exemple.fr"], content)
        return count / (time.perf_counter() - start), (time.process_time() - cpu) / count * 1000


def ours(app, port, count, connections) -> tuple[float, float]:
    prepared(count)
    app.config["MAIL_PORT"] = port
    mail.relay.mail.state = mail.relay.mail.init_app(app)
    start, cpu = time.perf_counter(), time.process_time()
    report = sender.Pass(connections=connections, rate=0).run()
    elapsed, cpu = time.perf_counter() - start, time.process_time() - cpu
    assert report.counts == {"sent": count}, report
    assert Mailing.get().state == State.SENT
    return count / elapsed, cpu / count * 1000


def built(count=2000) -> float:
    """Return the CPU, in ms, of building one recipient's bytes."""
    compiled = compile(LETTER, identity_for(Kind.COLLECTIVE))
    start = time.process_time()
    for index in range(count):
        whom = recipient(f"p{index}@exemple.fr", values_for([f"P{index}"], [f"P{index} N"]))
        compiled.message_for(whom, message_id=f"<{index}@exemple.fr>", at=now())
    return (time.process_time() - start) / count * 1000


def best(measure) -> tuple[float, float]:
    return sorted(measure() for _ in range(ROUNDS))[ROUNDS // 2]


def main():
    sources.register(sources.LetterSource("essai", "Essai", lambda id: LETTER, lambda id: ""))
    query = lambda value: Person.select(Person.id).where(Person.id <= int(value))  # noqa: E731
    segments.append(Segment("essai", "Essai", lambda: [(str(each), str(each)) for each in [*RECIPIENTS, FAR]], query))
    with folder() as place:
        app = create_app(place, secret_key="x" * 40, base_url="https://www.exemple.fr", second_factor_required=False)
        with app.app_context(), database.connection():
            database.create_all()
            people(max(*RECIPIENTS, FAR))
            frozen = " ; ".join(f"{number(count)} en {number(prepared(count), 2)} s" for count in RECIPIENTS)
            yield f"Processeur : composer un message, {number(built(), 2)} ms ; figer les destinataires, {frozen}."
            with sink() as (port, name):
                rows = []
                for count in RECIPIENTS:
                    floor = best(partial(raw, port, count))
                    rows.append(row(f"{number(count)} : boucle smtplib, messages prêts (M)", floor, floor))
                    for connections in (1, 4):
                        figure = best(partial(ours, app, port, count, connections))
                        rows.append(row(f"{number(count)} : la lettre, connexions : {connections}", figure, floor))
                yield f"Serveur d’essai : {name}."
                yield Table(courriels.HEADS, rows)
            with courriels.sink(far=True) as port:
                floor = raw(port, FAR // 8)
                rows = [row("relais lointain (20 ms, 30 ms) : boucle smtplib", floor, floor)]
                rows.append(row("relais lointain : la lettre, 8 connexions", ours(app, port, FAR, 8), floor))
                yield Table(courriels.HEADS, rows)
        db.close_all()
