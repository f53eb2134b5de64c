"""An association may do without some features: nothing leads to them, nothing breaks without them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cptsapp import OPTIONAL, create_app
from cptsapp.kernel.settings import SettingsError

ROOT = Path(__file__).parents[1]
# A process of its own: the registries of this one already know every feature.
VISIT = """
import re
from cptsapp import create_app
from cptsapp.blueprints.account.demo import DEMO_PASSWORD
from cptsapp.cli import fill_demonstration

fill_demonstration()
browser = create_app(base_url="http://localhost").test_client()
login = {"email": "coordinatrice@exemple.fr", "password": DEMO_PASSWORD}
assert browser.post("/connexion", data=login, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
away = re.compile("/(contact|documents|actualites|gestion/(messages|documents|actualites))")
for path in (
    "/mentions-legales", "/recherche?q=zzzz", "/nulle-part", "/sitemap.xml", "/espace/", "/espace/mes-donnees",
    "/gestion/", "/gestion/journal/", "/gestion/pages/", "/gestion/parametres/mise-en-ligne", "/gestion/registre",
):
    answer = browser.get(path)
    assert answer.status_code < 500 and (answer.status_code == 200 or path == "/nulle-part"), (path, answer.status)
    without_menu = re.sub('(?s)<nav.*?</nav>', '', answer.text)  # its entries are the association's own files
    assert not [link for link in re.findall('href="([^"]+)"', without_menu) if away.match(link)], path
"""


@pytest.mark.parametrize("name", ["inconnue", "account", "page", "contact,site"])
def test_what_cannot_be_switched_off_stops_the_start_with_a_sentence(instance, name):
    with pytest.raises(SettingsError, match="ne s’éteint pas"):
        create_app(instance, secret_key="k" * 40, features_off=name)


def test_a_site_without_its_optional_features_is_whole(tmp_path):
    environment = os.environ | {"CPTS_INSTANCE": str(tmp_path / "instance"), "CPTS_FEATURES_OFF": ", ".join(OPTIONAL)}
    done = subprocess.run([sys.executable, "-c", VISIT], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
