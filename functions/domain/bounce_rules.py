"""What a server's refusal means: by its words, which say more than its codes, then by its enhanced status code."""

import re
from enum import StrEnum

RULES = 1  # the version of these rules, kept with what they judged


class Category(StrEnum):
    NO_SUCH_MAILBOX = "no_such_mailbox"
    MAILBOX_DISABLED = "mailbox_disabled"
    DOMAIN_NOT_FOUND = "domain_not_found"
    MAILBOX_FULL = "mailbox_full"
    RATE_LIMITED = "rate_limited"
    UNREACHABLE = "unreachable"
    TOO_LARGE = "too_large"
    SPAM = "spam"
    CONTENT = "content"
    AUTHENTICATION = "authentication"
    BLOCKED = "blocked"
    POLICY = "policy"
    LOOP = "loop"
    OTHER = "other"


# In words, and what is recommended.
ADVICE: dict[Category, tuple[str, str]] = {
    Category.NO_SUCH_MAILBOX: ("There is no such mailbox", "suppress"),
    Category.MAILBOX_DISABLED: ("The mailbox is closed", "suppress"),
    Category.DOMAIN_NOT_FOUND: ("The domain takes no mail", "suppress"),
    Category.MAILBOX_FULL: ("The mailbox is full", "retry_later"),
    Category.RATE_LIMITED: ("The receiving server asks for less mail at a time", "retry_later"),
    Category.UNREACHABLE: ("The receiving server could not be reached", "retry_later"),
    Category.TOO_LARGE: ("The message is too large for the recipient", "fix_content"),
    Category.SPAM: ("The receiving server takes the message for spam", "fix_content"),
    Category.CONTENT: ("The receiving server refuses what is in the message", "fix_content"),
    Category.AUTHENTICATION: ("The receiving server can't verify the sender's domain", "fix_authentication"),
    Category.BLOCKED: ("The receiving server blocks the sender", "contact_postmaster"),
    Category.POLICY: ("The receiving server's rules refuse the message", "contact_postmaster"),
    Category.LOOP: ("The message went round in circles", "contact_postmaster"),
    Category.OTHER: ("The receiving server did not take the message", "review"),
}
# Only what is wrong with the address itself is for good: everything else may be mended, by the sender or by time.
_ABOUT_THE_ADDRESS = frozenset({Category.NO_SUCH_MAILBOX, Category.MAILBOX_DISABLED, Category.DOMAIN_NOT_FOUND})

_WHO = "(?:user|recipient|mailbox|account|address)"
_GONE = "(?:disabled|inactive|deactivated|suspended|closed|expired|locked)"
_CHECKS = "(?:spf|dkim|dmarc)"
# In the order in which they decide. Servers' words are mostly English, whatever the reader's language.
_WORDS: tuple[tuple[Category, str], ...] = (
    (Category.POLICY, r"notauthenticatedfor|resolver\.rst\."),  # Exchange: for members only
    # About the sender, though it may say "domain does not exist".
    (
        Category.POLICY,
        r"sender (?:address|domain|verif\w+)[^.]{0,60}(?:reject|fail|not exist|not found|invalid|denied)",
    ),
    (
        Category.AUTHENTICATION,
        rf"unauthenticated|not authenticated|authentication (?:fail|check|did not pass)"
        rf"|{_CHECKS}\S* (?:\w+ ){{0,4}}(?:fail|reject|not pass|policy|unaligned)"
        rf"|(?:fail|pass)\w* (?:\w+ ){{0,3}}{_CHECKS}",
    ),
    (
        Category.DOMAIN_NOT_FOUND,
        r"nxdomain|null mx|doesn'?t receive email|host (?:or domain name )?not found|no relevant answers|no mx record"
        r"|domain[^.]{0,80}(?:not found|couldn'?t be found|(?:does not|doesn'?t) exist)|unrouteable address"
        r"|name service error",
    ),
    (
        Category.MAILBOX_FULL,
        r"over ?quota|quota (?:exceeded|full)|exceed\w* (?:\w+ ){0,3}quota|out of storage|insufficient (?:\w+ )?storage"
        r"|(?:mailbox|inbox|storage) (?:is |has )?(?:full|exceeded)",
    ),
    (
        Category.MAILBOX_DISABLED,
        rf"{_WHO}[^.]{{0,60}} {_GONE}\b|{_GONE} {_WHO}|no longer (?:active|available|valid|in use|employed)",
    ),
    (
        Category.NO_SUCH_MAILBOX,
        rf"nosuchuser|recipientnotfound|resolver\.adr\.\w*notfound|no such (?:{_WHO}|person)"
        rf"|(?:unknown|invalid) {_WHO}|{_WHO}s? (?:\S+ )?(?:is |was |are )?(?:unknown|not found|invalid|unavailable)"
        r"|(?:does not|doesn'?t) (?:exist|have an? \S+ account)|not our customer|no mailbox here|is not a known user"
        r"|address couldn'?t be found|address rejected: (?:access denied|undeliverable)",
    ),
    (
        Category.TOO_LARGE,
        r"too (?:large|big)|size limit|size exceed|exceed\w* (?:\w+ ){0,4}(?:size|length)",
    ),
    (
        Category.RATE_LIMITED,
        r"rate limit|too (?:many|much) (?:messages|mail|connections|recipients|requests)|mail at a rate|throttl"
        r"|unusual rate|sending rate|gr[ae]y-?list",
    ),
    (Category.CONTENT, r"virus|malware|infected|attachment (?:type|extension)|blocked attachment|prohibited file"),
    (
        Category.BLOCKED,
        r"spamhaus|\brbl\b|dnsbl|(?:block|black) ?list|listed (?:in|at|on|by)|blocked using|reputation|banned"
        r"|ip (?:address )?(?:\S+ )?(?:is |has been )?blocked|client host .{0,60}(?:blocked|rejected)",
    ),
    (Category.SPAM, r"spam|unsolicited|bulk mail|\bjunk|phishing"),
    (Category.LOOP, r"mail loop|routing loop|too many hops|hop count|loops back"),
    (
        Category.POLICY,
        r"polic(?:y|ies)|not (?:permitted|allowed|authorized)|access denied|permission|restricted|administrative"
        r"|prohibit|relay(?:ing)? denied",
    ),
    (
        Category.UNREACHABLE,
        r"timed? ?out|connection (?:refused|reset|dropped|lost)|did not accept our requests|could ?n.t connect|no route"
        r"|unreachable|temporar\w+ (?:fail|unavail|system|local|problem)|try again later|server (?:busy|unavailable)",
    ),
)
_COMPILED = tuple((category, re.compile(pattern, re.IGNORECASE)) for category, pattern in _WORDS)

# Subject and detail of RFC 3463, and of the registry it founded: for servers that say nothing else.
_CODES: dict[str, Category] = {
    "1.1": Category.NO_SUCH_MAILBOX,
    "1.2": Category.DOMAIN_NOT_FOUND,
    "1.3": Category.NO_SUCH_MAILBOX,
    "1.6": Category.NO_SUCH_MAILBOX,  # moved, and nobody says where
    "1.10": Category.DOMAIN_NOT_FOUND,  # RFC 7505: null MX
    "2.1": Category.MAILBOX_DISABLED,
    "2.2": Category.MAILBOX_FULL,
    "2.3": Category.TOO_LARGE,
    "3.1": Category.MAILBOX_FULL,
    "3.4": Category.TOO_LARGE,
    "4.5": Category.RATE_LIMITED,
    "4.6": Category.LOOP,
    "4.310": Category.DOMAIN_NOT_FOUND,  # Exchange Online's
    "5.3": Category.RATE_LIMITED,
    "7.20": Category.AUTHENTICATION,  # RFC 7372
    "7.21": Category.AUTHENTICATION,
    "7.22": Category.AUTHENTICATION,
    "7.23": Category.AUTHENTICATION,
    "7.24": Category.AUTHENTICATION,
    "7.25": Category.AUTHENTICATION,
    "7.26": Category.AUTHENTICATION,
    "7.27": Category.AUTHENTICATION,  # RFC 7505: the sender's domain takes no mail
    "7.28": Category.RATE_LIMITED,
    "7.515": Category.AUTHENTICATION,  # Outlook's
}
_SUBJECTS = {"4": Category.UNREACHABLE, "6": Category.CONTENT, "7": Category.POLICY}


def classify(status: str, diagnostic: str) -> Category:
    """`status` as RFC 3463 writes it, such as 5.1.1, or ""."""
    text = " ".join(diagnostic.split())[:2000]
    for category, pattern in _COMPILED:
        if pattern.search(text):
            return category
    kind, _, rest = status.partition(".")
    fallback = Category.UNREACHABLE if kind == "4" else Category.OTHER
    return _CODES.get(rest) or _SUBJECTS.get(rest.partition(".")[0], fallback)


def is_hard(status: str, category: Category) -> bool:
    """Whether it is of no use ever to write to this address again.

    A mailbox that was not there for the moment (4.1.1) may be there again. A domain that is not there Gmail reports as
    4.0.0, after it has tried for as long as it does.
    """
    if category is Category.DOMAIN_NOT_FOUND:
        return True
    return category in _ABOUT_THE_ADDRESS and not status.startswith("4")


def refined(status: str, diagnostic: str) -> str:
    """The more specific of the report's status and the one in the server's own words; "" where neither says."""
    said = re.search(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])", diagnostic[:2000])
    if status and not status.endswith(".0.0"):
        return status
    return said[1] if said else status
