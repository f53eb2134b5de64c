"""What the site shows of a fiche: its sections made ready, its place in the search, the pages kept ready made again."""

from markupsafe import Markup

from cptsapp.kernel import markdown, search
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.db import revision

from .models import Fiche, FicheState


def sections(fiche: Fiche) -> list[tuple[str, str, Markup]]:
    """Return the (name, label, HTML) of the sections that say something."""
    return [(name, label, markdown.render(text)) for name, label, text in fiche.written]


def is_shown(fiche: Fiche) -> bool:
    """Tell whether everybody may read a fiche."""
    return fiche.is_public and fiche.state != FicheState.DRAFT and fiche.deleted_at is None


def search_row(fiche: Fiche) -> dict:
    texts = [fiche.summary, *(markdown.plain(text) for _, _, text in fiche.written)]
    return {
        "id": fiche.id,
        "title": fiche.full_title,
        "body": " ".join(filter(None, texts)),
        "url": f"/projet/{fiche.slug}",
        "visibility": Visibility.PUBLIC,
        "at": fiche.updated_at,
    }


def show_changed(fiche: Fiche) -> None:
    """Make the search and the pages kept ready say what a fiche has become."""
    if is_shown(fiche):
        search.index("fiche", **search_row(fiche))
    else:
        search.forget("fiche", fiche.id)
    revision.bump()
