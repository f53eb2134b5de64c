"""The letters of the demonstration: a year of past issues, one in preparation, a message, a model. Nothing is sent."""

from datetime import datetime, time, timedelta

from cptsapp.blueprints.mailing import rules as mailing_rules
from cptsapp.blueprints.mailing.audience import Op, Step
from cptsapp.blueprints.subscription.segments import ALL
from cptsapp.kernel.dates import add_months, to_utc, today
from cptsapp.kernel.registry import demo_data

from . import picking, rules
from .contents import Block, Content
from .models import Archive, BlockKind, Issue, IssueReading, Kind, of_month
from .numbering import first_of

PAST = 7  # months ago of the first issue
SKIPPED = 3  # months ago: nobody wrote that one
EDITORIALS = (
    "{bonjour},\n\nL’été approche, et avec lui les remplacements à organiser. Merci à qui a déjà indiqué "
    "ses absences : **la continuité des soins tient à ces quelques lignes**.",
    "{bonjour},\n\nLes groupes de travail ont bien avancé : le protocole de sortie d’hôpital est relu par tous, et "
    "l’annuaire compte plus de la moitié des professionnels du territoire.",
    "{bonjour},\n\nC’est la rentrée. Trois rendez-vous à noter, une formation où il reste des places, une question : "
    "[de quoi aimeriez-vous parler](/contact) dans la prochaine lettre ?",
    "{bonjour},\n\nLes soins non programmés nous occupent tous. Vous trouverez ici ce qui a été décidé, et **à qui "
    "adresser un patient sans médecin traitant**.",
)
THEMES = {3: "mars-bleu", 5: "sans-tabac", 6: "don-du-sang", 9: "rentree", 10: "octobre-rose", 11: "mois-sans-tabac"}


@demo_data(order=75)
def fill():
    if Issue.select().exists():
        return
    month = first_of(today())
    for rank in range(PAST, 0, -1):
        if rank != SKIPPED:
            _past(add_months(month, -rank), rank)
    _model()
    _invitation()
    _draft()
    _thanks()


def _heading(title: str) -> Block:
    return Block(kind=BlockKind.HEADING, title=title)


def _picked(source: str, start, end, most: int) -> list[Block]:
    [offered] = [each for each in picking.offered(Content(), start, end) if each.key == source] or [None]
    items = [each for each in offered.items if each.readers == "public"] if offered else []
    return [picking.block_of(source, each) for each in items[:most]]


def _past(month, rank: int):
    start, end = add_months(month, -1), add_months(month, 1)
    blocks = [_heading("En bref"), *_picked("news", start, end, 3)]
    if len(blocks) == 1:
        words = "Le compte rendu de la dernière réunion est dans l’espace adhérent, avec les dates des suivantes."
        blocks.append(Block(title="La vie de la CPTS", blurb=words, url="/la-cpts"))
    content = Content(
        month=month,
        subject=f"La lettre {of_month(month)}",
        preheader="Les nouvelles du territoire, les rendez-vous, et ce qui change pour vos patients.",
        editorial=EDITORIALS[rank % len(EDITORIALS)],
        theme=THEMES.get(month.month, ""),
        archive=Archive.ADHERENTS if rank == 2 else Archive.PUBLIC,
        blocks=tuple(blocks),
    )
    issue = rules.create(Kind.NEWSLETTER, content)
    rules.file_away(issue.id, to_utc(datetime.combine(month + timedelta(days=9), time(9, 30))))
    for days in range(12):
        day = month + timedelta(days=9 + days * 2)
        if day <= today():
            IssueReading.create(issue=issue, day=day, number=max(1, 24 - 2 * days + rank % 3))


def _model():
    content = Content(
        name="Lettre mensuelle",
        preheader="Les nouvelles du territoire, les rendez-vous, et ce qui change pour vos patients.",
        editorial="{bonjour},\n\nQuelques lignes pour commencer : ce qui a compté ce mois-ci, et merci à qui.",
        blocks=(
            _heading("En bref"),
            _heading("À vos agendas"),
            _heading("Des documents pour vous"),
            Block(
                title="Nous écrire",
                blurb="Une question, une idée, un besoin ? Répondez à cette lettre.",
                url="/contact",
            ),
        ),
    )
    rules.create(Kind.MODEL, content)


def _invitation():
    content = Content(
        subject="Réunion publique : venez poser vos questions",
        preheader="Trouver un médecin traitant, comprendre les soins non programmés.",
        editorial="{bonjour},\n\nVous connaissez des habitants qui cherchent un médecin traitant ? "
        "**Transmettez-leur cette invitation.** L’entrée est libre.",
        archive=Archive.NONE,
        blocks=tuple(_picked("event", today(), today() + timedelta(days=40), 1)),
    )
    rules.create(Kind.MESSAGE, content)


def _draft():
    month, day = first_of(today()), today()
    news = _picked("news", day - timedelta(days=60), day, 3)
    events = _picked("event", day, day + timedelta(days=45), 3)
    documents = _picked("document", day - timedelta(days=60), day, 1)
    content = Content(
        month=month,
        subject=f"La lettre {of_month(month)} : dépistages, formations, et un verre",
        preheader="Trois rendez-vous, une soirée d’accueil, et un document à garder sous la main.",
        editorial="{bonjour},\n\nL’hiver est là. Dans cette lettre, de quoi **préparer les semaines qui viennent** : "
        "les formations où il reste des places, la réunion publique, et une soirée pour accueillir qui vient "
        "de s’installer.\n\nBonne lecture, et merci de tout ce que vous faites.",
        theme=THEMES.get(month.month, ""),
        blocks=(
            *([_heading("En bref"), *news] if news else []),
            *([_heading("À vos agendas"), *events] if events else []),
            *([_heading("Des documents pour vous"), *documents] if documents else []),
        ),
    )
    issue = rules.create(Kind.NEWSLETTER, content)
    sending = mailing_rules.open_for("newsletter", issue.id)
    mailing_rules.set_audience(sending.id, [Step(Op.OR, "tous", ALL)])


def _thanks():
    content = Content(
        subject="Un an ensemble : merci",
        preheader="Ce que nous avons fait de cette première année, en quelques lignes.",
        editorial="{bonjour},\n\nIl y a un an, nous étions douze autour d’une table. **Merci à chacun** : le "
        "territoire a aujourd’hui ses groupes de travail, son annuaire et ses rendez-vous.",
    )
    issue = rules.create(Kind.MESSAGE, content)
    rules.file_away(issue.id, to_utc(datetime.combine(today() - timedelta(days=40), time(8))))
