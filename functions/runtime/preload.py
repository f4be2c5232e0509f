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
    "firestore": "functions.adapters.firestore",
    "gs": "functions.adapters.cloud_storage",
    "cloudtasks": "functions.adapters.cloud_tasks",
    "secretmanager": "functions.adapters.secret_manager",
}


def preload(function: str, settings: Settings) -> None:
    if function not in PRELOADED:
        return
    urls = [settings.store_url, settings.tasks_url, settings.secrets_url]
    if PRELOADED[function] is _SENDING:
        urls.append(settings.blobs_url)
    schemes = (url.partition(":")[0] for url in urls)
    for module in (*PRELOADED[function], *(_BY_SCHEME[s] for s in schemes if s in _BY_SCHEME)):
        importlib.import_module(module)
