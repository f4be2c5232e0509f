"""ID tokens (OpenID Connect Core §2), signed RS256 with a key that is made at the first start and kept."""

import base64
import hashlib
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from sandbox.people import Person, stable_sub
from sandbox.store import Store

ID_TOKEN_SECONDS = 3600
PUSH_ACCOUNT = "gmail-push@sandbox.example"  # the service account of the push subscription


class Signer:
    def __init__(self, store: Store, issuer: str) -> None:
        self.issuer = issuer
        pem = store.setting("signing_key")
        if pem is None:
            made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            pem = made.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ).decode()
            store.keep_setting("signing_key", pem)
        key = serialization.load_pem_private_key(pem.encode(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise RuntimeError("the kept signing key is no RSA key")
        self._key = key
        self._jwk: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
        self._kid = hashlib.sha256(self._jwk["n"].encode()).hexdigest()[:40]

    def jwks(self) -> dict[str, Any]:
        """The public key as `GET /oauth2/v3/certs` answers it."""
        wanted = {name: self._jwk[name] for name in ("kty", "n", "e")}
        return {"keys": [{**wanted, "alg": "RS256", "use": "sig", "kid": self._kid}]}

    def id_token(
        self, person: Person, client_id: str, access_token: str, *, email: bool, profile: bool, nonce: str | None
    ) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "azp": client_id,
            "aud": client_id,
            "sub": person.sub,
            "at_hash": _half_hash(access_token),
            "iat": now,
            "exp": now + ID_TOKEN_SECONDS,
        }
        if email:
            claims |= {"email": person.email, "email_verified": True}
        if profile:
            given, _, family = person.name.partition(" ")
            claims |= {"name": person.name, "given_name": given, "family_name": family}
        if nonce:
            claims["nonce"] = nonce
        return self._signed(claims)

    def push_token(self, audience: str) -> str:
        """What Pub/Sub shows the push endpoint.

        https://docs.cloud.google.com/pubsub/docs/authenticate-push-subscriptions
        """
        now, sub = int(time.time()), stable_sub(PUSH_ACCOUNT)
        claims = {"aud": audience, "azp": sub, "email": PUSH_ACCOUNT, "email_verified": True, "sub": sub}
        return self._signed({**claims, "iss": self.issuer, "iat": now, "exp": now + ID_TOKEN_SECONDS})

    def _signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self._kid})


def _half_hash(token: str) -> str:
    """`at_hash`: the left half of the SHA-256, base64url (OpenID Connect Core §3.1.3.6)."""
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()[:16]).rstrip(b"=").decode()
