"""The settings, read once from the environment: the only module that reads it.

Local schemes are the defaults, and are refused where `K_SERVICE` says that this is a deployed function.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

LOCAL_PORT = 8000
SANDBOX_CLIENT = ("sandbox.apps.localhost", "sandbox-secret")
SANDBOX_TOPIC = "projects/sandbox/topics/gmail"
SANDBOX_PUSH_ACCOUNT = "gmail-push@sandbox.example"
METADATA_HOST = "metadata.google.internal"

SCHEMES = {
    "STORE_URL": ("sqlite", "firestore"),
    "BLOBS_URL": ("file", "gs"),
    "TASKS_URL": ("local", "cloudtasks"),
    "SECRETS_URL": ("file", "secretmanager"),
}
LOCAL_SCHEMES = {"sqlite", "file", "local"}
LOCAL_DEFAULTS = {
    "STORE_URL": "sqlite:///.data/gmail.db",
    "BLOBS_URL": "file:.data/blobs",
    "TASKS_URL": "local:",
    "SECRETS_URL": "file:.data/secrets",
    "PUBLIC_URL": f"http://localhost:{LOCAL_PORT}",  # with another PORT, that one
}
GOOGLE_URLS = {
    "GOOGLE_AUTHORIZE_URL": ("https://accounts.google.com/o/oauth2/v2/auth", "/o/oauth2/v2/auth"),
    "GOOGLE_TOKEN_URL": ("https://oauth2.googleapis.com/token", "/token"),
    "GOOGLE_REVOKE_URL": ("https://oauth2.googleapis.com/revoke", "/revoke"),
    "GOOGLE_JWKS_URL": ("https://www.googleapis.com/oauth2/v3/certs", "/oauth2/v3/certs"),
    "GOOGLE_ISSUER": ("https://accounts.google.com", ""),
    "GMAIL_API_URL": ("https://gmail.googleapis.com", ""),
}
# Where a value lies that is not given itself. A version is a number, or the newest: aliases are not looked up.
SECRET_REFERENCE = re.compile(
    r"secretmanager://(?:projects/)?(?P<project>[a-z0-9:.-]+)/(?:secrets/)?(?P<name>[A-Za-z0-9_-]{1,255})"
    r"/versions/(?P<version>latest|[1-9][0-9]{0,8})"
)


class SettingsError(Exception):
    """Every wrong variable, one line each: `NAME: what is wrong and what to set`."""


@dataclass(frozen=True)
class Settings:
    """All of the configuration. URLs carry no trailing slash."""

    client_id: str
    client_secret: str = field(repr=False)  # the secret itself, or secretmanager://…/versions/N
    public_url: str
    store_url: str
    blobs_url: str
    tasks_url: str
    secrets_url: str
    authorize_url: str
    token_url: str
    revoke_url: str
    jwks_url: str
    issuer: str
    gmail_api_url: str
    auth_issuers: tuple[tuple[str, str], ...]  # (issuer, audience)
    owner_claim: str
    allowed_origins: tuple[str, ...]
    return_urls: tuple[str, ...]
    local_api_key: str = field(repr=False)
    port: int
    units_per_minute: int  # Gmail's quota units an account may use
    tasks_account: str  # the service account whose tokens may call /tasks/…
    gmail_topic: str  # of Pub/Sub, that Gmail pushes to; "": mailboxes are only looked into from time to time
    push_account: str  # the service account whose tokens may call /tasks/notify
    in_cloud: bool
    sandbox: bool  # the pretend Google is used
    proxies: int = 0  # of our own in front of the functions, whose addresses come last in X-Forwarded-For
    revision: str = ""  # of the deployed function, as the platform names it
    firestore_emulator: str = ""  # host:port
    metadata_host: str = ""  # the cloud's, that gives out access tokens; empty on a laptop
    official_clients: bool = False  # Google's client libraries where this has smaller ones of its own
    endpoints_allow: tuple[str, ...] = ()  # host:port that events may go to though private, and http on this machine

    @property
    def redirect_uri(self) -> str:
        return f"{self.public_url}/api/gmail/oauth2callback/"

    @property
    def project(self) -> str:
        """The Google Cloud project that the records are in; "" on a laptop."""
        return self.store_url.removeprefix("firestore://").partition("/")[0] if self.in_cloud else ""

    @property
    def local(self) -> bool:
        """Records lie on this machine: LOCAL_API_KEY may be used."""
        return not self.in_cloud


def sandbox_port(port: int) -> int:
    """Where the pretend Google listens beside a service on this port."""
    return port + 1 if port < 65535 else port - 1


def load(environ: Mapping[str, str]) -> Settings:
    """Raises SettingsError, naming every variable that is missing or wrong."""
    return _Reader(environ).read()


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.in_cloud = bool(environ.get("K_SERVICE"))
        self.problems: list[str] = []

    def read(self) -> Settings:
        client_id = self.secret("GMAIL_CLIENT_ID")
        client_secret = self.secret("GMAIL_CLIENT_SECRET")
        sandbox = not client_id and not self.in_cloud
        if self.in_cloud and not client_id:
            self.problem("GMAIL_CLIENT_ID", "is missing: set the OAuth client's id (there is no pretend Google here)")
        if client_id and not client_secret:
            self.problem("GMAIL_CLIENT_SECRET", "is missing: set the OAuth client's secret, or secretmanager://…")
        if client_secret and not client_id and not self.in_cloud:
            self.problem("GMAIL_CLIENT_ID", "is missing although GMAIL_CLIENT_SECRET is set: set both or neither")
        if sandbox:
            client_id, client_secret = SANDBOX_CLIENT

        port = self.number("PORT", LOCAL_PORT, 65535)
        sandbox_url = f"http://localhost:{sandbox_port(port)}" if sandbox else ""
        google = {name: self.google_url(name, sandbox_url) for name in GOOGLE_URLS}
        backends = {name: self.backend(name) for name in SCHEMES}
        public_url = self.url("PUBLIC_URL", f"http://localhost:{port}", required_in_cloud=True)
        tasks_account = self.text("TASKS_SERVICE_ACCOUNT") or _tasks_account(backends["TASKS_URL"])
        settings = Settings(
            client_id=client_id,
            client_secret=client_secret,
            public_url=public_url,
            store_url=backends["STORE_URL"],
            blobs_url=backends["BLOBS_URL"],
            tasks_url=backends["TASKS_URL"],
            secrets_url=backends["SECRETS_URL"],
            authorize_url=google["GOOGLE_AUTHORIZE_URL"],
            token_url=google["GOOGLE_TOKEN_URL"],
            revoke_url=google["GOOGLE_REVOKE_URL"],
            jwks_url=google["GOOGLE_JWKS_URL"],
            issuer=google["GOOGLE_ISSUER"],
            gmail_api_url=google["GMAIL_API_URL"],
            auth_issuers=self.issuers(),
            owner_claim=self.text("AUTH_OWNER_CLAIM") or "sub",
            allowed_origins=self.words("ALLOWED_ORIGINS", _origin_problem),
            return_urls=self.words("RETURN_URLS", _return_url_problem) or (f"{public_url}/",),
            local_api_key=self.local_api_key(),
            port=port,
            units_per_minute=self.number("GMAIL_UNITS_PER_MINUTE", 6000, 1_000_000),
            tasks_account=tasks_account,
            gmail_topic=self.topic() or (SANDBOX_TOPIC if sandbox else ""),
            push_account=self.text("PUSH_SERVICE_ACCOUNT") or (SANDBOX_PUSH_ACCOUNT if sandbox else tasks_account),
            in_cloud=self.in_cloud,
            sandbox=sandbox,
            proxies=self.number("TRUSTED_PROXIES", 0, 9, lowest=0),
            revision=self.text("K_REVISION"),
            firestore_emulator=self.text("FIRESTORE_EMULATOR_HOST"),
            metadata_host=self.text("GCE_METADATA_HOST") or (METADATA_HOST if self.in_cloud else ""),
            official_clients=self.choice("GOOGLE_CLIENTS", ("direct", "official")) == "official",
            endpoints_allow=self.endpoints_allow(),
        )
        if self.problems:
            raise SettingsError("\n".join(self.problems))
        return settings

    def problem(self, name: str, text: str) -> None:
        self.problems.append(f"{name} {text}")

    def text(self, name: str) -> str:
        return self.environ.get(name, "").strip()

    def secret(self, name: str) -> str:
        """The value itself, or where it lies. What looks like a place and is none must not be sent as the value."""
        value = self.text(name)
        if value.lower().startswith("secretmanager:") and not SECRET_REFERENCE.fullmatch(value):
            self.problem(
                name, "names no version of a secret: set secretmanager://PROJECT/NAME/versions/N, or the value"
            )
        return value

    def url(self, name: str, default: str, *, required_in_cloud: bool = False) -> str:
        value = self.text(name)
        if not value and required_in_cloud and self.in_cloud:
            self.problem(name, "is missing: set the https URL under which this service is reached")
            return default
        value = (value or default).rstrip("/")
        parts = _split(value)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            self.problem(name, f"is not an http(s) URL: {value!r}")
        elif self.in_cloud and parts.scheme != "https":
            self.problem(name, f"must be https in the cloud: {value!r}")
        return value

    def google_url(self, name: str, sandbox_url: str) -> str:
        real, path = GOOGLE_URLS[name]
        return self.url(name, sandbox_url + path if sandbox_url else real)

    def backend(self, name: str) -> str:
        value = self.text(name)
        if not value:
            if self.in_cloud:
                self.problem(name, f"is missing: set a {SCHEMES[name][1]}: URL")
            return LOCAL_DEFAULTS[name]
        scheme = value.partition(":")[0]
        if scheme not in SCHEMES[name] or ":" not in value:
            self.problem(name, f"has no scheme known here: use {' or '.join(s + ':' for s in SCHEMES[name])}")
        elif self.in_cloud and scheme in LOCAL_SCHEMES:
            self.problem(name, f"uses the local scheme {scheme}: in the cloud: set a {SCHEMES[name][1]}: URL")
        else:
            pattern = BACKEND_SHAPES.get(scheme)
            if pattern and not re.fullmatch(pattern[0], value):
                self.problem(name, f"should look like {pattern[1]}")
        return value

    def issuers(self) -> tuple[tuple[str, str], ...]:
        pairs = []
        for entry in filter(None, (e.strip() for e in self.text("AUTH_ISSUERS").split(","))):
            # An audience may hold "=", an issuer's URL hardly ever does.
            issuer, _, audience = entry.partition("=")
            parts = _split(issuer)
            if not audience or parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
                self.problem("AUTH_ISSUERS", f"wants issuer=audience, comma-separated; not {entry!r}")
            elif parts.scheme == "http" and self.in_cloud:
                self.problem("AUTH_ISSUERS", f"must name https issuers in the cloud: {issuer!r}")
            else:
                pairs.append((issuer, audience))
        return tuple(pairs)

    def words(self, name: str, check: Callable[[str], str]) -> tuple[str, ...]:
        words = tuple(filter(None, (w.strip() for w in self.text(name).split(","))))
        for word in words:
            if text := check(word):
                self.problem(name, f"{text}: {word!r}")
        return words

    def local_api_key(self) -> str:
        value = self.text("LOCAL_API_KEY")
        if value and self.in_cloud:
            self.problem("LOCAL_API_KEY", "is for laptops only: unset it, and make keys with the keys function")
        return value

    def topic(self) -> str:
        value = self.text("GMAIL_TOPIC")
        if value and not re.fullmatch(r"projects/[a-z0-9:.-]+/topics/[A-Za-z][A-Za-z0-9._~+%-]{2,254}", value):
            self.problem("GMAIL_TOPIC", f"should look like projects/PROJECT/topics/TOPIC: {value!r}")
        return value

    def endpoints_allow(self) -> tuple[str, ...]:
        if self.text("ENDPOINTS_ALLOW") and self.in_cloud:
            self.problem("ENDPOINTS_ALLOW", "is for laptops and tests only: unset it, and use public https endpoints")
            return ()
        return self.words("ENDPOINTS_ALLOW", _host_and_port_problem)

    def choice(self, name: str, known: tuple[str, ...]) -> str:
        """The first is the default."""
        value = self.text(name) or known[0]
        if value not in known:
            self.problem(name, f"must be {' or '.join(known)}: {value!r}")
        return value

    def number(self, name: str, default: int, highest: int, *, lowest: int = 1) -> int:
        value = self.text(name) or str(default)
        if not value.isascii() or not value.isdigit() or len(value) > 9 or not lowest <= int(value) <= highest:
            self.problem(name, f"must be a number from {lowest} to {highest}: {value!r}")
            return default
        return int(value)


BACKEND_SHAPES = {
    "sqlite": (r"sqlite:///.+", "sqlite:///relative/path.db or sqlite:////absolute/path.db"),
    "firestore": (r"firestore://[a-z0-9:.-]+/[a-z0-9()-]+", "firestore://PROJECT/DATABASE"),
    "file": (r"file:.+", "file:DIRECTORY"),
    "gs": (r"gs://[a-z0-9._-]+", "gs://BUCKET"),
    "local": (r"local:", "local:"),
    "cloudtasks": (r"cloudtasks://[a-z0-9:.-]+/[a-z0-9-]+/[A-Za-z0-9-]+", "cloudtasks://PROJECT/LOCATION/QUEUE"),
    "secretmanager": (r"secretmanager://[a-z0-9:.-]+", "secretmanager://PROJECT"),
}


def _tasks_account(tasks_url: str) -> str:
    """By convention; TASKS_SERVICE_ACCOUNT names another one."""
    if not tasks_url.startswith("cloudtasks://"):
        return ""
    return f"gmail-tasks@{tasks_url.removeprefix('cloudtasks://').partition('/')[0]}.iam.gserviceaccount.com"


def _split(value: str) -> SplitResult | None:
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises ValueError where it is no number
    except ValueError:
        return None
    return parts


def _origin_problem(value: str) -> str:
    parts = _split(value)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        return "wants origins such as https://app.example.com, without a path"
    return ""


def _host_and_port_problem(value: str) -> str:
    if not re.fullmatch(r"(?:[a-z0-9._-]+|\[[0-9a-f:.]+\]):[1-9][0-9]{0,4}", value):
        return "wants host:port, in lower case, such as localhost:3000"
    return ""


def _return_url_problem(value: str) -> str:
    parts = _split(value)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
        return "wants http(s) URLs"
    return ""
