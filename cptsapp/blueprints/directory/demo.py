"""The directories of the demonstration: most lists have entries, some wait, some expire. All is invented."""

from datetime import date, timedelta

from cptsapp.blueprints.account.demo import DEMO_PASSWORD, opened
from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.person.models import Kind, Person
from cptsapp.kernel import passwords
from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.db import db
from cptsapp.kernel.mail import OutgoingMail
from cptsapp.kernel.registry import demo_data
from cptsapp.kernel.text import fold

from . import freshness, places, rules, sharing, stages
from .models import Entry, Means
from .rules import Agreement, Typed

BRIE, SERVON, FORET, COMBS, CHEVRY, OZOIR = "77053", "77450", "77183", "77122", "77114", "77350"
AGREED = Agreement(means=Means.PAPER)

# given name, family name, profession, commune, directory, answers
VOLUNTEERS = [
    ("Alma", "Invention", "60-IPA", BRIE, "ipa",
     {"situation": "diplomee", "mentions": ["si01"], "mode": "liberal", "accueille": True, "communes": [BRIE, SERVON],
      "adressage": "Par messagerie sécurisée, avec un courrier de votre médecin.", "ordre": True}),
    ("Boris", "Ébauche", "60-IPA", COMBS, "ipa",
     {"situation": "diplomee", "mentions": ["si02", "si01"], "mode": "salarie", "accueille": False}),
    ("Chloé", "Croquis", "60", OZOIR, "ipa",
     {"situation": "formation_1", "ecole": "Université des Exemples", "accompagnement": True}),
    ("Denis", "Esquisse", "60", CHEVRY, "ipa", {"situation": "projet", "accompagnement": True}),
    ("Elsa", "Brouillon", "50", BRIE, "sages-femmes",
     {"actes": ["epp", "preparation", "postnatal"], "delai_epp": 10, "domicile": True, "communes": [BRIE, SERVON],
      "horaires": "Lundi, mardi, jeudi, sur rendez-vous", "adresse": "3 rue du Modèle"}),
    ("Faustine", "Pastiche", "50", OZOIR, "sages-femmes",
     {"actes": ["epp", "gynecologie", "reeducation"], "delai_epp": 21, "domicile": False}),
    ("Gaëlle", "Figurant", "50", COMBS, "sages-femmes",
     {"actes": ["suivi_grossesse", "allaitement", "echographie"], "domicile": True}),
    ("Hugo", "Décor", "21", BRIE, "tabac", {"propose": ["substituts", "suivi"], "delai": "Le jour même"}),
    ("Inès", "Maquis", "60", SERVON, "tabac", {"propose": ["suivi", "groupe"], "formation": "DU de tabacologie"}),
    ("Jules", "Factice", "10-MG", BRIE, "msu", {"freins": ["temps"]}),
    ("Katia", "Fictionnelle", "10-MG", FORET, "msu",
     {"niveaux": ["externes", "niveau_1"], "faculte": "upec", "agree_le": "2023-11-02", "places": 2,
      "places_libres": 1, "logement": True, "acces": "RER puis bus, 15 minutes"}),
    ("Léon", "Imaginaire", "10-MG", COMBS, "msu", {"faculte": "upec", "niveaux": ["externes"]}),
    ("Mila", "Trompel’œil", "10-MG", OZOIR, "medecins-volontaires",
     {"par_mois": 4, "ald_seulement": True, "communes": [OZOIR, CHEVRY], "visites": True}),
    ("Noé", "Illusion", "10-MG", BRIE, "medecins-volontaires", {"par_mois": 2, "visites": False}),
    ("Olga", "Mirage", "10-GYNMED", COMBS, "ivg",
     {"methodes": ["medicamenteuse"], "terme": 9, "delai": "Moins de 5 jours"}),
    ("Paul", "Songe", "60", BRIE, "etp",
     {"situation": "formee", "annee": 2022, "themes": ["diabete", "obesite"], "anime": True, "formats": ["groupe"]}),
    ("Rosa", "Chimère", "70", CHEVRY, "etp", {"situation": "souhaite", "themes": ["lombalgie"]}),
    ("Simon", "Fantaisie", "95", SERVON, "etp",
     {"situation": "formee", "annee": 2019, "themes": ["diabete"], "langues": "Portugais"}),
    ("Tess", "Conte", "60", BRIE, "teleconsultation", {"lieux": ["domicile", "ehpad"], "equipe": False}),
    ("Ugo", "Récit", "10-MG", BRIE, "teleconsultation", {"experience": "quelques", "lieux": ["ehpad"]}),
    ("Vera", "Roman", "10-MG", FORET, "agenda-partage", {"creneaux": 6, "quand": ["matin"], "pilote": True}),
    ("Wanda", "Fable", "60", COMBS, "reserve", {"competences": ["vacciner", "soigner"]}),
    ("Xavier", "Mythe", "10-DERMA", BRIE, "tele-expertise",
     {"specialite": "dermatologie", "motifs": "Lésions suspectes, plaies chroniques", "delai": "deux_jours",
      "outil": "Messagerie sécurisée (fictive)"}),
    ("Yanis", "Légende", "10-MG", CHEVRY, "medecins-en-exercice",
     {"tranche_age": "plus_65", "arret_prevu": 2028, "organisation": "seul", "source": "Appel du cabinet (fictif)"}),
    ("Zélie", "Allégorie", "X-APA", OZOIR, "sport-sante",
     {"role": ["bilan", "encadrer"], "publics": ["ald", "seniors"], "creneaux": "Mardi et jeudi, 10 h",
      "lieu": "Gymnase du Modèle"}),
]  # fmt: skip
THINGS = [
    ("etp-programmes", "Mieux vivre avec son diabète", BRIE,
     {"theme_etp": "diabete", "declare": True, "declare_le": "2024-03-12", "numero_ars": "ARS-FICTIF-001",
      "public_vise": "Adultes diabétiques de type 2", "communes": [BRIE, SERVON], "gratuit": True,
      "inscription": ["patient", "professionnel"], "lieux": "Maison de santé des Trois Exemples, un samedi par mois"}),
    ("etp-programmes", "Bouger sans mal de dos", OZOIR,
     {"theme_etp": "lombalgie", "declare": False, "public_vise": "Adultes lombalgiques", "communes": [OZOIR],
      "gratuit": True, "inscription": ["patient"]}),
    ("permanences", "Pharmacie du Modèle", BRIE,
     {"objet": ["grippe", "covid"], "adresse": "12 rue de l’Exemple", "jours": ["mardi", "samedi"],
      "horaires": "9 h à 12 h", "sans_rendez_vous": True}),
    ("permanences", "Cabinet infirmier des Exemples", SERVON,
     {"objet": ["grippe"], "adresse": "4 place du Modèle", "jours": ["mercredi"], "horaires": "14 h à 17 h"}),
    ("ressources", "Maison des adolescents du Modèle", COMBS,
     {"type": "mda", "pour_qui": "De 11 à 21 ans, et leurs parents", "horaires": "Mercredi et samedi",
      "adresse": "1 allée de l’Exemple", "astuce": "Demander l’infirmière d’accueil."}),
    ("ressources", "PMI des Trois Exemples", BRIE,
     {"type": "pmi", "pour_qui": "Futurs parents, enfants jusqu’à 6 ans", "adresse": "8 rue du Modèle"}),
    ("actions-prevention", "Marche des seniors", CHEVRY,
     {"organisateur": "CCAS du Modèle", "themes": ["activite", "chutes"], "publics": ["seniors"],
      "lieu": "Départ de la mairie"}),
]  # fmt: skip


@demo_data(order=70)
def fill():
    entries = [_volunteer(*row) for row in VOLUNTEERS]
    for slug, title, insee, said in THINGS:
        shown = {"show_phone": True, "is_public": True, "is_shared": True}
        typed = Typed(title=title, commune=insee, phone="01 99 00 56 78", values=said, **shown)
        rules.declare(slug, None, typed, None, keyed=True)
    _protocols()
    _structures()
    _walk()
    _members()
    _ages(entries)
    _partner()
    with db.atomic():  # nobody of this story is to be written to
        OutgoingMail.delete().where(OutgoingMail.template.startswith("directory/")).execute()


def _partner():
    """Open some lists to somebody of a dispositif d'appui."""
    account = opened("dac@exemple.fr", "Andrea Relais", passwords.hash(DEMO_PASSWORD))
    lists = ["ipa", "etp-programmes", "sages-femmes", "ressources", "structures"]
    sharing.give(account.person_id, "DAC du Modèle (fictif)", lists, until=add_months(today(), 8), by=None)


def _volunteer(given_name, family_name, profession, insee, slug, said) -> Entry:
    email = f"{fold(given_name)}.{fold(family_name).replace(chr(39), '')}@exemple.fr"
    person = person_rules.create(kind=Kind.PERSON, given_name=given_name, family_name=family_name, email=email)
    rank = len(family_name)
    typed = Typed(
        profession=profession,
        commune=insee,
        email=email,
        phone=f"01 99 00 34 {rank:02}",
        show_email=rank % 2 == 0,
        show_phone=rank % 3 != 0,
        is_public=True,
        is_shared=rank % 4 != 1,
        is_speaker=rank % 2 == 0,
        values=said,
    )
    return rules.declare(slug, person.id, typed, AGREED, keyed=True)


def _protocols():
    """The two first protocols, one declared with its référent."""
    known = {}
    for title, reason in (
        ("Cystite aiguë de la femme", "Brûlures urinaires"),
        ("Rhino-conjonctivite allergique", "Rhume des foins"),
    ):
        said = {"cadre": "national", "motif": reason, "delegants": "Médecins", "delegues": "Pharmaciens, infirmiers"}
        known[title] = rules.declare("protocoles", None, Typed(title=title, values=said), None, keyed=True)
    cystite = known["Cystite aiguë de la femme"]
    for email, role, leads in (("bureau@exemple.fr", "delegant", True), ("adherent@exemple.fr", "delegue", False)):
        person = Person.with_email(email).first()
        if person:
            said = {"protocole": cystite.id, "role": role, "referent": leads}
            rules.declare("protocoles-volontaires", person.id, Typed(email=email, values=said), AGREED, keyed=True)
            if leads:
                stages.move(cystite.id, "prepare", filled_by="coordination")
                stages.move(cystite.id, "declare", filled_by="coordination", answers={"declare_le": "2026-02-03"})


def _structures():
    house = Person.present().where(Person.kind == Kind.STRUCTURE, Person.name.startswith("Maison de santé")).first()
    if house is None:
        return
    said = {"type": "msp", "adresse": "1 rue du Modèle", "horaires": "8 h à 20 h", "contact_pro": "01 99 00 00 11"}
    common = {"commune": BRIE, "phone": "01 99 00 00 10", "show_phone": True, "email": house.email}
    common |= {"is_public": True, "is_shared": True}
    rules.declare("structures", house.id, Typed(values=said, **common), AGREED, keyed=True)
    wanted = {"type_structure": "msp", "besoin": "Suivi des patients diabétiques de la maison de santé.", "heures": 20}
    rules.declare("ipa-recherche", house.id, Typed(values=wanted, **common), AGREED, keyed=True)
    hosts = {"places": 2, "debut": "2027-01-04", "fin": "2027-06-30", "partage_formation": True}
    rules.declare("ipa-stages", house.id, Typed(values=hosts, **common), AGREED, keyed=True)


def _walk():
    """Future trainers at different stages."""
    named = {each.label: each for each in Entry.joined().where(Entry.directory == "msu")}
    way = ("interesse", "dossier", "formation", "agree")
    for label, upto in (("Katia Fictionnelle", 4), ("Léon Imaginaire", 2)):
        for stage in way[:upto]:
            stages.move(named[label].id, stage, filled_by="coordination")
    doctor = Entry.get(Entry.directory == "medecins-volontaires")
    places.take(doctor.id)


def _members():
    """What those who log in find of theirs: an entry each, and one that waits to be read."""
    for email, slug, said in (
        ("adherent@exemple.fr", "etp", {"situation": "formee", "annee": 2021, "themes": ["diabete"]}),
        ("bureau@exemple.fr", "msu", {"niveaux": ["externes"]}),
    ):
        person = Person.with_email(email).first()
        if person:
            typed = Typed(email=email, commune=Practice.of(person.id).commune_id, values=said)
            rules.declare(slug, person.id, typed, Agreement())
    person = Person.with_email("adherent@exemple.fr").first()
    if person:
        said = {"type": "aidants", "pour_qui": "Aidants de personnes âgées"}
        typed = Typed(title="Café des aidants du Modèle", commune=BRIE, values=said, is_public=True)
        rules.declare("ressources", person.id, typed, Agreement())


def _ages(entries: list[Entry]):
    """Some were confirmed long ago: one has expired, two are about to."""
    for entry, confirmed in zip(entries[1:4], (13, 11.5, 11.7), strict=True):
        day = _months_ago(confirmed)
        Entry.update(confirmed_on=day, expires_on=add_months(day, 12)).where(Entry.id == entry.id).execute()
    freshness.expire(today())


def _months_ago(months: float) -> date:
    return today() - timedelta(days=int(months * 30.4))
