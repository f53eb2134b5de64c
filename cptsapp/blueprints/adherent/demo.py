"""The adherents of the demonstration: years behind them, requests that wait, a campaign about to leave."""

from datetime import date, timedelta

from cptsapp.blueprints.association.models import College
from cptsapp.blueprints.document import rules as documents
from cptsapp.blueprints.person import finding
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.person.models import Kind, Person
from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel.dates import start_of, today
from cptsapp.kernel.db import now
from cptsapp.kernel.registry import demo_data
from cptsapp.kernel.text import fold

from . import colleges, joining, renewing, rules, years
from .models import Application, Membership, MemberType, Practice, StructureRole, Year
from .origins import OriginVisit

LOGINS = {"bureau@exemple.fr": ("10-MG", "77053"), "adherent@exemple.fr": ("60", "77445")}
# given name, family name, type, profession, commune, years since the admission, what is shown
PEOPLE = [
    ("Ariane", "Fictive", "liberal", "60", "77445", 3, "show_phone"),
    ("Basile", "Essai", "liberal", "70", "77053", 2, "show_email show_phone"),
    ("Capucine", "Modèle", "liberal", "10-MG", "77253", 3, ""),
    ("Désiré", "Exemple", "salarie", "50", "77215", 1, "show_email"),
    ("Éloïse", "Échantillon", "usager", "", "77053", 0, ""),
    ("Fantine", "Maquette", "liberal", "21", "77007", 2, "show_phone"),
    ("Gaspard", "Témoin", "liberal", "91", "77336", 1, ""),
    ("Hermine", "Spécimen", "salarie", "93", "77445", 0, "show_email"),
    ("Isidore", "Gabarit", "liberal", "80", "77053", 1, ""),
    ("Joséphine", "Canevas", "liberal", "92", "77127", 0, "show_phone"),
    ("Lucien", "Patron", "salarie", "", "77053", 2, ""),
]
STRUCTURES = [
    ("Maison de santé des Trois Exemples", "structure", "77053", "Ariane"),
    ("Commune du Modèle", "collectivite", "77445", "Éloïse"),
]
RULES = [
    ("liberal", "", "Professionnels de santé libéraux"),
    ("structure", "", "Établissements et structures de soins"),
    ("collectivite", "", "Usagers et collectivités"),
    ("usager", "", "Usagers et collectivités"),
]


@demo_data(order=42)
def fill():
    write_rules()
    for email, (profession, insee) in LOGINS.items():
        person = Person.get_or_none(Person.email_normalised == email)
        if person:
            practise(person, profession, insee, "show_email show_phone")
            join(person, "liberal", profession, 2)
    members = {given_name: add(rank, given_name, *rest) for rank, (given_name, *rest) in enumerate(PEOPLE)}
    for rank, (name, type, insee, speaker) in enumerate(STRUCTURES):
        structure = person_rules.create(kind=Kind.STRUCTURE, name=name, email=f"structure{rank}@exemple.fr")
        practise(structure, "", insee, "")
        join(structure, type, "", 1)
        StructureRole.create(structure=structure, representative=members[speaker])
    lapse(members["Isidore"])
    leave(members["Lucien"])
    wait_for_a_decision()
    renewing.prepare()
    OriginVisit.insert_many(
        [{"tag": tag, "day": today(), "number": number} for tag, number in (("cpam", 14), ("colloque", 6))]
    ).execute()


def write_rules():
    """Give the collèges of the demonstration by type; what an employee's is stays to decide."""
    named = {each.name: each.id for each in College.ordered()}
    for type, practice, college in RULES:
        if college in named:
            colleges.save_rule(type=type, practice=practice, college_id=named[college])


def add(rank, given_name, family_name, type, profession, insee, since, shows) -> Person:
    email = f"{fold(given_name)}.{fold(family_name)}@exemple.fr"
    person = person_rules.create(
        given_name=given_name, family_name=family_name, email=email, phone=f"01 99 00 10 {rank:02}"
    )
    other = "" if profession or type == "usager" else "Taxi conventionné"
    practise(person, profession, insee, shows, other)
    join(person, type, profession, since)
    return person


def practise(person, profession, insee, shows, other=""):
    values = dict.fromkeys(shows.split(), True)
    commune = territory.use(insee)
    Practice.create(person=person, profession=profession, profession_other=other, commune=commune, **values)
    finding.put([person])


def join(person, type, profession, since):
    """Admit a person some years ago, and renew each year since, most of them paid."""
    start, _ = years.bounds(today())
    started = date(start.year - since, 3, 10) if since else max(start, today() - timedelta(days=40))
    versions = {f"{name}_version": current.label for name, current in in_force().items()}
    membership = rules.admit(
        person.id,
        type=type,
        college=colleges.deduce(type, profession),
        started_on=started,
        confirmed_on=max(start, started),
        origin="cpam" if since == 1 else "",
        **versions,
    )
    for back in range(since, 0, -1):
        years.cover(membership, years.period_at(date(start.year - back, 6, 1)))
    for year in Year.select().where(Year.membership == membership):
        day = max(year.period.starts_on + timedelta(days=20), started)
        Year.update(renewed_at=start_of(min(day, today())) + timedelta(hours=9)).where(Year.id == year.id).execute()
    due = Year.select().where(Year.membership == membership, Year.fee_cents > 0).order_by(Year.id.desc())
    for rank, year in enumerate(due):
        if rank or person.id % 3:
            day = max(year.period.starts_on + timedelta(days=60), started)
            years.pay(year.id, on=min(day, today()), means=("transfer", "cheque", "card")[person.id % 3])


def in_force() -> dict:
    found = {"statutes": documents.current("statuts"), "charter": documents.current("charte")}
    return {name: version for name, version in found.items() if version}


def lapse(person):
    """Take the present year back from a member: who lapsed stays in the list, and may come back."""
    start, _ = years.bounds(today())
    membership = Membership.get(Membership.person == person)
    Year.delete().where(Year.membership == membership, Year.period == years.period_at(start)).execute()
    Membership.update(ended_on=start - timedelta(days=1)).where(Membership.id == membership.id).execute()


def leave(person):
    """End a membership a month ago: it stays in the register of the days before."""
    rules.end(person.id, reason="Cesse son activité")
    Membership.update(ended_on=today() - timedelta(days=30)).where(Membership.person == person).execute()


def wait_for_a_decision():
    """Two requests with their address confirmed: a newcomer, and somebody whom the list seems to know."""
    newcomer = {
        "given_name": "Mathilde",
        "family_name": "Ébauche",
        "email": "mathilde.ebauche@exemple.fr",
        "phone": "01 99 00 20 01",
        "profession": "70",
        "insee": "77053",
        "mode": "Cabinet de groupe",
        "message": "Je m’installe en janvier et j’aimerais participer au groupe sur les sorties d’hôpital.",
    }
    known = {
        "given_name": "Basile",
        "family_name": "ESSAI",
        "email": "cabinet.essai@exemple.fr",
        "profession": "70",
        "insee": "77053",
    }
    for rank, values in enumerate((newcomer, known)):
        asked = now() - timedelta(days=3 - rank)
        request = Application(form_key=f"demonstration-{rank}", origin="cpam", created_at=asked)
        joining.fill(request, MemberType.LIBERAL, values)
        request.email_confirmed_at = asked + timedelta(minutes=8)
        for name, version in in_force().items():
            setattr(request, f"{name}_version", version.label)
        request.save()
