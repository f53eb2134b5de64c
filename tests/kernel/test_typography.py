import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from cptsapp.kernel.text import NBSP, THIN
from cptsapp.kernel.typography import french_spaces, typography, typography_html

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


@given(french)
def test_french_spaces_change_spaces_alone_and_leave_none_that_breaks(text):
    shown = french_spaces(text)
    assert [char for char in shown if not char.isspace()] == [char for char in text if not char.isspace()]
    assert len(shown) == len(text)
    assert "« " not in shown
    assert french_spaces(shown) == shown


def test_french_spaces_keep_markup_markup_and_plain_text_plain():
    assert isinstance(french_spaces(Markup("<b>Oui</b> :")), Markup)
    assert not isinstance(french_spaces("<b>Oui</b> :"), Markup)
    assert french_spaces(Markup("<b>Oui</b> :")) == f"<b>Oui</b>{NBSP}:"


@pytest.mark.parametrize(
    ("name", "source", "shown"),
    [
        ("page.html", "{{ 1 }} : un « mot », oui !", f"1{NBSP}: un «{NBSP}mot{NBSP}», oui{THIN}!"),
        ("page.html", "{{ 'Objet : ' ~ 2 }} ?", f"Objet{NBSP}: 2{THIN}?"),
        ("page.html", '<a title="Lire : {{ 3 }}">x</a>', f'<a title="Lire{NBSP}: 3">x</a>'),
        ("page.html", "oui : <code>2021 : {{ 4 }} !</code> : non", f"oui{NBSP}: <code>2021 : 4 !</code>{NBSP}: non"),
        ("page.html", "{{ 46 }} % de 9 h 30 à 17 h", f"46{NBSP}% de 9{NBSP}h{NBSP}30 à 17{NBSP}h"),
        ("mail/lettre.html", "Objet : {{ 5 }} !", "Objet : 5 !"),
    ],
)
def test_a_template_typed_with_plain_spaces_is_read_with_those_that_do_not_break(app, name, source, shown):
    with app.app_context():
        code = app.jinja_env.compile(source, name)
        template = app.jinja_env.template_class.from_code(app.jinja_env, code, app.jinja_env.globals)
        assert template.render() == shown
