"""The files of `static/`: what is sent, and what the colours promise."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest

from cptsapp.kernel import assets

ROOT = Path("cptsapp")
TOKENS = (assets.STATIC / "tokens.css").read_text()
PAIRS = {
    "ink": "paper surface sunk mute-wash brand-wash accent-wash ok-wash warn-wash bad-wash",
    "ink-soft": "paper surface sunk mute-wash brand-wash",
    "brand": "paper surface sunk brand-wash",
    "brand-strong": "paper surface sunk brand-wash",
    "on-brand": "brand brand-strong",
    "accent": "paper surface sunk accent-wash",
    "on-accent": "accent",
    "ok": "paper surface sunk ok-wash",
    "warn": "paper surface sunk warn-wash",
    "bad": "paper surface sunk bad-wash",
    "desk-ink": "desk desk-active",
    "desk-soft": "desk",
    "desk-strong": "desk desk-active",
}


def scheme(css):
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css))


LIGHT = scheme(TOKENS.split("@media (prefers-color-scheme: dark)")[0])
DARK = LIGHT | scheme(TOKENS.split("@media (prefers-color-scheme: dark)")[1].split("Pico's own")[0])


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_stands_out_from_its_background(colours):
    weak = {
        (text, behind): round(contrast(colours[text], colours[behind]), 2)
        for text, backgrounds in PAIRS.items()
        for behind in backgrounds.split()
        if contrast(colours[text], colours[behind]) < 4.5
    }
    assert weak == {}


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_the_edge_of_a_field_can_be_seen(colours):
    assert min(contrast(colours["edge"], colours[behind]) for behind in ("paper", "surface", "sunk")) >= 3


def test_both_schemes_set_the_same_colours():
    assert DARK.keys() == LIGHT.keys()


@pytest.mark.parametrize("name", ["base.css", "components.css"])
def test_raw_colours_live_in_the_tokens_alone(name):
    css = (assets.STATIC / name).read_text()
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;,\s)])|rgba?\(|hsla?\(", css) == []


def test_no_text_is_smaller_than_the_two_sizes_allowed():
    css = (assets.STATIC / "base.css").read_text() + (assets.STATIC / "components.css").read_text()
    sizes = [float(size) for size in re.findall(r"font-size: ?(\d*\.?\d+)rem", css)]
    assert min(sizes) * 17 >= 15
    assert float(re.search(r"--text-small: ([\d.]+)rem", TOKENS)[1]) * 17 >= 15
    assert float(re.search(r"--text-tiny: ([\d.]+)rem", TOKENS)[1]) * 17 >= 13.5


def test_a_file_asked_by_its_version_is_kept_for_ever(client):
    response = client.get(assets.asset("app.js"))
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.mimetype == "text/javascript"
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("query", ["", "?v=autre"])
def test_a_file_asked_without_its_version_is_kept_a_few_minutes(client, query):
    response = client.get("/static/app.js" + query)
    assert response.status_code == 200
    assert "immutable" not in response.headers["Cache-Control"]


def test_texts_are_sent_compressed_to_whoever_accepts_it(client):
    plain = client.get("/static/app.css")
    zipped = client.get("/static/app.css", headers={"Accept-Encoding": "gzip"})
    refused = client.get("/static/app.css", headers={"Accept-Encoding": "gzip;q=0"})
    assert gzip.decompress(zipped.data) == plain.data == refused.data
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Content-Encoding" not in refused.headers


def test_a_file_that_has_not_changed_is_not_sent_again(client):
    first = client.get("/static/icons.svg")
    again = client.get("/static/icons.svg", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    "name", ["absent.css", "../__init__.py", "..%2f__init__.py", "vendor/README.md", "vendor/", ""]
)
def test_only_the_files_meant_to_be_seen_are_sent(client, name):
    assert client.get(f"/static/{name}").status_code == 404


def test_the_bundle_keeps_pico_below_our_own_rules():
    css = assets.load("app.css").body.decode()
    assert css.startswith("@layer pico, tokens, base, layout, components;")
    assert css.count("{") == css.count("}")
    assert "@charset" not in css
    assert re.findall(r'url\("(?!data:|vendor/[\w.-]+\?v=)', css) == []


def test_the_first_view_is_light():
    names = ["app.css", "app.js", "vendor/htmx.min.js", "icons.svg"]
    assert sum(len(assets.load(name).zipped) for name in names) < 45_000


def test_every_icon_that_a_page_names_is_in_the_sprite():
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', (assets.STATIC / "icons.svg").read_text()))
    named = {}
    for path in [*ROOT.rglob("*.html"), *ROOT.rglob("*.py")]:
        for name in re.findall(r'\bicon\("([\w-]+)"|\bicon(?:_name)?="([\w-]+)"', path.read_text()):
            named[name[0] or name[1]] = path
    assert {name: str(path) for name, path in named.items() if name not in sprite} == {}


def test_no_template_holds_a_script_a_style_or_an_event():
    guilty = []
    for path in (ROOT / "templates").rglob("*.html"):
        if "mail" in path.parts:
            continue  # mail programs read only inline styles
        if re.search(
            r"<style|<\w[^<>]*\s(style|on[a-z]+)=|<script(?![^>]*\ssrc=)|hx-on|javascript:|hx-boost", path.read_text()
        ):
            guilty.append(str(path))
    assert guilty == []


def test_vendored_files_are_those_of_their_readme():
    for folder in (assets.STATIC / "vendor", Path("tests/browser/vendor")):
        rows = re.findall(r"\| `([^`]+)` .*`([0-9a-f]{64})` \|", (folder / "README.md").read_text())
        assert rows
        for name, digest in rows:
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
