"""Which keys a definition has, and what each is worth when it is absent."""

import re

from .definition import (
    FILTERABLE,
    Capacity,
    Consent,
    Definition,
    Field,
    Figure,
    FilledBy,
    Kind,
    Link,
    Per,
    Readers,
    Requirement,
    Stage,
    Subject,
    Tag,
    Theme,
    Unique,
)
from .parts import Part

LONGEST = {Kind.LINE: 200, Kind.TEXT: 2000}


def definition(part: Part, slug: str) -> Definition:
    """Return the definition that `part` holds; what its parts say of one another is for `checks`."""
    readers = part.choice("readers", Readers)
    found = Definition(
        slug=slug,
        name=part.text("name", required=True, limit=120),
        short=part.text("short", limit=40) or part.text("name", limit=120),
        purpose=part.text("purpose", required=True, limit=600),
        theme=part.choice("theme", Theme),
        subject=part.choice("subject", Subject),
        title_label=part.text("title_label", limit=80),
        professions=part.texts("professions"),
        families=part.texts("families"),
        readers=readers,
        contact_readers=part.choice("contact_readers", Readers, max(readers, Readers.ADHERENTS, key=_rank)),
        validity_months=part.whole("validity_months", 12, 1, 60),
        season_ends=_season(part),
        is_moderated=part.flag("moderated"),
        is_keyed_only=part.flag("keyed_only"),
        is_exportable=part.flag("exportable", True),
        is_indexed=part.flag("indexed"),
        is_printable=part.flag("printable"),
        has_speakers=part.flag("speakers"),
        is_demand=part.flag("demand"),
        limit=part.whole("limit", 0, 1, 100_000),
        unique_by=part.key("unique_by"),
        group_by=part.key("group_by"),
        consent=_consent(part),
        fields=tuple(_field(each, readers) for each in part.parts("fields")),
        stages=_stages(part),
        stage_readers=part.choice("stage_readers", Readers, Readers.COORDINATION),
        uniques=tuple(map(_unique, part.parts("uniques"))),
        requirements=tuple(map(_requirement, part.parts("requirements"))),
        tags=tuple(map(_tag, part.parts("tags"))),
        figures=tuple(map(_figure, part.parts("figures"))),
        capacity=_capacity(part),
    )
    part.finish()
    return found


def _rank(readers: Readers) -> int:
    return readers.rank


def _season(part: Part) -> tuple[int, int] | None:
    text = part.text("season_ends")
    if not text:
        return None
    found = re.fullmatch(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", text)
    if (
        not found
        or (found[1] == "02" and int(found[2]) > 28)
        or (found[1] in ("04", "06", "09", "11") and found[2] == "31")
    ):
        part.refuse("season_ends", "Un mois et un jour sont attendus, par exemple « 03-31 ».")
    return int(found[1]), int(found[2])


def _consent(part: Part) -> Consent:
    inner = part.part("consent")
    if inner is None:
        part.refuse("consent", "La section [consent] est obligatoire : personne n’est inscrit sans accord.")
    found = Consent(
        version=inner.text("version", required=True, limit=40),
        text=inner.text("text", required=True, limit=1500),
        public=inner.text("public", limit=1500),
        partners=inner.text("partners", limit=1500),
    )
    inner.finish()
    return found


def _field(part: Part, readers: Readers) -> Field:
    kind = part.choice("kind", Kind)
    longest = LONGEST.get(kind, 200)
    found = Field(
        key=part.key("key", required=True),
        label=part.text("label", required=True, limit=120),
        kind=kind,
        readers=part.choice("readers", Readers, readers),
        required=part.flag("required"),
        help=part.text("help", limit=400),
        choices=part.pairs("choices"),
        filled_by=part.choice("filled_by", FilledBy, FilledBy.VOLUNTEER),
        is_filter=part.flag("filter", kind in FILTERABLE),
        is_printed=part.flag("print"),
        longest=part.whole("longest", longest, 1, 5000),
        least=part.whole("least", 0, -1_000_000, 1_000_000),
        most=part.whole("most", 1_000_000, -1_000_000, 1_000_000),
        of=part.text("of", limit=60),
    )
    part.finish()
    return found


def _stages(part: Part) -> tuple[Stage, ...]:
    """Return the stages; from each one goes to its neighbours, unless `to` says otherwise."""
    parts = part.parts("stages")
    keys = [each.key("key", required=True) for each in parts]
    found = []
    for rank, each in enumerate(parts):
        around = tuple(keys[place] for place in (rank - 1, rank + 1) if 0 <= place < len(keys))
        found.append(
            Stage(
                key=keys[rank],
                label=each.text("label", required=True, limit=80),
                help=each.text("help", limit=2000, lines=True),
                weeks=each.whole("weeks", 0, 1, 520),
                to=each.texts("to") or around,
                needs=each.texts("needs"),
                needs_link=_link(each.part("needs_link")),
                declared_by=each.choice("declared_by", FilledBy, FilledBy.VOLUNTEER),
            )
        )
        each.finish()
    return tuple(found)


def _link(part: Part | None) -> Link | None:
    if part is None:
        return None
    found = Link(
        directory=part.text("directory", required=True, limit=60),
        through=part.key("through", required=True),
        where=part.key("where", required=True),
        value=part.key("value", required=True),
        sentence=part.text("sentence", required=True, limit=300),
    )
    part.finish()
    return found


def _unique(part: Part) -> Unique:
    found = Unique(
        field=part.key("field", required=True),
        sentence=part.text("sentence", required=True, limit=300),
        value=part.key("value"),
        per=part.key("per"),
    )
    part.finish()
    return found


def _requirement(part: Part) -> Requirement:
    found = Requirement(
        field=part.key("field", required=True),
        value=part.key("value", required=True),
        needs=part.texts("needs"),
        sentence=part.text("sentence", required=True, limit=300),
    )
    part.finish()
    return found


def _tag(part: Part) -> Tag:
    found = Tag(
        field=part.key("field", required=True),
        value=part.key("value", required=True),
        label=part.text("label", required=True, limit=60),
    )
    part.finish()
    return found


def _figure(part: Part) -> Figure:
    found = Figure(
        key=part.key("key", required=True),
        label=part.text("label", required=True, limit=120),
        stage=part.key("stage"),
        field=part.key("field"),
        value=part.key("value"),
        sum=part.key("sum"),
    )
    part.finish()
    return found


def _capacity(part: Part) -> Capacity | None:
    inner = part.part("capacity")
    if inner is None:
        return None
    found = Capacity(
        field=inner.key("field", required=True),
        per=inner.choice("per", Per),
        one=inner.text("one", required=True, limit=60),
        many=inner.text("many", required=True, limit=60),
    )
    inner.finish()
    return found
