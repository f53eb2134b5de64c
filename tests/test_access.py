"""Every route, with every role: what `docs/acces.md` says is what happens."""

import json
import re
import secrets
from datetime import timedelta
from pathlib import Path

import pytest

from cptsapp.kernel import access, sessions
from cptsapp.kernel.db import now
from cptsapp.kernel.sessions import Session, cookie_name

PRINTED = Path(__file__).parents[1] / "docs/acces.md"
COLUMNS = ("visitor", "account", *access.ROLES, *access.GRANTS)


def rows():
    """Return (rule, methods, {role: may enter}) as the committed table says."""
    found = []
    for line in PRINTED.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            found.append(
                (
                    cells[0].strip("`"),
                    cells[1].split(),
                    dict(zip(COLUMNS, (c == "oui" for c in cells[2:]), strict=True)),
                )
            )
    return found


def address_of(rule: str) -> str:
    """Return an address that the rule matches and that leads to nothing."""
    return re.sub(r"<(?:(\w+)(?:\(([^)]*)\))?:)?\w+>", value_for, rule)


def value_for(converter) -> str:
    if converter[1] == "any":
        return converter[2].split(",")[0]
    return "999999" if converter[1] == "int" else "inconnu"


@pytest.fixture
def people(app, coordinator, admin, bureau_member, adherent, make_account, make_partner):
    return {
        "account": make_account("simple@exemple.fr"),
        "adherent": adherent,
        "bureau": bureau_member,
        "coordination": coordinator,
        "admin": admin,
        "tresorier": make_account("tresorerie@exemple.fr", roles=["tresorier"]),
        "referent": make_account("referent@exemple.fr", roles=["referent"]),
        "partenaire": make_partner(["ipa"]),
    }


@pytest.fixture
def browser_of(app, people):
    """Return a function that opens a browser in which a role is logged in."""

    def opened(role):
        client = app.test_client()
        if role in people:
            account = people[role]
            key, csrf = secrets.token_urlsafe(32), secrets.token_hex(20)
            Session.create(
                id_hash=sessions._hash(key),
                account=account.id,
                data_json=json.dumps({"_user_id": str(account.get_id()), "_fresh": True, "csrf_token": csrf}),
                expires_at=now() + timedelta(days=1),
            )
            client.set_cookie(cookie_name(), key)
        return client

    return opened


def is_refused(answer, role, part) -> bool:
    if role != "visitor":
        return answer.status_code == 403
    target = answer.headers.get("HX-Redirect") if part else answer.location
    return (target or "").startswith("/connexion") and answer.status_code in (302, 204)


def test_the_committed_table_is_the_one_of_the_code(app):
    assert PRINTED.read_text(encoding="utf-8") == access.page_of_the_docs(app), (
        "run `make access`, and review the change"
    )


def test_every_route_is_in_the_table(app):
    assert {rule for rule, _, _ in rows()} == {rule.rule for rule in app.url_map.iter_rules()}


@pytest.mark.parametrize("role", COLUMNS)
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "part"])
def test_the_table_is_what_happens(app, browser_of, role, headers):
    for rule, methods, may_enter in rows():
        for method in [*methods, *(["HEAD"] if "GET" in methods and not headers else [])]:  # no part is asked by HEAD
            answer = browser_of(role).open(address_of(rule), method=method, headers=headers)
            said = f"{method} {rule} as {role} answered {answer.status_code}"
            assert answer.status_code < 500 or (rule == "/healthz" and answer.status_code == 503), said
            if not rule.startswith(("/connexion", "/deconnexion")):
                assert is_refused(answer, role, bool(headers)) is not may_enter[role], said


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_a_method_override_header_opens_nothing(app, browser_of, header):
    for rule, methods, may_enter in rows():
        if "GET" in methods and not may_enter["visitor"]:
            answer = browser_of("visitor").get(address_of(rule), headers={header: "POST"})
            assert is_refused(answer, "visitor", False), rule


def test_a_guard_that_breaks_is_a_refusal(app, browser_of, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(access, "may_enter", broken)
    app.testing, app.config["PROPAGATE_EXCEPTIONS"] = False, False
    assert browser_of("admin").get("/gestion/").status_code in (403, 500)


def test_an_undeclared_route_stops_the_start(app):
    app.add_url_rule("/muette", "muette", lambda: "jamais")
    with pytest.raises(RuntimeError, match="muette"):
        access.refuse_undeclared(app)
