"""Whatever is asked, by whomever, the site answers: a page or a refusal, never a breakdown."""

import json
import os
import re
from datetime import timedelta
from io import BytesIO
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image
from wtforms.fields.core import UnboundField

from cptsapp.blueprints.account.models import Account, Grant
from cptsapp.blueprints.adherent import rules as adherents
from cptsapp.blueprints.adherent.models import Membership
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import instance, registry, sessions
from cptsapp.kernel.db import now
from cptsapp.kernel.forms import Form, new_key
from cptsapp.kernel.sessions import Session, cookie_name
from cptsapp.kernel.settings import settings as site_settings
from tests.conftest import open_account

CASES = int(os.environ.get("CPTS_REQUESTS", "250"))  # for each kind of person; the environment asks for more
KEY = "k" * 43
PEOPLE = {"visitor": None, "adherent": (), "boss": ("coordination", "admin")}
# It asks the names of a domain to the network.
LEFT_OUT = {("outbox_gestion.advice", "POST")}

HUGE = ("2147483648", "9223372036854775808", "9" * 30, "9" * 5000)
NUMBERS = ("0", "1", "2", "3", "4", "5", "7", "-1", "1.5", "1e9", "٣", "", "25", "100", *HUGE)
DAYS = (
    "2026-11-22", "2024-02-29", "0001-01-01", "1899-12-31", "9999-12-31", "2026-02-30", "2026-W01-1", "20261122",
    "2026-03-29T02:30", "9999-12-31T23:59", "0001-01-01T00:00", "2026-11-22 10:00",
)  # fmt: skip
WORDS = (
    "", " ", "a", "bonjour", "Été à l’hôpital", "statuts", "accueil", "mentions-legales", "brouillon", "-nom", "nom",
    "a\0b", "a\nb", "a\r\nSet-Cookie: x=1", "a\tb", "\u202e\u200b", "\ufffe", "x" * 300, "é" * 5000, "=1+1", "{{7*7}}",
    "%s%n", "../../etc/passwd", "..", ".", "//exemple.fr", "/\\exemple.fr", "/espace/", "http://[", "javascript:x",
    "<script>x</script>", "' OR 1=1 --", "\"*\" NEAR(", "--- \nx: *a", "[" * 500, "*_" * 500, "| - | - |\n|--|\n" * 20,
    "nom@exemple.fr", "a@b", "Nom <nom@exemple.fr>", "é@é.fr", f"{'a' * 300}@exemple.fr", "01 99 00 12 34",
    "https://exemple.fr/x", "https://[exemple", "/contact", "77004", "77170 Brie", "200000000", "#0b6e69", "#fff",
    "public", "bureau", "coordination", "admin", "adherents", "draft", "published", "xlsx", "csv", "visitor",
    "adherent", "1", "on", "tout", "preview", "publish", "archive", "publier", "archiver", "corbeille", "traiter",
    "retablir", "personal", "collective", "person", "structure", "10-MG", "2021-06 : Une étape", "12,50", "😀" * 30,
)  # fmt: skip
HEADERS = {
    "HX-Request": ("true", "false", ""),
    "HX-Target": ("div#resultats", "x" * 300),
    "HX-Current-URL": ("http://localhost/gestion/", "http://[", "//exemple.fr", "é"),
    "HX-Boosted": ("true",),
    "Referer": ("http://localhost/contact", "http://[", "http://localhost//exemple.fr", "é", "x" * 5000),
    "Origin": ("http://localhost", "http://[", "null", "https://exemple.fr", "http://localhost:99999999"),
    "Sec-Fetch-Site": ("same-origin", "cross-site", "none", "é"),
    "X-CSRFToken": ("x", "é", "." * 3),
    "Accept-Encoding": ("gzip", "gzip;q=é", "br;q=1, *;q=0"),
    "Accept-Language": ("fr", "é" * 50),
    "If-None-Match": ('"x"', "*", 'W/"é"', '"'),
    "If-Modified-Since": ("Sun, 22 Nov 2026 10:00:00 GMT", "hier", "0"),
    "Range": ("bytes=0-10", "bytes=9999999999-", "bytes=-1", "bytes=é"),
    "Authorization": ("Basic é", "Bearer x"),
    "Content-Type": ("text/plain", "application/json", "multipart/form-data", "text/html; charset=é"),
    "X-Forwarded-For": ("127.0.0.1", "fe80::1%eth0", "é, x"),
    "X-HTTP-Method-Override": ("DELETE",),
    "Host": ("localhost", "localhost:99999999", "exemple.fr", "[", "localhost/x", ""),
}  # fmt: skip
PLAUSIBLE = {
    "title": "Un titre", "summary": "Un résumé.", "body": "Bonjour à tous, voici le texte.", "text": "Le texte.",
    "visibility": "public", "kind": "other", "label": "Version 1", "dated_on": "2026-01-01", "act": "publish",
    "published_at": "2026-01-01T10:00", "email": "nom@exemple.fr", "name": "Une structure", "topic": "other",
    "subject": "Une question", "given_name": "Prénom", "family_name": "Fictif", "phone": "01 99 00 12 34",
    "note": "Vu.", "password": "corail-girafe-tambour-38", "code": "000000", "role": "bureau", "until": "2030-01-01",
    "new_email": "autre@exemple.fr", "sure": "y", "colour": "#0b6e69", "month": "9", "fee": "20,50", "seats": "3",
    "position": "20", "in_menu": "y", "timeline": "2021-06 : Une étape", "tags": "un, deux", "outlet": "Le Journal",
    "press_on": "2026-01-01", "press_url": "https://exemple.fr/x", "population": "97247", "size": "3",
    "population_on": "2022-01-01", "size_on": "2022-01-01", "quartiers": "Centre\nNord", "pasted": "77004\nPontault",
    "counted_on": "2026-01-01", "number-": "12", "number-10-MG": "3", "source": "Projet de santé",
    "legal_form": "Loi 1901", "founded_on": "2020-03-12", "links": "Annuaire : https://exemple.fr",
    "rna": "W770000000", "level": "partial", "checked_on": "2026-01-01", "host_name": "Hébergeur",
    "to": "nom@exemple.fr", "action": "publier", "tout": "1", "commune": "77053", "siren": "200000000",
    "slug": "nouvelle-adresse", "reviewed_on": "2026-01-01", "as": "adherent", "format": "xlsx", "etat": "",
    "sender_email": "nom@exemple.fr", "description": "Un collège.",
}  # fmt: skip
COOKIES = ("", "x", "é", "\xff\xfe", "x" * 4000, '"a\\377"', "a\\0b")


def picture() -> bytes:
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    return out.getvalue()


FILES = (
    ("photo.png", picture()),
    ("photo.png", picture()[:40]),
    ("a.pdf", b"%PDF-1.4\n%%EOF"),
    ("a\nb.txt", b"bonjour"),
    ("tab.csv", b"a;b\n=1+1;\xff"),
    ("x" * 300 + ".docx", b"PK\x03\x04"),
    ("", b""),
    ("vide.txt", b""),
    ("page.html", b"<script>"),
)


def every_field() -> list[str]:
    """Return the names of the fields of all forms, and those that views read by themselves."""
    forms, names = [Form], set()
    while forms:
        form = forms.pop()
        forms += form.__subclasses__()
        names |= {name for name in dir(form) if isinstance(getattr(form, name), UnboundField)}
    read_by_hand = (
        "q tri page par personne type nature theme pour annee annuler avec next action id tout colonne format act as "
        "text slug commune siren block-news is_home sans move etat lecteurs recu_du recu_au le_du le_au qui acte objet "
        "csrf_token number- number-10-MG sens direction attachments-0-file attachments-0-label "
        "attachments-999999999-file"
    )
    return sorted(names | set(read_by_hand.split()))


@pytest.fixture
def site(app, mailbox, settings):
    """The demonstration, and two more people: one of the coordination who is admin as well, one adherent."""
    settings.demo = True
    instance.copy_content(demo=True)
    for filler in sorted(registry.demo_fillers, key=lambda filler: filler.order):
        filler.call()
    return app


def account_of(who) -> Account:
    """Return the account of this kind of person, as it was before the last requests: they may have changed it."""
    email = f"{who}@exemple.fr"
    account = Account.with_email(email) or open_account(email, f"Prénom {who}")
    Account.update(disabled_at=None, activated_at=now(), password_hash=None).where(Account.id == account.id).execute()
    Person.update(deleted_at=None).where(Person.id == account.person_id).execute()
    for role in PEOPLE[who]:
        Grant.insert(account=account, role=role).on_conflict_ignore().execute()
    if who == "adherent" and not Membership.current(grace_days=0).where(Membership.person == account.person).exists():
        adherents.admit(account.person_id)
    return account


def log_in(browser, who):
    """Give the browser a session row that is fresh, whatever became of the one before."""
    Session.delete().where(Session.id_hash == sessions._hash(KEY)).execute()
    account = account_of(who)
    Session.create(
        id_hash=sessions._hash(KEY),
        account=account.id,
        data_json=json.dumps({"_user_id": str(account.id), "_fresh": True, "csrf_token": "c" * 40}),
        reauthenticated_at=now(),
        expires_at=now() + timedelta(days=1),
    )
    browser.set_cookie(cookie_name(), KEY)


def routes(app) -> list[tuple[str, str, str]]:
    """Return (rule, endpoint, method) of every route."""
    return sorted(
        (rule.rule, rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods
        if (rule.endpoint, method) not in LEFT_OUT
    )


VALUES = st.one_of(st.sampled_from(WORDS), st.sampled_from(NUMBERS), st.sampled_from(DAYS), st.text(max_size=40))


@st.composite
def requests(draw, all_routes, fields, names):
    """Draw one request: an address of the site, a query, a body and headers, each plausible or absurd."""
    rule, _, method = draw(st.sampled_from(all_routes))

    def part(found):
        if found[1] == "any":
            return draw(st.sampled_from(re.findall(r"[\w-]+", found[2])))
        if found[1] == "int":
            return quote(draw(st.sampled_from(NUMBERS)), safe="")
        return quote(draw(st.one_of(st.sampled_from(names), VALUES)).encode("utf-8", "surrogatepass"), safe="")

    path = re.sub(r"<(?:(\w+)(?:\(([^)]*)\))?:)?\w+>", part, rule)
    pairs = st.lists(st.tuples(st.sampled_from(fields), VALUES), max_size=draw(st.sampled_from((0, 0, 4, 25))))
    query = urlencode([(key, value.encode("utf-8", "surrogatepass")) for key, value in draw(pairs)])
    if draw(st.integers(0, 20)) == 0:
        query += draw(st.sampled_from(("&%ff=%ff", "&q=%00", "&q=%ed%a0%80", "&&&=", "&q=" + "x" * 9000)))
    headers = draw(st.dictionaries(st.sampled_from(sorted(HEADERS)), st.integers(0, 9), max_size=3))
    headers = {name: HEADERS[name][number % len(HEADERS[name])] for name, number in headers.items()}
    body = {}
    if method not in ("GET", "HEAD", "OPTIONS"):
        if draw(st.booleans()):  # a form that is right but for a few fields goes further than one all wrong
            body = {key: [value] for key, value in PLAUSIBLE.items() if draw(st.integers(0, 9))}
            pairs = st.lists(st.tuples(st.sampled_from(fields), VALUES), max_size=2)
        for key, value in draw(pairs):
            body.setdefault(key, [])[:1] = [value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")]
        if draw(st.integers(0, 5)) == 0:
            name = draw(st.sampled_from(("file", "image_file", "logo", "attachment_files", "insert_file", "q")))
            file, content = draw(st.sampled_from(FILES))
            body[name] = [(BytesIO(content), file)]
        if draw(st.integers(0, 2)) == 0:
            body["form_key"] = [new_key()]
    cookie = draw(st.sampled_from(COOKIES)) if draw(st.integers(0, 30)) == 0 else None
    return method, f"{path}?{query}", headers, body, cookie


@pytest.mark.parametrize("who", PEOPLE)
def test_any_request_is_answered(site, who):
    browser = site.test_client()
    paths = sorted(site_settings.content.rglob("*.*"))
    names = [path.stem for path in paths] + [path.name for path in paths]

    @settings(
        max_examples=CASES,
        deadline=None,
        database=None,
        derandomize=not os.environ.get("CPTS_REQUESTS"),
        phases=[Phase.generate],  # the site remembers: a request made again may be answered otherwise
        suppress_health_check=list(HealthCheck),
    )
    @given(requests(routes(site), every_field(), names))
    def answered(request):
        method, address, headers, body, cookie = request
        browser.delete_cookie(cookie_name())
        if PEOPLE[who] is not None:
            log_in(browser, who)
        unusual = {}
        if "Host" in headers:
            unusual["HTTP_HOST"] = headers.pop("Host")
        if cookie is not None:
            unusual["HTTP_COOKIE"] = f"{cookie_name()}={cookie}"
        answer = browser.open(address, method=method, headers=headers, data=body or None, environ_overrides=unusual)
        well = answer.status_code < 500 or (answer.status_code == 503 and address.startswith("/healthz"))
        assert well, f"{answer.status_code} for {request}"

    answered()
