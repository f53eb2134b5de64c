"""The events of the demonstration: some to come, one full, a monthly group, some held, with people who do not exist."""

from datetime import datetime, time, timedelta

from cptsapp.blueprints.account.models import Account
from cptsapp.kernel.dates import add_months, to_utc, today
from cptsapp.kernel.db import db
from cptsapp.kernel.mail import OutgoingMail
from cptsapp.kernel.registry import demo_data

from . import asking, attendance, booking, copies, materials, rules, showing
from .asking import Asked
from .attendance import Tick
from .models import Event, Session
from .people import Interest, Registration
from .timetable import Every

GIVEN = ("Alma", "Boris", "Chloé", "Denis", "Elsa", "Félix", "Gaëlle", "Hugo", "Inès", "Jules", "Katia", "Léon")
FAMILY = ("Invention", "Ébauche", "Croquis", "Esquisse", "Fiction", "Brouillon", "Pastiche", "Décor", "Figurant")
PROFESSIONS = ("60", "10-MG", "70", "21", "91", "60", "", "50")
CPTS = ("", "", "", "CPTS voisine (fictive)")


@demo_data(order=65)
def fill():
    _webinar()
    _full_training()
    _public_meeting()
    _monthly_group()
    _social()
    _external()
    _draft()
    _cancelled()
    _held_training()
    _held_workshop()
    _of_before()
    with db.atomic():  # nobody of this story is to be written to
        OutgoingMail.delete().where(OutgoingMail.template.startswith("event/")).execute()


def _at(days: int, hour: int, minute: int = 0, hours: float = 2) -> list[tuple]:
    """Return the sessions of an event, one, `days` from today."""
    start = to_utc(datetime.combine(today() + timedelta(days=days), time(hour, minute)))
    return [(start, start + timedelta(hours=hours), "")]


def _published(title: str, sessions: list[tuple], *, slug: str = "", **values) -> Event:
    coordinator = Account.with_email("coordinatrice@exemple.fr")
    values.setdefault("audience", "everyone")
    event = rules.create(title=title, sessions=sessions, created_by=coordinator and coordinator.id, **values)
    event = rules.publish(event.id)
    if slug:  # an address that stays the same whatever the day
        event.slug = slug
        with db.atomic():
            event.save()
            showing.show_changed(event)
    return event


def _register(event: Event, count: int, *, start: int = 0) -> list[Registration]:
    """Register `count` people who do not exist, the same ones each time."""
    made = []
    for rank in range(start, start + count):
        given, family = GIVEN[rank % len(GIVEN)], FAMILY[rank * 7 % len(FAMILY)]
        values = {
            "given_name": given,
            "family_name": family,
            "email": f"inscrit{rank}@exemple.fr",
            "profession": PROFESSIONS[rank % len(PROFESSIONS)],
            "organisation": "Maison de santé des Trois Exemples" if rank % 3 == 0 else "",
            "cpts": CPTS[rank % len(CPTS)],
            "speakers_question": "Comment adresser un patient sans délai ?" if rank == 2 else "",
        }
        made.append(booking.register(event, f"demonstration-{event.id}-{rank}", values=values).registration)
    return made


def _took_place(event: Event, days: int) -> Event:
    """Move an event to the past, as time does, and say it held."""
    shift = timedelta(days=days)
    for session in Session.select().where(Session.event == event):
        session.starts_at, session.ends_at = session.starts_at - shift, session.ends_at - shift
        session.save()
    before = {"starts_at": event.starts_at - shift, "ends_at": event.ends_at - shift}
    Event.update(**before, published_at=event.starts_at - shift - timedelta(days=30)).where(
        Event.id == event.id
    ).execute()
    return rules.hold(event.id)


def _webinar():
    event = _published(
        "Dépistage du cancer colorectal : en parler en consultation",
        _at(9, 20, 30, 1.5),
        slug="depistage-colorectal",
        kind="webinar",
        theme="prevention",
        summary="Une heure et demie pour savoir à qui proposer le test, et que répondre aux hésitations.",
        description="Le test se fait **à domicile**, tous les deux ans, de 50 à 74 ans.\n\n"
        "- à qui le proposer ;\n- comment remettre le kit ;\n- que dire à qui hésite.",
        agenda="1. Les chiffres du territoire\n2. Deux cas\n3. Vos questions",
        speakers="Dr Camille Exemple, gastro-entérologue\nSacha Modèle, infirmière coordinatrice",
        online_url="https://visio.exemple.fr/depistage",
        online_minutes=30,
        audience="professionals",
        capacity=60,
        asks_speakers=True,
        gives_certificate=True,
        action="Dépistages organisés",
    )
    with db.atomic():
        materials.set_partners(event.id, [("Centre de dépistage (fictif)", "https://depistage.exemple.fr", None)])
    _register_professionals(event)


def _register_professionals(event):
    for rank, code in enumerate(("60", "10-MG", "21", "70", "91", "60", "50")):
        values = {
            "given_name": GIVEN[rank],
            "family_name": FAMILY[rank],
            "email": f"inscrit{rank}@exemple.fr",
            "profession": code,
            "speakers_question": "Faut-il proposer le test avant 50 ans en cas d’antécédent ?" if rank == 1 else "",
        }
        booking.register(event, f"demonstration-{event.id}-{rank}", values=values)


def _full_training():
    event = _published(
        "Gestes d’urgence au cabinet",
        _at(16, 13, 30, 4),
        slug="gestes-d-urgence",
        kind="training",
        theme="qualite",
        summary="Quatre heures de pratique, en petit groupe, avec mannequins et défibrillateur.",
        description="Venez en tenue confortable. Le matériel est fourni.",
        place="Maison de santé des Trois Exemples",
        address="1 rue du Modèle",
        commune="77053",
        capacity=8,
        gives_certificate=True,
        reminders="7d,1d",
    )
    asking.set_questions(event.id, [Asked(None, "choice", "Votre niveau", ("Débutant", "À rafraîchir"), False)])
    _register(event, 11)


def _public_meeting():
    event = _published(
        "Réunion publique : trouver un médecin traitant",
        _at(23, 19, 0, 2),
        kind="public_meeting",
        theme="acces-aux-soins",
        summary="Habitants du territoire, venez poser vos questions à ceux qui vous soignent.",
        place="Salle des fêtes",
        commune="77445",
        is_light=True,
        reminders="1d",
    )
    for rank in range(9):
        values = {"given_name": GIVEN[rank], "email": f"habitant{rank}@exemple.fr" if rank % 2 else ""}
        booking.register(event, f"demonstration-{event.id}-{rank}", values=values)


def _monthly_group():
    first = _published(
        "Coordination mensuelle avec l’hôpital",
        _at(12, 13, 0, 1),
        kind="group",
        theme="parcours",
        summary="Sorties difficiles, situations en attente : une heure, chaque mois.",
        place="Hôpital du Modèle (fictif)",
        commune="77053",
        audience="adherents",
        is_public=False,
        reminders="1d",
    )
    copies.repeat(first.id, Every.MONTH_DAY, add_months(today(), 5))


def _social():
    event = _published(
        "Soirée d’accueil des nouveaux installés",
        _at(34, 19, 30, 3),
        kind="social",
        theme="attractivite",
        summary="Un verre, des visages, des numéros de téléphone utiles.",
        place="Domaine du Modèle",
        commune="77127",
        audience="adherents",
        capacity=40,
    )
    asking.set_questions(event.id, [Asked(None, "guests", "Combien de personnes vous accompagnent ?", (), False, 2)])


def _external():
    _published(
        "Séminaire régional de maîtrise de stage",
        _at(45, 9, 0, 8),
        kind="external",
        theme="attractivite",
        summary="Organisé par une faculté : l’inscription se fait auprès d’elle.",
        place="Faculté de médecine (fictive)",
        booking="none",
    )


def _draft():
    rules.create(title="Journée sport et santé", kind="workshop", theme="prevention", sessions=[])


def _cancelled():
    event = _published(
        "Atelier mémoire et lien social",
        _at(6, 14, 0, 2),
        kind="workshop",
        theme="prevention",
        place="Médiathèque",
        commune="77053",
        is_light=True,
    )
    for rank in range(3):
        values = {"given_name": GIVEN[rank], "email": f"habitant{rank}@exemple.fr"}
        booking.register(event, f"demonstration-{event.id}-{rank}", values=values)
    rules.cancel(event.id, "L’animatrice est souffrante. Une nouvelle date vous sera proposée.")


def _held_training():
    event = _published(
        "Plaies et cicatrisation : les bons pansements",
        _at(10, 20, 0, 2),
        slug="plaies-et-cicatrisation",
        kind="training",
        theme="qualite",
        summary="Choisir, poser, surveiller : la soirée annuelle.",
        speakers="Alix Exemple, infirmière experte",
        place="Maison de santé des Trois Exemples",
        commune="77053",
        gives_certificate=True,
        action="Formations pluriprofessionnelles",
    )
    people = _register(event, 14, start=20)
    materials.add(
        event.id, title="Guide des pansements", kind="link", readers="public", url="https://guide.exemple.fr/pansements"
    )
    event = _took_place(event, 32)
    [session] = attendance.sessions_of(event)
    there = [Tick(each.id, session.id, True, session.starts_at) for each in people[:11]]
    attendance.record(event.id, there, None)
    with db.atomic():
        Interest.create(event=event, email="suite@exemple.fr", email_normalised="suite@exemple.fr", name="Noé Croquis")


def _held_workshop():
    event = _published(
        "Atelier équilibre pour les seniors",
        _at(8, 10, 0, 1.5),
        kind="workshop",
        theme="prevention",
        summary="Bouger en sécurité, chez soi et dehors.",
        place="Gymnase",
        commune="77445",
        booking="none",
        counts_heads=True,
        action="BRI-PRE-2",
    )
    event = _took_place(event, 50)
    [session] = attendance.sessions_of(event)
    attendance.count_heads(event.id, session.id, {"60-74": (9, 0), "75": (6, 0)})


def _of_before():
    event = _published(
        "Présentation du projet de santé",
        _at(5, 20, 0, 2),
        kind="public_meeting",
        theme="vie-associative",
        place="Salle des fêtes",
        commune="77053",
        booking="none",
    )
    _took_place(event, 400)
    rules.count_by_hand(event.id, participants=95, professionals=61, source="Compte rendu de l’époque")
