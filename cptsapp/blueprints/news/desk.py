"""What the writing of articles is made of, and the search index that follows them."""

from cptsapp.kernel import editing
from cptsapp.kernel.editing import Desk
from cptsapp.kernel.htmx import page

from .models import ARTICLES, Article

RESERVED = frozenset({"themes", "flux", "nouveau", "corbeille", "export", "lot", "fichier"})


def show_alone(article: Article):
    """Return the page of an article as a private link shows it: no neighbours, not for search engines."""
    return page("news/show.html", article=article, before=None, after=None, related=[], is_preview=True)


DESK = Desk(
    kind="news",
    collection=ARTICLES,
    the="L’article",
    noun=("article", "articles"),
    path_of=lambda slug: f"/actualites/{slug}",
    show=show_alone,
    reserved=lambda: RESERVED,
)


def sync_search() -> int:
    """Bring the search index up to the files, and to what has fallen due; return how many articles changed."""
    return editing.sync_search(DESK)
