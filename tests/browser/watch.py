"""A browser window under watch: whatever goes wrong behind the page is kept for the end of the test."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

RESOURCE = "Failed to load resource"


class Watch:
    """Errors in the console (violations of the content security policy among them), failed requests, error answers."""

    def __init__(self, context: BrowserContext) -> None:
        self._seen: list[str] = []
        self._expected: set[str] = set()
        context.on("console", self._console)
        context.on("weberror", lambda error: self._seen.append(f"exception: {error.error}"))
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)

    def expect(self, *answers: str) -> None:
        """Error answers that belong to the test, such as "401 /api/gmail/accounts/"."""
        self._expected.update(answers)

    def take(self) -> str:
        """What was seen so far and belongs to the test."""
        seen, self._seen = self._seen, []
        return "\n".join(seen)

    @property
    def trouble(self) -> list[str]:
        return [one for one in self._seen if one not in self._expected]

    def _console(self, message: ConsoleMessage) -> None:
        # The browser's own line about an error answer says less than the answer.
        if message.type in ("error", "warning") and not message.text.startswith(RESOURCE):
            self._seen.append(f"console: {message.text}")

    def _failed(self, request: Request) -> None:
        # Aborted: the page itself called it off, because nobody looks at the answer any more.
        if request.failure != "net::ERR_ABORTED":
            self._seen.append(f"{request.failure} {urlsplit(request.url).path}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._seen.append(f"{response.status} {urlsplit(response.url).path}")


def wide(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    found: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found


AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = (360, 1440)
# One that never starts, on a page that is not painted, is not waited for.
SETTLED = """Promise.race([new Promise((done) => setTimeout(done, 2000)), Promise.all(document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
    .map((one) => one.finished.catch(() => null)))])"""
# What React Aria reads out names a spinner for some seconds after that is gone; nobody comes across it.
FIND = """axe.run({exclude: ["[data-live-announcer]"]}, {resultTypes: ["violations"]})
    .then((result) => result.violations)"""
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def accessible(page: Page) -> None:
    """Nothing keeps people from using the page as it is now: axe-core finds no violation, and nothing is cut off.

    In light and dark, on a narrow and a wide window.
    """
    before = page.viewport_size
    page.evaluate(AXE.read_text())
    for theme in THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            # What fades in or out has the colours of neither state.
            page.evaluate(SETTLED)
            found = page.evaluate(FIND)
            where = f"{theme}, {width} px"
            assert [(where, one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
            assert wide(page) == 0, where
    if before:
        page.set_viewport_size(before)
