"""How a person proves who they are: password, mailed link, second factor. Every wrong try is counted.

For a known and an unknown address the work is the same, step by step, so that neither words nor time tell them apart.
"""

from datetime import date, timedelta
from urllib.parse import quote

from cptsapp.kernel import crypto, journal, limits, passwords, tokens
from cptsapp.kernel.dates import start_of
from cptsapp.kernel.db import db, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.jobs import every
from cptsapp.kernel.registry import purge
from cptsapp.kernel.settings import settings
from cptsapp.kernel.text import normalise_email
from cptsapp.kernel.urls import safe_next

from . import factor, passkeys
from .models import Account, KnownAddress, LinkRequest
from .rules import tell

LOGIN_LINK_LASTS = timedelta(minutes=20)
RESET_LINK_LASTS = timedelta(hours=1)
MOST_OPEN_LINKS = 5  # of one kind and one account: a stranger who asks again and again fills no mailbox
KNOWN_ADDRESS_DAYS = 183
PERIOD = timedelta(minutes=15)
TRIES_PER_ACCOUNT = 10
TRIES_PER_ADDRESS = 60  # a hospital goes out by one address
LINKS_PER_ADDRESS = 20

journal.declare("account.login", "Connexion")
journal.declare("account.login_refused", "Connexion refusée")

REFUSED = (
    "L’adresse e-mail ou le mot de passe n’est pas le bon. Vérifiez-les, ou recevez un lien de connexion par e-mail."
)


def check_password(email: str, password: str, *, address: str) -> Account:
    """Return the account of an address and its password; `address` is where the try comes from.

    Raises RuleError, the same for everything that may be wrong, or TooManyTries. Call it outside a transaction.
    """
    email = normalise_email(email)[:254]
    _count_try("login", email, address)
    account = Account.with_email(email)
    stored = account.password_hash if account and account.is_usable else None
    if not passwords.verify(stored, password):
        with db.atomic():
            journal.write("account.login_refused", "account", account.id if account else "")
        raise RuleError(REFUSED)
    _forgive_tries("login", email, address)
    if passwords.needs_upgrade(stored):
        upgraded = passwords.hash(password)
        Account.update(password_hash=upgraded).where(
            Account.id == account.id, Account.password_hash == stored
        ).execute()
    return account


def check_factor(account_id: int, code: str, *, address: str) -> None:
    """Use up a code of the second factor; raise RuleError for a wrong one, or TooManyTries."""
    _count_try("factor", str(account_id), address)
    if not factor.accept(account_id, code):
        with db.atomic():
            journal.write("account.login_refused", "account", account_id, factor=True)
        raise RuleError(factor.WRONG_RECOVERY if factor.is_recovery_code(code) else factor.WRONG, field="code")
    _forgive_tries("factor", str(account_id), address)


def check_passkey(account_id: int, answer: dict[str, str], *, session_key: str, place, address: str) -> None:
    """Use a passkey as second factor; raise RuleError for a wrong answer, or TooManyTries."""
    _count_try("factor", str(account_id), address)
    try:
        passkeys.accept(account_id, answer, session_key=session_key, place=place)
    except RuleError:
        with db.atomic():
            journal.write("account.login_refused", "account", account_id, factor=True)
        raise
    _forgive_tries("factor", str(account_id), address)


def check_own_password(account_id: int, password: str, *, address: str) -> None:
    """Check the password of somebody who is logged in already, before something sensitive."""
    _count_try("prove", str(account_id), address)
    if not passwords.verify(Account.with_id(account_id).password_hash, password):
        raise RuleError("Ce mot de passe n’est pas le bon.", field="password")
    _forgive_tries("prove", str(account_id), address)


@db.atomic()
def record_login(account_id: int, *, address: str) -> None:
    """Write down a login that has passed every proof, and the address it came from."""
    account = Account.with_id(account_id)
    tokens.revoke("activation", account_id)
    account.last_login_at, account.activated_at = now(), account.activated_at or now()
    account.save(only=[Account.last_login_at, Account.activated_at])
    for who in (account.email, str(account_id)):
        KnownAddress.insert(hash=_known(who, address), account=account).on_conflict(
            conflict_target=[KnownAddress.hash], update={KnownAddress.seen_at: now()}
        ).execute()
    with journal.acting(account_id):
        journal.write("account.login", "account", account_id)


def mark_of(account: Account) -> str:
    """Return a mark that changes with anything an account proves itself with; a login in two steps compares it."""
    proofs = (account.id, account.email, account.password_hash, account.factor_set_at)
    return crypto.keyed_hash(repr(proofs), "proofs")


# Links


def ask_link(purpose: str, email: str, *, address: str, path: str = "") -> None:
    """Write down that somebody wants a link (`login` or `reset`) at an address, known or not; it is answered apart."""
    limits.hit("link", limits.network(address), limit=LINKS_PER_ADDRESS, per=PERIOD)
    with db.atomic():
        LinkRequest.create(purpose=purpose, email=normalise_email(email)[:254], path=path[:500])
        answer_link_requests.later()


@every(minutes=1)
def answer_link_requests():
    """Send the links that were asked for; an unknown address gets nothing."""
    for id in [request.id for request in LinkRequest.select(LinkRequest.id).order_by(LinkRequest.id)]:
        _answer(id)


@db.atomic()
def _answer(id: int):
    request = LinkRequest.get_or_none(LinkRequest.id == id)
    if request is None or not LinkRequest.delete().where(LinkRequest.id == id).execute():
        return  # another worker has it
    account = Account.with_email(request.email)
    if account is None or not account.is_usable:
        return
    if tokens.open_count(request.purpose, account.id) >= MOST_OPEN_LINKS:
        return  # the earlier links are in the mailbox and still open
    if request.purpose == "reset":
        token = tokens.issue("reset", account.id, RESET_LINK_LASTS)
        tell(account, "reset", secret=("link",), link=f"{settings.base_url}/mot-de-passe-oublie/{token}")
    else:
        token = tokens.issue("login", account.id, LOGIN_LINK_LASTS)
        after = f"?next={quote(safe_next(request.path))}" if request.path else ""
        tell(account, "login_link", secret=("link",), link=f"{settings.base_url}/connexion/lien/{token}{after}")


def send_proof_link(account_id: int, *, address: str, path: str) -> None:
    """Send a logged-in person the link that proves who they are, before something sensitive."""
    limits.hit("link", limits.network(address), limit=LINKS_PER_ADDRESS, per=PERIOD)
    with db.atomic():
        account = Account.with_id(account_id)
        if tokens.open_count("prove", account_id) < MOST_OPEN_LINKS:
            token = tokens.issue("prove", account_id, LOGIN_LINK_LASTS)
            link = f"{settings.base_url}/espace/compte/confirmation/{token}?next={quote(safe_next(path))}"
            tell(account, "proof_link", secret=("link",), link=link)


def usable_account(purpose: str, token: str) -> Account | None:
    """Return the account that a link would open now, and change nothing."""
    subject = tokens.peek(purpose, token)
    account = Account.with_id(subject) if subject else None
    return account if account and account.is_usable else None


@db.atomic()
def use_link(purpose: str, token: str) -> Account:
    """Use a link up and return its account; a link received is a mailbox proved. RuleError when it is dead."""
    account = Account.with_id(tokens.consume(purpose, token))
    if account is None or not account.is_usable:
        raise RuleError("Ce compte est fermé. La coordination peut vous renseigner.")
    return account


# Counting


def _count_try(kind, who, address):
    """Count a try by address and by account; a known address has its own count, which a stranger cannot fill."""
    network = limits.network(address)
    limits.hit(f"{kind}-address", network, limit=TRIES_PER_ADDRESS, per=PERIOD)
    limits.hit(kind, _counter(who, address), limit=TRIES_PER_ACCOUNT, per=PERIOD)


def _forgive_tries(kind, who, address):
    limits.give_back(f"{kind}-address", limits.network(address))
    limits.clear(kind, _counter(who, address))


def _counter(who, address) -> str:
    known = KnownAddress.select().where(KnownAddress.hash == _known(who, address)).exists()
    return f"{who} {limits.network(address)}" if known else who


def _known(who, address) -> str:
    return crypto.keyed_hash(f"{who} {limits.network(address)}", "known address")


@purge("account.addresses", "Adresses de connexion connues")
def forget_addresses(today: date) -> int:
    """Delete the addresses that no account has used for half a year."""
    limit = start_of(today) - timedelta(days=KNOWN_ADDRESS_DAYS)
    return KnownAddress.delete().where(KnownAddress.seen_at < limit).execute()
