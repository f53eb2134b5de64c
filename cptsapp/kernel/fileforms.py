"""A form that takes a file: refused for another reason, it keeps the file that was sent."""

from flask_wtf.file import FileField
from wtforms import HiddenField

from .errors import RuleError
from .files import StoredFile, store_attachment
from .forms import Form


class FileForm(Form):
    """The file is stored as soon as it is received, under the name that `kept` carries from one answer to the next."""

    file = FileField("Fichier", description="PDF, Word, Excel, PowerPoint, LibreOffice, CSV, texte ou image.")
    kept = HiddenField()

    def take_file(self) -> bool:
        """Store what was sent; tell whether it could be."""
        if self.file.data:
            try:
                self.kept.data = store_attachment(self.file.data).name
            except RuleError as error:
                self.file.errors = [str(error)]
                return False
        return True

    @property
    def stored(self) -> StoredFile | None:
        return StoredFile.get_or_none(StoredFile.name == self.kept.data) if self.kept.data else None
