"""The collège of a member, deduced from type and profession by rules that the association edits.

A rule speaks of a type (or any) and of a profession, a family of professions (or any). The most precise one decides;
what none says, or what two equally precise ones say differently, is left for people to decide.
"""

from peewee import CharField, ForeignKeyField

from cptsapp.blueprints.association.models import College
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.kernel import journal
from cptsapp.kernel.db import Table, db, locked
from cptsapp.kernel.errors import RuleError

from . import history
from .listing import Members, belongs
from .models import Membership, MemberType, Practice

for _action, _sentence in {
    "adherent.college_rule": "Règle des collèges modifiée",
    "adherent.college_applied": "Collèges déduits des règles",
    "adherent.college_decided": "Collège décidé à la main",
}.items():
    journal.declare(_action, _sentence)


class CollegeRule(Table):
    """`type` or "" for any; `practice`: a profession's code, a family's, or "" for any."""

    type = CharField(max_length=12, default="")
    practice = CharField(max_length=20, default="")
    college = ForeignKeyField(College, on_delete="CASCADE")

    class Meta:
        indexes = ((("type", "practice"), True),)

    @classmethod
    def all(cls) -> list["CollegeRule"]:
        query = cls.select(cls, College).join(College)
        return list(query.order_by(College.position, cls.type, cls.practice))

    @property
    def type_label(self) -> str:
        return MemberType(self.type).label if self.type else "Toute qualité"

    @property
    def practice_label(self) -> str:
        known = reference.professions().get(self.practice)
        return known.plural if known else reference.FAMILIES.get(self.practice, "Toute profession")


def deduce(type: str, profession: str, rules: list[CollegeRule] | None = None) -> College | None:
    """Return the collège that the rules give, or None when they do not tell."""
    known = reference.professions().get(profession)
    rank = {"": 0, known.family if known else "-": 1, profession or "-": 2}
    found = [
        ((rank[rule.practice], bool(rule.type)), rule.college)
        for rule in (CollegeRule.all() if rules is None else rules)
        if rule.type in ("", type) and rule.practice in rank
    ]
    if not found:
        return None
    best = max(precision for precision, _ in found)
    colleges = {college.id: college for precision, college in found if precision == best}
    return next(iter(colleges.values())) if len(colleges) == 1 else None


def practice_choices() -> list[tuple[str, str]]:
    families = [(code, f"{label} (toute la famille)") for code, label in reference.FAMILIES.items()]
    return [("", "Toute profession"), *families, *((p.code, p.label) for p in reference.professions().values())]


@db.atomic()
def save_rule(*, type: str, practice: str, college_id: int) -> CollegeRule:
    """Write what a type and a profession give; the same pair again takes the new collège."""
    if type and type not in set(MemberType):
        raise RuleError("Choisissez une qualité dans la liste.", field="type")
    if practice not in dict(practice_choices()):
        raise RuleError("Choisissez une profession dans la liste.", field="practice")
    if not (type or practice):
        raise RuleError("Précisez une qualité ou une profession : une règle pour tous ne déduit rien.", field="type")
    if not College.select().where(College.id == college_id).exists():
        raise RuleError("Choisissez un collège.", field="college")
    rule = CollegeRule.get_or_none(type=type, practice=practice) or CollegeRule(type=type, practice=practice)
    rule.college = college_id
    rule.save()
    journal.write("adherent.college_rule", "college", college_id, type=type, practice=practice)
    return rule


@db.atomic()
def remove_rule(rule_id: int) -> None:
    rule = CollegeRule.get_or_none(CollegeRule.id == rule_id)
    if rule:
        rule.delete_instance()
        journal.write("adherent.college_rule", "college", rule.college_id, removed=True)


def running():
    """Return the memberships that run, with the person and the practice that rules read."""
    query = Membership.current().select_extend(Person).join(Person).where(Person.deleted_at.is_null())
    return query.order_by(Person.folded, Membership.id)


def professions_of(memberships) -> dict[int, Practice]:
    ids = [each.person_id for each in memberships]
    return {row.person_id: row for row in Practice.select().where(Practice.person.in_(ids))}


@db.atomic()
def apply() -> int:
    """Give each running membership the collège of the rules, but where people decided; return how many changed."""
    rules, changed = CollegeRule.all(), 0
    memberships = list(running().where(Membership.college_decided == False))  # noqa: E712 (SQL)
    practices = professions_of(memberships)
    for membership in memberships:
        practice = practices.get(membership.person_id)
        college = deduce(membership.type, practice.profession if practice else "", rules)
        if college and membership.college_id != college.id:
            history.remember(membership.id)
            Membership.update(college=college).where(Membership.id == membership.id).execute()
            changed += 1
    if changed:
        journal.write("adherent.college_applied", "college", "", changed=changed)
    return changed


@db.atomic()
def decide(membership_id: int, college_id: int | None) -> None:
    """Put a member in a collège by hand: rules leave it there. None gives it back to the rules."""
    membership = locked(Membership.select().where(Membership.id == membership_id)).first()
    if membership is None:
        raise RuleError("Cette adhésion n’existe plus. Rechargez la page.")
    if college_id and not College.select().where(College.id == college_id).exists():
        raise RuleError("Choisissez un collège.", field="college")
    history.remember(membership.id)
    membership.college, membership.college_decided = college_id or None, bool(college_id)
    membership.save()
    journal.write("adherent.college_decided", "person", membership.person_id, college=college_id)


def undecided() -> Members:
    """Return those who belong to the association and have no collège, in the order of a list."""
    return Members(belongs(), Membership.college.is_null())


def first_undecided(limit: int) -> list[Membership]:
    """Return the first of them, the person joined."""
    ids = undecided().memberships(0, limit)
    query = Membership.select(Membership, Person).join(Person).where(Membership.id.in_(ids))
    return list(query.order_by(Person.folded, Person.id))
