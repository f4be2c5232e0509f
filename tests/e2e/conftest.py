"""The table of hostings and stores; and what every test needs: the pretend Google, an issuer, fresh users."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.runtime.settings import SANDBOX_PUSH_ACCOUNT, SANDBOX_TOPIC
from tests.e2e.client import Browser, Caller
from tests.e2e.google import Google, Person
from tests.e2e.hosts import Alone, BareTail, Hosting, Inside, Local
from tests.e2e.issuer import Issuer
from tests.e2e.journal import Journal

HOSTINGS = ("local-sqlite", "local-firestore", "alone-sqlite", "alone-firestore", "tail-sqlite")
LOCAL_KEY = "a-local-api-key-of-the-tests"
APP = "https://app.example.com"  # the frontend


@pytest.fixture(scope="session")
def journal() -> Iterator[Journal]:
    """At the end of the run, no log of any program holds anything that was secret in it."""
    kept = Journal()
    yield kept
    assert kept.leaks() == []


@pytest.fixture(scope="session")
def google_process(tmp_path_factory: pytest.TempPathFactory, journal: Journal) -> Iterator[Google]:
    process = Google(tmp_path_factory.mktemp("google"), journal)
    yield process
    journal.secret(*process.all_tokens(), process.settings["GMAIL_CLIENT_SECRET"])
    process.stop()


@pytest.fixture
def google(google_process: Google) -> Iterator[Google]:
    yield google_process
    google_process.no_faults()


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.close()


@pytest.fixture(scope="session")
def common_settings(google_process: Google, issuer: Issuer) -> dict[str, str]:
    return {
        **google_process.settings,
        "AUTH_ISSUERS": f"{issuer.url}=tests",
        "RETURN_URLS": f"{APP}/,http://localhost:3000/settings",
        "ALLOWED_ORIGINS": APP,
        "LOCAL_API_KEY": LOCAL_KEY,
        # Pushes come where a test has the pretend Google send them: see test_mailbox.py.
        "GMAIL_TOPIC": SANDBOX_TOPIC,
        "PUSH_SERVICE_ACCOUNT": SANDBOX_PUSH_ACCOUNT,
    }


@pytest.fixture(scope="session")
def hostings(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    journal: Journal,
    common_settings: dict[str, str],
) -> Iterator[Callable[[str], Any]]:
    """Starts a hosting when it is first asked for, and stops them all at the end."""
    started: dict[str, Any] = {}

    def get(name: str) -> Any:
        if name not in started:
            started[name] = make(name)
        return started[name]

    def make(name: str) -> Any:
        kind, _, store = name.partition("-")
        if kind == "tail":
            return BareTail(get(f"alone-{store}"))
        given = dict(common_settings)
        if store == "firestore":
            given["FIRESTORE_EMULATOR_HOST"] = request.getfixturevalue("firestore_emulator")
            given["STORE_URL"] = f"firestore://{tmp_path_factory.getbasetemp().name}-{name}/(default)"
        directory = tmp_path_factory.mktemp(name)
        return (Local if kind == "local" else Alone)(name, directory, journal, given)

    yield get
    hosts = [hosting for hosting in started.values() if isinstance(hosting, Hosting)]
    programs = [program for hosting in hosts for program in hosting.programs()]
    for program in programs:
        program.end()
    for program in programs:
        program.stop()
    for hosting in hosts:
        # The keys that everything is sealed with, and that links are signed with.
        secrets = [path for path in (hosting.directory / "secrets").rglob("*") if path.is_file()]
        journal.secret(*(path.read_text(errors="replace").strip() for path in secrets))


@pytest.fixture(scope="session", params=HOSTINGS)
def hosting(request: pytest.FixtureRequest, hostings: Callable[[str], Any]) -> Any:
    """One suite for all of them."""
    return hostings(request.param)


@pytest.fixture
def caller(hosting: Any, issuer: Issuer) -> Caller:
    """A user whom this hosting has never seen."""
    return Caller(hosting, issuer.token())


@pytest.fixture
def stranger(hosting: Any, issuer: Issuer) -> Caller:
    """Another one."""
    return Caller(hosting, issuer.token())


@pytest.fixture
def ada(google: Google) -> Person:
    return google.person("ada")


@pytest.fixture
def grace(google: Google) -> Person:
    return google.person("grace")


@pytest.fixture
def make_inside(tmp_path: Path, journal: Journal, common_settings: dict[str, str]) -> Callable[..., Inside]:
    """The application in this process, with settings changed as named."""

    def make(**changed: str) -> Inside:
        return Inside("inside", tmp_path, journal, {**common_settings, **changed})

    return make


@pytest.fixture
def inside(make_inside: Callable[..., Inside]) -> Inside:
    return make_inside()


@pytest.fixture
def user(inside: Inside, issuer: Issuer) -> Caller:
    """A user of the application in this process."""
    return Caller(inside, issuer.token())


@pytest.fixture
def attacker(inside: Inside, issuer: Issuer) -> Caller:
    return Caller(inside, issuer.token())


@pytest.fixture
def browser(inside: Inside) -> Browser:
    return Browser(inside)
