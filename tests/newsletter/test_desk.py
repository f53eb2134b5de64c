"""The pages where a letter is written, as a person uses them."""

import io
import re

import pytest
from PIL import Image
from playhouse.test_utils import count_queries

from cptsapp.blueprints.mailing.models import Mailing
from cptsapp.blueprints.news.models import ARTICLES
from cptsapp.blueprints.newsletter import demo, picking, rules
from cptsapp.blueprints.newsletter.contents import Block
from cptsapp.blueprints.newsletter.models import Issue, IssueItem, IssueVersion, Kind
from tests.conftest import text_of
from tests.event.test_booking import make_event
from tests.newsletter.conftest import form_of, heading, write
from tests.postgresql import counts_what_is_kept

ROOM = "/gestion/newsletters/"
HTMX = {"HX-Request": "true"}


def png() -> io.BytesIO:
    data = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(data, "PNG")
    data.seek(0)
    return data


def fresh(issue) -> Issue:
    return Issue.get_by_id(issue.id)


def edit_of(issue) -> str:
    return f"{ROOM}{issue.id}/modifier"


def test_a_letter_is_started_written_and_shown(as_coordinator, site):
    answer = as_coordinator.post(f"{ROOM}nouvelle", data={"kind": "newsletter", "start": "blank"})
    issue = Issue.get()
    assert answer.status_code == 303
    assert answer.location.endswith(edit_of(issue))
    typed = form_of(issue, subject="La lettre", preheader="Voici", editorial="Du **texte**.")
    answer = as_coordinator.post(edit_of(issue), data=typed, follow_redirects=True)
    assert "La lettre est enregistrée." in text_of(answer.text)
    assert (fresh(issue).subject, fresh(issue).editorial) == ("La lettre", "Du **texte**.")
    assert fresh(issue).versions.count() == 2
    shown = as_coordinator.get(f"{ROOM}{issue.id}")
    assert "frame-src 'self'" in shown.headers["Content-Security-Policy"]
    preview = as_coordinator.get(f"{ROOM}{issue.id}/apercu")
    assert "<strong>texte</strong>" in preview.text
    assert preview.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "script-src" not in preview.headers["Content-Security-Policy"]
    assert "Du texte." in as_coordinator.get(f"{ROOM}{issue.id}/apercu.txt").text
    assert "La lettre" in as_coordinator.get(ROOM).text


def test_what_is_typed_is_saved_as_one_goes(as_coordinator, letter, site):
    answer = as_coordinator.post(edit_of(letter), data=form_of(letter, subject="Encore", act="auto"), headers=HTMX)
    assert answer.status_code == 200
    assert 'id="apercu"' in answer.text
    assert 'name="base" value="2"' in answer.text
    assert "<form" not in answer.text
    assert fresh(letter).subject == "Encore"
    linked = form_of(letter, editorial="Voir [là](/gestion/).", act="auto")
    seen = as_coordinator.post(edit_of(letter), data=linked, headers=HTMX).text
    assert "/gestion/ demande de se connecter" in seen  # a visitor's eyes, whoever writes
    typed = form_of(letter, number="0", subject="Avec un faux numéro", act="auto")
    refused = as_coordinator.post(edit_of(letter), data=typed, headers=HTMX)
    assert refused.status_code == 200  # a person goes on typing
    assert "n’est pas enregistrée" in refused.text
    assert 'data-saved=""' in refused.text
    assert fresh(letter).subject == "Encore"
    whole = as_coordinator.post(edit_of(letter), data=typed | {"act": "save"})
    assert whole.status_code == 422


def test_a_wrong_field_keeps_what_was_typed(as_coordinator, make, site):
    make()
    issue = make()
    typed = form_of(issue, number="9", subject="Gardé", editorial="Gardé aussi")
    answer = as_coordinator.post(edit_of(issue), data=typed)
    assert answer.status_code == 422
    assert "sans trou" in answer.text
    assert "Gardé aussi" in answer.text
    assert 'value="Gardé"' in answer.text
    assert fresh(issue).subject != "Gardé"
    answer = as_coordinator.post(edit_of(issue), data=form_of(issue, subject="x" * 300))
    assert answer.status_code == 422


def test_blocks_are_added_moved_and_removed_by_buttons(as_coordinator, letter, site):
    def press(act, **typed):
        answer = as_coordinator.post(edit_of(letter), data=form_of(letter, **typed) | {"act": act}, headers=HTMX)
        assert answer.status_code == 200
        assert 'id="formulaire"' in answer.text
        return [each.title for each in letter.blocks]

    assert press("add-heading") == ["Rubrique"]
    assert press("add-text", **{"blocks-0-title": "Agenda"}) == ["Agenda", ""]
    assert press("theme-mars-bleu", **{"blocks-1-title": "Libre"}) == [
        "Agenda",
        "Libre",
        "Mars bleu : dépistage du cancer colorectal",
    ]
    assert fresh(letter).theme == "mars-bleu"
    assert press("up-2")[1].startswith("Mars bleu")
    assert press("down-0")[0].startswith("Mars bleu")
    assert press("up-0")[0].startswith("Mars bleu")
    assert press("remove-0") == ["Agenda", "Libre"]
    assert press("remove-9") == press("n’importe-quoi") == ["Agenda", "Libre"]
    before = [each.id for each in letter.blocks]
    assert press("save-order", place=[1, 0]) == ["Libre", "Agenda"]  # as a drag leaves them
    assert [each.id for each in letter.blocks] == before[::-1]
    typed = form_of(letter, **{"blocks-0-url": "www.exemple.fr/a", "blocks-0-blurb": "Un\r\nmot"})
    as_coordinator.post(edit_of(letter), data=typed)
    assert (letter.blocks[0].url, letter.blocks[0].blurb) == ("https://www.exemple.fr/a", "Un\nmot")
    as_coordinator.post(edit_of(letter), data=form_of(letter, **{"blocks-0-url": "javascript:alert(1)"}))
    assert letter.blocks[0].url == ""


def test_pictures_are_made_small_described_and_kept(as_coordinator, letter, site):
    write(letter, blocks=(Block(title="Libre", blurb="x"),))
    typed = form_of(letter, insert_alt="Une place", insert_file=(png(), "a.png"))
    typed |= {"blocks-0-image_file": (png(), "b.png"), "blocks-0-image_alt": "Un carré"}
    assert as_coordinator.post(edit_of(letter), data=typed).status_code == 303
    assert re.search(r"!\[Une place\]\(/images/\w+\.jpg\)", fresh(letter).editorial)
    [block] = letter.blocks
    assert block.image.media_type == "image/jpeg"
    assert (block.image_alt, block.shows_image) == ("Un carré", True)
    as_coordinator.post(edit_of(letter), data=form_of(letter, act="unpicture-0"))
    assert letter.blocks[0].image is None
    wrong = form_of(letter, editorial="Gardé", insert_file=(png(), "a.png"))
    answer = as_coordinator.post(edit_of(letter), data=wrong)
    assert "Décrivez cette image" in answer.text
    assert "Gardé" in answer.text
    bad = form_of(letter, **{"blocks-0-image_file": (io.BytesIO(b"<svg/>"), "a.png")})
    assert "n’est pas une image" in as_coordinator.post(edit_of(letter), data=bad).text


def test_the_second_of_two_editors_sees_both_texts_and_loses_nothing(as_coordinator, letter, site):
    first, second = form_of(letter, subject="La première"), form_of(letter, subject="La seconde")
    as_coordinator.post(edit_of(letter), data=first)
    auto = as_coordinator.post(edit_of(letter), data=second | {"act": "auto"}, headers=HTMX)
    assert auto.status_code == 200
    assert "Quelqu’un d’autre a enregistré" in auto.text
    assert 'name="base" value="1"' in auto.text  # nothing is written over by the way
    answer = as_coordinator.post(edit_of(letter), data=second)
    assert answer.status_code == 409
    assert "a changé pendant que vous l’écriviez" in answer.text
    assert "première" in answer.text
    assert 'value="La seconde"' in answer.text
    assert fresh(letter).subject == "La première"
    base = re.search(r'name="base" value="(\d+)"', answer.text)[1]
    assert as_coordinator.post(edit_of(letter), data=second | {"base": base}).status_code == 303
    assert fresh(letter).subject == "La seconde"
    page = as_coordinator.get(f"{ROOM}{letter.id}/versions").text
    assert page.count("Revenir à la version") >= 2
    for version in IssueVersion.select():
        assert as_coordinator.get(f"{ROOM}{letter.id}/versions/{version.id}").status_code == 200
        assert as_coordinator.get(f"{ROOM}{letter.id}/versions/{version.id}?avec=precedente").status_code == 200
    first_version = letter.versions.order_by(IssueVersion.id).first()
    as_coordinator.post(f"{ROOM}{letter.id}/versions/{first_version.id}/retablir")
    assert fresh(letter).subject == "La lettre d’hiver"


def test_things_of_the_site_are_picked_from_a_period(as_coordinator, letter, site):
    site.announce()
    site.announce("membres", title="Pour les adhérents", readers="adherents")
    page = as_coordinator.get(f"{ROOM}{letter.id}/choisir")
    assert "Une soirée" in page.text
    part = as_coordinator.get(f"{ROOM}{letter.id}/choisir?q=SOIREE", headers=HTMX).text
    assert "Pour les adhérents" not in part
    assert "<html" not in part
    period = dict(re.findall(r'name="(start|end)" value="([\d-]+)"', page.text))
    answer = as_coordinator.post(f"{ROOM}{letter.id}/choisir", data=period | {"choix": ["event:soiree", "x:y"]})
    assert answer.status_code == 303
    assert [(each.source, each.key, each.title) for each in letter.blocks] == [("event", "soiree", "Une soirée")]
    again = as_coordinator.get(f"{ROOM}{letter.id}/choisir").text
    assert "Déjà dans la lettre" in again
    assert as_coordinator.post(f"{ROOM}{letter.id}/choisir", data=period).status_code == 422
    for odd in ("?start=0001-01-01&end=9999-12-31", "?start=demain", "?start=2026-05-01&end=2026-01-01"):
        assert as_coordinator.get(f"{ROOM}{letter.id}/choisir{odd}").status_code == 200


def test_a_letter_that_has_left_is_refused_in_french_and_copied(as_coordinator, letter, site):
    typed = form_of(letter, subject="Trop tard")
    rules.started(letter.id)
    refused = as_coordinator.post(edit_of(letter), data=typed)
    assert refused.status_code == 422
    assert "est partie, ou en train de partir" in refused.text
    page = as_coordinator.get(edit_of(letter), follow_redirects=True)
    assert "Dupliquez-la" in page.text
    assert as_coordinator.get(f"{ROOM}{letter.id}/choisir").status_code == 303
    assert as_coordinator.post(f"{ROOM}{letter.id}/choisir", data={"choix": "event:x"}).status_code == 422
    assert as_coordinator.post(f"{ROOM}{letter.id}/corbeille").status_code == 422
    answer = as_coordinator.post(f"{ROOM}{letter.id}/dupliquer")
    assert answer.status_code == 303
    assert Issue.select().count() == 2
    answer = as_coordinator.post(f"{ROOM}{letter.id}/archive", data={"archive": "none"}, follow_redirects=True)
    assert "n’est pas dans les archives" in answer.text


def test_from_the_desk_to_the_choice_of_recipients(as_coordinator, letter, site):
    answer = as_coordinator.post(edit_of(letter), data=form_of(letter, subject="Prête", act="send"))
    [mailing] = Mailing.select()
    assert answer.location.endswith(f"/gestion/envois/{mailing.id}/destinataires")
    assert fresh(letter).subject == "Prête"
    answer = as_coordinator.post(f"{ROOM}{letter.id}/envoyer")
    assert answer.location.endswith(f"/gestion/envois/{mailing.id}/destinataires")
    assert "En préparation" in as_coordinator.get(f"{ROOM}{letter.id}").text
    rules.trash(letter.id)
    assert as_coordinator.post(f"{ROOM}{letter.id}/envoyer").status_code == 422
    page = as_coordinator.post(f"{ROOM}{letter.id}/retablir", follow_redirects=True)
    assert "avec le numéro 1" in page.text


def test_a_news_item_is_published_and_sent_in_one_step(as_coordinator, app):
    typed = {"title": "Une nouvelle", "summary": "En deux mots.", "body": "Texte.", "base": "", "visibility": "public"}
    answer = as_coordinator.post("/gestion/actualites/nouveau", data=typed | {"act": "publish+mail"})
    [mailing] = Mailing.select()
    assert answer.location.endswith(f"/gestion/envois/{mailing.id}/destinataires")
    assert ARTICLES.get("une-nouvelle").is_live
    message = Issue.get()
    assert (message.kind, message.subject, message.preheader) == (Kind.MESSAGE, "Une nouvelle", "En deux mots.")
    assert [each.url for each in message.blocks] == ["/actualites/une-nouvelle"]
    later = typed | {"title": "Plus tard", "published_at": "2099-01-01T09:00", "act": "publish+mail"}
    page = as_coordinator.post("/gestion/actualites/nouveau", data=later, follow_redirects=True)
    assert "pas encore en ligne" in page.text
    assert Mailing.select().count() == 1
    assert "Publier et envoyer" in as_coordinator.get("/gestion/actualites/nouveau").text
    assert "Publier et envoyer" not in as_coordinator.get("/gestion/pages/nouveau").text


def test_an_event_is_announced_by_mail_from_its_page(as_coordinator, as_bureau):
    event = make_event("Soirée à venir")
    page = as_coordinator.get(f"/gestion/evenements/{event.id}").text
    address = re.search(r'action="(/gestion/newsletters/nouvelle/[^"]+)"', page)[1]
    assert address not in as_bureau.get(f"/gestion/evenements/{event.id}").text
    answer = as_coordinator.post(address)
    assert re.search(r"/gestion/envois/\d+/destinataires$", answer.location)
    assert [each.url for each in Issue.get().blocks] == [event.url]
    assert "Soirée à venir" in as_coordinator.get(answer.location).text
    assert as_coordinator.post("/gestion/newsletters/nouvelle/event/999").status_code == 422


def test_letters_of_before_models_and_the_bin(as_coordinator, letter, site):
    page = as_coordinator.post(f"{ROOM}{letter.id}/ranger", data={"day": "0001-01-01"})
    assert page.status_code == 422
    assert "ce siècle" in page.text
    assert as_coordinator.post(f"{ROOM}{letter.id}/ranger", data={"day": "2099-01-01"}).status_code == 422
    assert as_coordinator.post(f"{ROOM}{letter.id}/ranger", data={"day": "2024-03-09"}).status_code == 303
    assert fresh(letter).is_out
    assert as_coordinator.post(f"{ROOM}{letter.id}/modele", data={"name": ""}).status_code == 422
    as_coordinator.post(f"{ROOM}{letter.id}/modele", data={"name": "Mensuelle"})
    model = Issue.get(Issue.kind == "model")
    assert "Du modèle «\u00a0Mensuelle\u00a0»" in as_coordinator.get(f"{ROOM}nouvelle").text
    as_coordinator.post(f"{ROOM}nouvelle", data={"kind": "message", "start": str(model.id)})
    message = Issue.get(Issue.kind == "message")
    assert message.editorial == letter.editorial
    answer = as_coordinator.post(f"{ROOM}lot", data={"action": "corbeille", "id": [str(message.id), str(letter.id)]})
    assert answer.status_code == 303  # one that is out stays, the other goes
    assert fresh(message).deleted_at
    assert as_coordinator.post(f"{ROOM}lot", data={"action": "corbeille", "id": [str(letter.id)]}).status_code == 422
    assert fresh(message).heading in as_coordinator.get(f"{ROOM}?etat=corbeille").text
    assert as_coordinator.post(f"{ROOM}export", data={"format": "csv"}).status_code == 200
    assert as_coordinator.post(f"{ROOM}nouvelle", data={"kind": "model", "start": "blank"}).status_code == 422


@pytest.fixture
def demonstration(app):
    demo.fill()
    demo.fill()  # a second time changes nothing
    return list(Issue.select().where(Issue.subject != "Un an ensemble : merci").order_by(Issue.id))


def test_the_rooms_around_and_the_demonstration(as_coordinator, as_bureau, demonstration):
    drafts = [each for each in demonstration if not each.is_out and each.kind != Kind.MODEL]
    assert len([each for each in demonstration if each.is_out]) == 6
    assert {each.kind for each in drafts} == {"newsletter", "message"}
    for path in ("", "calendrier", "calendrier?annee=1", "chiffres", f"{drafts[-1].id}", f"{drafts[-1].id}/relais"):
        assert as_coordinator.get(ROOM + path).status_code == 200
        assert as_bureau.get(ROOM + path).status_code == 200
    assert "Pas de lettre" in as_coordinator.get(f"{ROOM}calendrier?annee={demonstration[0].month.year}").text
    for kind in ("txt", "html"):
        answer = as_coordinator.get(f"{ROOM}{drafts[-1].id}/relais.{kind}")
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "desabonnement" not in answer.text
    assert as_bureau.get(edit_of(drafts[-1])).status_code == 403
    assert "Dernière lettre" in as_bureau.get("/gestion/cartes/newsletter").text
    assert as_coordinator.get("/gestion/").status_code == 200


def test_each_fragment_is_a_piece_of_its_page(as_coordinator, demonstration):
    draft = demonstration[-1].id
    for path in ("", "calendrier", "nouvelle", f"{draft}/modifier", f"{draft}/choisir"):
        whole, part = as_coordinator.get(ROOM + path).text, as_coordinator.get(ROOM + path, headers=HTMX).text
        assert part.strip() in whole, path
        assert "<html" not in part


@counts_what_is_kept
def test_a_long_letter_costs_as_many_queries_as_a_short_one(as_coordinator, letter, site, app):
    site.announce(url="/")
    picked = picking.block_of("event", site.items[0])

    def cost(count):
        write(letter, blocks=(heading("x"), *(Block(title=f"B{n}", blurb="t") for n in range(count)), picked))
        as_coordinator.get(edit_of(letter))  # what links lead to is known
        as_coordinator.get(edit_of(letter))  # and what that writing made to be read again is kept
        with count_queries() as counted:
            assert as_coordinator.get(edit_of(letter)).status_code == 200
        return counted.count

    assert cost(40) == cost(3)
    assert IssueItem.select().count() == 5
