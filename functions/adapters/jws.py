"""JSON web signatures as issuers make them of ID tokens: RS256 and ES256, in the compact form (RFC 7515, RFC 7518).

Small, because so little is taken: two algorithms, each bound to its kind of key, and no header extension. The
mathematics is `cryptography`'s, whose parts for these two are all that is imported (docs/decisions/0019).
"""

import binascii
import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

MIN_RSA = 2048  # bits: RFC 7518 §3.3
MAX_RSA = 8192  # a larger one is no issuer's, and slow to check against
_EC_SIZE = 32  # bytes of a coordinate, and of each half of a signature: RFC 7518 §3.4
_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


class Signed(NamedTuple):
    """A token taken apart. Nothing of it is true before a key has verified it."""

    header: dict[str, Any]
    payload: dict[str, Any]
    text: bytes  # that is signed
    signature: bytes


def parse(token: str) -> Signed:
    """Raises ValueError for what is none, or says that there is more to understand (`crit`: RFC 7515 §4.1.11)."""
    text, _, signature = token.rpartition(".")
    header, dot, payload = text.partition(".")
    if not dot or not header or not payload:
        raise ValueError("not three parts")
    found = _object(header)
    if "crit" in found:
        raise ValueError("a critical extension")
    return Signed(found, _object(payload), text.encode("ascii"), _decoded(signature))


class Key:
    """A public key, for one algorithm."""

    def __init__(self, jwk: Mapping[str, Any]) -> None:
        """`jwk`: RFC 7517. Raises ValueError for one of another kind, a weak one, or a malformed one."""
        kind, operations = jwk.get("kty"), jwk.get("key_ops", ["verify"])
        if not isinstance(operations, list) or "verify" not in operations:
            raise ValueError("not for verifying")
        self._key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey
        if kind == "RSA":
            self.algorithm = "RS256"
            self._key = rsa.RSAPublicNumbers(_number(jwk, "e"), _number(jwk, "n")).public_key()
            if not MIN_RSA <= self._key.key_size <= MAX_RSA:
                raise ValueError("an RSA key of another size")
        elif kind == "EC" and jwk.get("crv") == "P-256":
            self.algorithm = "ES256"
            self._key = ec.EllipticCurvePublicNumbers(
                _number(jwk, "x", _EC_SIZE), _number(jwk, "y", _EC_SIZE), ec.SECP256R1()
            ).public_key()
        else:
            raise ValueError("another kind of key")
        if jwk.get("alg", self.algorithm) != self.algorithm:
            raise ValueError("another algorithm")

    def verifies(self, signed: Signed) -> bool:
        """Whether it was signed with this key, by its algorithm, whatever the token's header says."""
        signature = signed.signature
        try:
            if isinstance(self._key, rsa.RSAPublicKey):
                self._key.verify(signature, signed.text, padding.PKCS1v15(), SHA256())
            else:
                if len(signature) != 2 * _EC_SIZE:
                    return False
                halves = (int.from_bytes(half, "big") for half in (signature[:_EC_SIZE], signature[_EC_SIZE:]))
                self._key.verify(encode_dss_signature(*halves), signed.text, ec.ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True


def _object(part: str) -> dict[str, Any]:
    try:
        found = json.loads(_decoded(part).decode())
    except RecursionError as exc:
        raise ValueError("nested too deeply") from exc
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found


def _number(jwk: Mapping[str, Any], name: str, size: int | None = None) -> int:
    value = jwk.get(name)
    if not isinstance(value, str):
        raise ValueError(f"no {name}")
    raw = _decoded(value)
    if size is not None and len(raw) != size:
        raise ValueError(f"{name} of another length")
    return int.from_bytes(raw, "big")


def _decoded(part: str) -> bytes:
    """base64url without padding. Python's own decoder skips what is not in its alphabet."""
    if not _ALPHABET.issuperset(part):
        raise ValueError("not base64url")
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error as exc:
        raise ValueError("not base64url") from exc
