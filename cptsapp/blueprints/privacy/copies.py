"""The page that a person reads in the copy of their data."""

from flask import render_template

from cptsapp.blueprints.association.models import identity
from cptsapp.kernel.db import now
from cptsapp.kernel.text import fold

WORDS = """
accepté accès adhérent adhésions année années après binômes collège compétences confirmé coordonnées créé créée début
décision délivrée dernière désactivé donnée écrite état étiquettes événement idées informé IP matériel payée prêts prévu
problème proposée qualité reçu réponse réponses rôle rôles RPPS ADELI CPTS séances signé téléphone terminé thèmes
"""
SPELT = {fold(word): word for word in WORDS.split()}
"""The words of the keys, which have no accents, as people write them."""


def page_of(person, data: dict[str, tuple[str, dict]]) -> str:
    """Return the HTML of what is held about `person`: key -> (label, values)."""
    context = {"association": identity(), "made_at": now(), "columns_of": columns_of, "title_of": title_of}
    return render_template("privacy/export.html", person=person, data=data, **context)


def title_of(key: str) -> str:
    """Return the name of a value as people read it: « creee_le » is « Créée le »."""
    words = " ".join(SPELT.get(word, word) for word in key.split("_")).replace("jusqu au", "jusqu’au")
    return words[:1].upper() + words[1:]


def columns_of(rows: list[dict]) -> list[str]:
    """Return the keys of a list of records, in the order in which they appear."""
    return list(dict.fromkeys(key for row in rows for key in row))
