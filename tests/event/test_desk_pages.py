"""The desk of events as a coordinator meets it: the list, the form, the page of one event."""

import io
import re
from datetime import timedelta

import pytest
from PIL import Image
from playhouse.test_utils import assert_query_count

from cptsapp.blueprints.event import copies, inviting, letters, materials, moves, rules
from cptsapp.blueprints.event.gestion import EVENTS, listed
from cptsapp.blueprints.event.models import CoOrganiser, Event, Material, Question, Session, Status
from cptsapp.blueprints.event.people import Invitation, Registration
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import now
from cptsapp.kernel.files import StoredFile
from cptsapp.kernel.mail import OutgoingMail
from tests.conftest import text_of

LIST = "/gestion/evenements/"
HTMX = {"HX-Request": "true"}


def at(days, hour=19):
    return now().replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=days)


def make(title="Soirée vaccins", days=10, **values):
    return rules.create(title=title, sessions=[(at(days), at(days, 21), "")], **values)


@pytest.fixture
def draft(app):
    return make(place="Salle des fêtes", summary="Une heure.")


@pytest.fixture
def published(draft):
    return rules.publish(draft.id)


def register(event, name, **values):
    values = {"given_name": name, "family_name": "Fictif", "email": f"{name.lower()}@exemple.fr"} | values
    return moves.add_by_hand(event.id, f"form-{event.id}-{name}", values=values)


def typed(**values):
    """What a browser sends for a new event, one session in a month."""
    day = (today() + timedelta(days=30)).isoformat()
    basic = {
        "title": "Soirée vaccins",
        "kind": "webinar",
        "audience": "everyone",
        "booking": "online",
        "is_public": "y",
    }
    session = {"sessions-0-day": day, "sessions-0-starts": "20:00", "sessions-0-ends": "22:00"}
    return basic | session | {"theme": "", "mission": "", "act": "save"} | values


def refusal(answer):
    assert answer.status_code == 422
    return text_of(re.search(r'<div class="notice bad" id="erreurs".*?</div>', answer.text, re.S)[0])


def picture():
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(stream, "PNG")
    return io.BytesIO(stream.getvalue()), "logo.png"


# The list


def test_an_empty_list_invites_to_create_the_first_event(as_coordinator):
    html = as_coordinator.get(LIST).text
    assert "Créer le premier événement" in html
    assert "La corbeille est vide" in as_coordinator.get(f"{LIST}?etat=corbeille").text


def test_each_tab_shows_its_events(as_coordinator):
    make("Brouillon à venir")
    rules.publish(make("Publié à venir").id)
    rules.publish(make("Passé à clore", days=-3).id)
    held = rules.publish(make("Tenu hier", days=-3).id)
    rules.hold(held.id)
    cancelled = rules.publish(make("Annulé").id)
    rules.cancel(cancelled.id, "Neige")
    rules.trash(make("Jeté").id)
    shown = {
        "": {"Brouillon à venir", "Publié à venir"},
        "?etat=a-cloturer": {"Passé à clore"},
        "?etat=tenus": {"Tenu hier"},
        "?etat=annules": {"Annulé"},
        "?etat=corbeille": {"Jeté"},
        "?etat=": {"Brouillon à venir", "Publié à venir", "Passé à clore", "Tenu hier", "Annulé"},
    }
    for query, titles in shown.items():
        found = re.findall(r"<th scope=row><a[^>]*>([^<]+)", as_coordinator.get(LIST + query).text)
        assert set(found) == titles, query


def test_the_list_is_searched_filtered_and_shown_in_part(as_coordinator, published):
    make("Formation hémato", kind="training", theme="qualite", days=20)
    for query in (
        "?q=HEMATO",
        "?nature=training",
        "?theme=qualite",
        f"?tenu_du={(today() + timedelta(days=15)).isoformat()}",
    ):
        part = as_coordinator.get(LIST + query, headers=HTMX).text
        assert "Formation hémato" in part
        assert "Soirée vaccins" not in part
        assert "<html" not in part


def test_the_list_shows_the_seats_who_waits_and_who_came(as_coordinator, published):
    rules.edit(published.id, capacity=1)
    register(published, "Alix")
    register(published, "Sacha")
    row = re.search(r"<tr>.*?Soirée vaccins.*?\n", as_coordinator.get(LIST).text, re.S)[0]
    assert "1 sur 1" in text_of(row).replace("\xa0", " ")
    assert 'data-label="En attente" class="number">1<' in row


def test_a_page_of_the_list_costs_few_queries_whatever_its_length(app):
    for rank in range(30):
        event = make(f"Événement {rank}", days=rank + 1)
        rules.publish(event.id)
        register(event, "Alix")
    with app.test_request_context(LIST), assert_query_count(6):
        view = EVENTS.read(listed())
        assert [row.counts.seats for row in view.rows] == [1] * 25
        str(view.body())


def test_the_list_is_exported_with_its_figures(as_bureau, published):
    register(published, "Alix")
    answer = as_bureau.post(f"{LIST}export", data={"format": "csv"})
    assert answer.status_code == 200
    assert "Soirée vaccins" in answer.text
    assert "Alix" not in answer.text


def test_several_are_published_at_once_and_those_that_cannot_are_told(as_coordinator, draft):
    undated = rules.create(title="Sans date")
    data = {"action": "publier", "id": [str(draft.id), str(undated.id)]}
    html = as_coordinator.post(f"{LIST}lot", data=data, follow_redirects=True).text
    assert "1 événement changé" in text_of(html).replace("\xa0", " ")
    assert "Donnez d’abord une date" in html
    assert Event.get_by_id(draft.id).status == Status.PUBLISHED


# Who may


@pytest.mark.parametrize(
    "path", ["", "modifier", "inscrits", "attente", "invites", "documents", "courriels", "questions"]
)
def test_a_visitor_and_a_member_stay_outside(client, as_adherent, published, path):
    address = f"{LIST}{published.id}/{path}".rstrip("/")
    assert client.get(address).status_code == 302
    assert as_adherent.get(address).status_code == 403


def test_the_bureau_reads_the_figures_and_changes_nothing(as_bureau, published):
    register(published, "Alix")
    html = as_bureau.get(LIST).text + as_bureau.get(f"{LIST}{published.id}").text
    assert "Soirée vaccins" in html
    for offered in ("Nouvel événement", "Modifier", 'action="/gestion/evenements/lot"', "Annuler l’événement"):
        assert offered not in html
    assert as_bureau.get(f"{LIST}{published.id}/inscrits").status_code == 403
    assert as_bureau.post(f"{LIST}{published.id}/brouillon").status_code == 403


def test_an_unknown_event_is_not_found(as_coordinator):
    for path in ("404", "404/modifier", "404/inscrits", "inscriptions/404", "documents/404", "404/courriels/confirmed"):
        assert as_coordinator.get(LIST + path).status_code == 404


# The form


def test_a_title_is_enough_for_a_draft(as_coordinator):
    answer = as_coordinator.post(f"{LIST}nouveau", data={"title": "Idée", "kind": "social", "audience": "everyone",
                                                         "booking": "online", "sessions-0-day": ""})  # fmt: skip
    assert answer.status_code == 303
    event = Event.get()
    assert (event.title, event.starts_at, event.status) == ("Idée", None, Status.DRAFT)


def test_all_that_is_typed_is_kept_with_the_event(as_coordinator):
    data = typed(
        **{
            "summary": "Une heure.", "description": "## Programme", "agenda": "- un", "speakers": "Dr Camille Exemple",
            "theme": "prevention", "action": "Grippe", "series": "Les soirées", "place": "Salle", "capacity": "30",
            "commune": "Brie-Comte-Robert", "online_url": "https://visio.exemple.fr/1", "online_minutes": "60",
            "reminders": ["1d", "1h"], "has_waiting_list": "y", "gives_certificate": "y",
            "sessions-1-day": (today() + timedelta(days=31)).isoformat(), "sessions-1-starts": "09:00",
            "sessions-1-ends": "12:00", "sessions-1-label": "Matin",
            "questions-0-label": "Repas ?", "questions-0-kind": "choice", "questions-0-choices": "Oui\r\nNon",
            "partners-0-name": "CRCDC", "partners-0-url": "https://exemple.fr", "partners-0-logo_file": picture(),
            "image_file": picture(), "image_alt": "Une affiche",
        }
    )  # fmt: skip
    answer = as_coordinator.post(f"{LIST}nouveau", data=data)
    assert answer.status_code == 303, refusal(answer)
    event = Event.get()
    assert (event.capacity, event.online_minutes, event.reminders, event.commune_id) == (30, 60, "1d,1h", "77053")
    assert (event.series.title, event.image.is_image) == ("Les soirées", True)
    assert [each.label for each in event.sessions.order_by(Session.starts_at)] == ["", "Matin"]
    assert Question.get().choices == ["Oui", "Non"]
    assert (CoOrganiser.get().name, CoOrganiser.get().logo.is_image) == ("CRCDC", True)
    shown = as_coordinator.get(f"{LIST}{event.id}/modifier").text
    for words in (
        "Une heure.",
        "Dr Camille Exemple",
        "Brie-Comte-Robert (77)",
        "Repas ?",
        "Oui\r\nNon".replace("\r", ""),
    ):
        assert words in shown
    again = as_coordinator.post(f"{LIST}{event.id}/modifier", data=form_of(shown))
    assert again.status_code == 303, refusal(again)
    assert (Event.get().sequence, StoredFile.select().count()) == (0, 1)


def form_of(html):
    """Return what a browser would send of the form of a page, nothing being changed."""
    html = re.search(r'<form id="formulaire".*?</form>', html, re.S)[0]
    data = {}
    for tag in re.findall(r"<input[^>]*>", html):
        found = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if found.get("type") == "file" or (found.get("type") in ("checkbox", "radio") and " checked" not in tag):
            continue
        if "name" in found:
            data.setdefault(found["name"], []).append(found.get("value", ""))
    for name, inner in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', html, re.S):
        chosen = re.search(r'<option selected value="([^"]*)"', inner)
        data[name] = [chosen[1] if chosen else ""]
    for name, inner in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', html, re.S):
        data[name] = [inner.strip()]
    return data | {"act": "save"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"title": ""}, "Donnez un titre"),
        ({"sessions-0-ends": "19:00"}, "finirait avant d’avoir commencé"),
        ({"sessions-0-ends": ""}, "Séance 1 : Indiquez le jour"),
        ({"sessions-0-day": "2027-02-30"}, "Cette date n’existe pas"),
        ({"sessions-0-day": "2027-03-28", "sessions-0-starts": "02:30"}, "saute de 2 h à 3 h"),
        ({"sessions-0-day": "0001-01-01"}, "Vérifiez l’année"),
        ({"closes_at": "2099-01-01T10:00"}, "vient après le début"),
        ({"opens_at": "2099-01-01T10:00"}, "après leur clôture"),
        ({"closes_at": "2027-03-28T02:30"}, "saute de 2 h à 3 h"),
        ({"closes_at": "demain"}, "Cette date ou cette heure n’existe pas"),
        ({"capacity": "0"}, "nombre de places"),
        ({"capacity": "beaucoup"}, "nombre entier"),
        ({"online_url": "visio.exemple.fr"}, "https://"),
        ({"partners-0-name": "A", "partners-0-url": "http://exemple.fr"}, "https://"),
        ({"questions-0-label": "Repas ?", "questions-0-kind": "choice", "questions-0-choices": "Oui"}, "de 2 à 30"),
        ({f"questions-{n}-label": f"Question {n}" for n in range(9)}, "Huit questions au plus"),
        ({"audience": "professions"}, "au moins une profession"),
        ({"audience": "martiens"}, "Choisissez une réponse"),
        ({"commune": "Nulle-Part-sur-Rien"}, "Aucune commune"),
        ({"image_file": (io.BytesIO(b"not a picture"), "a.png")}, "Image d’illustration"),
    ],
)  # fmt: skip
def test_a_refused_form_says_why_keeps_all_that_was_typed_and_writes_nothing(as_coordinator, values, said):
    kinds = {f"questions-{n}-kind": "text" for n in range(9) if f"questions-{n}-label" in values}
    data = typed(place="Salle polyvalente", **{"questions-0-kind": "text"} | kinds | values)
    data |= {
        "partners-1-name": "CCAS",
        "sessions-1-day": "2027-05-03",
        "sessions-1-starts": "09:00",
        "sessions-1-ends": "10:30",
    }
    answer = as_coordinator.post(f"{LIST}nouveau", data=data)
    assert said in refusal(answer)
    for kept in ("Salle polyvalente", "CCAS", 'value="2027-05-03"', 'value="10:30"'):
        assert kept in answer.text
    assert Event.select().count() == Session.select().count() == 0


def test_an_evening_may_end_after_midnight(as_coordinator):
    as_coordinator.post(f"{LIST}nouveau", data=typed(**{"sessions-0-ends": "00:30"}))
    assert Session.get().minutes == 270


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "part"])
def test_rows_are_added_moved_and_removed_by_buttons_that_save_nothing(as_coordinator, headers):
    rows = {"questions-0-label": "A", "questions-0-kind": "text", "questions-1-label": "B", "questions-1-kind": "text"}

    def press(act, **values):
        answer = as_coordinator.post(f"{LIST}nouveau", data=typed(**rows | values, act=act), headers=headers)
        assert answer.status_code == 200
        return answer.text

    html = press("add-sessions")
    assert 'name="sessions-1-day"' in html
    assert html.count('value="20:00"') == 2  # the hours of the session before
    assert 'name="sessions-0-day"' not in press("remove-sessions-0")
    moved = press("up-questions-1")
    assert re.search(r'name="questions-0-label"[^>]*value="B"', moved)
    assert re.search(r'name="questions-1-label"[^>]*value="A"', moved)
    assert 'value="jamais"' in press("add-sessions", **{"sessions-0-starts": "jamais"})
    for odd in ("remove-questions-99", "remove-title-0", "add-", "up-questions-0", "remove-questions-x"):
        assert as_coordinator.post(f"{LIST}nouveau", data=typed(**rows, act=odd)).status_code == 200
    assert Event.select().count() == 0


def test_no_button_saves_but_those_that_say_so(as_coordinator):
    for act in ("add-sessions", "remove-questions-9", "remove-title-0", "preview", "", "delete"):
        as_coordinator.post(f"{LIST}nouveau", data=typed(act=act))
    assert Event.select().count() == 0


def test_the_preview_shows_what_is_typed_as_the_site_will(as_coordinator):
    data = typed(act="preview", description="## Titre\n\n<script>alert(1)</script>", agenda="- un point")
    part = as_coordinator.post(f"{LIST}nouveau", data=data, headers=HTMX).text
    assert "Titre</h" in part
    assert "<li>un point" in part
    assert "<script>" not in part
    assert as_coordinator.post(f"{LIST}nouveau", data=data).status_code == 200


def test_saving_and_publishing_is_one_act(as_coordinator):
    as_coordinator.post(f"{LIST}nouveau", data=typed(act="publish"))
    assert Event.get().status == Status.PUBLISHED
    answer = as_coordinator.post(f"{LIST}nouveau", data=typed(act="publish", booking="elsewhere"))
    assert "où s’inscrire" in refusal(answer)


def test_what_somebody_else_saved_meanwhile_is_not_written_over_unseen(as_coordinator, draft):
    data = form_of(as_coordinator.get(f"{LIST}{draft.id}/modifier").text)
    rules.edit(draft.id, place="Gymnase")
    answer = as_coordinator.post(f"{LIST}{draft.id}/modifier", data=data | {"title": "Mon titre"})
    assert "Quelqu’un a modifié cet événement" in refusal(answer)
    assert Event.get().place == "Gymnase"
    again = form_of(answer.text)
    assert as_coordinator.post(f"{LIST}{draft.id}/modifier", data=again).status_code == 303
    assert (Event.get().title, Event.get().place) == ("Mon titre", "Salle des fêtes")


def test_fewer_seats_than_registered_asks_on_the_page(as_coordinator, published):
    for name in ("Alix", "Sacha"):
        register(published, name)
    data = form_of(as_coordinator.get(f"{LIST}{published.id}/modifier").text) | {"capacity": "1"}
    answer = as_coordinator.post(f"{LIST}{published.id}/modifier", data=data)
    assert "places sont prises" in refusal(answer)
    assert "Les garder toutes" in answer.text
    assert as_coordinator.post(f"{LIST}{published.id}/modifier", data=data | {"over": "wait"}).status_code == 303
    assert Event.get().capacity == 1


# One event


def test_the_page_of_a_draft_says_what_is_missing_and_how_to_publish(as_coordinator):
    event = rules.create(title="Atelier", audience="invited")
    html = as_coordinator.get(f"{LIST}{event.id}").text
    assert "Il manque encore sa date, son lieu" in html
    assert "les personnes invitées" in html
    assert f'action="{LIST}{event.id}/publier"' in html


def test_an_event_goes_from_draft_to_held_by_its_buttons(as_coordinator):
    event = make(days=-2)

    def press(move):
        return as_coordinator.post(f"{LIST}{event.id}/{move}", follow_redirects=True).text

    assert "L’événement est publié." in press("publier")
    assert "Rechargez la page" in press("publier")
    assert "marqué comme tenu" in press("tenu")
    assert "de nouveau publié" in press("rouvrir")
    assert "de nouveau un brouillon" in press("brouillon")
    assert "Rétablir" in press("corbeille")
    assert "est rétabli" in press("retablir")


def test_cancelling_asks_why_and_says_how_many_will_be_told(as_coordinator, published):
    register(published, "Alix")
    assert "1 personne inscrite" in text_of(as_coordinator.get(f"{LIST}{published.id}/annuler").text).replace(
        "\xa0", " "
    )
    assert "Dites pourquoi" in refusal(as_coordinator.post(f"{LIST}{published.id}/annuler", data={"reason": ""}))
    html = as_coordinator.post(f"{LIST}{published.id}/annuler", data={"reason": "Neige"}, follow_redirects=True).text
    assert "Événement annulé" in html
    assert "Neige" in html
    assert as_coordinator.get(f"{LIST}{published.id}/modifier").status_code == 303


def test_one_click_makes_a_copy(as_coordinator, published):
    answer = as_coordinator.post(f"{LIST}{published.id}/dupliquer", data={"in_series": ""})
    assert answer.status_code == 303
    assert answer.location.endswith("/modifier")
    assert Event.select().where(Event.status == Status.DRAFT, Event.series.is_null()).count() == 1


def test_a_copy_with_a_wrong_number_of_weeks_is_refused(as_coordinator, published):
    answer = as_coordinator.post(f"{LIST}{published.id}/dupliquer", data={"weeks": "0"})
    assert answer.status_code == 422
    assert Event.select().count() == 1


def test_repeating_shows_the_days_first_then_makes_those_that_stay_ticked(as_coordinator, published):
    until = (today() + timedelta(days=35)).isoformat()
    data = {"every": "week", "until": until, "act": "look"}
    html = as_coordinator.post(f"{LIST}{published.id}/repeter", data=data).text
    days = re.findall(r'name="jour" value="([^"]+)" checked', html)
    assert len(days) == 3
    assert Event.select().count() == 1
    as_coordinator.post(f"{LIST}{published.id}/repeter", data=data | {"act": "create", "jour": days[1:]})
    assert Event.select().count() == 3
    refused = as_coordinator.post(f"{LIST}{published.id}/repeter", data=data | {"until": ""})
    assert "Donnez le dernier jour" in refusal(refused)


def test_a_figure_without_a_list_is_typed_and_shown(as_coordinator):
    event = rules.publish(make(days=-40).id)
    data = {"participants": "95", "professionals": "40", "source": "Rapport 2022"}
    html = as_coordinator.post(f"{LIST}{event.id}/compter", data=data, follow_redirects=True).text
    assert "95 participants, dont 40 professionnels" in text_of(html).replace("\xa0", " ")
    wrong = as_coordinator.post(f"{LIST}{event.id}/compter", data=data | {"professionals": "96"})
    assert "parmi les participants" in refusal(wrong)


# Documents, invited people, mails


def test_documents_are_added_changed_moved_and_removed(as_coordinator, draft):
    page = f"{LIST}{draft.id}/documents"
    data = {"title": "Support", "kind": "slides", "readers": "registered"}
    assert "l’un des deux" in refusal(as_coordinator.post(page, data=data))
    pdf = (io.BytesIO(b"%PDF-1.4\n%%EOF\n"), "support.pdf")
    kept = as_coordinator.post(page, data=data | {"file": pdf, "title": ""})
    name = re.search(r'name="kept"[^>]*value="([^"]+)"', kept.text)[1]
    assert as_coordinator.post(page, data=data | {"kept": name}).status_code == 303
    as_coordinator.post(page, data=data | {"title": "Replay", "kind": "replay", "url": "https://exemple.fr/r"})
    first, second = Material.select().order_by(Material.position)
    as_coordinator.post(f"{LIST}documents/{second.id}/monter")
    as_coordinator.post(f"{LIST}documents/{first.id}", data=data | {"title": "Diapositives", "readers": "public"})
    assert [each.title for each in Material.select().order_by(Material.position)] == ["Replay", "Diapositives"]
    as_coordinator.post(f"{LIST}documents/{second.id}/retirer")
    assert Material.get().file.original_name == "support.pdf"


def test_people_are_invited_by_name_by_profession_and_by_pasted_lines(as_coordinator, draft, adherent):
    page = f"{LIST}{draft.id}/invites"
    assert "FICTIF" in as_coordinator.get(f"{page}?qui=sacha").text
    assert "FICTIF" in as_coordinator.get(f"{page}/chercher?qui=sacha", headers=HTMX).text
    assert as_coordinator.get(f"{page}/chercher?qui=sacha").status_code == 303
    as_coordinator.post(f"{page}/ajouter", data={"personne": str(adherent.person_id)})
    as_coordinator.post(f"{page}/ajouter", data={"profession": ""})
    answer = as_coordinator.post(f"{page}/coller", data={"pasted": "Alix <alix@exemple.fr>\nfaux@exemple"})
    assert "Ligne 2" in answer.text
    assert "faux@exemple</textarea>" in answer.text
    assert {each.email for each in Invitation.select()} == {"adherent@exemple.fr", "alix@exemple.fr"}
    data = {"action": "retirer", "id": [str(Invitation.get(Invitation.email == "alix@exemple.fr").id)]}
    as_coordinator.post(f"{page}/lot", data=data)
    assert Invitation.select().count() == 1
    assert "adherent@exemple.fr" in as_coordinator.post(f"{page}/export", data={"format": "csv"}).text


def test_the_list_of_invited_people_is_searched_whatever_the_accents(as_coordinator, draft):
    inviting.invite(draft.id, [("a@exemple.fr", "Éloïse Fictif"), ("b@exemple.fr", "Alix Fictif")])
    part = as_coordinator.get(f"{LIST}{draft.id}/invites?q=eloise", headers=HTMX).text
    assert "Éloïse" in part
    assert "Alix" not in part


def test_invitations_are_sent_from_the_page(as_coordinator, published):
    inviting.invite(published.id, [("alix@exemple.fr", "Alix")])
    page = f"{LIST}{published.id}/invites"
    assert "Envoyer 1 invitation" in text_of(as_coordinator.get(page).text).replace("\xa0", " ")
    assert "1 invitation part" in text_of(as_coordinator.post(f"{page}/envoyer", follow_redirects=True).text).replace(
        "\xa0", " "
    )
    assert "déjà reçu" in as_coordinator.post(f"{page}/envoyer", follow_redirects=True).text


def test_each_mail_is_read_before_it_leaves_with_words_of_ours(as_coordinator, published):
    page = f"{LIST}{published.id}/courriels"
    assert as_coordinator.get(page).status_code == 200
    for name, label in letters.PREVIEWS:
        shown = as_coordinator.get(f"{page}/{name}").text
        assert label in shown
        assert "Soirée vaccins" in shown
        assert as_coordinator.get(f"{page}/{name}/html").status_code == 200
    words = {"words": "Entrée par la cour <b>"}
    part = as_coordinator.post(f"{page}/confirmed", data=words | {"act": "preview"}, headers=HTMX).text
    assert "Entrée par la cour &lt;b&gt;" in part
    as_coordinator.post(f"{page}/confirmed", data=words | {"act": "save"})
    assert "Vos mots" in as_coordinator.get(page).text
    html = as_coordinator.get(f"{page}/confirmed/html")
    assert "Entrée par la cour &lt;b&gt;" in html.text
    assert "sandbox" in html.headers["Content-Security-Policy"]
    as_coordinator.post(f"{page}/confirmed", data={"act": "reset"})
    assert "Entrée par la cour" not in as_coordinator.get(f"{page}/confirmed").text
    assert as_coordinator.get(f"{page}/inconnu").status_code == 404


def test_the_mails_that_left_are_those_of_this_event_alone(as_coordinator, published):
    other = rules.publish(make("Autre").id)
    register(published, "Alix")
    register(other, "Sacha")
    html = as_coordinator.get(f"{LIST}{published.id}/courriels").text
    assert OutgoingMail.select().count() == 2
    assert "alix@exemple.fr" in html
    assert "sacha@exemple.fr" not in html


def test_very_long_titles_and_thirty_sessions_have_their_page(as_coordinator):
    sessions = [(at(10 + n), at(10 + n, 21), f"Atelier {n}") for n in range(30)]
    event = rules.create(title=("télé-expertise " * 11)[:160], sessions=sessions)
    for path in ("", "/modifier", "/dupliquer", "/annuler"):
        assert as_coordinator.get(f"{LIST}{event.id}{path}").status_code == 200
    assert copies.duplicate(event.id, weeks=1).sessions.count() == 30
    assert materials.MOST_MATERIALS > 30
    assert Registration.select().count() == 0
