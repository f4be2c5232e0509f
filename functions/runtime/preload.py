"""Importing at start what a function needs at its first message anyway: the cost moves out of the first answer,
and the memory into what the process has at rest. Modules only: clients don't survive the server's fork.
"""

import importlib

from functions.runtime.settings import Settings

_SENDING = (
    "functions.adapters.gmail",
    "functions.adapters.google_oauth",
    "functions.adapters.sealing",
    "functions.services.composing",
    "functions.services.sending",
)
_RECEIVING = (
    "functions.adapters.jmespath_paths",
    "functions.adapters.sealing",
    "functions.services.receiving",
    "functions.services.trigger_rates",
)
PRELOADED = {"send": _SENDING, "deliver": _SENDING, "webhook": _RECEIVING}
_BY_SCHEME = {
    "sqlite": "functions.adapters.sqlite",
    "firestore": "functions.adapters.firestore_direct",
    "secretmanager": "functions.adapters.secret_manager",
}
_OFFICIAL = {
    "firestore": "functions.adapters.firestore_official",
    "secretmanager": "functions.adapters.secret_manager_official",
}


def preload(function: str, settings: Settings) -> None:
    if function not in PRELOADED:
        return
    schemes = [url.partition(":")[0] for url in (settings.store_url, settings.secrets_url)]
    heavy = {**_BY_SCHEME, **(_OFFICIAL if settings.official_clients else {})}
    for module in (*PRELOADED[function], *(heavy[s] for s in schemes if s in heavy)):
        importlib.import_module(module)
