"""Lists of partners brought in from a spreadsheet. Keys, in order: the e-mail address with the same name, then the
organisation and the name. An import subscribes nobody again: whoever refused our mails is kept, and left alone.
"""

import hashlib
from collections import defaultdict

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.adherent import cells
from cptsapp.blueprints.adherent.cells import Unreadable
from cptsapp.blueprints.person.models import Kind as PersonKind
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.privacy import rules as privacy_rules
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.importing import Doubt, Effect, Field, Importer, Outcome, Plan, Row
from cptsapp.kernel.importing.runs import importer
from cptsapp.kernel.mail import Kind, holds
from cptsapp.kernel.mail.headers import envelope_address, is_closed_network
from cptsapp.kernel.mail.holds import REFUSALS
from cptsapp.kernel.text import fold, normalise_email

from . import partners, preferences
from .models import Partner, PartnerKind, Subscription

LABELS = {
    "organisation": "Organisme", "kind": "Type", "family_name": "Nom", "given_name": "Prénom", "function": "Fonction",
    "email": "Adresse e-mail", "phone": "Téléphone", "source": "Origine", "note": "Note",
}  # fmt: skip
LONGEST = {"organisation": 160, "function": 120, "source": 200, "family_name": 80, "given_name": 80, "phone": 30}
KINDS = (
    ("cpam|assurance maladie|cnam|ameli|msa", PartnerKind.CPAM),
    ("ars|agence regionale", PartnerKind.ARS),
    ("mairie|commune|collectiv|departement|region|agglo|intercommun|prefecture|ccas", PartnerKind.COLLECTIVITE),
    ("ehpad|medico social|handicap|ssiad|autonomie", PartnerKind.MEDICO_SOCIAL),
    ("hopital|clinique|etablissement|centre hospitalier|ghs|had", PartnerKind.ESTABLISHMENT),
    ("cpts|dac|appui", PartnerKind.CPTS),
    ("ordre|syndicat|urps", PartnerKind.ORDER),
    ("ecole|universit|faculte|ifsi|lycee", PartnerKind.EDUCATION),
    ("presse|journal|radio|media", PartnerKind.PRESS),
    ("associat", PartnerKind.ASSOCIATION),
)


@importer
class Partners(Importer):
    kind = "partenaires"
    title = "Partenaires"
    noun = ("partenaire", "partenaires")
    fields = (
        Field("organisation", "Organisme", ("structure", "etablissement", "raison sociale", "association", "entreprise",
                                            "nom de l'organisme", "partenaire", "institution")),
        Field("kind", "Type", ("type de partenaire", "categorie", "nature")),
        Field("family_name", "Nom", ("nom de famille", "nom du contact", "contact", "noms")),
        Field("given_name", "Prénom", ("prenoms", "prenom du contact")),
        Field("full_name", "Nom et prénom", ("nom prenom", "prenom nom", "prenom et nom", "nom complet",
                                             "interlocuteur", "referent"), "Les deux dans une seule colonne"),
        Field("function", "Fonction", ("poste", "qualite", "titre", "role")),
        Field("email", "Adresse e-mail", ("email", "mail", "e mail", "courriel", "adresse mail", "adresse email", "mel",
                                          "adresse electronique")),
        Field("phone", "Téléphone", ("tel", "telephone portable", "portable", "mobile", "numero de telephone")),
        Field("source", "Origine", ("source", "origine des coordonnees", "provenance")),
        Field("note", "Note", ("notes", "remarque", "remarques", "commentaire", "commentaires", "observations")),
    )  # fmt: skip
    never = dict.fromkeys(
        ("abonne", "abonnement", "newsletter", "lettre", "consentement", "desabonne", "opt in"),
        "un import n’abonne personne : seule la personne le peut",
    )

    def __init__(self, account_id):
        super().__init__(account_id)
        self.known = None  # the partners as they are before the first row is written: both passes read the same
        self.rows_of_names: dict[str | tuple, int] = {}
        self.rows_of_emails: dict[str, tuple[int, str]] = {}

    def missing(self, keys):
        if keys & {"organisation", "family_name", "full_name"}:
            return ""
        return "Indiquez au moins la colonne de l’organisme, ou celle du nom."

    # Reading

    def plan(self, rows: list[Row]) -> list[Plan]:
        plans = [self._read(row) for row in rows]
        addresses = [plan.values["email"] for plan in plans if plan.values.get("email")]
        refused = {each for each, why in holds.reasons(addresses, Kind.COLLECTIVE).items() if why in REFUSALS}
        self.known = self.known or _Known()
        self.known.read(addresses)
        for plan in plans:
            if not plan.problems:
                self._match(plan)
            plan.flagged = _flags(plan, refused)
        return plans

    def _read(self, row: Row) -> Plan:
        given, plan = row.cells, Plan(row.number, Outcome.REFUSED, "")
        values = {name: " ".join(given.get(name, "").split()) for name in ("organisation", "function", "source")}
        family, first = given.get("family_name", ""), given.get("given_name", "")
        if not family and given.get("full_name"):
            family, first = cells.split_name(given["full_name"])
        for key, text in (("family_name", family), ("given_name", first)):
            value, _ = cells.name(text) if text else ("", "")
            values[key] = value
            if value != text:
                plan.notes.append((LABELS[key], text, value))
        for key, reader in (("email", cells.email), ("phone", cells.phone)):
            try:
                values[key], remark = reader(given[key]) if given.get(key) else ("", "")
            except Unreadable as error:
                plan.problems.append((LABELS[key], str(error)))
                continue
            if remark:
                plan.notes.append((LABELS[key], given[key], f"{values[key]} ({remark})"))
        if values.get("email") and envelope_address(values["email"]) is None:
            plan.problems.append(("Adresse e-mail", f"l’adresse « {values['email'][:80]} » n’est pas acceptée"))
        values["note"] = given.get("note", "").replace("\0", "").strip()[:4000]
        values["kind"] = str(self._kind(given.get("kind", ""), values["organisation"], plan))
        plan.problems += [
            (LABELS[key], f"plus de {longest} caractères") for key, longest in LONGEST.items()
            if len(values.get(key, "")) > longest
        ]  # fmt: skip
        if values["given_name"] and not values["family_name"]:
            values["family_name"], values["given_name"] = values["given_name"], ""
        if not values["organisation"] and not values["family_name"]:
            plan.problems.append(("Organisme", "ni organisme ni nom"))
        plan.label = _label(values)
        plan.values = {key: value for key, value in values.items() if value}
        return plan

    @staticmethod
    def _kind(text: str, organisation: str, plan: Plan) -> PartnerKind | str:
        if not text and not organisation:
            return ""
        found = kind_of(text) or kind_of(organisation)
        if text and fold(text) not in {fold(each.label) for each in PartnerKind}:
            label = found.label if found else PartnerKind.OTHER.label
            plan.notes.append(("Type", text, label))
        return found or (PartnerKind.OTHER if text else "")

    # Whose record it is

    def _match(self, plan: Plan) -> None:
        if earlier := self._repeated(plan):
            plan.problems = [("", f"même partenaire que la ligne {earlier}")]
            return
        partner, person, doubt = self.known.find(plan.values)
        shared = self._shared_in_file(plan)
        if partner and normalise_email(plan.values.get("email", "")) == partner.person.email_normalised:
            shared = ""  # two who share an address already are no doubt any more
        if doubt := shared or doubt:
            plan.outcome, plan.problems = Outcome.DOUBTFUL, [("Adresse e-mail", doubt)]
            return
        if partner is None:
            plan.values.setdefault("kind", str(PartnerKind.OTHER))
            plan.outcome = Outcome.CREATE
            if person:
                plan.notes.append(("", person.label, "déjà connu : sa fiche devient aussi celle d’un partenaire"))
            return
        self._plan_known(plan, partner)

    def _repeated(self, plan: Plan) -> int | None:
        """Return the number of an earlier row of the same name, or of the same record, and remember this one."""
        names = [_name_of(plan.values)]
        if email := plan.values.get("email"):
            names.append((*_record_of(plan.values), normalise_email(email)))
        earlier = min(self.rows_of_names.setdefault(name, plan.number) for name in names)
        return earlier if earlier != plan.number else None

    def _shared_in_file(self, plan: Plan) -> str:
        """Say that an earlier row gives the same address to somebody else, and remember this one."""
        email = plan.values.get("email")
        if not email:
            return ""
        number, name = self.rows_of_emails.setdefault(normalise_email(email), (plan.number, _name_of(plan.values)))
        return (
            "" if name == _name_of(plan.values) else f"c’est aussi celle de la ligne {number}, qui porte un autre nom"
        )

    def _plan_known(self, plan: Plan, partner: Partner) -> None:
        plan.subject, before = partner.id, values_of(partner)
        plan.values = {key: value for key, value in plan.values.items() if _differs(key, value, before)}
        if "email" in plan.values and partner.person_id in self.known.with_account:
            plan.notes.append(("Adresse e-mail", plan.values.pop("email"), "laissée : la personne a un compte"))
        if partner.removed_at:
            plan.changes.append(("Liste", "retiré", "remis"))
        plan.changes += [
            (LABELS[key], _shown(key, before[key]), _shown(key, value)) for key, value in plan.values.items()
        ]
        plan.outcome = Outcome.UPDATE if plan.changes else Outcome.SAME

    # Writing

    def resolve(self, plan: Plan, doubt: Doubt) -> Plan | None:
        """A doubtful row, kept, is a partner of its own who shares the address."""
        if not plan.values or doubt == Doubt.SWAP:
            return None
        plan.values.setdefault("kind", str(PartnerKind.OTHER))
        return plan

    def write(self, plans):
        return [_create(plan.values) if plan.subject is None else _change(plan.subject, plan.values) for plan in plans]

    def fingerprints(self, subjects):
        return fingerprints(subjects)

    def undo(self, effects):
        for each in effects:
            _remove(each.subject, each.before) if each.created else _give_back(each.subject, each.before)


def kind_of(text: str) -> PartnerKind | None:
    """Return the kind of partner that a cell speaks of, by its label or by a word of it."""
    words = f" {fold(text)} "
    for each in PartnerKind:
        if words.strip() in (fold(each.label), each.value):
            return each
    plain = words.replace("-", " ").replace("'", " ")
    for starts, kind in KINDS:
        if any(f" {start}" in plain if len(start) > 4 else f" {start} " in plain for start in starts.split("|")):
            return kind
    return None


def _label(values: dict) -> str:
    named = f"{values['family_name'].upper()} {values['given_name']}".strip()
    return " — ".join(filter(None, (values["organisation"], named))) or "Sans nom"


def _flags(plan: Plan, refused: set[str]) -> tuple[str, ...]:
    email = plan.values.get("email", "")
    if not email:
        return ("sans adresse e-mail",) if plan.outcome == Outcome.CREATE else ()
    if is_closed_network(email):
        return ("avec une adresse MSSanté, qui ne reçoit pas nos envois",)
    return ("dont l’adresse a refusé nos envois : rien ne lui sera envoyé",) if email in refused else ()


class _Known:
    """The partners of before the import, and for each batch the other persons who have the addresses of its rows."""

    def __init__(self):
        self.by_person, self.by_name, self.by_email = {}, {}, defaultdict(list)
        for each in partners.present().order_by(Partner.id):
            self.by_person[each.person_id] = each
            self.by_name.setdefault(_name_of(values_of(each)), each)
            self.by_email[each.person.email_normalised].append(each.person)
        self.with_account = {id for (id,) in Account.select(Account.person).tuples()}
        self.others = defaultdict(list)

    def read(self, addresses: list[str]) -> None:
        emails = list({normalise_email(each) for each in addresses})
        query = Person.select().where(Person.email_normalised.in_(emails), Person.deleted_at.is_null())
        self.others.clear()
        for each in query.order_by(Person.id):
            if each.id not in self.by_person:
                self.others[each.email_normalised].append(each)

    def find(self, values: dict) -> tuple[Partner | None, Person | None, str]:
        """Return the partner, or the person who is none yet, or why somebody should look."""
        email = normalise_email(values.get("email", ""))
        sharing = [*self.by_email.get(email, ()), *self.others.get(email, ())] if email else []
        kind, wanted = _record_of(values)
        same = next((each for each in sharing if each.kind == kind and fold(each.label) == wanted), None)
        if same:
            return self.by_person.get(same.id), same, ""
        partner = self.by_name.get(_name_of(values))
        if partner:
            return partner, partner.person, ""
        return None, None, f"c’est celle de {sharing[0].label}, qui porte un autre nom" if sharing else ""


def _record_of(values: dict) -> tuple[PersonKind, str]:
    """Return the kind and the folded name of the record that a row is about: somebody, else the organisation."""
    named = f"{values.get('given_name', '')} {values.get('family_name', '')}".strip()
    return (PersonKind.PERSON, fold(named)) if named else (PersonKind.STRUCTURE, fold(values.get("organisation", "")))


def _name_of(values: dict) -> str:
    return fold("|".join(values.get(key, "") for key in ("organisation", "family_name", "given_name")))


def values_of(partner: Partner) -> dict[str, str]:
    """Return what a partner's row of a file would say."""
    person = partner.person
    return {
        "organisation": partner.organisation or person.name,
        "kind": partner.kind,
        "family_name": person.family_name,
        "given_name": person.given_name,
        "function": partner.function,
        "email": person.email or "",
        "phone": person.phone,
        "source": partner.source,
        "note": person.note,
    }


def _differs(key: str, value: str, before: dict) -> bool:
    if key == "email":
        return normalise_email(value) != normalise_email(before["email"])
    return value != before[key] and not (key in ("family_name", "given_name") and fold(value) == fold(before[key]))


def _shown(key: str, value: str) -> str:
    return PartnerKind(value).label if key == "kind" and value else value


def _create(values: dict) -> Effect:
    email = normalise_email(values.get("email", ""))
    was_known = {id for (id,) in Person.select(Person.id).where(Person.email_normalised == email, email != "").tuples()}
    partner = partners.create(**values)
    return Effect(partner.id, True, {"person_was_known": partner.person_id in was_known})


def _change(partner_id: int, values: dict) -> Effect:
    partner = partners.find(partner_id)
    before = values_of(partner) | {"removed": bool(partner.removed_at)}
    partners.update(partner_id, **(values_of(partner) | values))
    if partner.removed_at:
        partners.restore([partner_id])
    return Effect(partner_id, False, before)


# Taking back


def fingerprints(ids: list[int]) -> dict[int, str]:
    """Return {partner: a text that changes with anything written on the partner or on the record}."""
    found = {}
    for each in Partner.select(Partner, Person).join(Person).where(Partner.id.in_(ids)):
        parts = (values_of(each), each.removed_at, each.informed_at, each.person.deleted_at)
        found[each.id] = hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()
    return found


def _remove(partner_id: int, before: dict) -> None:
    partner = Partner.get_by_id(partner_id)
    person_id = partner.person_id
    partner.delete_instance()
    subscribed = Subscription.select().where(Subscription.person == person_id).exists()
    if not before.get("person_was_known") and not subscribed and preferences.stands_alone(person_id):
        privacy_rules.erase_person(person_id)


def _give_back(partner_id: int, before: dict) -> None:
    removed = before.pop("removed")
    if Partner.get_or_none(Partner.id == partner_id) is None:
        raise RuleError("Un partenaire de cet import a été effacé depuis : il ne peut plus être annulé d’un bloc.")
    partners.update(partner_id, **before)
    if removed:
        partners.remove([partner_id])
