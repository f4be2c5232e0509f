"""OAuth: consent, codes, tokens and their ends, with Google's errors."""

import base64
import re
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests

from tests.sandbox.client import CLIENT, GMAIL, REDIRECT, SCOPES, Google

EMAIL = "https://www.googleapis.com/auth/userinfo.email"


def test_allow_brings_code_state_and_scope(google: Google) -> None:
    query = google.callback()
    assert query["state"] == "a state"
    assert set(query["scope"].split()) == {"openid", EMAIL, GMAIL + "send", GMAIL + "readonly"}
    assert query["code"].startswith("4/0A")


def test_redeeming_a_code_gives_tokens_and_a_signed_identity(google: Google) -> None:
    answer = google.connect(scope=SCOPES + " profile")
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 3599
    assert answer["access_token"].startswith("ya29.")
    assert answer["refresh_token"].startswith("1//")
    discovery = google.http.get(f"{google.url}/.well-known/openid-configuration").json()
    keys = google.http.get(f"{google.url}/oauth2/v3/certs").json()
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(answer["id_token"])["kid"]]
    claims = jwt.decode(answer["id_token"], key, ["RS256"], audience=CLIENT["client_id"], issuer=discovery["issuer"])
    assert claims["email"] == "ada@example.com"
    assert claims["email_verified"] is True
    assert claims["nonce"] == "a-nonce"
    assert claims["name"] == "Ada Lovelace"
    assert claims["azp"] == CLIENT["client_id"]
    assert re.fullmatch(r"\d{21}", claims["sub"])
    assert len(base64.urlsafe_b64decode(claims["at_hash"] + "==")) == 16


def test_an_unticked_scope_is_not_granted(google: Google) -> None:
    answer = google.connect(sandbox_untick="gmail.readonly")
    assert set(answer["scope"].split()) == {"openid", EMAIL, GMAIL + "send"}


def test_deny_brings_access_denied_and_the_state(google: Google) -> None:
    assert google.callback(sandbox_deny="1") == {"error": "access_denied", "state": "a state"}


def test_a_code_works_once(google: Google) -> None:
    code = google.callback()["code"]
    assert google.redeem(code).status_code == 200
    second = google.redeem(code)
    assert second.status_code == 400
    assert second.json() == {"error": "invalid_grant", "error_description": "Bad Request"}


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"code_verifier": "w" * 50}, 400, "invalid_grant"),
        ({"code_verifier": ""}, 400, "invalid_grant"),
        ({"redirect_uri": REDIRECT + "/"}, 400, "redirect_uri_mismatch"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "another"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"code": "4/0Aunknown"}, 400, "invalid_grant"),
    ],
)
def test_what_does_not_belong_to_the_code_is_refused(
    google: Google, changed: dict[str, str], status: int, error: str
) -> None:
    code = google.callback()["code"]
    response = google.redeem(code, **changed)
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert google.redeem(code).status_code == 200  # a failed try does not spend the code


def test_the_client_may_authenticate_with_basic(google: Google) -> None:
    given = {"grant_type": "refresh_token", "refresh_token": google.connect()["refresh_token"]}
    right = (CLIENT["client_id"], CLIENT["client_secret"])
    assert requests.post(f"{google.url}/token", data=given, auth=right, timeout=10).status_code == 200
    assert requests.post(f"{google.url}/token", data=given, auth=(right[0], "no"), timeout=10).status_code == 401


def test_a_refresh_token_comes_only_with_consent_and_offline_access(google: Google) -> None:
    assert "refresh_token" not in google.connect(access_type="online")
    google.reset(everything=True)
    assert "refresh_token" in google.connect(prompt=None)  # the first consent
    assert "refresh_token" not in google.connect(prompt=None)
    assert "refresh_token" in google.connect(prompt="consent")


def test_refreshing_gives_a_new_access_token_and_keeps_the_refresh_token(google: Google) -> None:
    first = google.connect()
    answer = google.refresh(first["refresh_token"]).json()
    assert answer["access_token"] != first["access_token"]
    assert answer["scope"] == first["scope"]
    assert "refresh_token" not in answer
    assert "nonce" not in jwt.decode(answer["id_token"], options={"verify_signature": False})


def test_the_hundred_and_first_refresh_token_ends_the_oldest(google: Google) -> None:
    tokens = [google.connect()["refresh_token"] for _ in range(101)]
    assert google.refresh(tokens[0]).json()["error"] == "invalid_grant"
    assert google.refresh(tokens[1]).status_code == 200


def test_revoking_any_token_ends_the_whole_grant(google: Google) -> None:
    first, second = google.connect(), google.connect()
    response = google.http.post(f"{google.url}/revoke", data={"token": first["access_token"]})
    assert (response.status_code, response.json()) == (200, {})
    refused = google.refresh(second["refresh_token"])
    assert refused.status_code == 400
    assert refused.json() == {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
    again = google.http.post(f"{google.url}/revoke", params={"token": first["access_token"]})
    assert (again.status_code, again.json()["error"]) == (400, "invalid_token")


def test_a_person_can_take_back_the_access(google: Google) -> None:
    tokens, other = google.connect(), google.connect("grace@example.com")
    google.http.post(f"{google.url}/sandbox/people/ada@example.com/revoke").raise_for_status()
    assert google.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    profile = f"{google.url}/gmail/v1/users/me/profile"
    assert google.http.get(profile, headers={"Authorization": f"Bearer {tokens['access_token']}"}).status_code == 401
    assert google.refresh(other["refresh_token"]).status_code == 200


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_id": None}, 400, "invalid_request"),
        ({"redirect_uri": "http://evil.example/cb"}, 400, "redirect_uri_mismatch"),
        ({"redirect_uri": "javascript:alert(1)"}, 400, "invalid_request"),
        ({"redirect_uri": REDIRECT + "#x"}, 400, "invalid_request"),
        ({"response_type": "token"}, 400, "unsupported_response_type"),
        ({"scope": "openid made.up"}, 400, "invalid_scope"),
        ({"prompt": "always"}, 400, "invalid_request"),
        ({"code_challenge": "short"}, 400, "invalid_request"),
    ],
)
def test_a_wrong_authorization_request_ends_on_googles_own_page(
    google: Google, changed: dict[str, str | None], status: int, error: str
) -> None:
    response = google.authorize(**changed)
    assert response.status_code == status
    assert f"Error {status}: {error}" in response.text


def test_the_page_escapes_what_it_shows(google: Google) -> None:
    response = google.authorize(None, client_id="<script>x</script>", state='"><script>y</script>')
    assert response.status_code == 200
    assert "<script" not in response.text


def test_the_consent_form_grants_what_is_ticked_to_the_chosen_person(google: Google) -> None:
    page = google.authorize(None, login_hint="grace@example.com")
    radios = re.findall(r"<input type=\"radio\"[^>]*>", page.text)
    assert [radio for radio in radios if "checked" in radio] == [
        radio for radio in radios if 'value="grace@example.com"' in radio
    ]
    form = {"person": "zoe@example.net", "scope": [EMAIL, GMAIL + "send"], "decision": "allow"}
    response = google.http.post(page.url, data=form, allow_redirects=False)
    query = parse_qs(urlsplit(response.headers["Location"]).query)
    answer = google.redeem(query["code"][0]).json()
    assert jwt.decode(answer["id_token"], options={"verify_signature": False})["email"] == "zoe@example.net"
    assert set(answer["scope"].split()) == {"openid", EMAIL, GMAIL + "send"}
    denied = google.http.post(page.url, data={**form, "decision": "deny"}, allow_redirects=False)
    assert "error=access_denied" in denied.headers["Location"]


def test_a_fresh_person_can_connect(google: Google) -> None:
    added = google.http.post(f"{google.url}/sandbox/people", json={"email": "Kay@Example.com", "name": "Kay"})
    assert added.status_code == 201
    assert google.account("kay@example.com").get("profile").json()["emailAddress"] == "kay@example.com"
    assert google.http.post(f"{google.url}/sandbox/people", json={"email": "<x>"}).status_code == 400
