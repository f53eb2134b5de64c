from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cptsapp.kernel.dates import PARIS
from cptsapp.kernel.frontmatter import Header, Malformed, dump, parse

PIECES = [
    b"---\n", b"---", b"title: ", b"a: b: c\n", b"\t", b"\n", b"- ", b"[", b"{", b"}", b"]", b"'", b'"', b"&a ", b"*a",
    b"!!python/object/apply:os.system ['true']", b"\xff", b"\xef\xbb\xbf", b"\x00", b"? ", b": ", b"|\n", "é".encode(),
    b"2026-13-45", b"#", b"%YAML 9.9\n", b"\r\n", b"<<: *a\n", b"text ",
]  # fmt: skip
pieces = st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join)


@settings(max_examples=500)
@given(st.one_of(st.binary(), pieces, pieces.map(lambda each: b"---\n" + each + b"\n---\n")))
def test_any_bytes_give_a_document_or_a_sentence_with_a_line(data):
    try:
        header, lines, body = parse(data)
    except Malformed as error:
        header, lines, body = {}, {}, str(error) * (error.line >= 1)
    assert isinstance(header, dict)
    assert set(lines) == set(header)
    assert body


words = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cn", "Co")), max_size=30).map(str.strip).filter(bool)


@given(
    st.dictionaries(words, st.one_of(words, st.lists(words, min_size=1), st.dictionaries(words, words, min_size=1))),
    words,
)
def test_what_is_written_is_read_back(header, body):
    assert parse(dump(header, body).encode())[::2] == (header, body.strip("\n") + "\n")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (b"title: sans tirets", 1, "L’en-tête manque"),
        (b"---\ntitle: un\n", 1, "L’en-tête manque"),
        (b"---\ntitle: un\nsummary: Diab\xc3\xa8te : le point\n---\n", 3, "entre guillemets"),
        (b"---\ntitle: un\nsummary: 'ouvert\n---\n", 2, ""),
        (b"---\ntitle: un\ntitle: deux\n---\n", 3, "écrite deux fois"),
        (b"---\ntitle: un\n\tsummary: deux\n---\n", 3, ""),
        (b"---\na: &x [1]\nb: *x\n---\n", 3, "guillemets"),
        (b"---\n- un\n---\n", 2, "clé: valeur"),
        (b"---\ntitle: un\n---\ncorps \xe9\n", 4, "UTF-8"),
        (b"---\na: " + b"[" * 20000 + b"\n---\n", 2, ""),
    ],
)
def test_a_malformed_file_says_its_line_and_why(text, line, words):
    with pytest.raises(Malformed) as caught:
        parse(text)
    assert caught.value.line >= line
    assert words in str(caught.value)


def test_values_are_the_words_typed():
    header, lines, body = parse(b"\xef\xbb\xbf---\r\na: no\r\nb: 2026-11-18\r\nc: 012\r\n---\r\n\r\nTexte\r\n")
    assert header == {"a": "no", "b": "2026-11-18", "c": "012"}
    assert lines == {"a": 2, "b": 3, "c": 4}
    assert body == "Texte\n"


def test_a_horizontal_rule_in_the_text_does_not_end_the_header_twice():
    assert parse(b"---\ntitle: un\n---\n\nA\n\n---\n\nB\n")[2] == "A\n\n---\n\nB\n"


def header(**values):
    return Header(values, {key: index + 2 for index, key in enumerate(values)})


def test_dates_are_read_in_paris():
    assert header(at="2026-11-18 09:00").moment("at") == datetime(2026, 11, 18, 8)
    assert header(at="2026-07-18").moment("at") == datetime(2026, 7, 17, 22)
    assert header(on="2026-07-18").day("on") == date(2026, 7, 18)
    assert header().moment("at") is None
    assert PARIS.key == "Europe/Paris"


@pytest.mark.parametrize(
    "value", ["18/11/2026", "2026-02-30", "demain", "2026-03-29 02:30", "9999-99-99", "0001-01-01"]
)
def test_a_wrong_date_is_refused_at_its_line(value):
    with pytest.raises(Malformed) as caught:
        header(title="un", at=value).moment("at")
    assert caught.value.line == 3
    assert caught.value.field == "at"


def test_an_unknown_key_is_refused():
    read = header(title="un", sumary="deux")
    read.text("title")
    with pytest.raises(Malformed, match="sumary"):
        read.finish()


@pytest.mark.parametrize("value", [["a"], {"a": "b"}, [["a"]]])
def test_a_text_is_not_a_list(value):
    with pytest.raises(Malformed):
        header(title=value).text("title")
    with pytest.raises(Malformed):
        header(title="x" * 600).text("title")
