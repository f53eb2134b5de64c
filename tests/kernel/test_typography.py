import pytest
from hypothesis import given
from hypothesis import strategies as st

from cptsapp.kernel.text import NBSP, THIN
from cptsapp.kernel.typography import typography, typography_html

french = st.text(alphabet=st.sampled_from("ab é1290'’\"«»“”:;!?….,%€°h()/@-\n" + NBSP + THIN), max_size=60)


@given(st.one_of(french, st.text()))
def test_typography_twice_changes_nothing(text):
    assert typography(typography(text)) == typography(text)


@given(french)
def test_typography_keeps_the_words(text):
    def bare(each):
        return [char for char in each.replace("...", "") if char.isalnum()]

    assert bare(typography(text)) == bare(text)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Bonjour !", f"Bonjour{THIN}!"),
        ("Bonjour!", f"Bonjour{THIN}!"),
        ("Pourquoi ?!", f"Pourquoi{THIN}?!"),
        ("Diabète : le point", f"Diabète{NBSP}: le point"),
        ("Diabète: le point", f"Diabète{NBSP}: le point"),
        ("à 14:30", "à 14:30"),
        ("à 14 h 30", f"à 14{NBSP}h{NBSP}30"),
        ("l'été, aujourd'hui", "l’été, aujourd’hui"),
        ('dit "oui"', f"dit «{NBSP}oui{NBSP}»"),
        ('l\'"écrit"', f"l’«{NBSP}écrit{NBSP}»"),
        ('un écran de 5" seul', 'un écran de 5" seul'),
        ("« oui »", f"«{NBSP}oui{NBSP}»"),
        ("«oui»", f"«{NBSP}oui{NBSP}»"),
        ("et puis...", "et puis…"),
        ("97 247 habitants", f"97{THIN}247 habitants"),
        ("46 % et 10 €", f"46{NBSP}% et 10{NBSP}€"),
        ("voir https://exemple.fr/a?b=c:d;e ok", "voir https://exemple.fr/a?b=c:d;e ok"),
        ("le 01 99 00 12 34", "le 01 99 00 12 34"),
    ],
)
def test_what_is_typed_is_shown_as_french_prints_it(typed, shown):
    assert typography(typed) == shown


def test_html_keeps_code_and_attributes_as_typed():
    source = '<p>Oui! <code>a ? "b" : c</code> <a title="l\'été !" href="/a?b">l\'été</a></p><pre>x !</pre>'
    shown = typography_html(source)
    assert f"Oui{THIN}!" in shown
    assert '<code>a ? "b" : c</code>' in shown
    assert "<pre>x !</pre>" in shown
    assert 'title="l\'été !" href="/a?b">l’été</a>' in shown


def test_quotes_may_open_and_close_around_bold_words():
    assert typography_html('<p>dit "un <strong>mot</strong> juste"</p>') == (
        f"<p>dit «{NBSP}un <strong>mot</strong> juste{NBSP}»</p>"
    )


def test_escaped_characters_stay_escaped():
    assert typography_html("<p>a &lt;b&gt; &amp; c&nbsp;!</p>") == f"<p>a &lt;b&gt; &amp; c{THIN}!</p>"
