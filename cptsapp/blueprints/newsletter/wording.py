"""A letter in words, as lists and the search have it: nobody's name in it."""

from cptsapp.blueprints.mailing.letters import without_fields
from cptsapp.kernel import markdown
from cptsapp.kernel.typography import typography

from .models import Issue


def title_of(issue: Issue) -> str:
    """The title of a letter as its archive has it."""
    return typography(without_fields(issue.subject)) or issue.label


def preheader_of(issue: Issue) -> str:
    return typography(without_fields(issue.preheader))


def words_of(issue: Issue) -> str:
    blocks = (f"{each.title} {each.details} {markdown.plain(each.blurb)}" for each in issue.blocks)
    return without_fields(" ".join((issue.preheader, markdown.plain(issue.editorial), *blocks)))


def search_row(issue: Issue) -> dict:
    """Return what the search of the site knows of a letter."""
    return {
        "id": issue.id,
        "title": title_of(issue),
        "body": words_of(issue),
        "url": issue.url,
        "visibility": issue.visibility,
        "at": issue.out_at,
    }
