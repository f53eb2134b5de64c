"""What to look at before a letter leaves. It is said, and never stops anybody."""

import re
from collections.abc import Iterator

from cptsapp.blueprints.mailing.letters import FIELDS
from cptsapp.blueprints.mailing.sources import Advice
from cptsapp.kernel.dates import today
from cptsapp.kernel.text import NBSP

from . import links, numbering, picking
from .contents import Content, content_of
from .links import Fate
from .models import BlockKind, Issue, Kind, month_words
from .numbering import first_of
from .rendering import letter_of

SUBJECT = 60  # characters that a phone shows
PREHEADER = 110
HEAVIEST_KB = 90
_NO_WORDS = re.compile(r"!\[\s*\]\(")
_BRACES = re.compile(r"\{([^{}\s|]{1,30})(?:\|[^{}]*)?\}")
_SHOUTED = re.compile(r"[^\W\d_]{2,}")


def edit_url(issue_id: int) -> str:
    """Return where a letter is written; sendings that start by themselves ask for it outside any request."""
    return f"/gestion/newsletters/{issue_id}/modifier"


def advice_for(issue: Issue, content: Content | None = None) -> list[Advice]:
    """Return what is worth a look, the most useful first; each leads to where it is written."""
    content = content or content_of(issue)
    url = edit_url(issue.id)
    found = [*_envelope(content), *_blocks(content), *_texts(content), *_links(content)]
    found += [*_weight(issue, content), *_calendar(issue, content)]
    return [Advice(sentence, url) for sentence in found]


def _envelope(content: Content) -> Iterator[str]:
    subject = content.subject.strip()
    if not subject:
        yield "L’objet est vide : c’est la première chose que l’on lit."
    if len(subject) > SUBJECT:
        yield f"L’objet compte {len(subject)} caractères : un téléphone en montre environ {SUBJECT}."
    if is_shouted(subject):
        yield "L’objet est en capitales : il se lit mal, et les filtres s’en méfient."
    if re.search(r"!{2,}|\?{2,}", subject):
        yield "L’objet a plusieurs signes d’affilée (« !! ») : un seul suffit."
    if not content.preheader.strip():
        yield "La phrase d’aperçu est vide : la boîte de réception montrera le début du texte."
    elif len(content.preheader) > PREHEADER:
        yield f"La phrase d’aperçu est longue : au-delà de {PREHEADER} caractères, elle est coupée."
    if not content.editorial.strip() and not content.blocks:
        yield "La lettre est vide."


def is_shouted(text: str) -> bool:
    """Tell whether most words of a text are in capitals; an acronym or two are not shouting."""
    words = _SHOUTED.findall(text)
    loud = [each for each in words if each.isupper() and len(each) > 3]
    return len(loud) >= 2 and len(loud) * 2 > len(words)


def _blocks(content: Content) -> Iterator[str]:
    for rank, block in enumerate(content.blocks):
        name = f"« {block.title} »" if block.title.strip() else f"Le bloc {rank + 1}"
        if block.kind == BlockKind.HEADING:
            following = content.blocks[rank + 1] if rank + 1 < len(content.blocks) else None
            if following is None or following.kind == BlockKind.HEADING:
                yield f"La rubrique {name} est vide."
        elif block.kind == BlockKind.TEXT and not block.blurb.strip():
            yield f"{name} n’a pas de texte."
        if is_shouted(block.title):
            yield f"Le titre {name} est en capitales."
        if block.image and block.shows_image and not block.image_alt.strip():
            yield f"L’image de {name} n’est pas décrite, pour qui ne la voit pas."
        if block.source == "event" and block.on and block.on < today():
            yield f"{name} est passé."
    for rank, item in picking.changes(content).items():
        block = content.blocks[rank]
        if item is None:
            yield f"« {block.title} » n’est plus sur le site, ou n’est plus annoncé."
        else:
            yield f"« {block.title} » a changé depuis : {item.details}. Le bouton « Mettre à jour » reprend les dates."


def _texts(content: Content) -> Iterator[str]:
    texts = [content.editorial, *(each.blurb for each in content.blocks)]
    if any(_NO_WORDS.search(text) for text in texts):
        yield "Une image du texte n’est pas décrite, pour qui ne la voit pas."
    if any(links.has_foreign_image(text) for text in texts):
        yield "Une image est sur un autre site : elle est remplacée par un lien. Ajoutez-la avec « Ajouter une image »."
    everything = [content.subject, content.preheader, *texts, *(each.title for each in content.blocks)]
    unknown = {word for text in everything for word in _BRACES.findall(text)} - FIELDS.keys()
    for word in sorted(unknown):
        known = ", ".join(f"{{{each}}}" for each in FIELDS)
        yield f"{{{word}}} n’est pas un champ connu : il partira tel quel. Les champs sont {known}."


def _links(content: Content) -> Iterator[str]:
    reserved = {each.url for each in content.blocks if each.readers != "public"}
    for address, fate in links.fates(content).items():
        if fate == Fate.DEAD and address not in reserved:
            yield f"Le lien {address} ne mène nulle part, ou n’est pas public."
        elif fate == Fate.RESERVED and address not in reserved:
            yield f"Le lien {address} demande de se connecter."


def _weight(issue: Issue, content: Content) -> Iterator[str]:
    size = len(letter_of(issue, content).html.encode()) // 1000
    if size > HEAVIEST_KB:
        yield f"La lettre pèse {size}{NBSP}ko : au-delà de 100{NBSP}ko, Gmail la coupe. Raccourcissez-la."


def _calendar(issue: Issue, content: Content) -> Iterator[str]:
    if issue.kind != Kind.NEWSLETTER or issue.is_out:
        return
    if content.month is None:
        yield "La lettre n’a pas de mois."
    missing = numbering.missing_months(content.month or first_of(today()))
    if missing:
        words = ", ".join(month_words(each) for each in missing[-3:])
        yield f"Pas de lettre pour {words}." if len(missing) < 4 else f"Il manque {len(missing)} mois, dont {words}."
    drafts = Issue.living(Kind.NEWSLETTER).where(Issue.out_at.is_null(), Issue.number < issue.number)
    for each in drafts.order_by(Issue.number).limit(1):
        yield f"Le n°{NBSP}{each.number} n’est pas encore parti."
    same = Issue.living(Kind.NEWSLETTER).where(Issue.month == content.month, Issue.id != issue.id).first()
    if content.month and same:
        yield f"Le n°{NBSP}{same.number} est déjà celui de {month_words(content.month)}."
