"""The scopes this Google knows, what a person is told about them, and the order Google answers them in."""

from collections.abc import Iterable

EMAIL = "https://www.googleapis.com/auth/userinfo.email"
PROFILE = "https://www.googleapis.com/auth/userinfo.profile"
OPENID = "openid"
GMAIL = "https://www.googleapis.com/auth/gmail."
FULL = "https://mail.google.com/"

ALIASES = {"email": EMAIL, "profile": PROFILE}

# What the consent page says, in Google's words.
DESCRIPTIONS = {
    EMAIL: "See your primary Google Account email address",
    PROFILE: "See your personal info, including any personal info you've made publicly available",
    GMAIL + "send": "Send email on your behalf",
    GMAIL + "readonly": "View your email messages and settings",
    GMAIL + "compose": "Manage drafts and send emails",
    GMAIL + "modify": "Read, compose, and send emails from your Gmail account",
    GMAIL + "metadata": "View your email message metadata such as labels and headers, but not the email body",
    GMAIL + "labels": "See and edit your email labels",
    GMAIL + "insert": "Add emails into your Gmail mailbox",
    GMAIL + "settings.basic": "See, edit, create, or change your email settings and filters in Gmail",
    FULL: "Read, compose, send, and permanently delete all your email from Gmail",
}

KNOWN = frozenset(DESCRIPTIONS) | {OPENID}


class UnknownScopes(Exception):
    """`args[0]` is the list of scopes that do not exist."""


def parse(text: str) -> list[str]:
    """Space-separated scopes as Google names them, in `canonical` order. Raises UnknownScopes."""
    scopes = [ALIASES.get(scope, scope) for scope in text.split()]
    unknown = [scope for scope in scopes if scope not in KNOWN]
    if unknown:
        raise UnknownScopes(unknown)
    return canonical(scopes)


def canonical(scopes: Iterable[str]) -> list[str]:
    """Google answers scopes in an order of its own, not in the asked one, and never the short names."""

    def rank(scope: str) -> tuple[int, str]:
        return ([PROFILE, EMAIL, OPENID].index(scope) + 1 if scope in (PROFILE, EMAIL, OPENID) else 0, scope)

    return sorted(set(scopes), key=rank)


def without(scopes: Iterable[str], unticked: Iterable[str]) -> list[str]:
    """`unticked` may be short: `gmail.readonly` means `https://www.googleapis.com/auth/gmail.readonly`."""
    endings = [ALIASES.get(name, name).rsplit("/auth/", 1)[-1] for name in unticked]
    return [scope for scope in scopes if scope == OPENID or scope.rsplit("/auth/", 1)[-1] not in endings]
