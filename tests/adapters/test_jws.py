"""Signatures of tokens: RFC 7515's own examples, and PyJWT's, which is another program; and what is neither."""

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from functions.adapters import jws

# RFC 7515, appendices A.2 and A.3
RS256_KEY = {
    "kty": "RSA",
    "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS"
    "-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtd"
    "VMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    "e": "AQAB",
}
RS256 = (
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcA"
    "cQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHW"
    "EsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
)
ES256_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
ES256 = (
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)
VECTORS = pytest.mark.parametrize(("jwk", "token"), [(RS256_KEY, RS256), (ES256_KEY, ES256)], ids=["RS256", "ES256"])


def encoded(found: Any) -> str:
    raw = found if isinstance(found, bytes) else json.dumps(found).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@VECTORS
def test_the_standards_own_examples_are_good(jwk: dict[str, str], token: str) -> None:
    signed = jws.parse(token)
    assert signed.payload == {"iss": "joe", "exp": 1300819380, "http://example.com/is_root": True}
    assert jws.Key(jwk).algorithm == signed.header["alg"]
    assert jws.Key(jwk).verifies(signed)


@VECTORS
def test_every_changed_bit_is_noticed(jwk: dict[str, str], token: str) -> None:
    key, signed = jws.Key(jwk), jws.parse(token)
    for place in range(0, 8 * len(signed.signature), 7):
        changed = bytearray(signed.signature)
        changed[place // 8] ^= 1 << place % 8
        assert not key.verifies(jws.Signed(signed.header, signed.payload, signed.text, bytes(changed)))
    for signature in (b"", signed.signature[:-1], signed.signature + b"\0", b"\0" * len(signed.signature)):
        assert not key.verifies(jws.Signed(signed.header, signed.payload, signed.text, signature))
    for place in range(0, len(signed.text), 5):
        text = bytearray(signed.text)
        text[place] ^= 1
        assert not key.verifies(jws.Signed(signed.header, signed.payload, bytes(text), signed.signature))


def test_what_another_program_signs_is_good() -> None:
    for algorithm, private, written in (
        ("RS256", rsa.generate_private_key(65537, 3072), RSAAlgorithm),
        ("ES256", ec.generate_private_key(ec.SECP256R1()), ECAlgorithm),
    ):
        jwk = written.to_jwk(private.public_key(), as_dict=True)
        token = jwt.encode({"sub": "Zoë"}, private, algorithm)
        signed = jws.parse(token)
        assert signed.payload == {"sub": "Zoë"}
        assert jws.Key(jwk).verifies(signed)
        assert not jws.Key(RS256_KEY).verifies(signed)
        assert not jws.Key(ES256_KEY).verifies(signed)


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "oct", "k": "c2VjcmV0"},
        {**ES256_KEY, "crv": "P-384"},
        {**ES256_KEY, "alg": "ES384"},
        {**ES256_KEY, "x": ES256_KEY["y"]},  # a point that is not on the curve
        {**ES256_KEY, "x": ES256_KEY["x"][:-2]},
        {**ES256_KEY, "x": "AA" + ES256_KEY["x"]},
        {**ES256_KEY, "y": None},
        {**ES256_KEY, "key_ops": ["sign"]},
        {**ES256_KEY, "key_ops": "verify"},
        {**RS256_KEY, "alg": "PS256"},
        {**RS256_KEY, "alg": "HS256"},
        {**RS256_KEY, "e": "AQ"},
        {**RS256_KEY, "e": "Ag"},
        {**RS256_KEY, "e": "AQ AB"},
        {**RS256_KEY, "n": RS256_KEY["n"][:170]},
        {**RS256_KEY, "n": "_" * 2000},
        {**RS256_KEY, "n": 7},
        {**RS256_KEY, "n": ""},
        RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 1024).public_key(), as_dict=True),
        OKPAlgorithm.to_jwk(ed25519.Ed25519PrivateKey.generate().public_key(), as_dict=True),
    ],
)
def test_another_key_is_refused(jwk: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        jws.Key(jwk)


LONG = b'{"exp":' + b"9" * 5000 + b"}"
HEAD, BODY, SIGNATURE = ES256.split(".")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a",
        "a.b",
        "..",
        f"{HEAD}.{BODY}",
        f"{HEAD}..{SIGNATURE}",
        f".{BODY}.{SIGNATURE}",
        f"{HEAD}.{BODY}.{SIGNATURE}.{SIGNATURE}",
        f"{HEAD}.{BODY}.{SIGNATURE}==",
        f"{HEAD}.{BODY}.{SIGNATURE} ",
        f"{HEAD}.{BODY}.{SIGNATURE}\n",
        f"{HEAD}.{BODY}.{SIGNATURE}+/",
        f"{HEAD}.{BODY}x.{SIGNATURE}",
        f"{HEAD}.{BODY}.{SIGNATURE[:-1]}",
        f"{encoded([])}.{BODY}.{SIGNATURE}",
        f"{encoded(None)}.{BODY}.{SIGNATURE}",
        f"{HEAD}.{encoded('text')}.{SIGNATURE}",
        f"{HEAD}.{encoded('{}'.encode('utf-16'))}.{SIGNATURE}",
        f"{HEAD}.{encoded(b'[' * 5000)}.{SIGNATURE}",
        f"{HEAD}.{encoded(LONG)}.{SIGNATURE}",
        f"{encoded({'alg': 'ES256', 'crit': ['exp'], 'exp': 1})}.{BODY}.{SIGNATURE}",
        f"{encoded({'alg': 'ES256', 'crit': [], 'b64': False})}.{BODY}.{SIGNATURE}",
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        jws.parse(token)


@given(st.text(max_size=300) | st.text("ey.JhbGciOi_-=", max_size=100))
def test_any_text_is_a_token_or_a_value_error(token: str) -> None:
    try:
        jws.parse(token)
    except ValueError:
        return
