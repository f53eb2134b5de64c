"""A section as it is read inside a report: its own headings stand under the one of the section."""

import re

from markupsafe import Markup, escape

from cptsapp.kernel import markdown

from .models import Section

_HEADING = re.compile(r"<(/?)h([2-5])\b")


def nested(section: Section) -> Markup:
    """Return the HTML of a section: its headings one level lower, its tables told apart from those of the others."""
    named = f'aria-label="{escape(section.title)}, tableau '
    html = str(markdown.render(section.text)).replace('aria-label="Tableau ', named)
    lowered = _HEADING.sub(lambda found: f"<{found[1]}h{int(found[2]) + 1}", html)
    return Markup(lowered)  # noqa: S704 (rendered and cleaned just before)
