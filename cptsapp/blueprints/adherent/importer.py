"""Lists of members brought in from a spreadsheet: how a row is read, whose record it is, what it changes.

Keys, in order: the RPPS number, the e-mail address (with the same name: a couple may share one), the name and the
commune. An import admits and corrects; it gives no role, touches no account, renews and ends nothing.
"""

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.association.models import College
from cptsapp.kernel.dates import short_fr, today
from cptsapp.kernel.importing import Doubt, Field, Importer, Outcome, Plan, Row
from cptsapp.kernel.importing.runs import importer
from cptsapp.kernel.text import fold

from . import additions, cells, checks, writing
from .cells import Unreadable
from .colleges import CollegeRule, deduce
from .matching import OF_MEMBERSHIP, Finder, Reading
from .models import MemberType

SWAPPED = "le prénom et le nom semblent inversés"
LABELS = {
    "family_name": "Nom", "given_name": "Prénom", "name": "Structure", "email": "Adresse e-mail", "phone": "Téléphone",
    "profession": "Profession", "profession_other": "Profession", "commune": "Commune", "rpps": "N° RPPS",
    "adeli": "N° ADELI", "mode": "Mode d’exercice", "organisation": "Structure", "type": "Qualité",
    "college": "Collège", "started_on": "Adhésion le", "tags": "Étiquettes", "speaker": "Représentant",
}  # fmt: skip
LONGEST = {"family_name": 80, "given_name": 80, "name": 160, "organisation": 160, "mode": 120}


@importer
class Members(Importer):
    kind = "adherents"
    title = "Adhérents"
    noun = ("adhérent", "adhérents")
    makes_persons = True
    fields = (
        Field("family_name", "Nom", ("nom de famille", "nom d'usage", "nom usuel", "nom d'exercice", "noms")),
        Field("given_name", "Prénom", ("prenoms", "prenom usuel", "prenom d'exercice", "firstname")),
        Field("full_name", "Nom et prénom", ("nom prenom", "prenom nom", "prenom et nom", "nom complet", "identite",
                                             "adherent", "membre", "professionnel"), "Les deux dans une seule colonne"),
        Field("profession", "Profession", ("metier", "specialite", "fonction", "professions", "profession specialite",
                                           "profession exercee", "discipline")),
        Field("commune", "Commune d’exercice", ("commune", "ville", "ville d'exercice", "localite", "lieu d'exercice",
                                                "ville exercice", "code insee", "commune exercice")),
        Field("postal_code", "Code postal", ("cp", "code postal d'exercice")),
        Field("email", "Adresse e-mail", ("email", "mail", "e mail", "courriel", "adresse mail", "adresse email", "mel",
                                          "adresse electronique", "adresse courriel", "mail professionnel")),
        Field("phone", "Téléphone", ("tel", "telephone portable", "portable", "mobile", "n de telephone", "numero",
                                     "numero de telephone", "tel portable", "n telephone", "telephone professionnel")),
        Field("rpps", "N° RPPS", ("rpps", "numero rpps", "n rpps")),
        Field("adeli", "N° ADELI", ("adeli", "numero adeli", "n adeli")),
        Field("mode", "Mode d’exercice", ("exercice", "mode exercice", "type d'exercice")),
        Field("organisation", "Structure", ("etablissement", "organisme", "raison sociale", "cabinet", "employeur",
                                            "nom de la structure", "structure d'exercice")),
        Field("type", "Qualité", ("type", "type d'adherent", "categorie", "qualite de membre", "type adherent",
                                  "liberal ou salarie"), "Libéral, salarié, structure, usager…"),
        Field("college", "Collège", ("colleges", "college electoral")),
        Field("started_on", "Date d’adhésion", ("adherent depuis", "date d'entree", "adhesion", "date adhesion",
                                                "date d'inscription", "depuis")),
        Field("tags", "Étiquettes", ("etiquette", "tag", "tags", "mots cles", "groupes de travail"),
              "Séparées par des virgules ; elles s’ajoutent à celles de la fiche"),
    )  # fmt: skip
    never = dict.fromkeys(
        ("role", "roles", "droits", "droit", "acces", "mot de passe", "compte", "profil", "fonction cpts"),
        "un import ne donne jamais de rôle ni de droits",
    )

    def __init__(self, account_id):
        super().__init__(account_id)
        self.communes = cells.Communes()
        self.colleges = {fold(college.name): college for college in College.select()}
        self.college_names = {college.id: college.name for college in self.colleges.values()}
        self.rules, self.deduced = CollegeRule.all(), {}
        self.today = today()
        self.own = set()
        if account_id:
            self.own = {id for (id,) in Account.select(Account.person).where(Account.id == account_id).tuples()}
        self.seen: dict[tuple, int] = {}
        self.beside: set[int] = set()  # records that this pass has made beside those of its rows: no row is about them

    def missing(self, keys):
        if keys & {"family_name", "full_name", "organisation"}:
            return ""
        return "Indiquez au moins la colonne du nom : sans elle, rien ne dit de qui parle une ligne."

    # Reading

    def plan(self, rows: list[Row]) -> list[Plan]:
        readings = [(row, self._read(row.cells)) for row in rows]
        finder = Finder([reading for _, reading in readings if not reading.wrong], self.beside)
        return [self._plan(row.number, reading, finder) for row, reading in readings]

    def _read(self, given: dict[str, str]) -> Reading:
        reading = Reading()
        self._read_names(given, reading)
        for key, text in given.items():
            reader = getattr(self, f"_read_{key}", None)
            if reader:
                try:
                    reader(text, reading)
                except Unreadable as error:
                    reading.wrong.append((LABELS[key], str(error)))
        if given.get("commune") or given.get("postal_code"):
            self._read_place(given.get("commune", ""), given.get("postal_code", ""), reading)
        values = reading.values
        for key, longest in LONGEST.items():
            if len(values.get(key, "")) > longest:
                reading.wrong.append((LABELS[key], f"plus de {longest} caractères"))
        return reading

    def _read_names(self, given, reading):
        family, first = given.get("family_name", ""), given.get("given_name", "")
        if not family and given.get("full_name"):
            family, first = cells.split_name(given["full_name"])
            reading.notes.append(("Nom et prénom", given["full_name"], f"{family.upper()} {first}".strip()))
        if cells.looks_swapped(family, first):
            reading.doubts.append(("Nom", SWAPPED))
        kind = self._type(given)
        organisation = given.get("organisation", "")
        if organisation and (kind.is_body or not (family or first)):
            reading.values["name"] = organisation
            reading.values["type"] = kind if kind.is_body else MemberType.STRUCTURE
            if family or first:
                named = f"{first} {family}".strip()
                reading.notes.append(("Nom", named, "représentant de la structure"))
                reading.values["speaker"] = {
                    "family_name": cells.name(family or first)[0],
                    "given_name": cells.name(first)[0] if family else "",
                }
            return
        reading.values["type"] = kind if not kind.is_body else MemberType.LIBERAL
        if not family:
            reading.wrong.append(("Nom", "le nom manque"))
        for key, text in (("family_name", family), ("given_name", first)):
            value, _ = cells.name(text)
            if value:
                reading.values[key] = value
                if value != text:
                    reading.notes.append((LABELS[key], text, value))

    def _type(self, given) -> MemberType:
        text = given.get("type") or given.get("mode") or ""
        found = cells.member_type(text) if text else None
        if found:
            return found
        code = cells.profession(given["profession"])[0] if given.get("profession") else ""
        return MemberType.USAGER if code in ("X-USAG", "X-ELU") else MemberType.LIBERAL

    def _read_email(self, text, reading):
        value, remark = cells.email(text)
        reading.values["email"] = value
        if remark:
            reading.notes.append(("Adresse e-mail", text, f"{value} ({remark})"))

    def _read_phone(self, text, reading):
        value, remark = cells.phone(text)
        reading.values["phone"] = value
        if value != text or remark:
            reading.notes.append(("Téléphone", text, f"{value} ({remark})" if remark else value))

    def _read_profession(self, text, reading):
        code, other, remark = cells.profession(text)
        reading.values |= {"profession": code, "profession_other": other}
        if remark:
            reading.notes.append(("Profession", text, remark))

    def _read_place(self, text, postal_code, reading):
        insee, read, doubt = self.communes.read(text, postal_code)
        if insee:
            reading.values["commune"] = insee
            if not read.startswith(f"{text} ("):
                reading.notes.append(("Commune", text or postal_code, read))
        reading.place_doubt = doubt

    def _read_rpps(self, text, reading):
        reading.values["rpps"] = cells.number(text, 11)
        if doubt := checks.rpps_doubt(reading.values["rpps"]):
            reading.notes.append(("N° RPPS", text, doubt.split(".")[0]))

    def _read_adeli(self, text, reading):
        reading.values["adeli"] = cells.number(text, 9)

    def _read_mode(self, text, reading):
        reading.values["mode"] = text

    def _read_organisation(self, text, reading):
        if not reading.is_structure:
            reading.values["organisation"] = text

    def _read_tags(self, text, reading):
        reading.values["tags"] = cells.tags(text)

    def _read_started_on(self, text, reading):
        reading.values["started_on"] = cells.day(text, self.today)

    def _read_college(self, text, reading):
        college = self.colleges.get(fold(text))
        if college:
            reading.values["college"] = college.id
        else:
            reading.notes.append(("Collège", text, "collège inconnu : il sera déduit, ou à décider"))

    # Whose record it is

    def _plan(self, number: int, reading: Reading, finder: "Finder") -> Plan:
        plan = Plan(number, Outcome.REFUSED, reading.label, notes=reading.notes, values=reading.values)
        if "email" not in reading.values and not reading.wrong:
            plan.flagged = ("sans adresse e-mail",)
        if reading.wrong:
            plan.problems = reading.wrong
            return plan
        known, doubts = finder.match(reading)
        before = self._repeated(number, reading, known)
        if before:
            plan.problems = [("", f"même personne que la ligne {before}")]
            return plan
        if known:
            return self._plan_known(plan, reading, known, doubts)
        doubts = doubts + reading.doubts
        if reading.place_doubt:
            doubts.append(("Commune", reading.place_doubt))
        plan.problems = doubts
        plan.outcome = Outcome.DOUBTFUL if doubts else Outcome.CREATE
        plan.swappable = doubts == [("Nom", SWAPPED)]
        return plan

    def _repeated(self, number, reading, known) -> int | None:
        """Return the number of an earlier row about the same person, and remember this one."""
        values = reading.values
        names = tuple(sorted(reading.names))
        keys = [("name", names, values.get("commune", ""))]
        keys += [("rpps", values["rpps"])] if values.get("rpps") else []
        keys += [("email", values["email"], names)] if values.get("email") else []
        keys += [("id", known.person.id)] if known else []
        hashes = [hash(key) for key in keys]
        earlier = next((self.seen[each] for each in hashes if each in self.seen), None)
        if earlier is None:
            self.seen.update(dict.fromkeys(hashes, number))
        return earlier

    def _plan_known(self, plan, reading, known, doubts) -> Plan:
        plan.subject = known.person.id
        values = dict(reading.values)
        if known.person.id in self.own:
            plan.problems = [("", "c’est votre propre fiche : un import n’y touche pas")]
            return plan
        if reading.place_doubt:
            plan.notes = [*plan.notes, ("Commune", "", f"laissée comme elle est : {reading.place_doubt}")]
        if reading.names != known.names:
            if reading.names == known.names[::-1]:
                plan.notes = [*plan.notes, ("Nom", reading.label, f"{known.person.list_label}, comme sur la fiche")]
            values.pop("family_name", None), values.pop("given_name", None), values.pop("name", None)
        if known.has_account and values.get("email", known.person.email) != known.person.email:
            plan.notes = [*plan.notes, ("Adresse e-mail", values.pop("email"), "laissée : la personne a un compte")]
        if doubts or (refusal := self._cannot_admit(known)):
            plan.problems = doubts or [("", refusal)]
            plan.outcome = Outcome.DOUBTFUL
            plan.values = {}
            return plan
        if values.get("tags"):
            values["tags"] = [name for name in values["tags"] if fold(name) not in known.tags]
        if known.speaker and "speaker" in values:
            named = values.pop("speaker")
            if not additions.same_name(known.speaker, named):
                plan.notes = [*plan.notes, ("Représentant", known.speaker.label, "laissé : changez-le sur la fiche")]
        plan.values = {key: value for key, value in values.items() if self._differs(key, value, known)}
        if known.membership is None:
            plan.values |= {key: values[key] for key in OF_MEMBERSHIP if key in values}
            plan.changes.append(("Adhésion", "", "nouvelle"))
        plan.changes += [
            (LABELS[key], self._shown(key, known.value(key)), self._shown(key, value))
            for key, value in plan.values.items()
            if value and (known.membership or key not in OF_MEMBERSHIP)
        ]
        plan.outcome = Outcome.UPDATE if plan.changes else Outcome.SAME
        return plan

    @staticmethod
    def _cannot_admit(known) -> str:
        if known.membership and known.membership.left_at:
            day = short_fr(known.membership.ended_on)
            return f"cette personne a quitté l’association le {day} : réadmettez-la depuis sa fiche"
        if known.membership is None and known.has_account:
            return "cette personne a un compte sans être adhérente : admettez-la depuis sa fiche"
        return ""

    @staticmethod
    def _differs(key, value, known) -> bool:
        """Tell whether a value of the file says something new; an empty one never does."""
        before = known.value(key)
        if key in ("profession", "profession_other"):
            return bool(value) and value != before
        if key == "type":
            return known.membership is not None and value != before and value != MemberType.LIBERAL
        if key == "started_on":
            return known.membership is not None and value < before
        if key == "college":
            return known.membership is not None and value != before
        return bool(value) and value != before

    def _shown(self, key, value) -> str:
        if not value:
            return ""
        if key == "profession":
            return writing.profession_label(value)
        if key == "tags":
            return ", ".join(value)
        if key == "speaker":
            return f"{value['given_name']} {value['family_name']}".strip()
        if key == "commune":
            return writing.commune_label(value)
        if key == "college":
            return self.college_names.get(value, "")
        if key == "type":
            return MemberType(value).label
        return short_fr(value) if key == "started_on" else str(value)

    # Writing

    def resolve(self, plan: Plan, doubt: Doubt) -> Plan | None:
        if plan.subject is not None or not plan.values:
            return None
        if doubt == Doubt.SWAP:
            if not plan.swappable:
                return None
            values = dict(plan.values)
            values["family_name"], values["given_name"] = values["given_name"], values["family_name"]
            plan.values = values
        return plan

    def write(self, plans):
        plans = list(plans)
        made = [plan for plan in plans if plan.subject is None]
        for plan in made:
            if not plan.values.get("college"):
                plan.values["college"] = self._college(plan.values)
        changed = [plan for plan in plans if plan.subject is not None]
        effects = writing.create([plan.values for plan in made], self.today)
        for plan in changed:
            effects += writing.change(plan.subject, plan.values, self._college, self.today)
        self.beside |= {each.subject for each in effects if each.beside}
        return effects

    def _college(self, values) -> int | None:
        key = (values["type"], values.get("profession", ""))
        if key not in self.deduced:
            found = deduce(*key, self.rules)
            self.deduced[key] = found.id if found else None
        return self.deduced[key]

    def fingerprints(self, subjects):
        return writing.fingerprints(subjects)

    def undo(self, effects):
        writing.undo(effects)
