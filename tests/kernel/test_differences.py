from hypothesis import given
from hypothesis import strategies as st

from cptsapp.kernel.differences import compare

texts = st.lists(st.sampled_from(["un", "deux mots", "trois petits mots", "", "quatre"]), max_size=12).map("\n".join)


def kept(lines, *kinds):
    return [line.text for line in lines if line.kind in kinds]


@given(texts, texts)
def test_every_change_is_shown(old, new):
    lines = compare(old, new)
    gone = [line for line in old.splitlines() if line not in new.splitlines()]
    come = [line for line in new.splitlines() if line not in old.splitlines()]
    assert set(gone) <= set(kept(lines, "removed"))
    assert set(come) <= set(kept(lines, "added"))


@given(texts)
def test_a_text_does_not_differ_from_itself(text):
    assert kept(compare(text, text), "added", "removed") == []


def test_inside_a_line_only_the_words_that_changed_are_marked():
    removed, added = compare("Le point du lundi", "Le point du mardi")
    assert [text for changed, text in removed.pieces if changed] == ["lundi"]
    assert [text for changed, text in added.pieces if changed] == ["mardi"]


def test_what_is_alike_far_from_a_change_is_left_out():
    old = "\n".join(str(number) for number in range(30))
    lines = compare(old, old + "\nfin")
    assert lines[0].kind == "gap"
    assert kept(lines, "same") == ["28", "29"]
    assert kept(lines, "added") == ["fin"]
