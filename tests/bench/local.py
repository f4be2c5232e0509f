"""The server of a laptop, as `make run` starts it: 1,000 queued sends in a minute with the console open.

Once they come one by one over a minute, once as one batch. Meanwhile somebody looks at the history in a browser, which
asks again and again, and others ask for the history and send: how long that takes, beside an idle server. The pretend
Google answers at once, and several accounts with a lifted limit share the sends: Gmail's own limit is 60 a minute each.
"""

import contextlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.bench import messages, paced
from tests.bench.effort import Effort, chosen
from tests.bench.load import Ask
from tests.bench.paced import Course, Due
from tests.bench.processes import command_line, cpu, tree
from tests.bench.table import Row
from tests.browser.programs import LocalServer
from tests.e2e.journal import Journal

PEOPLE = tuple(f"{name}@example.com" for name in ("ada", "grace", "alan", "edsger"))
HISTORY = Ask("GET", "/api/gmail/history/")
LOOKS, POSTS = 4.0, 1.0  # probes a second: a page of the history, a send that waits for its answer
PATIENCE = 180  # seconds until everything must be sent
QUANTILES = ((0.5, "median"), (0.99, "99 %"))


def rows(_: Any, effort: Effort) -> Iterator[Row]:
    """Raises RuntimeError where a request fails, or a send is not sent within three minutes."""
    count, seconds = chosen(effort, (50, 3.0), (250, 15.0), (1000, 60.0))
    with tempfile.TemporaryDirectory() as folder:
        server = LocalServer(Path(folder), Journal(), GMAIL_UNITS_PER_MINUTE="1000000")
        try:
            local = Local(server, Path(folder))
            with _console(server):
                local.probed(2, [])  # what happens the first time
                idle = local.probed(chosen(effort, 3.0, 5.0, 15.0), [])
                one = [Due(n * seconds / count, local.port, local.queued(n)) for n in range(count)]
                yield from local.measured(f"local server, {count} sends in {seconds:.0f} s", one, seconds, count, idle)
                batch = [Due(0, local.port, local.batch(count))]
                yield from local.measured(f"local server, a batch of {count}", batch, seconds, count, idle)
        finally:
            server.stop()


class Local:
    def __init__(self, server: LocalServer, folder: Path) -> None:
        self._server = server
        self._file = folder / "plan"
        self.port = urlsplit(server.url).port or 80
        self._headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"}
        for person in PEOPLE:
            known = {"email": person, "name": person}
            server.google.http.post(f"{server.google.url}/sandbox/people", json=known)
            server.connect(server.key, person)
        self._accounts = [a["id"] for a in server.call("GET", "/api/gmail/accounts/").json()["accounts"]]

    def queued(self, number: int) -> Ask:
        return self._post({"to": [f"reader{number}@elsewhere.example"], "wait": False}, number)

    def batch(self, count: int) -> Ask:
        return self._post({"recipients": [{"to": f"reader{n}@elsewhere.example"} for n in range(count)]}, 0)

    def _post(self, to: dict[str, object], number: int) -> Ask:
        account = self._accounts[number % len(self._accounts)]
        message = {"account": account, "subject": "News", "text": messages.SHORT, "html": messages.SHORT_HTML, **to}
        return Ask("POST", messages.PATH, self._headers, json.dumps(message).encode())

    def probed(self, seconds: float, plan: list[Due]) -> Course:
        """The plan, with probes all the time; the answers are those of the probes, and the plan's come first."""
        look = Ask("GET", HISTORY.target, self._headers)
        probes = [Due(n / LOOKS, self.port, look) for n in range(int(seconds * LOOKS))]
        for n in range(int(seconds * POSTS)):
            probes.append(Due(n / POSTS + 0.1, self.port, self._post({"to": ["probe@elsewhere.example"]}, n)))
        course = paced.run([*plan, *probes], self._file)
        if wrong := [came for came in course.answers if not 200 <= came.status < 300]:
            raise RuntimeError(f"{len(wrong)} of {len(course.answers)} went wrong: {wrong[0]}"[:2000])
        return course

    def measured(self, section: str, plan: list[Due], seconds: float, count: int, idle: Course) -> Iterator[Row]:
        before, begun, since = self._cpu(), time.time(), _newest(self._sends())
        course = self.probed(seconds, plan)
        accepted, probes = course.answers[: len(plan)], course.answers[len(plan) :]
        sends = self._sent(since)
        used = {name: now - before[name] for name, now in self._cpu().items()}
        queued = [send for send in sends if send["to"][0]["email"] != "probe@elsewhere.example"]
        if len(queued) != count:
            raise RuntimeError(f"{count} were asked for, {len(queued)} are on record")
        waits = sorted(_at(send["sent_at"]) - _at(send["created_at"]) for send in queued)
        last = max(_at(send["sent_at"]) for send in queued) - min(_at(send["created_at"]) for send in queued)
        yield Row(section, "from the first on record to the last sent", "s", [last], "it came within", [seconds])
        for part, name in QUANTILES:
            yield Row(section, f"on record until sent, {name}", "s", [_quantile(waits, part)], "", [])
        taken = sorted(came.seconds for came in accepted)
        yield Row(section, "202 for what is queued, 99 %", "ms", [_quantile(taken, 0.99) * 1000], "", [])
        looks, other = int(seconds * LOOKS), list(idle.answers)
        idle_looks = round(len(other) * LOOKS / (LOOKS + POSTS))
        for what, ours, theirs in (
            ("a page of the history", probes[:looks], other[:idle_looks]),
            ("a send that waits", probes[looks:], other[idle_looks:]),
        ):
            busy, quiet = (sorted(came.seconds * 1000 for came in some) for some in (ours, theirs))
            for part, name in QUANTILES:
                yield Row(section, f"{what}, {name}", "ms", [_quantile(busy, part)], "idle", [_quantile(quiet, part)])
        for name, cores in used.items():
            yield Row(section, f"CPU of {name}", "cores", [cores / (time.time() - begun)], "", [])

    def _sent(self, since: float) -> list[dict[str, Any]]:
        """All sends after a moment, once none of them waits any more."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = [send for send in self._sends() if _at(send["created_at"]) > since]
            statuses = {send["status"] for send in found}
            if statuses <= {"sent"}:
                return found
            if statuses - {"sent", "sending", "queued", "scheduled"}:
                raise RuntimeError(f"not all were sent: {statuses}")
            time.sleep(0.5)
        raise RuntimeError(f"after {PATIENCE} s not all were sent: {statuses}")

    def _sends(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after = ""
        while True:
            page = self._server.call("GET", f"/api/gmail/history/?page_size=500{after}").json()
            found += page["sends"]
            if not page["next_page_token"]:
                return found
            after = f"&page_token={page['next_page_token']}"

    def _cpu(self) -> Mapping[str, float]:
        """Seconds so far: of the server, and of the pretend Google that it has started."""
        used = {"the server": 0.0, "the pretend Google": 0.0}
        for pid in tree(self._server.pid):
            with contextlib.suppress(OSError):
                used["the pretend Google" if "-m sandbox" in command_line(pid) else "the server"] += cpu(pid)
        return used


@contextlib.contextmanager
def _console(server: LocalServer) -> Iterator[None]:
    """The page of the history in a browser, where there is one."""
    found = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)
    if found is None:
        print("There is no Chromium: the console is not open.", file=sys.stderr)
        yield
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            page = browser.new_page()
            page.goto(server.link)
            page.get_by_role("tabpanel").first.wait_for()
            page.evaluate("location.hash = '/history'")
            page.get_by_role("tabpanel").first.wait_for()
            yield
        finally:
            browser.close()


def _newest(sends: list[dict[str, Any]]) -> float:
    return max((_at(send["created_at"]) for send in sends), default=0.0)


def _at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _quantile(times: list[float], part: float) -> float:
    """Of some that are sorted."""
    return times[min(len(times) - 1, int(part * len(times)))]
