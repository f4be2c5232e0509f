"""The code exchange through google-auth-oauthlib, for GOOGLE_CLIENTS=official. It posts the code once."""

import os
from typing import Any

import requests
from google_auth_oauthlib.flow import Flow
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from functions.adapters.google_oauth import TIMEOUT, refusal
from functions.domain.errors import Unavailable
from functions.domain.scopes import REQUESTED_SCOPES


def fetch_token(
    code: str, verifier: str, *, client: tuple[str, str], authorize_url: str, token_url: str, redirect_uri: str
) -> dict[str, Any]:
    """The token endpoint's answer; `client` is (id, secret). Raises InvalidCredentials, InvalidState, Unavailable."""
    # oauthlib raises when fewer scopes come back than were asked for; which were granted is for us to judge.
    os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"  # noqa: S105 - a switch, no password
    if token_url.startswith("http://"):  # the pretend Google; settings refuse http in the cloud
        os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
    config = {"client_id": client[0], "client_secret": client[1], "auth_uri": authorize_url, "token_uri": token_url}
    flow = Flow.from_client_config(
        {"web": config},
        scopes=list(REQUESTED_SCOPES),
        redirect_uri=redirect_uri,
        code_verifier=verifier,
        autogenerate_code_verifier=False,
    )
    try:
        return dict(flow.fetch_token(code=code, timeout=TIMEOUT))
    except OAuth2Error as exc:
        # What is no OAuth answer at all (an error page, say) comes out of oauthlib as a missing token.
        if exc.error in ("missing_token", "", None):
            raise Unavailable("Google's token endpoint did not answer as it should.", retry_after=10) from exc
        raise refusal(str(exc.error), of_code=True) from exc
    except requests.RequestException as exc:
        raise Unavailable("Google's token endpoint did not answer.", retry_after=10) from exc
    except (ValueError, TypeError, AttributeError) as exc:  # JSON that is no object: oauthlib trips over it
        raise Unavailable("Google's token endpoint did not answer as it should.", retry_after=10) from exc
