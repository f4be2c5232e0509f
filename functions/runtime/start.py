"""Starting a process: settings once, or a clear end."""

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
