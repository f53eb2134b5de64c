"""Passkeys: made for this site by somebody who unlocked them, used once per challenge, taken away at will."""

import hashlib
import json
import os
from dataclasses import replace

import pyotp
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cptsapp.blueprints.account import factor, passkeys
from cptsapp.blueprints.account.models import Passkey
from cptsapp.kernel import webauthn
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.webauthn import Place, encoded
from tests.account.conftest import log_in

HERE = Place("http://localhost", "localhost")
KINDS = {
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
}


class Device:
    """An authenticator in memory: what a telephone does, and what a forger would."""

    def __init__(self, kind="p256", place=HERE):
        self.key, self.id, self.count, self.place = KINDS[kind](), os.urandom(32), 0, place

    def _client(self, kind, challenge, **other):
        said = {"type": kind, "challenge": challenge, "origin": self.place.origin, "crossOrigin": False}
        return json.dumps(said | other).encode()

    def _data(self, flags, rest=b""):
        return hashlib.sha256(self.place.name.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big") + rest

    def make(self, challenge, *, flags=0x45, **other):
        public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        rest = bytes(16) + len(self.id).to_bytes(2, "big") + self.id
        return {
            "client_data": encoded(self._client("webauthn.create", challenge, **other)),
            "authenticator": encoded(self._data(flags, rest)),
            "public_key": encoded(public),
        }

    def use(self, challenge, *, flags=0x05, **other):
        self.count += 1
        client, data = self._client("webauthn.get", challenge, **other), self._data(flags)
        signed = data + hashlib.sha256(client).digest()
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        elif isinstance(self.key, rsa.RSAPrivateKey):
            signature = self.key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        else:
            signature = self.key.sign(signed)
        return {
            "client_data": encoded(client),
            "authenticator": encoded(data),
            "signature": encoded(signature),
            "credential": encoded(self.id),
        }


def added(account, device, session_key="s"):
    answer = device.make(passkeys.challenge(account.id, session_key))
    return passkeys.add(account.id, "  Mon   téléphone ", answer, session_key=session_key, place=HERE)


def use(account, answer, session_key="s"):
    passkeys.accept(account.id, answer, session_key=session_key, place=HERE)


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_is_added_beside_the_codes_and_each_answer_serves_once(secured, mailbox, kind):
    device = Device(kind)
    row = added(secured, device)
    assert row.name == "Mon téléphone"
    assert "Clé d’accès ajoutée" in mailbox.to(secured.email)[-1].message["Subject"]
    answer = device.use(passkeys.challenge(secured.id, "s"))
    use(secured, answer)
    with pytest.raises(RuleError):  # the same answer again: its challenge is over
        use(secured, answer)
    use(secured, device.use(passkeys.challenge(secured.id, "s")))
    assert Passkey.get().uses == 2
    with pytest.raises(RuleError, match="déjà enregistrée"):
        added(secured, device)
    assert factor.accept(secured.id, pyotp.TOTP(secured.secret).at(int(factor.time.time())))


def test_a_key_of_another_site_session_person_or_kind_of_act_opens_nothing(secured, coordinator):
    device = Device()
    added(secured, device)
    challenge = passkeys.challenge(secured.id, "s")
    stranger, elsewhere = Device(), Device(place=Place("https://autre.exemple", "autre.exemple"))
    stranger.id = elsewhere.id = device.id
    elsewhere.key = device.key
    wrong = [
        stranger.use(challenge),  # another key
        elsewhere.use(challenge),  # the right key, on another site
        device.use(passkeys.challenge(secured.id, "t")),  # another session
        device.use(challenge, type="webauthn.create"),
        device.use(challenge, crossOrigin=True),
        device.use(challenge, origin="http://localhost.exemple"),
        device.use(challenge, flags=0x01),  # nobody unlocked it
        device.use(challenge) | {"credential": encoded(os.urandom(32))},
        device.use(challenge) | {"signature": "AAAA"},
        device.use(challenge) | {"client_data": encoded(b"[]")},
        device.use(challenge) | {"authenticator": "AA"},
        dict.fromkeys(("client_data", "authenticator", "signature", "credential"), "é\x00"),
        {},
    ]
    for answer in wrong:
        with pytest.raises(RuleError):
            use(secured, answer)
    assert Passkey.get().uses == 0
    device.count = 0
    use(secured, device.use(challenge))
    device.count = 0  # a copy of the key, which counts from where it was copied
    with pytest.raises(RuleError):
        use(secured, device.use(passkeys.challenge(secured.id, "s")))
    with pytest.raises(RuleError):
        use(coordinator, device.use(passkeys.challenge(coordinator.id, "s")))


def test_only_a_key_made_here_and_now_and_unlocked_is_kept(secured, member):
    challenge = passkeys.challenge(secured.id, "s")
    weak = Device()
    weak.key = rsa.generate_private_key(65537, 1024)
    wrong = [
        Device().make(challenge, flags=0x41),
        Device().make(challenge, flags=0x05),
        Device().make("autre"),
        Device(place=Place("https://autre.exemple", "localhost")).make(challenge),
        weak.make(challenge),
        Device().make(challenge) | {"public_key": encoded(b"rien")},
        Device().make(challenge) | {"authenticator": encoded(bytes(60))},
        {},
    ]
    for answer in wrong:
        with pytest.raises(RuleError):
            passkeys.add(secured.id, "x", answer, session_key="s", place=HERE)
    assert Passkey.select().count() == 0
    for _ in range(passkeys.MOST):
        added(secured, Device())
    with pytest.raises(RuleError, match="déjà 10"):
        added(secured, Device())


def test_a_key_comes_after_the_second_factor_and_goes_with_it(member, secured):
    added(secured, Device())
    factor.remove(secured.id)
    assert Passkey.select().count() == 0
    with pytest.raises(RuleError, match="Activez d’abord"):
        added(secured, Device())


def test_a_login_by_key_passes_the_second_step_and_a_wrong_one_is_counted(client, secured):
    device = Device(place=replace(HERE, origin="http://localhost"))
    added(secured, device)
    assert log_in(client, secured.email).location == "/connexion/second-facteur"
    html = client.get("/connexion/second-facteur").text
    options = json.loads(html.split('data-options="')[1].split('"')[0].replace("&#34;", '"'))
    assert options["known"] == [encoded(device.id)]
    door = "/connexion/second-facteur/cle-d-acces"
    refused = client.post(door, data=device.use("autre"))
    assert refused.status_code == 422
    assert "a trop attendu" in refused.text
    assert JournalEntry.select().where(JournalEntry.action == "account.login_refused").count() == 1
    entered = client.post(door, data=device.use(options["challenge"]))
    assert entered.location == "/espace/"
    assert client.get("/espace/compte/cles-d-acces").status_code == 200
    key = Passkey.get().id
    assert client.post(f"/espace/compte/cles-d-acces/{key}/retirer").status_code == 303
    assert client.post(f"/espace/compte/cles-d-acces/{key}/retirer").status_code == 422
    assert client.post("/espace/compte/cles-d-acces", data={"name": "x"}).status_code == 422


def test_nobody_comes_in_by_a_key_before_the_password(client, secured):
    device = Device()
    added(secured, device)
    answer = device.use(passkeys.challenge(secured.id, "s"))
    assert client.post("/connexion/second-facteur/cle-d-acces", data=answer).location == "/connexion"


def test_any_bytes_are_refused_with_a_sentence():
    key = webauthn.Registered(b"x" * 16, b"", 0)
    for size in (0, 1, 36, 37, 60):
        with pytest.raises(RuleError):
            webauthn.verify(os.urandom(size), os.urandom(size), b"", key=key, challenge="c", place=HERE)
