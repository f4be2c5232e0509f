"""What a trigger takes out of a payload: whether it counts, the template's variables, and who gets the message.

A payload never chooses a recipient outside the rules: what a path gives must be a bare address of an allowed domain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from functions.domain.addresses import Address, ascii_email, email_problem
from functions.domain.characters import printable
from functions.domain.fields import pointer_to
from functions.domain.messages import RECIPIENTS_LIMIT, REPLY_TO_LIMIT
from functions.domain.trigger_ports import PathFailed, Paths
from functions.domain.triggers import ANY_DOMAIN, Mapping, RecipientRule

_SUBDOMAINS = "*."
_ROUTES = frozenset("%!")


@dataclass(frozen=True, slots=True)
class Mapped:
    """`variables` are JSON values; what the payload does not have is not among them."""

    variables: dict[str, Any]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    reply_to: tuple[Address, ...]


class MappingFailed(Exception):
    """`code`: `path_failed`, `invalid_recipient`, `recipient_not_allowed`, `too_many_recipients` or `no_recipient`.
    `pointer` points into the trigger; `detail` is for its owner, and may show an address of the payload."""

    def __init__(self, code: str, detail: str, pointer: str) -> None:
        super().__init__(f"{pointer}: {detail}")
        self.code = code
        self.detail = detail
        self.pointer = pointer


def domain_problem(allowed: str) -> str:
    """What is wrong with one of a trigger's allowed domains, or ""."""
    if allowed == ANY_DOMAIN or not email_problem(f"a@{allowed.removeprefix(_SUBDOMAINS)}"):
        return ""
    return "This must be a domain such as example.com, *.example.com for its subdomains, or * for every domain."


def wanted(filter_expression: str, payload: Any, paths: Paths) -> bool:
    """Whether the payload counts: where the filter gives something. As JMESPath has it, null, false, an empty string,
    list and object are nothing, and 0 is something. Raises MappingFailed."""
    if not filter_expression:
        return True
    found = _evaluated(filter_expression, payload, paths, "/filter")
    return not (found is None or found is False or found in ("", [], {}))


def mapped(mapping: Mapping, allowed_domains: Sequence[str], payload: Any, paths: Paths) -> Mapped:
    """Raises MappingFailed for the first thing that is wrong."""
    paths = paths.together()
    variables = {}
    for name, expression in mapping.variables.items():
        value = _evaluated(expression, payload, paths, pointer_to("/mapping/variables", name))
        if value is not None:
            variables[name] = value
    to, cc, bcc, reply_to = (
        _addresses(name, rules, allowed_domains, payload, paths)
        for name, rules in (
            ("to", mapping.to),
            ("cc", mapping.cc),
            ("bcc", mapping.bcc),
            ("reply_to", mapping.reply_to),
        )
    )
    recipients = len(to) + len(cc) + len(bcc)
    if not recipients:
        raise MappingFailed(
            "no_recipient", "The payload has no address where the paths of the recipients lead.", "/mapping/to"
        )
    if recipients > RECIPIENTS_LIMIT:
        _too_many(f"A message has at most {RECIPIENTS_LIMIT} recipients; these are {recipients}.", "/mapping")
    if len(reply_to) > REPLY_TO_LIMIT:
        _too_many(f"At most {REPLY_TO_LIMIT} addresses are allowed; these are {len(reply_to)}.", "/mapping/reply_to")
    return Mapped(variables, to, cc, bcc, reply_to)


def _addresses(
    name: str, rules: Sequence[RecipientRule], allowed: Sequence[str], payload: Any, paths: Paths
) -> tuple[Address, ...]:
    """Each address once, in the order of the rules."""
    found: dict[str, Address] = {}
    for index, rule in enumerate(rules):
        at = f"/mapping/{name}/{index}"
        emails = [rule.email] if rule.email else _emails(rule.path, allowed, payload, paths, f"{at}/path")
        for email in emails:
            found.setdefault(ascii_email(email).lower(), Address(email))
    return tuple(found.values())


def _emails(path: str, allowed: Sequence[str], payload: Any, paths: Paths, at: str) -> list[str]:
    value = _evaluated(path, payload, paths, at)
    if value in (None, "", []):
        return []
    values = value if isinstance(value, list) else [value]
    if len(values) > RECIPIENTS_LIMIT:
        _too_many(f"A message has at most {RECIPIENTS_LIMIT} recipients; the path gives {len(values)}.", at)
    for email in values:
        if not isinstance(email, str):
            raise MappingFailed("invalid_recipient", "The path must give an address, or a list of addresses.", at)
        if problem := email_problem(email):
            raise MappingFailed("invalid_recipient", f"The path gives `{printable(email)}`. {problem}", at)
        if not _allowed(email, allowed):
            detail = f"The path gives `{printable(email)}`, whose domain is not among the trigger's allowed_domains."
            raise MappingFailed("recipient_not_allowed", detail, at)
    return values


def _allowed(email: str, allowed: Sequence[str]) -> bool:
    if ANY_DOMAIN in allowed:
        return True
    # Old mail servers take these for the way to another domain, and pass the message on (RFC 1123 §5.2.16).
    if _ROUTES & set(email.rpartition("@")[0]):
        return False
    domain = _domain(email)
    for entry in allowed:
        if domain_problem(entry):
            continue
        parent = _domain(f"a@{entry.removeprefix(_SUBDOMAINS)}")
        if domain.endswith(f".{parent}") if entry.startswith(_SUBDOMAINS) else domain == parent:
            return True
    return False


def _domain(email: str) -> str:
    """As A-labels (RFC 5891) in lower case, so that one domain has one spelling."""
    return ascii_email(email).rpartition("@")[2].lower()


def _evaluated(expression: str, payload: Any, paths: Paths, at: str) -> Any:
    try:
        return paths.evaluate(expression, payload)
    except PathFailed as error:
        raise MappingFailed("path_failed", error.detail, at) from error


def _too_many(detail: str, at: str) -> None:
    raise MappingFailed("too_many_recipients", detail, at)
