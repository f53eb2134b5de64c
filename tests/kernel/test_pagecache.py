"""A kept page is the page, never an older one, and never somebody else's."""

import gzip

import pytest
from flask import flash

from cptsapp.kernel import pagecache
from cptsapp.kernel.access import access
from cptsapp.kernel.db import revision


@pytest.fixture
def built(app):
    """A route that counts how often it is really built."""
    times = []

    @app.get("/essai")
    @access("public")
    @pagecache.kept_ready
    def reading():
        times.append(1)
        return f"<p>version {revision.read()}</p>" + "remplissage " * 200

    @app.get("/essai/souvenir")
    @access("public")
    def remembering():
        flash("Bonjour")
        return "gardé"

    pagecache.pages.clear()
    return times


def test_a_page_is_built_once_while_nothing_changes(client, built):
    assert client.get("/essai").text == client.get("/essai").text
    assert len(built) == 1


def test_a_change_shows_at_the_very_next_request(client, built):
    client.get("/essai")
    revision.bump()
    assert f"version {revision.read()}" in client.get("/essai").text


def test_who_has_the_page_already_is_answered_304(client, built):
    etag = client.get("/essai").headers["ETag"]
    again = client.get("/essai", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    revision.bump()
    assert client.get("/essai", headers={"If-None-Match": etag}).status_code == 200


def test_somebody_with_a_session_is_never_served_from_what_is_kept(client, built):
    client.get("/essai")
    client.get("/essai/souvenir")
    assert client.get("/essai").headers["Cache-Control"] == "no-store"
    assert len(built) == 2


def test_a_page_and_its_part_are_kept_apart(client, built):
    client.get("/essai")
    client.get("/essai", headers={"HX-Request": "true"})
    assert len(built) == 2


def test_the_compressed_page_is_the_page(client, built):

    zipped = client.get("/essai", headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == client.get("/essai").data


def test_long_queries_are_not_kept(client, built):
    for n in range(3):
        client.get("/essai?q=" + "a" * 80 + str(n))
    assert not pagecache.pages._pages
