"""`python -m tests.bench.paint [--rounds N] [--slower FACTOR]`: how soon the console is there.

The page with two connected accounts, as `make run` serves it, in a browser that has been nowhere, on a processor that
Chromium makes slower (4 times, as Lighthouse does). “main thread” is its processor's time, which other work on the
machine disturbs least; it is as much slower. The largest paint is to come within a second. It prints, and fails
nothing: the figures belong to a machine.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.programs import LocalServer
from tests.e2e.journal import Journal

WITHIN = 1000  # milliseconds
# What the browser noted by itself, from the start of the navigation on.
NOTED = """() => new Promise((found) => {
  const paints = [];
  new PerformanceObserver((list) => paints.push(...list.getEntries()))
    .observe({ type: "largest-contentful-paint", buffered: true });
  setTimeout(() => {
    const last = paints.at(-1);
    const [first] = performance.getEntriesByName("first-contentful-paint");
    const scripts = performance.getEntriesByType("resource").filter((one) => one.initiatorType !== "fetch");
    found([first.startTime, last.startTime, last.element?.textContent?.slice(0, 60) ?? "",
      scripts.reduce((sum, one) => sum + one.encodedBodySize, 0), scripts.length]);
  }, 300);
})"""
# When the first account's address came into the page, and when nothing was on its way any more. The page says so by
# itself: whoever asks it again and again takes the processor that is measured.
WATCHED = """const watched = new MutationObserver(() => {
  window.listed ??= [...document.querySelectorAll("h3")].some((one) => one.textContent.includes("@"))
    ? performance.now() : undefined;
  if (!window.listed || document.querySelector("[aria-busy=true], [role=img][aria-label='Loading…']")) return;
  window.shown = performance.now();
  watched.disconnect();
  console.debug("shown");
});
watched.observe(document, { subtree: true, childList: true, attributeFilter: ["aria-busy"] })"""


@dataclass(frozen=True)
class View:
    """`shown` (nothing is on its way any more), `listed` (the first account is there), `first` and `largest` in
    milliseconds; `busy`, the processor's time of the page's main thread until then, too; `bytes` as they came over
    the wire.
    """

    busy: float
    shown: float
    listed: float
    first: float
    largest: float
    element: str
    bytes: int
    files: int


def view(browser: Browser, link: str, slower: float) -> View:
    context = browser.new_context(viewport={"width": 1440, "height": 800})
    context.add_init_script(WATCHED)
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    with page.expect_console_message(lambda message: message.text == "shown"):
        page.goto(link, wait_until="commit")
    spent = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
    found = View(spent["TaskDuration"] * 1000, *page.evaluate("[window.shown, window.listed]"), *page.evaluate(NOTED))
    context.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.paint", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--slower", type=float, default=4)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = LocalServer(Path(folder), Journal())
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            for email in ("ada@example.com", "grace@example.com"):
                server.connect(server.key, email)
            view(browser, server.link, 1)  # the server's own first request
            views = [view(browser, server.link, chosen.slower) for _ in range(chosen.rounds)]
        finally:
            browser.close()
            server.stop()
    last = views[-1]
    measured = {
        "first paint": [one.first for one in views],
        "largest paint": [one.largest for one in views],
        "first account": [one.listed for one in views],
        "accounts shown": [one.shown for one in views],
        "main thread": [one.busy for one in views],
    }
    for name, times in measured.items():
        middle, worst = statistics.median(times), max(times)
        sys.stdout.write(f"{name:14} median {middle:5.0f} ms, best {min(times):5.0f} ms, worst {worst:5.0f} ms\n")
    sys.stdout.write(f"the largest is “{last.element}”; {last.files} files, {last.bytes / 1000:.0f} kB compressed\n")
    load = f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}"
    sys.stdout.write(f"{chosen.slower:g} times slower, {load}; at most {WITHIN} ms wanted\n")


if __name__ == "__main__":
    main()
