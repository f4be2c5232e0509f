"""A browser window under watch: whatever goes wrong behind the page is kept for the end of the test."""

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
        self._seen.append(f"{request.failure} {urlsplit(request.url).path}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._seen.append(f"{response.status} {urlsplit(response.url).path}")


def wide(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    found: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found
