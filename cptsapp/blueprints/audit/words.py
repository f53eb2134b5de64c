"""The French of what journal entries hold: kinds, numbers and names of columns, never what people wrote."""

import re
from datetime import date, datetime

from cptsapp.blueprints.adherent.models import MemberType
from cptsapp.blueprints.prospect.models import Means
from cptsapp.kernel import journal, registry, versions
from cptsapp.kernel.access import LABELS, Visibility
from cptsapp.kernel.dates import date_fr, datetime_fr

DETAILS = {
    "added": "ajoutés",
    "application": "demande n°",
    "at": "à la date du",
    "attempts": "essais",
    "before": "ancienne adresse",
    "cents": "centimes",
    "changed": "changé",
    "closed": "fermé",
    "code": "réponse du serveur",
    "college": "collège n°",
    "columns": "colonnes",
    "comment": "remarque n°",
    "commune": "commune",
    "consultation": "consultation n°",
    "count": "nombre",
    "created": "créés",
    "demand": "demande, inscription n°",
    "deputy": "suppléance, personne n°",
    "directory": "répertoire",
    "email_changed": "adresse changée",
    "entries": "inscriptions n°",
    "event": "événement n°",
    "factor": "second facteur",
    "factor_removed": "second facteur retiré",
    "fiche": "fiche-action n°",
    "fields": "rubriques",
    "format": "format",
    "generation": "rédaction n°",
    "given": "donnée",
    "kind": "sorte",
    "kinds": "sortes d’envois",
    "left": "restants",
    "left_out": "non envoyés",
    "letter": "lettre n°",
    "levels": "ce qui se montre",
    "linked": "fiche déjà connue",
    "list": "liste",
    "listed": "dans l’annuaire",
    "lists": "listes",
    "loan": "prêt n°",
    "mails": "e-mails",
    "material": "support n°",
    "means": "moyen",
    "measures": "indicateurs",
    "membership": "adhésion n°",
    "mission": "mission",
    "moved": "date ou lieu changé",
    "number": "nombre",
    "numbers": "nombres",
    "offer": "offre, inscription n°",
    "on": "le",
    "outcome": "issue",
    "password": "mot de passe choisi",
    "period": "période n°",
    "piece": "pièce n°",
    "person": "personne n°",
    "persons": "personnes",
    "population": "population",
    "practice": "profession",
    "proof": "preuve n°",
    "public": "annuaire public",
    "purges": "effacés",
    "reason": "motif",
    "recipients": "destinataires",
    "records": "fiches",
    "removed": "retirés",
    "renewed": "renouvelées",
    "section": "partie",
    "representative": "représentation, personne n°",
    "request": "demande n°",
    "reset": "remis à l’origine",
    "role": "rôle",
    "roles": "rôles",
    "rows": "lignes",
    "seats": "places",
    "seats_before": "places avant",
    "session": "séance n°",
    "side": "côté",
    "size": "taille",
    "source": "d’après le n°",
    "state": "état",
    "steps": "critères",
    "told": "changé",
    "type": "qualité",
    "until": "jusqu’au",
    "updated": "mis à jour",
    "use": "place n°",
    "version": "version",
    "visibility": "lecteurs",
    "year": "année",
    "yes": "accord",
}
COLUMNS = {
    "name": "nom",
    "short_name": "nom court",
    "subtitle": "sous-titre",
    "legal_form": "forme juridique",
    "address": "adresse",
    "phone": "téléphone",
    "email": "e-mail",
    "opening_hours": "horaires",
    "founded_on": "date de création",
    "mission_codes": "missions",
    "links_text": "liens",
    "colour": "couleur",
    "logo": "logo",
    "sender_name": "nom de l’expéditeur",
    "sender_email": "adresse de l’expéditeur",
    "collective_sender_name": "nom de l’expéditeur des envois collectifs",
    "collective_sender_email": "adresse de l’expéditeur des envois collectifs",
    "reply_to": "adresse pour les réponses",
    "bounce_email": "adresse pour les retours",
    "mail_tested_at": "essai d’envoi",
    "membership_month": "mois d’adhésion",
    "fee_cents": "cotisation",
    "fee_payment": "façon de régler la cotisation",
    "late_month": "mois à partir duquel une adhésion vaut aussi pour l’année suivante",
    "rna": "numéro RNA",
    "siret": "numéro SIRET",
    "publication_director": "direction de la publication",
    "host_name": "nom de l’hébergeur",
    "host_address": "adresse de l’hébergeur",
    "host_phone": "téléphone de l’hébergeur",
    "dpo_contact": "contact pour les données personnelles",
    "legal_complement": "complément aux mentions légales",
    "privacy_complement": "complément à la page Confidentialité",
    "accessibility_level": "niveau d’accessibilité",
    "accessibility_on": "date de l’audit",
    "accessibility_contact": "contact pour l’accessibilité",
    "accessibility_gaps": "contenus non accessibles",
    "online_at": "mise en ligne",
}
"""The columns of the association's identity, which entries name when they change."""

KINDS = {"personal": "personnel", "reminder": "rappel", "collective": "collectif"}
CHOICES = {each.value: each.label for choices in (Visibility, MemberType, Means) for each in choices}
VALUES = CHOICES | COLUMNS | KINDS | LABELS | {"True": "oui", "False": "non"}


def detail_words(detail: dict) -> str:
    """Return the detail in French: « rôle : Coordination ; lignes : 12 »."""
    told = ((key, value) for key, value in detail.items() if value not in ("", None, []))
    return " ; ".join(f"{DETAILS.get(key, key)} : {_value(value)}" for key, value in told)


def _value(value) -> str:
    if isinstance(value, dict):
        labels = {each.key: each.label for each in registry.purges}
        return ", ".join(f"{labels.get(key) or key} {_value(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(_value(each) for each in value)
    text = str(value)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return date_fr(date.fromisoformat(text))
    if re.match(r"\d{8}T\d{12}Z-", text):  # a version of a text, named by its moment
        return datetime_fr(datetime.strptime(text.partition("-")[0], versions.MOMENT))
    return VALUES.get(text) or journal.VALUES.get(text, text)
