"""The campaigns of the demonstration: one over with its balance, one that waits for its own, one running, one ahead."""

from datetime import timedelta

from cptsapp.blueprints.document.models import Document
from cptsapp.blueprints.document.models import Kind as DocumentKind
from cptsapp.blueprints.project.models import Fiche
from cptsapp.kernel.dates import today
from cptsapp.kernel.registry import demo_data

from . import rules

# First and last day, counted from today; None: no last day.
CAMPAIGNS = (
    (-210, -180, {
        "title": "Diabète : faites le point en cinq minutes", "theme": "prevention", "audience": "public",
        "message": "Un questionnaire et une prise de sang : où les faire près de chez soi.",
        "channels": ["poster", "social", "municipal", "pharmacies", "event"],
        "relays": ["Mairie de Brie-Comte-Robert", "Mairie de Tournan-en-Brie", "Pharmacies du territoire"],
        "reached": 3200, "reached_source": "Statistiques des pages, bulletins distribués par les deux mairies",
        "results": "Deux communes sur trois ont relayé l’affiche. À refaire plus tôt, avec les laboratoires.",
    }, ("BRI-PRE-1",)),
    (-75, -20, {
        "title": "Bouger est un soin : le sport sur ordonnance", "theme": "prevention", "audience": "professionals",
        "message": "Qui peut le prescrire, qui peut l’encadrer, où adresser.",
        "channels": ["letter", "leaflet", "practices"], "relays": ["Clubs sportifs du territoire"],
    }, ("BRI-PRE-2",)),
    (-12, 40, {
        "title": "Un souci le soir ou le week-end ? Appelez avant de vous déplacer", "theme": "acces-aux-soins",
        "audience": "public", "message": "Le 116 117 et le 15 avant les urgences : les bons numéros, au bon moment.",
        "channels": ["poster", "radio", "municipal", "site", "other"], "other_channel": "Sacs à pain des boulangeries",
        "relays": ["Communes du territoire", "Boulangeries"],
    }, ("BRI-ACC-1", "BRI-PRE-1")),
    (25, None, {
        "title": "Mon médecin part à la retraite : que faire ?", "theme": "acces-aux-soins", "audience": "public",
        "message": "Les démarches, et qui peut aider.", "channels": ["leaflet", "practices", "pharmacies"],
        "relays": ["Cabinets concernés"],
    }, ("BRI-ACC-1",)),
)  # fmt: skip


@demo_data(order=76)
def fill():
    poster = Document.get_or_none(Document.kind == DocumentKind.COMMUNICATION) or Document.select().first()
    for first, last, said, codes in CAMPAIGNS:
        days = {"starts_on": _day(first), "ends_on": None if last is None else _day(last)}
        fiches = [each.id for each in Fiche.select().where(Fiche.code.in_(codes))]
        made = rules.save(**said, **days, fiche_ids=fiches)
        if first < 0 and poster:
            rules.attach(made.id, title="L’affiche", document_id=poster.id)


def _day(number: int):
    return today() + timedelta(days=number)
