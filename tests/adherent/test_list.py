"""The list of members: found as one types, filtered, saved, tagged, renewed, exported."""

import pytest

from cptsapp.blueprints.adherent import listing, record, rules
from cptsapp.blueprints.adherent.models import Membership, MemberType, PersonTag, Practice, SavedView, Status, Tag, Year
from cptsapp.blueprints.association.models import College
from cptsapp.blueprints.person import finding
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import segments
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry
from tests.postgresql import counts_what_is_kept


def member(given="Camille", family="Alberti", *, profession="60", insee="77445", type=MemberType.LIBERAL, **values):
    return record.add(kind="person", type=type, given_name=given, family_name=family, profession=profession,
                      insee=insee, **values)  # fmt: skip


def ids_of(choice):
    return sorted(id for (id,) in segments.people_of(choice).tuples())


@pytest.fixture
def members(app):
    return [
        member(email="camille@exemple.fr", phone="01 99 00 10 01"),
        member("Inès", "Coste", profession="50", insee="94068"),
        member("Marc", "Beaulieu", profession="autre", profession_other="Sophrologue", insee="77288"),
    ]


def found(q="", **args):
    return [
        f"{row.given_name} {row.family_name}" for row in listing.TABLE.read(listing.Members(), {"q": q, **args}).rows
    ]


@pytest.fixture
def names(app):
    """Reading a table asks where it is read: from a request."""
    with app.test_request_context("/gestion/adherents/"):
        yield found


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("alberti camille", ["Camille Alberti"]),
        ("CAMILLE alb", ["Camille Alberti"]),
        ("ines", ["Inès Coste"]),
        ("savigny", ["Camille Alberti"]),
        ("saint maur sage", ["Inès Coste"]),
        ("infirmière", ["Camille Alberti"]),
        ("sophro", ["Marc Beaulieu"]),
        ("0199001001", ["Camille Alberti"]),
        ("01 99 00", ["Camille Alberti"]),
        ("camille@exemple", ["Camille Alberti"]),
        ("", ["Camille Alberti", "Marc Beaulieu", "Inès Coste"]),
        ("c", ["Camille Alberti", "Marc Beaulieu", "Inès Coste"]),
        ('" *', ["Camille Alberti", "Marc Beaulieu", "Inès Coste"]),
        ("personne", []),
    ],
)
def test_members_are_found_as_one_types(members, names, q, expected):
    assert names(q) == expected


def test_the_words_follow_what_is_written(members, names):
    person_rules.update(members[0].id, given_name="Camille", family_name="Durand")
    record.set_practice(members[0].id, profession="70", insee="77288")
    assert names("alberti") == names("savigny") == []
    assert names("durand masseur melun") == ["Camille Durand"]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ({"profession": "60"}, ["Camille Alberti"]),
        ({"famille": "maieutique"}, ["Inès Coste"]),
        ({"commune": "77288"}, ["Marc Beaulieu"]),
        ({"email": "avec"}, ["Camille Alberti"]),
        ({"email": "sans"}, ["Marc Beaulieu", "Inès Coste"]),
        ({"college": "a-decider"}, ["Camille Alberti", "Marc Beaulieu", "Inès Coste"]),
        ({"statut": "left"}, []),
        ({"statut": "active", "tri": "-nom"}, ["Inès Coste", "Marc Beaulieu", "Camille Alberti"]),
        ({"origine": "gestion", "qualite": "salarie"}, []),
        ({"profession": "n’existe pas"}, ["Camille Alberti", "Marc Beaulieu", "Inès Coste"]),
    ],
)
def test_members_are_filtered(members, names, args, expected):
    assert names(**args) == expected


def test_who_left_is_under_the_left_ones_and_comes_back_once(members, names):
    rules.end(members[0].id)
    assert names("alberti") == []
    assert names(statut="left") == ["Camille Alberti"]
    rules.admit(members[0].id)
    assert names("alberti") == ["Camille Alberti"] == names("alberti", statut="")
    assert names("alberti", statut="left") == []


def test_a_person_in_the_bin_is_not_in_the_list(members, names):
    person_rules.delete(members[0].id)
    assert "Camille Alberti" not in names(statut="")


def test_tags_years_and_filters_go_together(members, names):
    record.put_tag([members[0].id, members[1].id], "Maître de stage")
    assert record.put_tag([members[0].id], "maitre de stage") == 0
    tag, period = Tag.get(), Year.get().period_id
    assert names(etiquette=str(tag.id), annee=str(period)) == ["Camille Alberti", "Inès Coste"]
    assert record.take_tag([members[0].id, members[1].id], tag.id) == 2
    assert Tag.select().count() == PersonTag.select().count() == 0


@counts_what_is_kept
def test_the_page_costs_the_same_number_of_queries_for_thirty_or_seventy_members(as_coordinator, members):
    def count():
        seen, execute = [], db.obj.execute_sql
        db.obj.execute_sql = lambda sql, params=None: (seen.append(sql), execute(sql, params))[1]
        try:
            assert as_coordinator.get("/gestion/adherents/").status_code == 200
        finally:
            db.obj.execute_sql = execute
        return len(seen)

    for rank in range(30):  # more than a page: below that nothing has to be counted
        member("Camille", f"Exemple-{rank}")
    count()
    few = count()
    for rank in range(30, 70):
        member("Camille", f"Exemple-{rank}")
    count()  # the figures are counted again once
    assert count() == few


def test_the_page_shows_the_figures_and_the_members(as_bureau, members):
    page = as_bureau.get("/gestion/adherents/").text
    assert "ALBERTI Camille" in page
    assert "pas d’adresse e-mail" in page
    assert "Adhérents à jour" in page


def test_a_long_list_is_counted_no_further_than_needed(members, names, monkeypatch):
    monkeypatch.setattr(listing, "FEW", 1)
    monkeypatch.setattr(listing, "MOST", 2)
    monkeypatch.setattr(listing.Members, "most", 2)
    view = listing.TABLE.read(listing.Members(), {})
    assert view.counted == "plus de 2 adhérents".replace("2 a", "2\xa0a")
    assert [f"{row.given_name} {row.family_name}" for row in view.rows] == [
        "Camille Alberti",
        "Marc Beaulieu",
        "Inès Coste",
    ]
    assert listing.Members(listing.belongs()).count_all() == 3


@pytest.mark.parametrize("few", [2, 500])  # walked along the names, or found and sorted
def test_a_search_shows_page_by_page_whom_a_plain_reading_would_find(app, monkeypatch, few):
    monkeypatch.setattr(listing, "FEW", few)
    for rank in range(30):
        member(("Camille", "Inès", "Marc")[rank % 3], f"Exemple-{rank * 7 % 30}", email=f"exemple{rank}@exemple.fr")
    persons = list(Person.select().order_by(Person.folded, Person.id))
    more = listing.words_of_members([each.id for each in persons])
    words = {each.id: finding.words_of(f"{each.folded} {more.get(each.id, '')}") for each in persons}
    for q in ("ca", "camille", "exemple", "camille exemple", "exemple 1", "me savigny", "xyz"):
        asked = finding.asked(q)
        expected = [id for id, has in words.items() if all(any(w.startswith(a) for w in has) for a in asked)]
        for page in (1, 2):
            with app.test_request_context("/gestion/adherents/"):
                view = listing.TABLE.read(listing.Members(), {"q": q, "page": str(page)})
            start = (view.state.page - 1) * view.state.par
            assert [row.id for row in view.rows] == expected[start : start + view.state.par], q
            assert view.total == len(expected) or few < view.total <= len(expected), q


def test_a_view_follows_the_list_and_serves_as_a_segment(as_coordinator, members):
    answer = as_coordinator.post(
        "/gestion/adherents/vues", data={"name": "Infirmiers", "query": "profession=60", "shared": "1"}
    )
    assert answer.status_code == 303
    assert answer.location.endswith("?profession=60")
    view = SavedView.get()
    assert view.owner_id is None
    choice = f"adherent.view:{view.id}"
    assert (choice, "Infirmiers") in dict(segments.grouped())["Vues enregistrées des adhérents"]
    assert ids_of(choice) == [members[0].id]
    newcomer = member("Élise", "Nouvelle")
    assert ids_of(choice) == [members[0].id, newcomer.id]
    as_coordinator.post(f"/gestion/adherents/vues/{view.id}/oublier")
    assert SavedView.select().count() == 0


def test_ticked_members_are_tagged_after_a_page_that_says_so(as_coordinator, members):
    page = as_coordinator.post("/gestion/adherents/lot", data={"action": "etiqueter", "id": [str(members[0].id)]}).text
    assert "Étiqueter 1\xa0adhérent" in page
    as_coordinator.post("/gestion/adherents/lot/etiquette", data={"ids": str(members[0].id), "tag": "Bureau"})
    assert PersonTag.get().person_id == members[0].id


def test_ticked_members_are_renewed_once(as_coordinator, members):
    following = record.periods_to_cover()[1]
    data = {"ids": " ".join(str(each.id) for each in members), "period": following.id}
    as_coordinator.post("/gestion/adherents/lot/renouvellement", data=data)
    as_coordinator.post("/gestion/adherents/lot/renouvellement", data=data)
    assert Year.select().where(Year.period == following).count() == 3
    assert Membership.get().ended_on == following.ends_on


def test_the_export_holds_what_is_filtered_with_the_columns_chosen_and_is_journaled(as_coordinator, members):
    data = {"profession": "60", "statut": "adherents", "colonne": ["nom", "commune", "email"], "format": "csv"}
    answer = as_coordinator.post("/gestion/adherents/export", data=data)
    assert answer.data.decode("utf-8-sig").splitlines() == [
        "Nom;Commune;Adresse e-mail",
        "ALBERTI Camille;Savigny-le-Temple;camille@exemple.fr",
    ]
    entry = JournalEntry.get(JournalEntry.action == "list.exported")
    assert entry.detail["rows"] == 1
    assert "Alberti" not in entry.detail_json


def test_a_member_is_made_by_hand_in_one_page(as_coordinator):
    data = {"type": "liberal", "given_name": "Camille", "family_name": "Alberti", "commune_text": "savigny le temple",
            "profession": "60", "mode": "", "college_id": "", "tag": "Bureau", "again": "y"}  # fmt: skip
    answer = as_coordinator.post("/gestion/adherents/nouveau", data=data)
    assert answer.location.endswith("/gestion/adherents/nouveau")
    person = Person.get(Person.family_name == "Alberti")
    assert Practice.get(Practice.person == person).commune_id == "77445"
    assert Membership.get(Membership.person == person).status == Status.ACTIVE
    refused = as_coordinator.post("/gestion/adherents/nouveau", data=data | {"family_name": ""})
    assert refused.status_code == 422
    assert "nom de famille" in refused.text


def test_a_structure_is_a_member_with_its_people(as_coordinator):
    data = {"type": "structure", "name": "Hôpital du Modèle", "commune_text": "Melun"}
    data |= {"profession": "", "mode": "", "college_id": ""}
    as_coordinator.post("/gestion/adherents/nouveau", data=data)
    structure, person = Person.get(Person.kind == "structure"), member()
    record.set_practice(person.id, profession="60", works_at=structure.id)
    record.represent(structure.id, representative_id=person.id, deputy_id=None)
    assert "Camille Alberti" in as_coordinator.get(f"/gestion/personnes/{structure.id}").text
    with pytest.raises(RuleError, match="personnes différentes"):
        record.represent(structure.id, representative_id=person.id, deputy_id=person.id)


@pytest.mark.parametrize("path", ["/gestion/adherents/", "/gestion/adherents/?q=savigny&profession=60"])
def test_the_part_is_a_piece_of_the_page(as_coordinator, members, path):
    whole, part = as_coordinator.get(path).text, as_coordinator.get(path, headers={"HX-Request": "true"}).text
    assert part.strip() in whole
    assert "<html" not in part


def test_the_bureau_reads_and_does_not_write(as_bureau, as_adherent, members):
    assert as_bureau.post("/gestion/adherents/lot", data={"action": "etiqueter", "tout": "1"}).status_code == 403
    assert as_bureau.get("/gestion/adherents/import").status_code == 403
    assert as_adherent.get("/gestion/adherents/").status_code == 403


def test_members_are_chosen_by_profession_family_commune_college_quality_status_and_tag(app, members):
    college = College.create(name="Collège essai")
    record.put_tag([members[1].id], "Bureau élargi")
    Membership.update(college=college).where(Membership.person == members[0].id).execute()
    left = member("Partie", "Ailleurs")
    rules.end(left.id, reason="Déménagement")
    offered = {choice: label for _, choices in segments.grouped() for choice, label in choices}
    assert offered["adherents.profession:60"] == "Infirmier (1)"
    everybody = sorted(each.id for each in members)
    expected = {
        "adherents:tous": everybody,
        "adherents.profession:60": [members[0].id],
        "adherents.commune:94068": [members[1].id],
        f"adherents.college:{college.id}": [members[0].id],
        "adherents.qualite:liberal": everybody,
        "adherents.statut:active": everybody,
        f"adherents.etiquette:{Tag.get().id}": [members[1].id],
    }
    family = next(choice for choice in offered if choice.startswith("adherents.famille:"))
    assert ids_of(family)
    for choice, ids in expected.items():
        assert choice in offered, choice
        assert ids_of(choice) == ids, choice
    assert not any(choice.startswith("adherents.statut:left") for choice in offered)
    assert segments.people_of("adherents.profession:60 OR 1") is None
