import pytest

from cptsapp.blueprints.account import demo
from cptsapp.blueprints.account.cli import cli
from cptsapp.blueprints.account.models import Account
from cptsapp.kernel.errors import RuleError
from tests.account.conftest import is_in, log_in, mails_to


@pytest.fixture
def runner(app):
    return app.test_cli_runner()


def test_an_account_is_made_with_its_roles_and_invited(runner):
    answer = runner.invoke(cli, ["create", "Cheffe@exemple.fr", "--role", "admin", "--name", "Cheffe Fictive"])
    assert answer.exit_code == 0
    assert "cheffe@exemple.fr" in answer.output
    assert Account.with_email("cheffe@exemple.fr").given_roles == {"admin"}
    assert mails_to("cheffe@exemple.fr")[-1].template == "account/activation"


def test_a_wrong_role_is_a_wrong_use(runner):
    assert runner.invoke(cli, ["create", "x@exemple.fr", "--role", "chef"]).exit_code == 2


def test_a_taken_address_is_refused_with_a_sentence(runner, admin):
    answer = runner.invoke(cli, ["create", admin.email, "--role", "admin"])
    assert isinstance(answer.exception, RuleError)
    assert "existe déjà" in str(answer.exception)


def test_the_printed_link_opens_the_account_once(runner, client, admin):
    link = runner.invoke(cli, ["link", admin.email]).output.strip()
    assert client.post(link.split(":8000")[1]).status_code == 303
    assert is_in(client)


def test_no_link_is_printed_for_an_unknown_address(runner):
    assert isinstance(runner.invoke(cli, ["link", "x@exemple.fr"]).exception, RuleError)


def test_the_people_of_the_demonstration_log_in_with_the_printed_password(app):
    demo.fill()
    for _, email in demo.DEMO_ACCOUNTS:
        browser = app.test_client()
        assert log_in(browser, email, demo.DEMO_PASSWORD).status_code == 303
        assert is_in(browser)
    assert {"coordination", "admin"} <= Account.with_email("coordinatrice@exemple.fr").roles
