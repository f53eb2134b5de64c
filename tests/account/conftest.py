"""People with a password or a second factor, and what they do to log in."""

import re
from urllib.parse import urlsplit

import pyotp
import pytest

from cptsapp.blueprints.account import factor
from cptsapp.blueprints.account.models import Account
from cptsapp.kernel import passwords
from cptsapp.kernel.mail import OutgoingMail

PASSWORD = "cheval trombone lavande octet"
HASH = passwords.hash(PASSWORD)


def give_password(account) -> Account:
    Account.update(password_hash=HASH).where(Account.id == account.id).execute()
    return Account.with_id(account.id)


@pytest.fixture
def member(adherent):
    """An adherent who has a password."""
    return give_password(adherent)


@pytest.fixture
def secured(member):
    """An adherent with a password, a second factor and recovery codes; the secret and the codes are on it."""
    secret = pyotp.random_base32()
    codes = factor.set_up(member.id, secret=secret, code=pyotp.TOTP(secret).at(int(factor.time.time())))
    Account.update(totp_last_step=0).where(Account.id == member.id).execute()
    account = Account.with_id(member.id)
    account.secret, account.codes = secret, codes
    return account


def log_in(client, email, password=PASSWORD, **more):
    return client.post("/connexion", data={"email": email, "password": password, **more})


def is_in(client) -> bool:
    return client.get("/espace/compte").status_code == 200


def mails_to(address) -> list[OutgoingMail]:
    return list(OutgoingMail.select().where(OutgoingMail.to_address == address).order_by(OutgoingMail.id))


def link_in(mail) -> str:
    """Return the path of the link that a mail carries."""
    parts = urlsplit(mail.values["link"])
    return parts.path + (f"?{parts.query}" if parts.query else "")


def without_address(text: str) -> str:
    """Return a page without what the person typed, to compare two answers byte by byte."""
    return re.sub(r"[\w.]+@exemple\.fr", "…", text)
