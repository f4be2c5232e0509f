"""What the services need for turning a template and values into what a mail shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from functions.domain.template_values import UNSUBSCRIBE_PLACEHOLDER
from functions.domain.templates import TemplateBody, TemplateVersion


@dataclass(frozen=True, slots=True)
class Rendered:
    """A subject, an html that mail clients show right (a whole document, sanitised, CSS inlined), and its text.

    `html` is empty where the template has none. `unused`: the variables that are declared and never named.
    """

    subject: str
    html: str
    text: str
    unused: tuple[str, ...] = ()


class Templating(Protocol):
    """Liquid: strict, limited, auto-escaping."""

    def check(self, body: TemplateBody, *, layout: bool = False) -> None:
        """Raises InvalidRequest with a pointer for each problem (`/html`, `/subject`, `/variables/0/key`, …): syntax
        errors with line and column, names that are not declared, tags that are not allowed."""
        ...

    def render(
        self,
        version: TemplateVersion,
        variables: Mapping[str, Any],
        at: str = "/template/variables",
        unsubscribe: str = UNSUBSCRIBE_PLACEHOLDER,
    ) -> Rendered:
        """`unsubscribe`: a URL for `unsubscribe_url`, which stays as it is.

        Raises MissingVariable, InvalidMessage (a value of the wrong type, one that is not declared, a limit reached)
        with pointers below `at`, into the variables."""
        ...

    def text(self, html: str) -> str:
        """What a reader of plain text sees of an html that was not rendered here: a signature, a caller's own body."""
        ...
