"""A directory brought in from a spreadsheet: its columns are those of its definition, and the agreement of each person.

Nothing is written for a person whose agreement has no day and no means. People are recognised as in the list of
members; a blank cell erases nothing; whoever withdrew after the agreement that a row tells of stays out.
"""

from collections.abc import Iterable
from functools import lru_cache

from cptsapp.blueprints.adherent import cells as names
from cptsapp.blueprints.adherent.cells import Unreadable
from cptsapp.blueprints.adherent.matching import Finder, Reading
from cptsapp.blueprints.person import rules as persons
from cptsapp.blueprints.person.models import Kind as PersonKind
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.dates import short_fr, to_paris, today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.importing import Doubt, Importer, Outcome, Plan, Row
from cptsapp.kernel.importing import Field as ImportField
from cptsapp.kernel.importing.runs import importer_family
from cptsapp.kernel.text import fold

from . import catalogue, cells, eligibility, rules, takeback, values
from .definition import Definition, FilledBy
from .models import Entry, Status
from .rules import Agreement, Typed

FAMILY = "repertoire"
WIDER = ("is_public", "is_shared")  # what shows an entry to more people: it takes the person's agreement
OF = "r-"  # before the key of a field: a definition may have a field of any name


class _Finder(Finder):
    """The records that rows may speak of, but those that this very import has made."""

    def __init__(self, readings, without: set[int]):
        self.without = without
        super().__init__(readings)

    def _ids(self, readings):
        return Finder._ids(readings) - self.without


@importer_family(FAMILY)
def importer_of(slug: str) -> type["Entries"]:
    definition = catalogue.find(slug)
    if definition is None:
        raise RuleError("Ce répertoire n’existe plus.")
    return _made(definition)


@lru_cache(maxsize=100)
def _made(definition: Definition) -> type["Entries"]:
    kind = f"{FAMILY}:{definition.slug}"
    return type("EntriesOf", (Entries,), {"kind": kind, "title": definition.name, "definition": definition,
                                          "fields": tuple(_columns(definition))})  # fmt: skip


def _columns(definition: Definition) -> Iterable[ImportField]:
    if definition.is_of_things:
        yield ImportField("title", definition.title_label, ("nom", "titre", "intitule", "nom du programme"))
    else:
        yield ImportField("family_name", "Nom", ("nom de famille", "nom d'usage", "noms"))
        yield ImportField("given_name", "Prénom", ("prenoms",))
        yield ImportField("full_name", "Nom et prénom", ("nom prenom", "prenom nom", "nom complet", "professionnel"))
        if definition.takes_structures:
            yield ImportField("organisation", "Structure", ("etablissement", "nom de la structure", "raison sociale"))
        yield ImportField("rpps", "N° RPPS", ("rpps", "numero rpps"))
        yield ImportField("profession", "Profession", ("metier", "specialite"))
    yield ImportField("commune", "Commune", ("ville", "commune d'exercice", "localite"))
    yield ImportField("postal_code", "Code postal", ("cp",))
    yield ImportField("email", "Adresse e-mail", ("email", "mail", "e mail", "courriel", "adresse mail"))
    yield ImportField("phone", "Téléphone", ("tel", "portable", "mobile", "numero de telephone"))
    if definition.stages:
        yield ImportField("stage", "Étape", ("etape du parcours", "avancement"))
    if definition.is_public:
        yield ImportField("is_public", "Page publique", ("publique", "accord public"))
    if definition.has_partners:
        yield ImportField("is_shared", "Partenaires", ("montree aux partenaires", "accord partenaires"))
    for field in definition.fields:
        yield ImportField(OF + field.key, field.label, (field.key.replace("_", " "),))
    if not definition.is_of_things:
        yield ImportField("agreed_on", "Date de l’accord", ("accord donne le", "accord le", "date accord",
                                                           "date du consentement", "consentement le"))  # fmt: skip
        yield ImportField("agreed_by", "Moyen de l’accord", ("accord donne", "accord par", "accord", "moyen",
                                                            "consentement", "moyen du consentement"))  # fmt: skip


class Entries(Importer):
    definition: Definition
    noun = ("fiche", "fiches")

    def __init__(self, account_id):
        super().__init__(account_id)
        self.reader = cells.Reader()
        self.by_key = {OF + field.key: field for field in self.definition.fields}
        self.labels = {field.key: field.label for field in self.fields}
        self.seen: dict[tuple, int] = {}
        self.made: set[int] = set()

    def missing(self, keys):
        if self.definition.is_of_things:
            return "" if "title" in keys else f"Indiquez la colonne « {self.definition.title_label} »."
        if not keys & {"family_name", "full_name", "organisation"}:
            return "Indiquez au moins la colonne du nom : sans elle, rien ne dit de qui parle une ligne."
        if not {"agreed_on", "agreed_by"} <= keys:
            return (
                "Indiquez les colonnes de la date et du moyen de l’accord : sans accord noté, personne n’est inscrit."
            )
        return ""

    # Reading

    def plan(self, rows: list[Row]) -> list[Plan]:
        readings = [(row, self._read(row.cells)) for row in rows]
        known = {}
        if not self.definition.is_of_things:
            finder = _Finder([reading for _, reading in readings if not reading.wrong], self.made)
            known = {row.number: finder.match(reading) for row, reading in readings if not reading.wrong}
        present = self._entries({found.person.id for found, _ in known.values() if found})
        return [self._plan(row, reading, *known.get(row.number, (None, [])), present) for row, reading in readings]

    def _read(self, given: dict[str, str]) -> Reading:
        reading = Reading()
        said = reading.values
        said["answers"] = {}
        for key, text in given.items():
            try:
                self._read_cell(key, text, reading)
            except Unreadable as error:
                reading.wrong.append((self.labels[key], str(error)))
        if given.get("commune") or given.get("postal_code"):
            try:
                said["commune"] = self.reader.place(given.get("commune", ""), given.get("postal_code", ""))
            except Unreadable as error:
                reading.wrong.append(("Commune", str(error)))
        self._read_names(given, reading)
        return reading

    def _read_cell(self, key: str, text: str, reading: Reading):
        said = reading.values
        if key in self.by_key:
            said["answers"][self.by_key[key].key] = self.reader.answer(self.by_key[key], text)
        elif key == "profession":
            code, _, _ = names.profession(text)
            if not code:
                raise Unreadable(f"« {text[:60]} » n’est pas une profession connue")
            said["profession"] = code
        elif key in ("email", "phone"):
            said[key], _ = getattr(names, key)(text)
        elif key == "rpps":
            said[key] = names.number(text, 11)
        elif key in WIDER:
            said[key] = cells.yes_no(text)
        elif key == "agreed_on":
            said[key] = cells.day(text)
            if said[key] > today():
                raise Unreadable("la date de l’accord est à venir")
        elif key == "agreed_by":
            said[key] = cells.means(text)
        elif key == "stage":
            word = fold(text)
            stage = next((each for each in self.definition.stages if word in (fold(each.label), each.key)), None)
            if stage is None:
                raise Unreadable(f"« {text[:40]} » n’est pas une étape du parcours")
            said[key] = stage.key

    def _read_names(self, given, reading):
        if self.definition.is_of_things:
            reading.values["title"] = " ".join(given.get("title", "").split())
            if not reading.values["title"]:
                reading.wrong.append((self.definition.title_label, "ce champ manque"))
            return
        family, first = given.get("family_name", ""), given.get("given_name", "")
        if not first and (given.get("full_name") or " " in family):
            family, first = names.split_name(given.get("full_name") or family)
        if given.get("organisation") and not (family or first):
            reading.values["name"] = given["organisation"]
        elif self.definition.subject == "structure":
            reading.values["name"] = given.get("organisation") or given.get("family_name", "")
        elif family:
            reading.values |= {"family_name": names.name(family)[0], "given_name": names.name(first)[0]}
        if not (reading.values.get("name") or reading.values.get("family_name")):
            reading.wrong.append(("Nom", "le nom manque"))

    def _entries(self, person_ids: set[int]) -> dict[tuple, Entry]:
        """Return the entries of these persons (or all the things) by what tells them apart, those present first."""
        query = Entry.joined().where(Entry.directory == self.definition.slug)
        if not self.definition.is_of_things:
            query = query.where(Entry.person.in_(list(person_ids)))
        found = {}
        for each in query.order_by(Entry.left_at.is_null(), Entry.left_at, Entry.id):
            found[None if self.definition.is_of_things else each.person_id, each.slot] = each
        return found

    # Whose entry it is

    def _plan(self, row: Row, reading: Reading, known, doubts, present) -> Plan:
        said = reading.values
        plan = Plan(row.number, Outcome.REFUSED, said.get("title") or reading.label, values={"said": said})
        plan.problems = list(reading.wrong)
        if plan.problems:
            return plan
        person = known.person if known else None
        slot = self._slot(said)
        entry = present.get((person and person.id, slot))
        if problem := self._refusal(row, reading, person, entry, slot):
            plan.problems = [problem]
            return plan
        plan.values |= {"person": person and person.id, "entry": None}
        if entry is not None and entry.state != Status.LEFT:
            return self._plan_change(plan, entry, said)
        plan.problems = doubts
        plan.outcome = Outcome.DOUBTFUL if doubts else Outcome.CREATE
        if not self.definition.is_of_things and "email" not in said and not (person and person.email):
            plan.flagged = ("sans adresse e-mail",)
        return plan

    def _slot(self, said: dict) -> str:
        if said.get("title"):
            return fold(said["title"])[:120]
        key = self.definition.unique_by
        return "|".join(values.keys_of(self.definition.field(key), said["answers"].get(key)))[:120] if key else ""

    def _refusal(self, row: Row, reading: Reading, person, entry, slot) -> tuple[str, str] | None:
        """Return (label, sentence) of what stops a row, or nothing."""
        said = reading.values
        key = (slot, person.id) if person else (slot, *sorted(reading.names), said.get("commune", ""))
        earlier = self.seen.setdefault(key, row.number)
        if earlier != row.number:
            return "", f"même fiche que la ligne {earlier}"
        is_present = entry is not None and entry.state != Status.LEFT
        try:
            before = entry.values if is_present else {}
            values.checked(self.definition, before | said["answers"], filled_by=FilledBy.COORDINATION, before=before)
            if not self.definition.is_of_things:
                kind = PersonKind.STRUCTURE if "name" in said else PersonKind.PERSON
                profession = said.get("profession") or (eligibility.profession_of(person.id) if person else "")
                eligibility.check(self.definition, person or Person(kind=kind), profession, "")
        except RuleError as error:
            return self.labels.get(OF + (error.field or ""), ""), str(error)
        if self.definition.is_of_things or is_present:
            return None
        if not (said.get("agreed_on") and said.get("agreed_by")):
            return "Accord", "sans la date et le moyen de l’accord, la personne n’est pas inscrite"
        if entry is not None and said["agreed_on"] <= to_paris(entry.left_at).date():
            return "Accord", f"la personne s’est retirée le {short_fr(entry.left_at)}, après cet accord"
        return None

    def _plan_change(self, plan: Plan, entry: Entry, said: dict) -> Plan:
        typed = self._typed(said, entry)
        plan.subject, plan.values["entry"] = entry.id, entry.id
        before = entry.values
        for field in self.definition.fields:
            old, new = before.get(field.key), typed.values.get(field.key)
            if old != new:
                plan.changes.append(
                    (field.label, values.text_of(field, old), values.text_of(field, new) or "renseigné")
                )
        facts = (("commune", entry.commune_id or ""), ("email", entry.email), ("phone", entry.phone),
                 ("profession", entry.profession), ("is_public", entry.is_public),
                 ("is_shared", entry.is_shared))  # fmt: skip
        for name, old in facts:
            new = getattr(typed, name) or ""
            if name in WIDER and new and not old:
                plan.notes.append((self.labels[name], "oui", "laissé : notez l’accord sur la fiche"))
            elif name in said and new != old:
                plan.changes.append((self.labels[name], str(old), str(new)))
        plan.outcome = Outcome.UPDATE if plan.changes else Outcome.SAME
        return plan

    def _typed(self, said: dict, entry: Entry | None) -> Typed:
        """Return what a row says, over what the entry says already."""
        names_of = ("profession", "email", "phone", "show_email", "show_phone", *WIDER, "is_speaker", "title")
        facts = {name: getattr(entry, name) for name in names_of} | {"commune": entry.commune_id} if entry else {}
        facts |= {name: said[name] for name in (*names_of, "commune") if name in said}
        if entry is not None:
            facts |= {name: getattr(entry, name) and facts[name] for name in WIDER}
        return Typed(**facts, values=(entry.values if entry else {}) | said["answers"])

    # Writing

    def resolve(self, plan: Plan, doubt: Doubt) -> Plan | None:
        return plan if doubt == Doubt.KEEP and plan.values.get("said") else None

    def write(self, plans):
        effects = []
        for plan in plans:
            try:
                effects.append(self._write(plan))
            except RuleError as error:
                raise RuleError(f"Ligne {plan.number} : {error}") from error
        return effects

    def _write(self, plan: Plan):
        said, id = plan.values["said"], plan.values["entry"]
        if id:
            before = takeback.kept(id)
            rules.change(
                id, self._typed(said, Entry.joined().where(Entry.id == id).get()), filled_by=FilledBy.COORDINATION
            )
            return takeback.changed(id, before)
        person, is_new = plan.values["person"], False
        if person is None and not self.definition.is_of_things:
            person, is_new = self._person(said), True
        agreement = None
        if person:
            agreement = Agreement(
                means=said["agreed_by"], on=said["agreed_on"], version=self.definition.consent.version
            )
        stage = said.get("stage", "")
        slug = self.definition.slug
        entry = rules.declare(slug, person, self._typed(said, None), agreement, stage=stage, keyed=True)
        return takeback.created(entry.id, person if is_new else None)

    def _person(self, said: dict) -> int:
        kind = PersonKind.STRUCTURE if "name" in said else PersonKind.PERSON
        facts = {key: said[key] for key in ("name", "family_name", "given_name", "email", "phone") if key in said}
        person = persons.create(kind=kind, **facts)
        self.made.add(person.id)
        return person.id

    def fingerprints(self, subjects):
        return takeback.fingerprints(subjects)

    def undo(self, effects):
        takeback.undo(effects)
