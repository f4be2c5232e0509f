"""Takes a picture of every page, narrow and wide, light and dark: `python -m scripts.screenshots [NAME ...]`.

The pages are those of tests/browser/gallery.py; the pictures go to .cache/screenshots.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.browser import people
from tests.browser.gallery import PAGES, Stage, prepare
from tests.browser.programs import LocalServer
from tests.browser.watch import SETTLED, THEMES, WIDTHS
from tests.e2e.journal import Journal

# A frame far below the window is not drawn before somebody has scrolled there.
SEEN = """(async () => {
    for (const to of [document.body.scrollHeight, 0]) {
        scrollTo(0, to);
        await new Promise((done) => setTimeout(done, 300));
    }
})()"""
TARGET = Path(__file__).parents[1] / ".cache" / "screenshots"


def main(names: list[str]) -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=60_000)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = LocalServer(Path(folder), Journal())
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            prepare(server)
            for theme in THEMES:
                for width in WIDTHS:
                    context = browser.new_context(
                        viewport={"width": width, "height": 800}, color_scheme=theme, locale="en-GB"
                    )
                    for name in names or PAGES:
                        page = context.new_page()
                        page.goto(server.link)
                        people.loaded(page)
                        PAGES[name](Stage(server, page))
                        page.evaluate(SEEN)
                        page.evaluate(SETTLED)
                        whole = not page.get_by_role("dialog").or_(page.get_by_role("alertdialog")).count()
                        page.screenshot(path=TARGET / f"{name}-{width}-{theme}.png", full_page=whole)
                        page.close()
                    context.close()
        finally:
            browser.close()
            server.stop()
    sys.stdout.write(f"{TARGET}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
