"""What the commands share: the App, and whose records are meant."""

import functools
import os
from collections.abc import Callable
from typing import Any

import click

from functions.domain.callers import Caller
from functions.domain.errors import IntegrationError
from functions.domain.ids import LOCAL_OWNER, looks_like, owner_id
from functions.runtime import events
from functions.runtime import settings as reading
from functions.runtime.wiring import App


def with_app(command: Callable[..., None]) -> Callable[..., None]:
    """Gives the command an App, and turns what is wrong into a message without a trace."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            with events.muted():
                command(App(load_settings()), *args, **kwargs)
        except IntegrationError as error:
            lines = [f"{error.code}: {error.detail}", *(f"  {e.pointer}: {e.detail}" for e in error.errors)]
            raise click.ClickException("\n".join([*lines, f"What to do: {error.remedy}"])) from None

    return run


def load_settings() -> reading.Settings:
    try:
        return reading.load(os.environ)
    except reading.SettingsError as error:
        raise click.ClickException(f"The configuration is not right:\n{error}") from None


def owner_options(command: Callable[..., None]) -> Callable[..., None]:
    """Whose records: an own_… id, or the subject of an ID token; by default the laptop's own user."""

    @click.option("--owner", help="Owner id (own_…), or the `sub` of an ID token. Default: the laptop's user.")
    @click.option("--issuer", help="Issuer of that `sub`, where AUTH_ISSUERS names several.")
    @functools.wraps(command)
    def run(app: App, *args: Any, owner: str | None, issuer: str | None, **kwargs: Any) -> None:
        command(app, Caller(owner=owner_of(app, owner, issuer), kind="user"), *args, **kwargs)

    return run


def owner_of(app: App, owner: str | None, issuer: str | None) -> str:
    if owner is None:
        return LOCAL_OWNER
    if looks_like("own", owner):
        return owner
    issuers = sorted({name for name, _ in app.settings.auth_issuers})
    if issuer is None and len(issuers) == 1:
        issuer = issuers[0]
    if issuer not in issuers:
        raise click.UsageError(f"--issuer must be one of AUTH_ISSUERS: {', '.join(issuers) or 'none is set'}")
    return owner_id(issuer, owner)
