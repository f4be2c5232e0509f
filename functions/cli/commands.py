"""The command line: `python -m functions --help`."""

import json
import sys
from typing import Any

import click

from functions.cli.operating import after_restore, delete_owner, export_owner, reseal, revoke_all
from functions.cli.options import load_settings, owner_options, with_app
from functions.domain.callers import SCOPES, Caller
from functions.edge import views
from functions.runtime.wiring import App


@click.group()
def main() -> None:
    """Send email from connected Gmail accounts.

    Uses the same settings as the functions (STORE_URL and the rest), so it works on a laptop's records and, with
    Google credentials, on those in the cloud.
    """


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--tls", is_flag=True, help="Serve https with a self-signed certificate for localhost.")
def serve(host: str, tls: bool) -> None:
    """Run all functions in one local server, with a pretend Google where no OAuth client is set."""
    from functions.cli.server import serve as run

    run(host, tls)


@main.command()
def doctor() -> None:
    """Check settings, secrets, store, OAuth client, redirect URI and Gmail, and say what to do."""
    from functions.cli.doctor import examine

    checks = examine(App(load_settings()))
    failed = False
    for check in checks:
        failed |= check.state == "bad"
        mark = {"good": click.style("ok  ", fg="green"), "bad": click.style("FAIL", fg="red")}.get(check.state, "?   ")
        click.echo(f"{mark}  {check.name}: {check.detail}")
        if check.remedy and check.state != "good":
            click.echo(f"      What to do: {check.remedy}")
    raise SystemExit(1 if failed else 0)


@main.group()
def keys() -> None:
    """API keys."""


@keys.command("create")
@with_app
@owner_options
@click.option("--name", required=True)
@click.option("--scope", "scopes", multiple=True, type=click.Choice(SCOPES), default=SCOPES, show_default=True)
@click.option("--account", "accounts", multiple=True, help="Restrict the key to this account (acc_…); repeatable.")
@click.option("--expires-at", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]), help="In UTC.")
def create_key(
    app: App, caller: Caller, name: str, scopes: tuple[str, ...], accounts: tuple[str, ...], expires_at: Any
) -> None:
    """Make an API key. It is shown once."""
    from functions.edge.inputs import parse_key

    asked = parse_key(
        {
            "name": name,
            "scopes": list(scopes),
            **({"accounts": list(accounts)} if accounts else {}),
            **({"expires_at": f"{expires_at.isoformat()}Z"} if expires_at else {}),
        }
    )
    key, token = app.keys.create(
        caller.owner, name=asked.name, scopes=asked.scopes, accounts=asked.accounts, expires_at=asked.expires_at
    )
    click.echo(f"{key.id}\n{token}")


@keys.command("list")
@with_app
@owner_options
def list_keys(app: App, caller: Caller) -> None:
    """One line of JSON for each key, newest first."""
    after = None
    while True:
        page = app.keys.page(caller.owner, 500, after)
        for key in page.keys:
            click.echo(json.dumps(views.key(key)))
        if (after := page.next) is None:
            return


@keys.command("revoke")
@with_app
@owner_options
@click.argument("key_id")
def revoke_key(app: App, caller: Caller, key_id: str) -> None:
    """Revoke a key: from now on it is refused."""
    app.keys.revoke(caller.owner, key_id)
    click.echo(f"{key_id} is revoked.")


@main.group()
def accounts() -> None:
    """Connected Gmail accounts."""


@accounts.command("list")
@with_app
@owner_options
def list_accounts(app: App, caller: Caller) -> None:
    """One line of JSON for each account, oldest connection first."""
    after = None
    while True:
        page = app.accounts.page(caller, 500, after)
        for account in page.accounts:
            click.echo(json.dumps(views.account(account, is_default=account.id == page.default), ensure_ascii=False))
        if (after := page.next) is None:
            return


@main.command()
@with_app
@owner_options
@click.option("--account", help="acc_… or its address; the default account if absent.")
@click.option("--to", "recipients", multiple=True, required=True, help="Repeatable.")
@click.option("--subject", required=True)
@click.option("--text", help="Read from standard input if absent.")
@click.option("--attach", multiple=True, type=click.Path(exists=True, dir_okay=False), help="A file; repeatable.")
@click.option("--idempotency-key", help="The same key never sends twice.")
@click.option("--dry-run", is_flag=True, help="Print the message instead of sending it.")
def send(
    app: App,
    caller: Caller,
    account: str | None,
    recipients: tuple[str, ...],
    subject: str,
    text: str | None,
    attach: tuple[str, ...],
    idempotency_key: str | None,
    dry_run: bool,
) -> None:
    """Send a message."""
    from functions.cli.sending import send_message

    body = {
        "account": account,
        "to": list(recipients),
        "subject": subject,
        "text": sys.stdin.read() if text is None else text,
        "dry_run": dry_run,
    }
    click.echo(send_message(app, caller, body, attach, idempotency_key))


for command in (revoke_all, reseal, export_owner, delete_owner, after_restore):
    main.add_command(command)
