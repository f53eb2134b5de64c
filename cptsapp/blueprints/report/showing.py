"""A section as it is read inside a report: its own headings stand under the one of the section."""

import re

from markupsafe import Markup

from cptsapp.kernel import markdown

_HEADING = re.compile(r"<(/?)h([2-5])\b")


def nested(text: str) -> Markup:
    """Return the HTML of a section, its headings one level lower."""
    html = str(markdown.render(text))
    lowered = _HEADING.sub(lambda found: f"<{found[1]}h{int(found[2]) + 1}", html)
    return Markup(lowered)  # noqa: S704 (rendered and cleaned just before)
