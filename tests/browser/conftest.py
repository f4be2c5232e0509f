"""The local server with its pretend Google, and Chromium."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.frontend import Frontend
from tests.browser.people import Person
from tests.browser.programs import LocalServer
from tests.browser.watch import Watch
from tests.e2e.issuer import Issuer
from tests.e2e.journal import Journal
from tests.e2e.processes import free_port

NAMES = ("chromium", "google-chrome", "chromium-browser", "google-chrome-stable")
PATIENCE = 60_000  # milliseconds: only what hangs is to fail, on a machine that is slow and busy, too
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def journal() -> Iterator[Journal]:
    """At the end of the run, no log holds anything that was secret in it."""
    kept = Journal()
    yield kept
    assert kept.leaks() == []


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("There is no Chromium here: install chromium or google-chrome.")
        pytest.skip("There is no Chromium here.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.close()


@pytest.fixture(scope="session")
def frontend() -> Iterator[Frontend]:
    made = Frontend()
    yield made
    made.close()


@pytest.fixture(scope="session")
def server(
    chromium: Browser,  # noqa: ARG001 - without a browser nothing is started
    tmp_path_factory: pytest.TempPathFactory,
    journal: Journal,
    issuer: Issuer,
    frontend: Frontend,
) -> Iterator[LocalServer]:
    """With users of an issuer, and with frontends that may call and be returned to."""
    port = free_port()
    origins = [frontend.other_site, frontend.same_site]
    started = LocalServer(
        tmp_path_factory.mktemp("server"),
        journal,
        port=port,
        AUTH_ISSUERS=f"{issuer.url}=tests",
        ALLOWED_ORIGINS=",".join(origins),
        RETURN_URLS=",".join(f"{origin}/" for origin in [f"http://localhost:{port}", *origins]),
    )
    yield started
    started.stop()


@pytest.fixture(scope="session")
def tls_server(tmp_path_factory: pytest.TempPathFactory, journal: Journal) -> Iterator[LocalServer]:
    """With nothing set: all defaults."""
    started = LocalServer(tmp_path_factory.mktemp("tls"), journal, "--tls")
    yield started
    started.stop()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser that has been nowhere yet. Nothing moves in it: what moves can't be clicked, and a slow machine shows
    few frames."""
    made = chromium.new_context(ignore_https_errors=True, locale="en-GB", reduced_motion="reduce")
    made.set_default_timeout(PATIENCE)
    yield made
    made.close()


@pytest.fixture
def watch(context: BrowserContext) -> Iterator[Watch]:
    """A test fails for whatever goes wrong behind the page, too."""
    watching = Watch(context)
    yield watching
    assert watching.trouble == []


@pytest.fixture
def page(context: BrowserContext, watch: Watch) -> Page:  # noqa: ARG001 - every page is watched
    return context.new_page()


@pytest.fixture
def new_token(issuer: Issuer, journal: Journal) -> Callable[[], str]:
    """ID tokens of users whom the server has never seen: tests don't meet in a history."""

    def make() -> str:
        made = issuer.token()
        journal.secret(made)
        return made

    return make


@pytest.fixture
def token(new_token: Callable[[], str]) -> str:
    return new_token()


@pytest.fixture
def home(server: LocalServer, page: Page, token: str) -> Page:
    """The start page of this user."""
    page.goto(f"{server.url}/#key={token}")
    return page


@pytest.fixture
def somebody(server: LocalServer) -> Callable[[str], Person]:
    return lambda name: Person.new(server, name)


@pytest.fixture
def ada(somebody: Callable[[str], Person]) -> Person:
    return somebody("Ada")


@pytest.fixture
def grace(somebody: Callable[[str], Person]) -> Person:
    return somebody("Grace")


@pytest.fixture(autouse=True)
def no_faults_remain(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "server" in request.fixturenames:
        google = request.getfixturevalue("server").google
        google.http.delete(f"{google.url}/sandbox/faults")
