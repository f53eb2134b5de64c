"""What the tests of subscriptions share."""

import re

import pytest

from cptsapp.blueprints.subscription import subscribing
from cptsapp.blueprints.subscription.models import Topic

ADDRESS = "camille.alberti@exemple.fr"


@pytest.fixture
def topic(app):
    return Topic.create(name="Prévention", folded="prevention")


@pytest.fixture
def subscribe(client):
    """Fill the public form as a browser does; keyword arguments replace what is typed, None leaves a field out."""

    def send(email=ADDRESS, **typed):
        page = client.get("/lettre/").text
        key = re.search(r'name="form_key"[^>]*value="([^"]+)"', page)[1]
        data = {"email": email, "accept": "y", "form_key": key, "website": ""} | typed
        data = {name: value for name, value in data.items() if value is not None}
        return client.post("/lettre/", data=data)

    return send


@pytest.fixture
def link_in(mailbox, settings):
    """Return the path of the last link that an address was sent, or None."""

    def last(address=ADDRESS):
        letters = mailbox.to(address)
        links = [link for link in letters[-1].links if "/lettre/" in link] if letters else []
        return links[0].removeprefix(settings.base_url) if links else None

    return last


@pytest.fixture
def subscriber(app, mailbox, link_in):
    """A visitor who has subscribed and confirmed."""
    from cptsapp.blueprints.person.models import Person

    subscribing.ask(ADDRESS, page="/lettre/", given_name="Camille", family_name="Alberti")
    subscribing.confirm(link_in().rsplit("/", 1)[1])
    return Person.with_email(ADDRESS).get()
