"""The settings of an installation: typed, documented, and refused with a sentence when they are not sound."""

import pytest

from cptsapp.kernel.settings import Settings, SettingsError

KEY = "k" * 40


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def write(folder, text):
    (folder / "cpts.toml").write_text(text, encoding="utf-8")


def test_the_environment_wins_over_the_file(folder, monkeypatch):
    write(folder, f'secret_key = "{KEY}"\nmail_port = 25\n')
    monkeypatch.setenv("CPTS_MAIL_PORT", "2525")
    assert Settings().configure(folder).mail_port == 2525


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("secret_kei = 1", "inconnu"),
        ('mail_port = "vingt-cinq"', "mail_port"),
        ("mail_port = true", "mail_port"),
        ("mail_port = -1", "mail_port"),
        ("demo = 3", "demo"),
        ('base_url = "www.cpts.fr"', "base_url"),
        ('base_url = "https://www.exemple.fr/site"', "base_url"),
        ('mail_tls = "oui"', "mail_tls"),
        ("mail_connections = 40", "mail_connections"),
        ("ceci n’est pas du toml", "ne se lit pas"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_a_sentence(folder, line, said):
    write(folder, f'secret_key = "{KEY}"\n{line}\n' if "toml" not in line else line)
    with pytest.raises(SettingsError, match=said):
        Settings().configure(folder)


def test_a_short_secret_stops_the_start(folder):
    with pytest.raises(SettingsError, match="clé secrète"):
        Settings().configure(folder, secret_key="court")


def test_a_public_site_must_be_in_https_and_never_a_demonstration(folder):
    with pytest.raises(SettingsError, match="https"):
        Settings().configure(folder, secret_key=KEY, base_url="http://www.exemple.fr")
    with pytest.raises(SettingsError, match="démonstration"):
        Settings().configure(folder, secret_key=KEY, base_url="https://www.exemple.fr", demo=True)


def test_any_base_address_that_is_not_loopback_is_production(folder):
    assert Settings().configure(folder, secret_key=KEY, base_url="https://www.exemple.fr").production
    assert not Settings().configure(folder, secret_key=KEY, base_url="http://localhost:8000").production


def test_every_setting_says_what_it_is_for():
    assert all(help.endswith(".") and len(help) > 15 for _, _, help in Settings().documented())
