"""Documents and their versions."""

from peewee import JOIN, CharField, Check, DateField, DateTimeField, ForeignKeyField, IntegerField, TextField, fn

from cptsapp.kernel.access import Visibility
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.files import StoredFile
from cptsapp.kernel.text import fold
from cptsapp.kernel.typography import typography


class Kind(Choice):
    """What a document is. An association has one of each of `SINGLE`."""

    STATUTES = "statutes", "Statuts"
    BYLAWS = "bylaws", "Règlement intérieur"
    CHARTER = "charter", "Charte"
    PROJECT = "project", "Projet de santé"
    MINUTES = "minutes", "Compte rendu"
    GUIDE = "guide", "Guide ou fiche pratique"
    FORM = "form", "Formulaire ou modèle"
    COMMUNICATION = "communication", "Affiche ou plaquette"
    OTHER = "other", "Autre"


# The kinds of which there is one, with the stable end of its address: /documents/statuts
SINGLE = {
    Kind.STATUTES: "statuts",
    Kind.BYLAWS: "reglement-interieur",
    Kind.CHARTER: "charte",
    Kind.PROJECT: "projet-de-sante",
}


class Document(Table):
    """One document, whatever its version. `slug` never changes; the current version is the one of highest number."""

    slug = CharField(max_length=80, unique=True)
    title = CharField(max_length=160)
    kind = CharField(max_length=20, index=True)
    summary = CharField(max_length=300, default="")
    visibility = CharField(max_length=20, default=Visibility.ADHERENTS)
    folded = TextField()  # title and summary as they are searched
    created_at = DateTimeField(default=now)
    deleted_at = DateTimeField(null=True)

    class Meta:
        constraints = [Check("title <> ''")]

    def save(self, *args, **kwargs):
        self.folded = fold(f"{self.title} {self.summary}")
        return super().save(*args, **kwargs)

    @property
    def heading(self) -> str:
        """The title as readers see it: French typography is of what is shown, never of what was typed."""
        return typography(self.title)

    @property
    def kind_label(self) -> str:
        return Kind(self.kind).label

    @property
    def visibility_label(self) -> str:
        return Visibility(self.visibility).label

    @property
    def readers_label(self) -> str:
        """The readers in a word or two, for a list."""
        return "Public" if self.visibility == Visibility.PUBLIC else self.visibility_label

    @classmethod
    def all_with_current(cls):
        """Return the documents, trash included, the current version and its file joined."""
        latest = DocumentVersion.alias()
        number = latest.select(fn.MAX(latest.number)).where(latest.document == cls.id)
        return (
            cls.select(cls, DocumentVersion, StoredFile)
            .join(DocumentVersion, on=(DocumentVersion.document == cls.id), attr="current")
            .where(DocumentVersion.number == number)
            .switch(DocumentVersion)
            .join(StoredFile, JOIN.LEFT_OUTER)
        )

    @classmethod
    def readable(cls, visibilities, *, words: str = "", kind: str = ""):
        """Return the documents that one of `visibilities` opens, the latest first, narrowed to what is searched."""
        query = cls.all_with_current().where(cls.deleted_at.is_null(), cls.visibility.in_(visibilities))
        for word in fold(words).split():
            query = query.where(cls.folded.contains(word))
        if kind:
            query = query.where(cls.kind == kind)
        return query.order_by(DocumentVersion.dated_on.desc(), cls.id.desc())


class DocumentVersion(Table):
    """One version of a document: a file, or a text in Markdown. It is never changed nor removed."""

    document = ForeignKeyField(Document, backref="versions", on_delete="CASCADE")
    number = IntegerField()
    label = CharField(max_length=80)
    dated_on = DateField()
    file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT")
    text = TextField(default="")
    added_at = DateTimeField(default=now, index=True)

    class Meta:
        indexes = ((("document", "number"), True), (("document", "label"), True))
        constraints = [Check("(file_id IS NULL) <> (text = '')"), Check("number > 0")]
