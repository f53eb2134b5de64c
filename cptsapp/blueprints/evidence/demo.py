"""Evidence in the demonstration: some proofs made by the site, one attached, others missing."""

from cptsapp.blueprints.document.models import Document
from cptsapp.blueprints.document.models import Kind as DocumentKind
from cptsapp.blueprints.project.models import Fiche
from cptsapp.kernel.registry import demo_data

from . import periods, rules

EXPECTED = {
    "BRI-PRE-2": [
        ("Feuilles d’émargement des réunions", "signatures"),
        ("Justificatifs de diffusion", "other"),
    ],
    "BRI-ACC-1": [
        ("Comptes rendus des réunions", "minutes"),
        ("Données transmises par la CPAM", "other"),
        ("Conventions signées avec les partenaires", "agreement"),
    ],
}


@demo_data(order=75)
def fill():
    contract, year = periods.current() or (None, None)
    minutes = Document.get_or_none(Document.kind == DocumentKind.MINUTES)
    for code, wanted in EXPECTED.items():
        fiche = Fiche.get_or_none(Fiche.code == code)
        if fiche is None or contract is None:
            continue
        for label, kind in wanted:
            proof = rules.expect(fiche.id, label=label, kind=kind, contract_id=contract.id, year=year)
            if kind == "minutes" and minutes:
                rules.attach(proof.id, document_id=minutes.id)
