"""What partners forward as it is: the letter in text and in HTML, without anybody's name nor links."""

from flask import render_template
from markupsafe import Markup

from cptsapp.blueprints.association.models import identity
from cptsapp.blueprints.mailing.compiling import archive_html
from cptsapp.blueprints.mailing.letters import without_fields
from cptsapp.kernel.mail import Kind as MailKind
from cptsapp.kernel.mail import identity_for
from cptsapp.kernel.settings import settings

from . import wording
from .models import Archive, Issue, Kind
from .rendering import letter_of


def online(issue: Issue) -> str:
    """Return the whole address of a letter that anybody may read on the site, or nothing."""
    return settings.base_url + issue.url if issue.is_out and issue.archive == Archive.PUBLIC else ""


def text_of(issue: Issue) -> str:
    """Return the letter in plain text, ready to be forwarded."""
    sender, letter = identity_for(MailKind.COLLECTIVE), letter_of(issue)
    title = [] if issue.kind == Kind.NEWSLETTER else [wording.title_of(issue), ""]  # the others have none in their text
    lines = [*title, without_fields(letter.text), "", "--", identity().name]
    lines += filter(None, [sender.reply_to or sender.email, settings.base_url])
    lines += ["", f"Lire sur le site : {online(issue)}"] if online(issue) else []
    return "\n".join(lines) + "\n"


def html_of(issue: Issue) -> str:
    """Return the letter as an HTML file, to be opened in a mail program or attached."""
    letter = letter_of(issue)
    return render_template(
        "mail/newsletter/_relay.html",
        title=wording.title_of(issue),
        body=Markup(archive_html(letter)),  # noqa: S704 (sanitised by rendering)
        sender=identity_for(MailKind.COLLECTIVE),
        base_url=settings.base_url,
        online=online(issue),
    )


def share_text(issue: Issue) -> str:
    """Return a few lines for a social network: the title, the sentence, the address."""
    return "\n".join(filter(None, [wording.title_of(issue), wording.preheader_of(issue), online(issue)]))


def file_name(issue: Issue) -> str:
    return f"lettre-{issue.slug or issue.id}"
