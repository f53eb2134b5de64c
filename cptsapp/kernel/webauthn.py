"""What a passkey proves, checked: a challenge of ours, signed for this site by a key that its owner has unlocked.

The attestation of the maker is not asked for: which device it is concerns nobody. So a registration holds nothing to
verify but where it was made; the key then proves itself at each use. Source: Web Authentication, levels 2 and 3.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from .errors import RuleError

ALGORITHMS = (-8, -7, -257)  # Ed25519, ECDSA on P-256, RSA with SHA-256
PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40
LONGEST = 4096
REFUSED = "Cette clé d’accès n’a pas été reconnue. Recommencez, ou servez-vous d’un code de votre application."


@dataclass(frozen=True)
class Place:
    """Where a key must have been used: the address of the site as the browser sees it, and its name."""

    origin: str
    name: str


@dataclass(frozen=True)
class Registered:
    """What is kept of a key: its name on the device, its public half (DER), how often it says it has signed."""

    credential: bytes
    public_key: bytes
    count: int


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text: str | None) -> bytes:
    """Return the bytes that a browser sent in base64url; anything else is refused."""
    try:
        return urlsafe_b64decode(_within(text or "") + "=" * (-len(text or "") % 4))
    except (NotBase64, ValueError) as error:
        raise RuleError(REFUSED) from error


def _within(text: str) -> str:
    if not text or len(text) > LONGEST or not text.isascii():
        raise RuleError(REFUSED)
    return text


def register(
    client_data: bytes, authenticator: bytes, public_key: bytes, *, challenge: str, place: Place
) -> Registered:
    """Return what to keep of a new key, made here and now for this site by somebody who unlocked it."""
    _check_client(client_data, "webauthn.create", challenge, place)
    count = _check_authenticator(authenticator, place)
    if not authenticator[32] & WITH_KEY or len(authenticator) < 55:
        raise RuleError(REFUSED)
    length = int.from_bytes(authenticator[53:55], "big")
    credential = authenticator[55 : 55 + length]
    if not 16 <= length <= 1023 or len(credential) != length:
        raise RuleError(REFUSED)
    _loaded(public_key)
    return Registered(credential, public_key, count)


def verify(
    client_data: bytes, authenticator: bytes, signature: bytes, *, key: Registered, challenge: str, place: Place
):
    """Return the new count of a key that has signed this challenge; raise RuleError for anything less.

    A count that does not grow tells a copied key.
    """
    _check_client(client_data, "webauthn.get", challenge, place)
    count = _check_authenticator(authenticator, place)
    _check_signature(key.public_key, signature, authenticator + hashlib.sha256(client_data).digest())
    if (count or key.count) and count <= key.count:
        raise RuleError(REFUSED)
    return count


def _check_client(client_data: bytes, kind: str, challenge: str, place: Place):
    try:
        said = json.loads(client_data)
    except ValueError as error:
        raise RuleError(REFUSED) from error
    if not isinstance(said, dict) or said.get("type") != kind or said.get("crossOrigin") not in (None, False):
        raise RuleError(REFUSED)
    if not hmac.compare_digest(str(said.get("challenge")).encode(), challenge.encode()):
        raise RuleError("Cette page a trop attendu. Rechargez-la, puis recommencez.")
    if said.get("origin") != place.origin:
        raise RuleError(REFUSED)


def _check_authenticator(data: bytes, place: Place) -> int:
    """Return the count of the key, once it was used for this site by somebody present who unlocked it."""
    if len(data) < 37 or data[:32] != hashlib.sha256(place.name.encode()).digest():
        raise RuleError(REFUSED)
    if data[32] & (PRESENT | VERIFIED) != PRESENT | VERIFIED:
        raise RuleError("Déverrouillez la clé d’accès (code, empreinte ou visage), puis recommencez.")
    return int.from_bytes(data[33:37], "big")


def _loaded(public_key: bytes):
    try:
        key = load_der_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise RuleError(REFUSED) from error
    sound = (
        isinstance(key, ed25519.Ed25519PublicKey)
        or (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1))
        or (isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048)
    )
    if not sound:
        raise RuleError(REFUSED)
    return key


def _check_signature(public_key: bytes, signature: bytes, signed: bytes):
    key = _loaded(public_key)
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        else:
            key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as error:
        raise RuleError(REFUSED) from error
