"""What every response carries, and what every change of state must prove."""

from datetime import timedelta

import pytest

from cptsapp.kernel.access import access
from cptsapp.kernel.db import db, is_sqlite, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.sessions import Session, cookie_name
from tests.postgresql import elsewhere


@pytest.fixture
def rooms(app):
    """A few routes that only these tests have."""

    @app.get("/essai")
    @access("public")
    def reading():
        return "lu"

    @app.post("/essai")
    @access("public")
    def writing():
        return "écrit"

    @app.get("/essai/souvenir")
    @access("public")
    def remembering():
        from flask import flash

        flash("Bonjour")
        return "gardé"

    @app.get("/essai/bureau")
    @access("bureau")
    def bureau_room():
        return "réservé"

    @app.get("/essai/muet")
    def undeclared():
        return "jamais"

    @app.get("/essai/refus")
    @access("public")
    def refusing():
        raise RuleError("Ce n’est pas possible : le 3 est déjà pris.")

    return app


@pytest.fixture
def client(rooms):
    return rooms.test_client()


@pytest.mark.parametrize("path", ["/essai", "/essai/nulle-part", "/essai/bureau", "/essai/refus"])
def test_every_answer_carries_the_headers_of_the_house(client, path):
    headers = client.get(path).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert {"HX-Request", "Cookie"} <= set(headers["Vary"].split(", "))


def test_a_visitor_who_reads_gets_no_cookie_and_no_row(client):
    assert "Set-Cookie" not in client.get("/essai").headers
    assert not Session.select().exists()


def test_the_cookie_comes_only_with_something_to_remember_and_the_table_holds_only_its_hash(client):
    client.get("/essai/souvenir")
    cookie = client.get_cookie(cookie_name())
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert cookie.value not in Session.get().id_hash


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://ailleurs.exemple.fr"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    ],
)
def test_a_change_of_state_from_elsewhere_is_refused(client, headers):
    assert client.post("/essai", headers=headers).status_code == 403


def test_a_change_of_state_that_does_not_say_where_it_comes_from_is_refused(rooms):
    bare = type(rooms.test_client()).__mro__[1](rooms, rooms.response_class)
    assert bare.post("/essai").status_code == 403


def test_a_session_must_also_show_its_token(client):
    assert client.post("/essai").status_code == 200
    client.get("/essai/souvenir")
    assert client.post("/essai").status_code == 200
    assert client.post("/essai", csrf=False).status_code == 403
    assert client.post("/essai", headers={"X-CSRFToken": "faux"}).status_code == 403


def test_a_forged_host_is_refused_in_french_and_fills_no_log(client, caplog):
    answer = client.get("/essai", headers={"Host": "pirate.exemple.fr"})
    assert answer.status_code == 400
    assert "Cette demande n’est pas lisible" in answer.text
    assert not caplog.records


def test_a_route_without_declared_access_is_never_served(client):
    assert client.get("/essai/muet").status_code in (302, 403)


def test_a_visitor_is_sent_to_the_login_page_and_htmx_follows_as_a_page(client):
    assert client.get("/essai/bureau?q=1").location == "/connexion?next=/essai/bureau?q%3D1"
    part = client.get(
        "/essai/bureau?q=martin",
        headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/gestion/personnes/?q=martin"},
    )
    assert (part.status_code, part.headers["HX-Redirect"]) == (204, "/connexion?next=/gestion/personnes/")


def test_a_refusal_is_a_422_with_its_sentence_page_or_part(client):
    whole, part = client.get("/essai/refus"), client.get("/essai/refus", headers={"HX-Request": "true"})
    assert whole.status_code == part.status_code == 422
    assert "le 3 est déjà pris" in whole.text
    assert "le 3 est déjà pris" in part.text
    assert "<html" not in part.text


def test_private_answers_are_never_stored_and_public_ones_may_be_validated(client):
    assert client.get("/essai").headers["Cache-Control"] == "no-cache"
    assert client.get("/essai/bureau").headers["Cache-Control"] == "no-store"
    client.get("/essai/souvenir")
    assert client.get("/essai").headers["Cache-Control"] == "no-store"


def test_a_get_writes_nothing(client):
    client.get("/essai/souvenir")
    statements = []
    original = db.execute_sql

    def recorded(sql, *args, **kwargs):
        statements.append(sql)
        return original(sql, *args, **kwargs)

    db.obj.execute_sql = recorded
    client.get("/essai")
    db.obj.execute_sql = original
    assert not [sql for sql in statements if sql.startswith(("INSERT", "UPDATE", "DELETE"))]


def test_methods_that_no_view_has_are_refused(client):
    assert client.delete("/essai").status_code == 405
    assert client.open("/essai", method="TRACE").status_code == 405
    assert client.post("/essai/refus", headers={"X-HTTP-Method-Override": "GET"}).status_code == 405


def test_asking_for_a_style_sheet_does_not_log_out(as_coordinator):
    assert "Set-Cookie" not in as_coordinator.get("/static/tokens.css").headers
    assert as_coordinator.get("/gestion/").status_code == 200


@pytest.mark.parametrize("header", ["Referer", "Origin", "HX-Current-URL"])
def test_an_address_that_makes_no_sense_in_a_header_is_not_a_breakdown(client, header):
    for path in ("/gestion/", "/rien-ici"):
        assert client.get(path, headers={header: "http://[", "HX-Request": "true"}).status_code in (204, 404)
    assert client.post("/contact", headers={header: "http://["}).status_code in (403, 422)


@pytest.mark.parametrize("host", ["exemple.fr", "localhost:99999999", "[", "localhost/x", ""])
def test_a_name_that_is_not_the_site_s_is_refused_in_french(client, host):
    answer = client.get("/contact", environ_overrides={"HTTP_HOST": host})
    assert answer.status_code == 400
    assert "Cette demande n’est pas lisible" in answer.text


@pytest.mark.parametrize("number", ["2147483648", "9223372036854775808", "9" * 30, "9" * 5000])
def test_a_number_that_no_row_may_have_leads_nowhere(as_coordinator, number):
    for path in (f"/gestion/personnes/{number}", f"/documents/statuts/versions/{number}"):
        assert as_coordinator.get(path).status_code == 404
    assert as_coordinator.get(f"/gestion/comptes/nouveau?personne={number}").status_code == 200
    assert as_coordinator.post(f"/espace/compte/connexions/{number}/fermer").status_code == 404


def test_what_somebody_else_took_away_meanwhile_is_missing_not_a_breakdown(app, rooms, client):
    @app.get("/essai/parti")
    @access("public")
    def gone():
        return Session.get_by_id(1).agent

    assert client.get("/essai/parti").status_code == 404


@pytest.fixture
def locked_database(app, settings):
    """A database that another process holds for writing, and for which nobody waits long."""
    db.execute_sql("PRAGMA busy_timeout = 50" if is_sqlite() else "SET lock_timeout = 50")
    hold = "BEGIN IMMEDIATE" if is_sqlite() else "BEGIN; LOCK TABLE session IN EXCLUSIVE MODE"
    with elsewhere() as run:
        yield lambda: run(hold)


def test_a_page_is_read_even_when_the_sign_of_life_cannot_be_written(as_adherent, locked_database):
    Session.update(seen_at=now() - timedelta(hours=1)).execute()
    locked_database()
    assert as_adherent.get("/espace/mes-donnees").status_code == 200


def test_a_session_that_cannot_be_saved_asks_to_come_back_in_a_moment(app, rooms, client, locked_database):
    app.testing = app.config["PROPAGATE_EXCEPTIONS"] = False
    locked_database()
    answer = client.get("/essai/souvenir")
    assert answer.status_code == 503
    assert "Le site est occupé" in answer.text
