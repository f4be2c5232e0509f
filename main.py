"""The functions that are deployed. Only the one that is asked for is imported (PEP 562)."""

import gc
import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Request, Response

FUNCTIONS = (
    "authorize",
    "callback",
    "send",
    "list",
    "delete",
    "update",
    "history",
    "templates",
    "attachments",
    "triggers",
    "webhook",
    "endpoints",
    "suppressions",
    "keys",
    "track",
    "deliver",
    "notify",
    "sweep",
    "console",
)


def __getattr__(name: str) -> "Callable[[Request], Response]":
    """The function of this name. Wrong settings end the process here, at start, with a line for each."""
    if name not in FUNCTIONS:
        raise AttributeError(name)
    from functions.runtime.preload import preload
    from functions.runtime.start import start, stay_on_one_core

    # Imports make tens of thousands of objects that stay: looking through them for garbage takes a tenth of a start.
    gc.disable()
    app = start()
    preload(name, app.settings)
    endpoint: Any = importlib.import_module(f"functions.{name}").endpoint
    gc.freeze()
    gc.enable()
    stay_on_one_core()

    # The framework wants a plain function, not a callable object.
    def function(request: "Request") -> "Response":
        answer: Response = endpoint(request, app)
        return answer

    function.__name__ = name
    globals()[name] = function  # asked for twice: hasattr, then getattr
    return function
