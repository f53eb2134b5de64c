"""The settings as a person meets them: sections, refusals that lose nothing, a look that changes at once."""

import io
import json
import re

import pytest
from PIL import Image
from playhouse.test_utils import assert_query_count

from cptsapp.blueprints.association import rules
from cptsapp.blueprints.association.models import Association, College, identity
from tests.conftest import text_of
from tests.postgresql import counts_what_is_kept

SECTIONS = (
    "identite", "territoire", "apparence", "e-mails", "colleges", "adhesion", "mentions-legales", "accessibilite",
    "mise-en-ligne",
)  # fmt: skip


def picture(kind="PNG", size=(300, 120)):
    data = io.BytesIO()
    Image.new("RGB", size, "#7a1fa2").save(data, kind)
    data.seek(0)
    return data


@pytest.mark.parametrize("section", SECTIONS)
def test_each_section_has_its_own_page(as_coordinator, section):
    answer = as_coordinator.get(f"/gestion/parametres/{section}")
    assert answer.status_code == 200
    assert "csrf_token" in answer.text
    assert f'href="/gestion/parametres/{section}" aria-current="page"' in answer.text


def test_the_settings_are_for_the_coordination_and_the_administration(client, as_admin, as_bureau):
    assert as_admin.get("/gestion/parametres/").status_code == 302
    assert as_bureau.get("/gestion/parametres/identite").status_code == 403
    assert client.get("/gestion/parametres/identite").status_code == 302


def test_a_refused_identity_comes_back_with_all_that_was_typed(as_coordinator):
    typed = {
        "name": "CPTS du Val",
        "phone": "appelez-moi",
        "email": "bonjour",
        "links": "n’importe quoi",
        "missions": ["crise"],
        "founded_on": "31/02/2020",
    }
    answer = as_coordinator.post("/gestion/parametres/identite", data=typed)
    assert answer.status_code == 422
    for kept in ('value="CPTS du Val"', 'value="appelez-moi"', "n’importe quoi", 'value="31/02/2020"'):
        assert kept in answer.text
    assert re.search(r'<input checked[^>]*value="crise"', answer.text)
    assert answer.text.count('class="field-error"') >= 3
    assert Association.current().id is None


def test_a_field_that_the_form_does_not_have_changes_nothing(as_coordinator):
    as_coordinator.post(
        "/gestion/parametres/identite", data={"name": "CPTS", "online_at": "2020-01-01", "colour": "#ffffff", "id": "7"}
    )
    row = Association.current()
    assert (row.id, row.name, row.colour, row.online_at) == (1, "CPTS", "#0b6e69", None)


@pytest.mark.parametrize(
    ("section", "data"),
    [
        ("adhesion", {"month": "9", "fee": "vingt"}),
        ("adhesion", {"month": "13", "fee": "20"}),
        ("mentions-legales", {"siret": "123"}),
        ("accessibilite", {"level": "full"}),
        ("accessibilite", {"level": "parfait"}),
        ("e-mails", {"sender_email": "pas une adresse"}),
        ("colleges", {"name": ""}),
        ("colleges", {"name": "Usagers", "seats": "-1"}),
        ("apparence", {"colour": "rouge"}),
        ("apparence", {"colour": "#ffee00"}),
    ],
)
def test_bad_input_is_refused_beside_its_field_and_writes_nothing(as_coordinator, section, data):
    answer = as_coordinator.post(f"/gestion/parametres/{section}", data=data)
    assert answer.status_code == 422
    assert 'class="field-error"' in answer.text
    assert Association.current().id is None
    assert College.select().count() == 0


@pytest.mark.parametrize(("typed", "cents"), [("20", 2000), ("20,5", 2050), ("1 020.05 €", 102005), ("0", 0)])
def test_a_fee_is_typed_in_euros(as_coordinator, typed, cents):
    assert as_coordinator.post("/gestion/parametres/adhesion", data={"month": "9", "fee": typed}).status_code == 303
    assert Association.current().fee_cents == cents


def test_colleges_are_kept_in_the_browser(as_coordinator):
    for name in ("Ville", "Usagers"):
        as_coordinator.post("/gestion/parametres/colleges", data={"name": name})
    first, second = College.ordered()
    as_coordinator.post(f"/gestion/parametres/colleges/{second.id}/deplacer", data={"sens": "monter"})
    as_coordinator.post(f"/gestion/parametres/colleges/{first.id}", data={"name": "Ville", "seats": "4"})
    assert [(college.name, college.seats) for college in College.ordered()] == [("Usagers", None), ("Ville", 4)]
    as_coordinator.post(f"/gestion/parametres/colleges/{second.id}/supprimer")
    assert College.select().count() == 1
    for path in (f"{second.id}", f"{second.id}/supprimer", f"{second.id}/deplacer"):
        assert as_coordinator.post(f"/gestion/parametres/colleges/{path}", data={"name": "X"}).status_code == 404


# The look


def test_a_new_colour_is_on_the_next_page_and_in_every_icon(client, as_coordinator):
    before = client.get("/favicon.svg").text
    as_coordinator.post("/gestion/parametres/apparence", data={"colour": "#7a1fa2"})
    page = as_coordinator.get("/gestion/parametres/apparence").text
    address = re.search(r'href="(/identite-\w+\.css)"', page)[1]
    sheet = client.get(address)
    assert "--brand:#7a1fa2" in sheet.text
    assert "immutable" in sheet.headers["Cache-Control"]
    assert "#7a1fa2" in client.get("/favicon.svg").text != before


def test_the_style_of_an_older_page_gives_todays_colour_and_is_not_kept_for_ever(client, as_coordinator):
    as_coordinator.post("/gestion/parametres/apparence", data={"colour": "#7a1fa2"})
    answer = client.get("/identite-ancienne.css")
    assert "--brand:#7a1fa2" in answer.text
    assert "immutable" not in answer.headers["Cache-Control"]


def test_a_colour_is_tried_before_it_is_kept(as_coordinator):
    part = as_coordinator.get("/gestion/parametres/apparence?colour=%23ffee00", headers={"HX-Request": "true"})
    assert "trop claire" in part.text
    assert "<html" not in part.text
    proposed = re.search(r'name="proposed" value="(#\w{6})"', part.text)[1]
    answer = as_coordinator.post("/gestion/parametres/apparence", data={"colour": "#ffee00", "proposed": proposed})
    assert answer.status_code == 303
    assert identity().colour == proposed


@pytest.mark.parametrize("colour", ["", "x", '"><script>', "#12", "%00"])
def test_any_colour_in_the_address_shows_the_page(as_coordinator, colour):
    answer = as_coordinator.get("/gestion/parametres/apparence", query_string={"colour": colour})
    assert answer.status_code == 200
    assert "<script>" not in answer.text


def test_a_logo_is_written_again_shown_to_all_and_taken_away(client, as_coordinator):
    look = identity().look
    data = {"colour": "#0b6e69", "logo": (picture(), "../../logo.png")}
    assert as_coordinator.post("/gestion/parametres/apparence", data=data).status_code == 303
    assert identity().logo_url.endswith(".webp")
    assert identity().look != look
    assert "data:image/png" in client.get("/favicon.svg").text
    as_coordinator.post("/gestion/parametres/apparence", data={"colour": "#0b6e69", "remove_logo": "y"})
    assert identity().logo_url == ""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("logo.png", b"\x89PNG\r\n\x1a\nabime"),
        ("logo.png", b""),
        ("logo.html", b"<html>"),
    ],
)
def test_a_file_that_is_no_picture_is_refused_and_the_colour_kept(as_coordinator, name, content):
    data = {"colour": "#7a1fa2", "logo": (io.BytesIO(content), name)}
    answer = as_coordinator.post("/gestion/parametres/apparence", data=data)
    assert answer.status_code == 422
    assert 'value="#7a1fa2"' in answer.text
    assert identity().logo_url == ""


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("/icone-192.png", (192, 192)),
        ("/icone-512.png", (512, 512)),
        ("/apple-touch-icon.png", (180, 180)),
        ("/favicon.ico", (32, 32)),
        ("/partage.png", (1200, 630)),
    ],
)
def test_icons_are_drawn_at_their_size_and_kept(app, client, settings, path, size):
    rules.default_identity(name="CPTS au nom très long, de la Vallée et des Coteaux de Démonstration")
    rules.take_offline()
    answer = client.get(path)
    assert Image.open(io.BytesIO(answer.data)).size == size
    assert len(list((settings.instance / "cache").glob("*.png"))) == 1
    rules.set_look(colour="#7a1fa2")
    assert client.get(path).data != answer.data
    assert len(list((settings.instance / "cache").glob("*.png"))) == 1


def test_other_sizes_of_icons_are_not_drawn(client):
    assert client.get("/icone-100000.png").status_code == 404


def test_the_manifest_names_the_site_and_its_icons(client):
    content = json.loads(client.get("/manifest.webmanifest").text)
    assert content["name"] == identity().name
    assert all(client.get(icon["src"]).status_code == 200 for icon in content["icons"])


# Online

NOT_YET = "Le site n’est pas encore en ligne"


def test_a_link_that_somebody_was_given_opens_even_when_the_site_is_not_online(app, client):
    rules.default_identity(name="CPTS Fictive")
    rules.take_offline()
    given = [
        (str(rule).replace("<token>", "x").replace("<int:id>", "1"), "GET" in rule.methods)
        for rule in app.url_map.iter_rules()
        if "token" in rule.arguments and "<any" not in str(rule)
    ]
    assert {"/lettre/desabonnement/x", "/adhesion/confirmer/x", "/evenements/inscription/x"} <= {
        path for path, _ in given
    }
    answers = {path: (client.get(path) if reads else client.post(path)).status_code for path, reads in given}
    assert 503 not in answers.values(), answers
    assert client.get("/evenements/").status_code == 503


def test_visitors_read_that_the_site_is_being_prepared_until_it_is_put_online(client, as_coordinator):
    rules.default_identity(name="CPTS Fictive", email="bonjour@exemple.fr")
    answer = client.get("/")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "CPTS Fictive est en préparation" in text_of(answer.text)
    offered = re.findall(r'href="(/[^"]*)"', answer.text[answer.text.index("<body") :])
    assert "/mentions-legales" in offered
    assert {path for path in offered if client.get(path).status_code == 503} == {"/"}  # where they are
    assert client.get("/static/tokens.css").status_code == 200
    assert as_coordinator.get("/gestion/parametres/").status_code == 302
    refused = as_coordinator.post("/gestion/parametres/mise-en-ligne")
    assert refused.status_code == 422
    assert "directeur" in text_of(refused.text) or "dirige la publication" in text_of(refused.text)
    as_coordinator.post(
        "/gestion/parametres/identite", data={"name": "CPTS Fictive", "address": "Ici", "phone": "01 99 00 00 00"}
    )
    as_coordinator.post(
        "/gestion/parametres/mentions-legales",
        data={
            "rna": "W770000000",
            "publication_director": "Sacha Exemple",
            "host_name": "H",
            "host_address": "Là",
            "host_phone": "01 99 00 00 01",
        },
    )
    assert NOT_YET in as_coordinator.get("/gestion/adherents/affiche").text
    before = as_coordinator.get("/gestion/parametres/mise-en-ligne").text
    left = re.findall(r"</svg><a [^>]*>(.*?)</a></li>", before)
    assert "Inviter le bureau" in left
    assert "Remplir les mentions légales" not in left
    assert "Mettre en ligne" not in left
    assert as_coordinator.post("/gestion/parametres/mise-en-ligne").status_code == 303
    assert NOT_YET not in as_coordinator.get("/gestion/adherents/affiche").text
    assert client.get("/").status_code != 503
    as_coordinator.post("/gestion/parametres/mise-en-ligne", data={"retirer": "1"})
    assert client.get("/").status_code == 503


@counts_what_is_kept
def test_the_identity_costs_a_page_no_query(client):
    client.get("/manifest.webmanifest")
    with assert_query_count(0):
        client.get("/manifest.webmanifest")
