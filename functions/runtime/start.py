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
        os.sched_setaffinity(0, {free_core(sorted(os.sched_getaffinity(0)))})


def free_core(allowed: list[int]) -> int:
    """One of them, for the life of this process; if possible one that no other server of this machine has taken.
    Raises OSError."""
    import socket

    first = int.from_bytes(os.urandom(2)) % len(allowed)
    for core in (*allowed[first:], *allowed[:first]):
        # A name that one process at a time can have, gone with the process: unix(7), "abstract".
        mark = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            mark.bind(f"\0gmail-integration-core-{core}")
        except OSError:
            mark.close()
            continue
        _marks.append(mark)
        return core
    return allowed[first]


_marks: list[object] = []  # open for as long as the process is there
