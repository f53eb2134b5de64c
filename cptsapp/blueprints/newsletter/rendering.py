"""From a letter's content to what is sent: the column of its mail and the text part, from one source."""

from dataclasses import dataclass, replace
from html import escape

from flask import current_app
from markupsafe import Markup

from cptsapp.blueprints.association.models import identity
from cptsapp.blueprints.mailing.letters import Letter, without_fields
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.files import StoredFile, names_in
from cptsapp.kernel.mail import Kind as MailKind
from cptsapp.kernel.mail import identity_for
from cptsapp.kernel.mail.letterhtml import MailImage, html_of, picture, text_of, whole
from cptsapp.kernel.markdown import render
from cptsapp.kernel.settings import settings
from cptsapp.kernel.typography import typography

from .contents import Block, Content, content_of
from .models import Archive, Issue, Kind, month_words

LINKS = {
    "news": "Lire l’article",
    "event": "Voir l’événement",
    "document": "Ouvrir le document",
}
LINK = "En savoir plus"
RESERVED = {
    Visibility.ADHERENTS: "Réservé aux adhérents : la page demande de se connecter.",
    Visibility.BUREAU: "Réservé au bureau : la page demande de se connecter.",
}


@dataclass(frozen=True)
class Shown:
    """A block ready for a template: `body` is safe HTML, `text` the same in plain text."""

    kind: str
    title: str
    details: str
    note: str
    body: Markup
    text: str
    url: str
    link: str
    image: Markup
    alt: str


@dataclass(frozen=True)
class Reading:
    """A letter as its archive shows it: the site's own HTML, nobody's name."""

    editorial: Markup
    blocks: list[Shown]


def letter_of(issue: Issue, content: Content | None = None) -> Letter:
    """Return what is sent; with a content, what would be sent of it."""
    content = content or content_of(issue)
    colour, pictures = identity_for(MailKind.COLLECTIVE).colour, _pictures(content)

    def find(address: str) -> MailImage | None:
        return pictures.get(address.rsplit("/", 1)[-1])

    blocks = [_in_mail(each, colour, find, pictures) for each in content.blocks]
    values = {
        "issue": issue,
        "eyebrow": eyebrow(issue, content),
        "title": typography(content.subject) if issue.kind == Kind.NEWSLETTER else "",
        "editorial": Markup(html_of(content.editorial, colour=colour, image=find)),  # noqa: S704 (sanitised)
        "editorial_text": text_of(content.editorial),
        "blocks": blocks,
        "colour": colour,
    }
    env = current_app.jinja_env
    return Letter(
        subject=typography(content.subject).strip() or issue.label,
        preheader=typography(content.preheader),
        html=env.get_template("mail/newsletter/_column.html").render(values),
        text=env.get_template("mail/newsletter/_column.txt").render(values).strip(),
        archive_url=settings.base_url + issue.url if content.archive == Archive.PUBLIC and issue.slug else "",
        list_name=f"La lettre · {identity().short_name}" if issue.kind == Kind.NEWSLETTER else "",
    )


def eyebrow(issue: Issue, content: Content) -> str:
    """« Lettre n° 12, novembre 2026 »; nothing above a message."""
    if issue.kind != Kind.NEWSLETTER:
        return ""
    return ", ".join(filter(None, [issue.label, month_words(content.month) if content.month else ""]))


def _pictures(content: Content) -> dict[str, MailImage]:
    """Return the pictures that a content shows, by name and by id, in one query."""
    ids = [each.image for each in content.blocks if each.image]
    names = names_in("\n".join([content.editorial, *(each.blurb for each in content.blocks)]))
    if not ids and not names:
        return {}
    found = {}
    for each in StoredFile.select().where(StoredFile.id.in_(ids) | StoredFile.name.in_(names)):
        if each.is_image:
            found[each.id] = found[each.name] = MailImage(each.url, each.width, each.height)
    return found


def _in_mail(block: Block, colour: str, find, pictures) -> Shown:
    image = pictures.get(block.image) if block.shows_image else None
    body = Markup(html_of(block.blurb, colour=colour, image=find))  # noqa: S704 (sanitised)
    tag = Markup(picture(image, block.image_alt)) if image else Markup()  # noqa: S704 (escaped there)
    return _shown(block, body, text_of(block.blurb), whole(block.url), tag)


def _shown(block: Block, body: Markup, text: str, url: str, image: Markup) -> Shown:
    return Shown(
        kind=block.kind,
        title=typography(block.title),
        details=typography(block.details),
        note=RESERVED.get(block.readers, ""),
        body=body,
        text=text,
        url=url,
        link=block.link_label or LINKS.get(block.source, LINK),
        image=image,
        alt=block.image_alt if image else "",
    )


def reading_of(issue: Issue) -> Reading:
    """Return a letter that is out as a page of the site shows it."""
    content = content_of(issue)
    pictures = _pictures(content)

    def on_site(block: Block) -> Shown:
        image = pictures.get(block.image) if block.shows_image else None
        block = replace(block, title=without_fields(block.title), details=without_fields(block.details))
        return _shown(block, _impersonal(block.blurb), "", block.url, _site_picture(image, block.image_alt))

    return Reading(_impersonal(content.editorial), [on_site(each) for each in content.blocks])


def as_html(issue: Issue) -> str:
    """Return the text of an archive alone, as its page has it."""
    blocks = current_app.jinja_env.get_template("newsletter/_reading.html")
    return blocks.module.reading_text(reading_of(issue))


def _impersonal(text: str) -> Markup:
    return render(without_fields(text), trusted=True)


def _site_picture(found: MailImage | None, alt: str) -> Markup:
    if not found:
        return Markup()
    size = f'width="{found.width}" height="{found.height}"'
    return Markup(f'<img src="{escape(found.path)}" alt="{escape(alt)}" {size} loading="lazy">')  # noqa: S704 (escaped)
