"""What operators do to all accounts or to one owner; they need rights on the store, the files and the secrets."""

import json
from collections.abc import Callable, Mapping

import click

from functions.cli.options import owner_of, with_app
from functions.domain import times
from functions.runtime.wiring import App
from functions.services.resealing import PASSING

yes_option = click.option("--yes", is_flag=True, help="Don't ask.")


def one_owner(command: Callable[..., None]) -> Callable[..., None]:
    command = click.option("--issuer", help="Issuer of that `sub`, where AUTH_ISSUERS names several.")(command)
    return click.argument("owner")(command)


@click.command("revoke-all")
@with_app
@click.option("--dry-run", is_flag=True, help="Only say how many accounts it would be.")
@yes_option
def revoke_all(app: App, dry_run: bool, yes: bool) -> None:
    """Revoke every token at Google. Nothing is sent until its owner connects the account again.

    Ends with 1 where Google could not be told of some: run it again, it goes on with those.
    """
    click.echo(f"{app.revoking.waiting()} accounts have a token.")
    if dry_run:
        return
    if not yes:
        click.confirm("Revoke all of them? Every owner has to connect again", abort=True)
    done = app.revoking.revoke_all()
    _print(done)
    if done.get("unreadable"):
        click.echo(
            "What can't be read can't be revoked one by one: delete the OAuth client in the Google Cloud console."
        )
    if left := app.revoking.waiting():  # Google was away, or somebody has just connected
        raise click.ClickException(f"{left} accounts still have a token: run it again.")


@click.command()
@with_app
@click.option("--dry-run", is_flag=True, help="Only say what is sealed under older keys.")
def reseal(app: App, dry_run: bool) -> None:
    """Seal everything again under the newest version of gmail-token-key, so that older ones can be disabled.

    First give every function new instances: those of before the rotation still seal under the version that they know.
    Ends with 1 where it has to be run again.
    """
    found = app.resealing.old()
    click.echo(f"The newest version is {app.token_ring.newest}. Under older ones are:")
    _print(found)
    if dry_run:
        return
    done = app.resealing.reseal()
    _print(done)
    left = app.resealing.old()
    passing = {name: count for name, count in left.items() if name in PASSING}
    if done.get("unreadable"):
        click.echo("What is unreadable is so already: its key is gone. No version that is left opens it.")
    if sum(left.values()) - sum(passing.values()) > done.get("unreadable", 0):
        raise click.ClickException("Something came to be sealed under an older version meanwhile: run it again.")
    if passing:
        click.echo("What goes by itself, within a week:")
        _print(passing)
    else:
        click.echo(f"Nothing needs a version below {app.token_ring.newest} any more.")


@click.command("export-owner")
@with_app
@one_owner
def export_owner(app: App, owner: str, issuer: str | None) -> None:
    """Print every record of OWNER (own_… or the `sub` of an ID token) as NDJSON, without tokens and secrets."""
    for row in app.exporting.rows(owner_of(app, owner, issuer)):
        click.echo(json.dumps(row, ensure_ascii=False))


@click.command("delete-owner")
@with_app
@one_owner
@click.option("--dry-run", is_flag=True, help="Only say what there is.")
@yes_option
def delete_owner(app: App, owner: str, issuer: str | None, dry_run: bool, yes: bool) -> None:
    """Delete everything of OWNER (own_… or the `sub` of an ID token), and revoke its tokens at Google.

    It can't be undone. If it is cut off, run it again: it goes on. It takes half a minute at least, for as long as
    functions may remember what is gone.
    """
    owner_id = owner_of(app, owner, issuer)
    found = app.erasing.counts(owner_id)
    _print(found)
    if not found:
        click.echo(f"There is no record of {owner_id}.")
    if dry_run:
        return
    if not yes:
        click.confirm(f"Delete all of this, and the files of {owner_id}?", abort=True)
    app.erasing.erase(owner_id)
    click.echo(f"{owner_id} is deleted.")


@click.command("after-restore")
@with_app
@click.option("--made-at", required=True, help="What the restored records are of, such as 2026-11-25T08:00:00Z.")
@click.option("--scheduled", is_flag=True, help="Also those whose time has not come: their owner may have moved them.")
@click.option("--dry-run", is_flag=True, help="Only say how many sends it would be.")
def after_restore(app: App, made_at: str, scheduled: bool, dry_run: bool) -> None:
    """After the records came from a backup, before queue and sweep run again: nothing is sent twice.

    Sends that are open become `unknown`, and are looked for in their mailboxes.
    """
    time = times.parse(made_at)
    if time is None or time > app.clock():
        raise click.UsageError("--made-at must be a time in the past, with its offset.")
    if dry_run:
        click.echo(f"{len(app.restoring.in_doubt(scheduled=scheduled))} sends are open.")
        return
    click.echo(f"{app.restoring.doubt(time, scheduled=scheduled)} sends will be looked for in their mailboxes.")


def _print(counts: Mapping[str, int]) -> None:
    for name, count in sorted(counts.items()):
        click.echo(f"{count:>8} {name}")
