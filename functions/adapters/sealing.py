"""Sealing values with AES-256-GCM under keys that rotate, and deriving keys from the same ring.

Each version of the secret is one 256-bit key, base64-encoded; its number is the key's id. New values are sealed under
the newest, old ones open under the one they name: adding a version is a rotation.
"""

import base64
import binascii
import hmac
import os
import re
import threading
import time

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from functions.domain.errors import SecretDisabled, SecretMissing, Unavailable
from functions.domain.ports import Secrets, Unsealable

_FORMAT = "v1"
_ROTATIONS_AHEAD = 3  # a key added since this instance started may already be in use by others
_PATIENCE = 10.0  # seconds: links are open to anybody, and must not make us ask the store with each forged one
_VERSION = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_NONCE = 12  # bytes; random: 2^32 seals under one key before a repeat is thinkable (NIST SP 800-38D §8.3)


class KeyRing:
    """`create`: make the first key where there is none (on a laptop; in the cloud the operator makes it)."""

    def __init__(self, secrets: Secrets, name: str, *, create: bool) -> None:
        self._secrets = secrets
        self._name = name
        self._create = create
        self._keys: dict[str, bytes] = {}
        self._ciphers: dict[str, AESGCM] = {}
        self._newest = ""
        self._missing: set[str] = set()
        # When a version that may be there later was last asked for in vain; and, of one that is disabled, what it said.
        self._not_yet: dict[str, tuple[float, str, str]] = {}
        self._lock = threading.Lock()

    def seal(self, value: bytes, context: str) -> str:
        """`v1.<key id>.<base64url of nonce and ciphertext>`; `context` is bound in as associated data."""
        version, key = self._current()
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher(version, key).encrypt(nonce, value, self._associated(context))
        return f"{_FORMAT}.{version}.{_encoded(sealed)}"

    def open(self, sealed: str, context: str) -> bytes:
        """Raises Unsealable; Unavailable where the key can't be read now: its version may be enabled again."""
        try:
            fmt, version, body = sealed.split(".")
            raw = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error) as exc:
            raise Unsealable("not a sealed value") from exc
        # One spelling only: base64 has spare bits in its last character, and a number may have zeros in front.
        if fmt != _FORMAT or not _VERSION.fullmatch(version) or _encoded(raw) != body:
            raise Unsealable("not a sealed value")
        try:
            key = self._key(version)
            return self._cipher(version, key).decrypt(raw[:_NONCE], raw[_NONCE:], self._associated(context))
        except (InvalidTag, ValueError, SecretMissing) as exc:
            raise Unsealable("sealed for something else, or under a key that is gone") from exc

    def derive(self, key_id: str, *label: str) -> bytes:
        """32 bytes that only this ring can make, under the key with this id."""
        return hmac.digest(self._key(key_id), "\0".join(label).encode(), "sha256")

    @property
    def newest(self) -> str:
        return self._current()[0]

    def _cipher(self, version: str, key: bytes) -> AESGCM:
        """Making one costs as much as using it twice; threads may share it."""
        found = self._ciphers.get(version)
        if found is None:
            found = self._ciphers[version] = AESGCM(key)
        return found

    def _associated(self, context: str) -> bytes:
        return f"{_FORMAT}|{context}".encode()

    def _current(self) -> tuple[str, bytes]:
        if not self._newest:
            with self._lock:
                if not self._newest:
                    self._newest = self._load_newest()
        return self._newest, self._keys[self._newest]

    def _load_newest(self) -> str:
        try:
            secret = self._secrets.get(self._name)
        except SecretMissing as exc:
            if not self._create:
                raise Unavailable(
                    f"The secret {self._name} does not exist.",
                    remedy=f"Add a version to it: openssl rand -base64 32 | gcloud secrets versions add {self._name} "
                    "--data-file=-",
                ) from exc
            self._secrets.add(self._name, base64.b64encode(os.urandom(32)))
            secret = self._secrets.get(self._name)
        self._keys[secret.version] = self._decode(secret.value)
        return secret.version

    def _key(self, version: str) -> bytes:
        if version not in self._keys:
            # Forged values may name any version: only the next few after the newest are worth asking the store for.
            if int(version) > int(self.newest) + _ROTATIONS_AHEAD or version in self._missing:
                raise SecretMissing(version)
            asked, disabled, remedy = self._not_yet.get(version, (float("-inf"), "", ""))
            if time.monotonic() - asked < _PATIENCE:
                raise SecretDisabled(disabled, remedy=remedy) if disabled else SecretMissing(version)
            try:
                self._keys[version] = self._decode(self._secrets.get(self._name, version).value)
            except SecretDisabled as exc:
                self._not_yet[version] = time.monotonic(), exc.detail, exc.remedy
                raise
            except SecretMissing:
                if int(version) <= int(self.newest):  # destroyed, for good
                    self._missing.add(version)
                else:
                    self._not_yet[version] = time.monotonic(), "", ""
                raise
        return self._keys[version]

    def _decode(self, value: bytes) -> bytes:
        try:
            key = base64.b64decode(value.strip(), validate=True)
        except binascii.Error:
            key = b""
        if len(key) != 32:
            raise Unavailable(
                f"The secret {self._name} is not a base64 text of 32 bytes.",
                remedy=f"Add a version made with: openssl rand -base64 32 (to the secret {self._name})",
            )
        return key


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")
