"""A Markdown text as mail programs show it, and as those that show text only read it."""

import re

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from cptsapp.kernel.mail.letterhtml import MailImage, html_of, text_of

TEXT = """Bonjour {prenom},

## À vos agendas

Un *mot*, un [lien](/contact), https://exemple.fr/a et [nous@exemple.fr](mailto:nous@exemple.fr). Une note.[^1]

- un
- deux
    - trois

1. premier
2. second

> cité

| A | B |
|---|---|
| 1 | 2 |

![Une vue](/images/vue.webp)

[^1]: La source.
"""


def picture(path):
    return MailImage(path.replace(".webp", "-mail.jpg"), 1200, 675)


@pytest.fixture
def at_home(settings):
    settings.base_url = "https://cpts.exemple.fr"


def test_the_html_carries_its_styles_and_whole_addresses(at_home):
    html = html_of(TEXT, colour="#0b6e69", image=picture)
    assert '<a href="https://cpts.exemple.fr/contact" style="color:#0b6e69">lien</a>' in html
    assert 'src="https://cpts.exemple.fr/images/vue-mail.jpg" alt="Une vue" width="544" height="306"' in html
    assert "Bonjour {prenom}," in html
    assert all("style=" in tag for tag in re.findall(r"<(?:p|h2|ul|li|table|td|blockquote)\b[^>]*>", html))
    assert not re.search(r"class=|id=|<script|<style|loading=|href=\"#", html)
    assert html_of("![x](https://ailleurs.fr/a.png)", colour="#000000", image=picture).count("<img") == 0


def test_the_text_has_every_link_and_no_mark(at_home):
    text = text_of(TEXT)
    assert "À vos agendas\n=============" in text
    assert "lien (https://cpts.exemple.fr/contact), https://exemple.fr/a et nous@exemple.fr." in text
    assert "- un\n- deux\n  - trois\n\n1. premier\n2. second\n\n> cité\n\nA | B\n1 | 2\n\n[Une vue]" in text
    assert "Une note.[1]" in text
    assert text.endswith("1. La source.")
    assert not re.search(r"<\w|\*\w|\]\(|vue\.webp", text)


@examples(max_examples=60)
@given(st.text(alphabet="ab *_[]()<>!#->|1.\n`{}&\"'é/:", max_size=120))
def test_whatever_is_typed_makes_a_sound_mail(text):
    html = html_of(text, colour="#000000", image=lambda path: None)
    for name in ("p", "ul", "ol", "li", "a", "table", "blockquote"):
        assert len(re.findall(rf"<{name}\b", html)) == html.count(f"</{name}>")
    assert not re.search(r"<script|javascript:", html)
    assert "<p" not in text_of(text) or "<p" in text
