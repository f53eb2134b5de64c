"""What pages and news have in common: a state, readers, a picture, attachments, a text."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from . import files
from .access import Visibility, may_read
from .choices import Choice
from .content import Collection, Document
from .db import now
from .frontmatter import Header
from .markdown import Rendered, plain, render_document
from .typography import typography


class State(Choice):
    """What its author decided."""

    DRAFT = "draft", "Brouillon"
    PUBLISHED = "published", "Publié"
    ARCHIVED = "archived", "Archivé"


class Phase(Choice):
    """What it is at a given moment: published in the future is scheduled."""

    DRAFT = "draft", "Brouillon"
    SCHEDULED = "scheduled", "Programmé"
    ONLINE = "online", "En ligne"
    ARCHIVED = "archived", "Archivé"


BADGES = {Phase.DRAFT: "mute", Phase.SCHEDULED: "warn", Phase.ONLINE: "ok", Phase.ARCHIVED: "mute"}


class Audience(Choice):
    """Whom a text speaks to; absent, to everybody."""

    POPULATION = "population", "Population"
    PROFESSIONALS = "professionnels", "Professionnels"


@dataclass(frozen=True)
class Attachment:
    """A file to download: its address on the site and the words of its link."""

    file: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Publication:
    """A text of the site. `published_at` is naive UTC; None: at once."""

    document: Document
    title: str
    summary: str
    state: State
    published_at: datetime | None
    visibility: Visibility
    audience: Audience | None
    image: str
    image_alt: str
    attachments: tuple[Attachment, ...]

    @property
    def slug(self) -> str:
        return self.document.slug

    @property
    def hash(self) -> str:
        return self.document.hash

    @cached_property
    def heading(self) -> str:
        """The title as French prints it."""
        return typography(self.title)

    @property
    def phase(self) -> Phase:
        if self.state == State.PUBLISHED:
            return Phase.SCHEDULED if self.published_at and self.published_at > now() else Phase.ONLINE
        return Phase(self.state.value)

    @property
    def is_live(self) -> bool:
        """Tell whether it has an address that its readers may open: archived, it keeps it."""
        return self.state != State.DRAFT and not (self.published_at and self.published_at > now())

    @property
    def is_listed(self) -> bool:
        return self.state == State.PUBLISHED and self.is_live

    def may_be_read(self, held) -> bool:
        return self.is_live and may_read(self.visibility, held)

    @cached_property
    def rendered(self) -> Rendered:
        """The text as safe HTML, with its headings."""
        return render_document(self.document.body, trusted=True)

    @cached_property
    def words(self) -> str:
        """The text without its marks."""
        return plain(self.document.body)


def read_common(header: Header, document: Document, state: State) -> dict:
    """Return the fields of a Publication; `state` is the one of a file that gives none. Raises Malformed."""
    image, alt = header.text("image", limit=200), header.text("image_alt", limit=300)
    if image and not re.fullmatch(r"/images/[\w-][\w.-]*", image):
        header.refuse("image", "Une image du site est attendue : /images/nom.jpg.")
    if image and not alt:
        header.refuse("image_alt", "Décrivez l’image en quelques mots, pour qui ne la voit pas.")
    return {
        "document": document,
        "title": header.text("title", required=True, limit=160),
        "summary": header.text("summary", limit=300),
        "state": header.choice("state", State, state),
        "published_at": header.moment("published_at"),
        "visibility": header.choice("visibility", Visibility, Visibility.PUBLIC),
        "audience": header.choice("audience", Audience),
        "image": image,
        "image_alt": alt,
        "attachments": tuple(_attachment(part) for part in header.parts("attachments")),
    }


def _attachment(part: Header) -> Attachment:
    file = part.text("file", required=True, limit=200)
    if not re.fullmatch(r"/(?:fichiers|images)/[\w-][\w.-]*", file):
        part.refuse("file", "Un fichier du site est attendu : /fichiers/nom.pdf.")
    attachment = Attachment(file, part.text("label", limit=160) or file.rsplit("/", 1)[1])
    part.finish()
    return attachment


def show_files_of(collection: Collection):
    """Let the files that the texts of a collection show be read by whoever may read those texts."""

    @files.file_use
    def uses(name):
        for item in collection.showing(name):
            yield item.visibility if item.is_live else Visibility.COORDINATION
