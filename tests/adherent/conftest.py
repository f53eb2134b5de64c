import re

import pytest

from cptsapp.blueprints.adherent import joining
from cptsapp.blueprints.adherent.models import Application
from cptsapp.blueprints.association import rules as association_rules
from cptsapp.blueprints.association.models import Association
from cptsapp.kernel.db import now, revision
from cptsapp.kernel.mail import OutgoingMail

TYPED = {
    "type": "liberal",
    "given_name": "Hélène",
    "family_name": "Fictive",
    "email": "helene@exemple.fr",
    "phone": "01 99 00 11 22",
    "profession": "60",
    "commune_text": "savigny le temple",
    "rpps": "",
}


@pytest.fixture
def association(app):
    """An association of the Brie, online, with its collèges."""
    association_rules.default_identity(
        name="CPTS d’essai", email="contact@exemple.fr", communes=["77445", "77053", "77131"]
    )
    Association.update(online_at=now()).execute()
    revision.bump()
    return Association.current()


@pytest.fixture
def send(client, association):
    """Return a function that fills and sends the form as a browser does."""

    def fill_and_send(**changes):
        typed = {**TYPED, **changes}
        form = client.get(f"/adhesion/?type={typed['type']}").text
        hidden = dict(re.findall(r'name="(form_key|statutes_version|charter_version)"[^>]*value="([^"]*)"', form))
        return client.post("/adhesion/", data={**hidden, "website": "", **typed})

    return fill_and_send


@pytest.fixture
def make_request(association):
    """Return a function that records a request, confirmed unless said otherwise."""
    count = iter(range(1000))

    def make(*, confirmed=True, insee="77445", **changes):
        values = {**TYPED, **changes, "insee": insee}
        type = values.pop("type")
        joining.receive(f"cle-{next(count)}", type=type, **values)
        request = Application.select().order_by(Application.id.desc()).get()
        if confirmed:
            joining.confirm(link_of("confirm", "/adhesion/confirmer/"))
            request = Application.get_by_id(request.id)
        return request

    return make


def link_of(template, prefix):
    """Return the token of the last mail of a template: what its reader would click."""
    mail = OutgoingMail.select().where(OutgoingMail.template == f"adherent/{template}").order_by(OutgoingMail.id.desc())
    return re.search(re.escape(prefix) + r'([^"\\]+)', mail.get().values_json)[1]
