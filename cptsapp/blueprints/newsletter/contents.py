"""The whole content of a letter as one value: what is saved, compared, kept as a version and brought back."""

import json
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date

from .models import BlockKind, Issue, IssueItem


@dataclass(frozen=True)
class Block:
    """One block. `id` is its row's, None before it is saved; `image` the id of a stored JPEG."""

    kind: str = BlockKind.TEXT
    title: str = ""
    blurb: str = ""
    source: str = ""
    key: str = ""
    details: str = ""
    url: str = ""
    link_label: str = ""
    readers: str = "public"
    on: date | None = None
    image: int | None = None
    image_alt: str = ""
    shows_image: bool = True
    id: int | None = None

    @property
    def row(self) -> dict:
        """Return the columns of its row."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "id"}


@dataclass(frozen=True)
class Content:
    name: str = ""
    month: date | None = None
    subject: str = ""
    preheader: str = ""
    editorial: str = ""
    theme: str = ""
    archive: str = "public"
    blocks: tuple[Block, ...] = field(default=())

    @property
    def columns(self) -> dict:
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "blocks"}

    def same_as(self, other: "Content") -> bool:
        """Tell whether two contents say the same, whatever rows keep them."""
        return self.without_ids() == other.without_ids()

    def without_ids(self) -> "Content":
        return replace(self, blocks=tuple(replace(each, id=None) for each in self.blocks))

    def with_block(self, *added: Block) -> "Content":
        return replace(self, blocks=(*self.blocks, *added))

    def without_block(self, rank: int) -> "Content":
        return replace(self, blocks=self.blocks[:rank] + self.blocks[rank + 1 :])

    def moved(self, rank: int, by: int) -> "Content":
        """Return the content with a block one place higher (-1) or lower (1); the first stays first, the last last."""
        blocks, other = list(self.blocks), rank + by
        if 0 <= rank < len(blocks) and 0 <= other < len(blocks):
            blocks[rank], blocks[other] = blocks[other], blocks[rank]
        return replace(self, blocks=tuple(blocks))

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, default=str)

    @classmethod
    def from_json(cls, stored: str) -> "Content":
        values = json.loads(stored)
        blocks = tuple(_read(Block, each) for each in values.pop("blocks"))
        return replace(_read(cls, values), blocks=blocks)

    def as_text(self) -> str:
        """Return the content as lines, for two versions to be compared."""
        lines = [f"Objet : {self.subject}", f"Aperçu : {self.preheader}"]
        if self.name:
            lines.insert(0, f"Modèle : {self.name}")
        if self.month:
            lines.append(f"Mois : {self.month:%m/%Y}")
        lines += ["", *self.editorial.splitlines()]
        for each in self.blocks:
            lines += ["", f"## {each.title}" if each.kind == BlockKind.HEADING else f"### {each.title}"]
            lines += filter(None, [each.details, each.url])
            lines += each.blurb.splitlines()
            lines += [f"(image : {each.image_alt})"] if each.image and each.shows_image else []
        return "\n".join(lines).rstrip() + "\n"


def _read(cls, values: dict):
    """Return a value kept as JSON; what a later product no longer knows is left out."""
    known = {each.name for each in fields(cls)}
    read = {name: value for name, value in values.items() if name in known}
    for name in ("month", "on"):
        if read.get(name):
            read[name] = date.fromisoformat(read[name])
    return cls(**read)


def content_of(issue: Issue) -> Content:
    """Return the content of a letter, its blocks in their order, in one query."""
    columns = {each.name: getattr(issue, each.name) for each in fields(Content) if each.name != "blocks"}
    return Content(**columns, blocks=tuple(_block(each) for each in issue.blocks))


def _block(row: IssueItem) -> Block:
    names = [each.name for each in fields(Block) if each.name not in ("image", "id")]
    return Block(**{name: getattr(row, name) for name in names}, image=row.image_id, id=row.id)
