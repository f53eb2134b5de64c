"""A real site and a real Chromium: the demonstration is served by its own processes, mails are read in its mailbox."""

import email as email_package
import math
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from email import policy
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from cptsapp.blueprints.account.demo import DEMO_PASSWORD as PASSWORD
from cptsapp.kernel.sessions import REAUTHENTICATION_LASTS

COORDINATOR, BUREAU, ADHERENT = "coordinatrice@exemple.fr", "bureau@exemple.fr", "adherent@exemple.fr"
ROOT = Path(__file__).parents[2]
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
# The shell first: the same engine without the browser's own windows, each of which costs a second of processor.
NAMES = (
    os.environ.get("CPTS_CHROMIUM"),
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTHS = (390, 768, 1280)
STARTS_WITHIN_SECONDS = 60
LOGIN_SERVES_SECONDS = REAUTHENTICATION_LASTS.total_seconds() / 2
PATIENCE_MILLISECONDS = 20_000  # for a machine that does something else at the same time; nothing waits that long
expect.set_options(timeout=PATIENCE_MILLISECONDS)


def chromium() -> str | None:
    return next((path for name in NAMES if name and (path := shutil.which(name))), None)


def pytest_collection_modifyitems(items):
    missing = chromium() is None
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")
            if item.path.name != "test_pages.py":  # the steps of a visit stay together, on one site
                item.add_marker(pytest.mark.xdist_group(item.path.stem))
            if missing and os.environ.get("CI") != "true":
                item.add_marker(pytest.mark.skip(reason=f"aucun Chromium ici (sudo apt install {NAMES[1]})"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Show beside a failure what the served site said last: a page tells little of the processes behind it."""
    report = yield
    site = getattr(item, "funcargs", {}).get("site")
    if report.failed and isinstance(site, Site):
        lines = (site.instance.parent / "serve.log").read_text(errors="replace").splitlines()
        report.sections.append(("the last lines of the site", "\n".join(lines[-40:])))
    return report


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Site:
    """The demonstration, served. `address` is its base URL, `instance` its folder."""

    address: str
    instance: Path

    def mails_to(self, email: str) -> list[str]:
        """Return the raw messages that the local mailbox has received for an address, the oldest first."""
        found = sorted((self.instance / "mailbox").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        return [text for path in found if f"To: {email}" in (text := path.read_text(errors="replace"))]

    def wait_for_mail(self, email: str, *, more_than: int = 0, seconds: int = 20) -> str:
        """Return the body of the newest mail to an address once more than `more_than` have come."""
        for _ in range(seconds * 10):
            received = self.mails_to(email)
            if len(received) > more_than:
                message = email_package.message_from_string(received[-1], policy=policy.default)
                return message.get_body(preferencelist=("plain",)).get_content()
            time.sleep(0.1)
        raise AssertionError(f"no mail came for {email}")

    def link_in_mail(self, email: str, **options) -> str:
        return re.search(re.escape(self.address) + r"\S+", self.wait_for_mail(email, **options))[0]

    def run(self, *words: str) -> str:
        """Run Python on this instance, as whoever keeps the machine does; return what it says."""
        environment = os.environ | {"CPTS_INSTANCE": str(self.instance), "CPTS_BASE_URL": self.address}
        command = [sys.executable, *words]
        return subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    instance = tmp_path_factory.mktemp("demo") / "instance"
    port, mail_port = free_port(), free_port()
    environment = os.environ | {"CPTS_INSTANCE": str(instance), "CPTS_MAIL_PORT": str(mail_port)}
    command = [sys.executable, "-m", "cptsapp", "serve", "--demo", "--port", str(port)]
    log = (instance.parent / "serve.log").open("w")
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    served = Site(f"http://127.0.0.1:{port}", instance)
    wait_until_ready(served, process, instance.parent / "serve.log")
    yield served
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=30)
    log.close()


def wait_until_ready(site, process, log):
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(site.address + "/robots.txt", timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the site did not start:\n" + log.read_text())


@pytest.fixture(scope="session")
def chrome():
    path = chromium()
    assert path, "CI=true, and no Chromium is installed"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@dataclass
class Watch:
    """What must never happen while a page is used: errors in the console, requests to another host."""

    site: Site
    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def over(self, page):
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._request)
        return page

    def _console(self, message):
        # A refused page (403, 404, 422…) is logged by the browser itself: that is an answer, not a fault. So is the
        # frame of a letter, which runs no script: not even the one that these tests put in every document.
        answers = ("Failed to load resource", "because the document's frame is sandboxed")
        if message.type == "error" and not any(each in message.text for each in answers):
            self.errors.append(message.text)

    def _request(self, request):
        named = self.site.address.replace("127.0.0.1", "localhost")  # the same host: passkeys ask for a name
        if not request.url.startswith((self.site.address, named, "data:", "about:", "blob:")):
            self.outside.append(request.url)


@pytest.fixture
def open_page(site, chrome):
    """Return a function that opens a new private window: `open_page(width=390, javascript=False)`."""
    watch, contexts = Watch(site), []

    def open_window(*, width=1280, height=900, javascript=True, **options):
        context = chrome.new_context(
            base_url=site.address,
            viewport={"width": width, "height": height},
            java_script_enabled=javascript,
            locale="fr-FR",
            **options,
        )
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        contexts.append(context)
        return watch.over(context.new_page())

    yield open_window
    for context in contexts:
        context.close()
    assert watch.errors == [], "the console must stay empty"
    assert watch.outside == [], "no request may leave the host"


@pytest.fixture
def page(open_page):
    return open_page()


@pytest.fixture(scope="session")
def cookies_of(site, chrome):
    """Return a function that gives the cookies of somebody logged in by password, lately enough to be believed.

    A login is shared by the tests of the next minutes: after ten, the account's own pages ask for a proof again.
    """
    kept = {}

    def cookies(email):
        given, at = kept.get(email, ([], -math.inf))
        if time.monotonic() - at > LOGIN_SERVES_SECONDS:
            context = chrome.new_context(base_url=site.address)
            log_in(context.new_page(), email, PASSWORD)
            given = context.cookies()
            kept[email] = given, time.monotonic()
            context.close()
        return given

    return cookies


@pytest.fixture
def open_as(open_page, cookies_of):
    """Return a function that opens a window in which somebody is logged in: `open_as(COORDINATOR, width=390)`."""

    def open_logged_in(email, **options):
        page = open_page(**options)
        page.context.add_cookies(cookies_of(email))
        return page

    return open_logged_in


@pytest.fixture
def coordinator_page(open_as):
    return open_as(COORDINATOR)


def log_in(page, email: str, password: str):
    """Log in by password, as a person does."""
    page.goto("/connexion")
    page.get_by_label("Adresse e-mail").first.fill(email)
    page.get_by_label("Mot de passe", exact=True).fill(password)
    page.get_by_role("button", name="Se connecter", exact=True).click()
    page.wait_for_url(lambda url: "/connexion" not in url)


EVERY_RULE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The text of the style sheets is read by no rule of these sets: only the length of films that start alone is.
RUN_AXE = """only => axe.run(document, {runOnly: only, resultTypes: ['violations'], preload: {assets: ['media']}})
  .then(found => found.violations)"""


def violations(page, only=EVERY_RULE) -> list[str]:
    """Return what axe-core finds on the page as it stands, one readable line each."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text())
    found = page.evaluate(RUN_AXE, only)
    return [f"{each['id']}: {each['help']} → {node['html'][:160]}" for each in found for node in each["nodes"]]


def overflow(page) -> int:
    """Return by how many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
