"""The national register read for a territory: who is counted, where, and what is no register."""

import io
import zipfile
from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cptsapp.blueprints.uptake import register
from cptsapp.kernel.errors import RuleError

BRIE, CHEVRY, ELSEWHERE = "77053", "77114", "94068"
HEAD = [
    "Type d'identifiant PP", "Identifiant PP", "Nom d'exercice", "Code profession", "Code catégorie professionnelle",
    "Code savoir-faire", "Code mode exercice", "Identifiant technique de la structure",
    "Code postal (coord. structure)", "Code commune (coord. structure)", "Code secteur d'activité", "",
]  # fmt: skip
AREA = register.Area.of([BRIE, CHEVRY])


def line(person="99700000001", profession="60", *, category="C", skill="", mode="L", structure="R1", postal="77170",
         commune=BRIE, sector="SA07"):  # fmt: skip
    return "|".join(["8", person, "FICTIF", profession, category, skill, mode, structure, postal, commune, sector, ""])


def file_of(*lines, head=HEAD, end="\n") -> io.BytesIO:
    return io.BytesIO(end.join(["|".join(head), *lines, ""]).encode())


def count(*lines, area=AREA) -> register.Count:
    return register.count(file_of(*lines), area)


def test_a_person_counts_once_for_each_profession_and_in_each_commune():
    found = count(line(), line(), line(commune=CHEVRY), line(profession="70"), line("99700000002"))
    assert found.professions == {"60": 2, "70": 1}
    assert found.communes == {BRIE: 2, CHEVRY: 1}
    assert found.total == 3


@pytest.mark.parametrize("other", [{"mode": "S"}, {"mode": "B"}, {"category": "E"}, {"category": "M"}, {"person": ""}])
def test_only_civilians_in_private_practice_are_counted(other):
    assert count(line(**other)).total == 0


def test_any_of_the_skills_of_a_general_practitioner_makes_one():
    skilled = [line(f"9970000000{rank}", "10", skill=skill) for rank, skill in enumerate(("SM26", "SM53", "SM54"))]
    both = [line("99700000009", "10", skill="SM04"), line("99700000009", "10", skill="SM26")]
    assert count(*skilled, *both).professions == {"10-MG": 4}


def test_the_skills_say_who_is_a_specialist_and_who_practises_in_advance():
    found = count(
        line("1", "10", skill="SM40"),
        line("2", "10", skill="SM99"),
        line("3", "10"),
        line("4", "60", skill="SI03"),
        line("5", "40", skill="SCD01"),
        line("6", "40"),
        line("7", "1234"),
    )
    assert found.professions == {"10-PEDIA": 1, "10-AUTRE": 2, "60-IPA": 1, "40-ODF": 1, "40": 1}
    assert found.others == 1


def test_a_postal_code_stands_for_a_commune_that_is_not_told_when_it_is_ours_alone():
    alone = next(code.decode() for code, insee in AREA.postal_codes.items() if insee)
    found = count(line("1", postal=alone, commune=""), line("2", postal=alone, commune="77999"))
    assert found.total == 2
    assert found.communes == {AREA.postal_codes[alone.encode()]: 2}
    shared = next(code for code in ("77170", "77173") if code.encode() not in AREA.postal_codes)
    assert count(line(postal=shared, commune="")).total == 0
    assert count(line(postal=alone, commune=ELSEWHERE)).total == 0


def test_the_arrondissements_of_a_city_are_the_city():
    paris = register.Area.of(["75056"])
    found = count(line("1", postal="75012", commune="75112"), line("2", postal="75003", commune="75103"), area=paris)
    assert found.communes == {"75056": 2}
    twelfth = register.Area.of(["75112"])
    assert count(line(postal="75012", commune="75112"), area=twelfth).communes == {"75112": 1}


def test_pharmacies_and_laboratories_are_places_whoever_works_there():
    found = count(
        line("1", "21", sector="SA33", structure="R1"),
        line("2", "21", sector="SA33", structure="R1", mode="S"),
        line("3", "21", sector="SA33", structure="R2", mode="S"),
        line("4", "10", skill="SM03", sector="SA25", structure="R3"),
    )
    assert (found.pharmacies, found.laboratories) == (2, 1)
    assert found.professions == {"21": 1, "10-BIO": 1}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_columns_are_found_by_their_names_in_any_order_and_any_case(end):
    head = [name.upper() for name in HEAD]
    lines = ["|".join(reversed(each.split("|"))) for each in (line("1"), line("2"))]
    file = file_of(*lines, head=list(reversed(head)), end=end)
    assert register.count(io.BytesIO(b"\xef\xbb\xbf" + file.getvalue()), AREA).total == 2


def test_the_end_of_a_block_and_of_the_file_cut_no_line(monkeypatch):
    lines = [line(f"{rank:011}", commune=(BRIE, CHEVRY)[rank % 2]) for rank in range(60)]
    whole = file_of(*lines).getvalue().rstrip(b"\n")
    for size in (150, 151, 1000):
        monkeypatch.setattr(register, "BLOCK", size)
        assert register.count(io.BytesIO(whole), AREA).total == 60


def test_what_is_not_the_register_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(RuleError, match="Code mode exercice"):
        register.count(file_of(head=[name for name in HEAD if "mode" not in name]), AREA)
    with pytest.raises(RuleError, match="une ligne n’y finit pas"):
        register.count(io.BytesIO(file_of().getvalue() + b"x" * 200_000), AREA)
    archive = tmp_path / "photos.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("photo.txt", "rien")
    with pytest.raises(RuleError, match="PS_LibreAcces_Personne_activite"), register.opened(archive):
        pass


def test_the_archive_is_read_in_place_and_a_damaged_one_is_said(tmp_path):
    path = tmp_path / "register"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("PS_LibreAcces_SavoirFaire_202610080740.txt", "autre")
        made.writestr("PS_LibreAcces_Personne_activite_202610080740.txt", file_of(line(), line("2")).getvalue())
    with register.opened(path) as (file, size, name):
        assert register.count(file, AREA).total == 2
        assert size == len(file_of(line(), line("2")).getvalue())
        assert register.published_on(name) == date(2026, 10, 8)
    data = bytearray(path.read_bytes())
    place = data.index(b"Personne_activite_202610080740.txt") + 40
    data[place : place + 30] = b"\xff" * 30
    path.write_bytes(data)
    with pytest.raises(RuleError, match="abîmé"), register.opened(path) as (file, _, _):
        register.count(file, AREA)


@pytest.mark.parametrize(
    ("name", "day"),
    [("PS_LibreAcces_202602300740.txt", None), ("liste.txt", None), ("a_202610080740", date(2026, 10, 8))],
)
def test_a_name_tells_a_day_or_none(name, day):
    assert register.published_on(name) == day


cells = st.tuples(
    st.sampled_from(["1", "2", "3"]),
    st.sampled_from(["60", "70", "21"]),
    st.sampled_from(["C", "E"]),
    st.sampled_from(["L", "S", ""]),
    st.sampled_from([BRIE, CHEVRY, ELSEWHERE, "77999", ""]),
)


@given(st.lists(cells, max_size=25))
def test_the_count_is_the_one_made_by_reading_every_cell(rows):
    lines = [
        line(person, profession, category=category, mode=mode, postal="94100", commune=commune)
        for person, profession, category, mode, commune in rows
    ]
    kept = {row for row in rows if row[2] == "C" and row[3] == "L" and row[4] in (BRIE, CHEVRY)}
    found = count(*lines)
    assert found.professions == Counter(profession for _, profession in {row[:2] for row in kept})
    assert found.communes == Counter(commune for _, commune in {(row[0], row[4]) for row in kept})


@given(st.binary(max_size=600))
def test_any_bytes_after_the_header_are_read_or_refused(data):
    register.count(io.BytesIO(file_of().getvalue() + data), AREA)


@given(st.binary(max_size=300))
def test_any_bytes_in_place_of_the_header_are_refused(data):
    with pytest.raises(RuleError):
        register.count(io.BytesIO(data), AREA)
