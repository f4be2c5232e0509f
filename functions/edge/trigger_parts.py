"""The parts of a trigger's body into typed values: what is wrong is added to the fields' problems."""

import re
from collections.abc import Callable
from typing import cast

from functions.domain import signatures, triggers
from functions.domain.addresses import email_problem
from functions.domain.characters import line_problem
from functions.domain.fields import Fields
from functions.domain.ids import looks_like
from functions.domain.mapping import domain_problem
from functions.domain.signatures import HMAC, HmacRules
from functions.domain.signed_headers import Algorithm, Encoding
from functions.domain.template_values import key_problem
from functions.domain.triggers import Mapping, Rate, RecipientRule

ROTATE = "POST /api/gmail/triggers/{id}/secrets/ makes a new one, or takes yours."
_PREFIX_LIMIT = 40  # characters
# RFC 9110 allows more; servers drop what has an underscore, since WSGI takes it for a hyphen.
HEADER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}")
_UNSIGNED_HEADERS = ("content-length", "content-type", "cookie", "host", "transfer-encoding")


def template(fields: Fields) -> tuple[str, int | None]:
    if not fields.has("template"):
        return "", None
    inner = Fields(fields.data["template"], "/template", fields.problems, ("id", "version"))
    found = inner.text("id", lambda v: "" if looks_like("tpl", v) else "This is no template's id.", required=True)
    return found or "", inner.integer("version", 1, 1_000_000)


def mapping(fields: Fields) -> Mapping:
    if not fields.has("mapping"):
        fields.wrong("mapping", "This is required: it says who gets the message.")
        return Mapping()
    names = ("to", "cc", "bcc", "reply_to")
    inner = Fields(fields.data["mapping"], "/mapping", fields.problems, ("variables", *names))
    variables = {}
    for at, name, value in inner.pairs("variables", triggers.VARIABLES_LIMIT):
        if problem := key_problem(name):
            inner.problems.add(at, problem)
        elif not isinstance(value, str):
            inner.problems.add(at, "This must be a JMESPath expression, as a string.")
        else:
            variables[name] = value
    rules = {name: _rules(inner, name) for name in names}
    wanted = [inner.data.get(name) for name in ("to", "cc", "bcc")]
    if not any(wanted):
        inner.wrong("to", "At least one recipient is needed, in to, cc or bcc.")
    return Mapping(variables, **rules)


def _rules(fields: Fields, name: str) -> tuple[RecipientRule, ...]:
    found = []
    for at, value in fields.items(name, triggers.RECIPIENTS_LIMIT):
        inner = Fields(value, at, fields.problems, ("email", "path"))
        email = inner.text("email", email_problem)
        path = inner.text("path", limit=triggers.EXPRESSION_LIMIT)
        if isinstance(value, dict) and inner.has("email") == inner.has("path"):
            inner.problems.add(at, "Give either `email`, a fixed address, or `path`, where the payload has one.")
        elif email or path:
            found.append(RecipientRule(email or "", path or ""))
        elif path == "":
            inner.wrong("path", "An expression is required; `@` stands for the whole payload.")
    return tuple(found)


def hmac(fields: Fields, scheme: str) -> HmacRules | None:
    if not fields.has("hmac"):
        if scheme == HMAC:
            fields.wrong("hmac", "The scheme `hmac` needs to know how the sender signs: at least the `header`.")
        return None
    if scheme and scheme != HMAC:
        fields.wrong("hmac", "This goes with the scheme `hmac` only.")
    names = ("header", "encoding", "prefix", "algorithm", "id_header", "timestamp_header")
    inner = Fields(fields.data["hmac"], "/hmac", fields.problems, names)
    return HmacRules(
        header=inner.text("header", _header_problem, required=True) or "",
        encoding=cast(Encoding, inner.choice("encoding", ("hex", "base64")) or "hex"),
        prefix=inner.text("prefix", line_problem, limit=_PREFIX_LIMIT) or "",
        algorithm=cast(Algorithm, inner.choice("algorithm", ("sha256", "sha512")) or "sha256"),
        id_header=inner.text("id_header", _optional(_header_problem)) or "",
        timestamp_header=inner.text("timestamp_header", _optional(_header_problem)) or "",
    )


def domains(fields: Fields) -> tuple[str, ...]:
    found: list[str] = []
    for at, value in fields.items("allowed_domains", triggers.DOMAINS_LIMIT):
        problem = domain_problem(value) if isinstance(value, str) else "This must be a domain, as a string."
        if problem:
            fields.problems.add(at, problem)
        elif value.lower() in found:
            fields.problems.add(at, "This is given twice.")
        else:
            found.append(value.lower())
    return tuple(found)


def rate(fields: Fields) -> Rate:
    if not fields.has("rate"):
        return Rate()
    inner = Fields(fields.data["rate"], "/rate", fields.problems, ("per_minute", "per_day"))
    return Rate(
        inner.integer("per_minute", 1, triggers.PER_MINUTE_LIMIT), inner.integer("per_day", 1, triggers.PER_DAY_LIMIT)
    )


def secrets(fields: Fields, scheme: str) -> tuple[str, ...]:
    found = []
    for at, value in fields.items("secrets", triggers.MAX_SECRETS):
        if not isinstance(value, str):
            fields.problems.add(at, "This must be a secret, as a string.")
            continue
        try:
            if scheme:
                signatures.secret_bytes(scheme, value)
            found.append(value)
        except ValueError as error:
            fields.problems.add(at, str(error))
    return tuple(found)


def shown_secrets(fields: Fields) -> tuple[()]:
    """Those that stay, as an answer shows them. Nobody who gives others may believe that they are good now."""
    for at, value in fields.items("secrets", triggers.MAX_SECRETS):
        if not isinstance(value, dict) or not value.keys() <= {"created_at", "expires_at"}:
            fields.problems.add(at, f"The secrets stay as they are here. {ROTATE}")
    return ()


def _header_problem(value: str) -> str:
    if value.lower() in _UNSIGNED_HEADERS:
        return "This header is the transport's own."
    return "" if HEADER.fullmatch(value) else "A header's name has 1 to 100 letters, digits and hyphens."


def _optional(check: Callable[[str], str]) -> Callable[[str], str]:
    return lambda value: check(value) if value else ""
