"""Email addresses: always structured, never parsed out of a comma-separated string (CVE-2023-27043)."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from functions.domain.characters import label_problem, printable

NAME_LIMIT = 256  # characters
_LOCAL_LIMIT, _ADDRESS_LIMIT = 64, 254  # octets: RFC 5321 §4.5.3.1.1; RFC 3696 erratum 1690

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LOCAL = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*")
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}")
_RESERVED_LABEL = re.compile(r"(?:^|\.)..--")  # RFC 5890 §2.3.1: only `xn--` has a meaning, and it must decode


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox. `email` is kept as it was asked for; `ascii_email` gives the form that goes on the wire."""

    sparse: ClassVar = True
    email: str
    name: str = ""


def name_problem(name: str) -> str:
    """What is wrong with a display name, or "". No name at all is fine, one of blanks is not."""
    if name.isspace():
        return "A display name must not be blank; leave it out."
    if len(name) > NAME_LIMIT:
        return f"A display name has at most {NAME_LIMIT} characters; this one has {len(name)}."
    if "=?" in name:
        # Readers decode RFC 2047 words even where they are not allowed, so `=?` in a name is a way to smuggle.
        return "It holds `=?`, which mail readers take for the start of an encoded word."
    return label_problem(name)


def email_problem(email: str) -> str:
    """What is wrong with a bare address, or "". Only syntax counts: example.com and example.test are fine.

    Stricter than RFC 5322 on purpose: no quoted local part, no comment, no domain literal, no display name, and a
    domain with a dot. What people really use is decided here; email-validator, whose import takes 45 ms, is asked
    only about internationalised domains.
    """
    if len(email) > _ADDRESS_LIMIT:
        return f"An address has at most {_ADDRESS_LIMIT} characters; this one has {len(email)}."
    if problem := label_problem(email):
        return problem
    local, at, domain = email.rpartition("@")
    if not at:
        return "This is no email address: it has no `@`."
    if "=?" in email:
        # CPython up to 3.12.1 decodes `=?utf-8?q?=41=42?=@e.com` to another address.
        return "It holds `=?`, which mail readers take for the start of an encoded word."
    if not local.isascii():
        # It would need SMTPUTF8 (RFC 6531) on every hop, and Gmail does not say that its API accepts it.
        return "Only ASCII letters may stand before the `@`: internationalised mailbox names can't be sent to yet."
    if not _LOCAL.fullmatch(local):
        return _local_problem(local)
    if len(local) > _LOCAL_LIMIT:
        return f"The part before the `@` has at most {_LOCAL_LIMIT} characters; this one has {len(local)}."
    return _domain_problem(domain)


def _local_problem(local: str) -> str:
    if any(c in local for c in "<>,;:\"'() ") or "@" in local:
        return "Give a bare address such as `ana@example.com`; a display name goes into the field `name`."
    return "This is no email address: check the part before the `@`."


@lru_cache(maxsize=1024)
def _domain_problem(domain: str) -> str:
    if not domain.isascii():
        return _encoded_domain(domain)[1]
    if not _DOMAIN.fullmatch(domain):
        return "This is no email address: the part after the `@` must be a domain name with a dot, such as example.com."
    if not domain[-1].isalpha():
        return "This is no email address: a domain name ends with a letter."
    return _encoded_domain(domain)[1] if _RESERVED_LABEL.search(domain) else ""


@lru_cache(maxsize=1024)
def _encoded_domain(domain: str) -> tuple[str, str]:
    """The A-labels of an internationalised domain and "", or "" and what is wrong with it."""
    import unicodedata

    from email_validator import EmailNotValidError, validate_email

    try:
        # globally_deliverable=False: special-use names (RFC 6761) such as example.com are syntax like any other.
        found = validate_email(f"a@{domain}", check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        return "", f"This is no email address: {printable(str(error), 200)}"
    except (ValueError, IndexError):  # idna lets some of its own through for labels that are no valid punycode
        return "", "This is no email address: the domain is not a valid internationalised name."
    ascii_domain = found.ascii_domain or ""
    shown = unicodedata.normalize("NFC", domain).lower()
    if not domain.isascii() and found.domain != shown:
        # UTS 46 maps look-alikes (full-width letters, the ideographic full stop): the caller must mean what is sent.
        return "", f"Write the domain as `{printable(found.domain, 100)}`."
    if not _DOMAIN.fullmatch(ascii_domain) or len(ascii_domain) > _ADDRESS_LIMIT - 2:
        return "", "This is no email address: the part after the `@` must be a domain name with a dot."
    return ascii_domain, ""


def ascii_email(email: str) -> str:
    """The form on the wire: the domain as A-labels (RFC 5891), everything else as it was asked for.

    `email` must have passed `email_problem`. Two addresses are the same mailbox to us if these are equal, lowered.
    """
    if email.isascii():
        return email
    local, _, domain = email.rpartition("@")
    return f"{local}@{_encoded_domain(domain)[0]}"
