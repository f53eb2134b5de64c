import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cptsapp.kernel.text import NBSP, THIN, fold, normalise_email, number, plural, slugify, spaced_phone


@given(st.text())
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_folding_ignores_case(text):
    assert fold(text.upper().lower()) == fold(text.lower().upper().lower())


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Lefèvre", "lefevre"),
        ("LEFÈVRE", "lefevre"),
        ("L’Haÿ-les-Roses", "l'hay-les-roses"),
        ("Cœur", "coeur"),
        ("ŒUVRE", "oeuvre"),
        ("Ex æquo", "ex aequo"),
        ("Brie\u00a0!", "brie !"),
    ],
)
def test_accents_case_and_ligatures_do_not_count(text, folded):
    assert fold(text) == folded


@given(st.text())
def test_a_slug_is_safe_in_an_address_and_a_file_name(text):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slugify(text))
    assert len(slugify(text)) <= 80


@given(st.text())
def test_a_slug_of_a_slug_is_itself(text):
    assert slugify(slugify(text)) == slugify(text)


def test_a_slug_says_the_title():
    assert slugify("Semaine du dépistage : 14 points dans la Brie !") == "semaine-du-depistage-14-points-dans-la-brie"
    assert slugify("../../etc/passwd") == "etc-passwd"
    assert slugify("« … »") == "sans-titre"


def test_a_long_slug_is_cut_between_two_words():
    assert slugify("mot " * 40) == "-".join(["mot"] * 20)


def test_addresses_are_compared_without_case_nor_spaces():
    assert normalise_email("  Prenom.NOM@Exemple.FR ") == "prenom.nom@exemple.fr"
    assert normalise_email(None) == ""


def test_numbers_and_counts_are_written_as_in_french():
    assert number(97247) == f"97{THIN}247"
    assert plural(0, "article") == f"0{NBSP}article"
    assert plural(1, "article") == f"1{NBSP}article"
    assert plural(1200, "article") == f"1{THIN}200{NBSP}articles"
    assert plural(2, "article publié") == f"2{NBSP}articles publiés"
    assert plural(3, "bal", "bals") == f"3{NBSP}bals"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("0199001234", "01 99 00 12 34"),
        ("01.99.00.12.34", "01 99 00 12 34"),
        ("01-99\u00a000 1234", "01 99 00 12 34"),
        (" +33 1 99 00 12 34 ", "+33 1 99 00 12 34"),
        ("15", "15"),
        ("", ""),
    ],
)
def test_a_french_phone_number_is_written_by_pairs(typed, shown):
    assert spaced_phone(typed) == shown
