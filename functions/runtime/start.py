"""Starting a process: settings once, or a clear end."""

import contextlib
import os
from functools import cache

from functions.runtime import settings
from functions.runtime.wiring import App


@cache
def start() -> App:
    """The process's one App. Ends the process, naming each variable, where the settings are wrong."""
    try:
        return App(settings.load(os.environ))
    except settings.SettingsError as error:
        raise SystemExit(f"The configuration is not right:\n{error}") from None


def stay_on_one_core() -> None:
    """Has each server that is forked from now on keep to one core. Where that can't be had, nothing happens.

    Python computes in one thread at a time. On several cores the next thread wakes up on another one while the last
    still runs, at every call of the system, and each time they wait for each other: docs/decisions/0020-one-core.md.
    """
    if hasattr(os, "sched_setaffinity"):  # Linux
        os.register_at_fork(after_in_child=_choose_core)


def _choose_core() -> None:
    with contextlib.suppress(OSError):  # some sandboxes refuse it
        allowed = sorted(os.sched_getaffinity(0))
        # By chance, so that several processes of one machine do not all choose the same.
        os.sched_setaffinity(0, {allowed[int.from_bytes(os.urandom(2)) % len(allowed)]})
