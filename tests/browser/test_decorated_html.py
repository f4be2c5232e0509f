"""A browser's own parser sees the same page before and after the links of a message are rewritten."""

import json
import random
from urllib.parse import quote

from playwright.sync_api import Browser

from functions.domain.decorating import decorate

DOCUMENTS = 1500
TRACKED = "https://t.example/?u="
PIXEL = "https://t.example/pixel"
PIECES = (
    *('<a href="https://a.example/?x=1&amp;y=2">', "<a href='https://b.example/'>", "<a href=https://c.example/?q=<>"),
    *(
        "<A HREF=HTTP://d.example>",
        '<a title="<b>" href="https://e.example/?a=1&copy=2">',
        "</a>",
        "<p>",
        "</p>",
        "<b>",
    ),
    *(
        "<!--",
        "-->",
        "<!-->",
        "<!--->",
        "--!>",
        "<!--!>",
        "<![if x]>",
        "<![endif]-->",
        "<!--[if mso]>",
        "<?x?>",
        "</ x>",
    ),
    *(
        "<script>",
        "</script>",
        "<style>",
        "</style >",
        "<title>",
        "</title/>",
        "<textarea>",
        "</textarea>",
        "<xmp>",
        "</xmp>",
    ),
    *(
        "<body>",
        "</body>",
        "</html>",
        "<table><tr><td>",
        "</table>",
        "<",
        ">",
        "&",
        '"',
        "'",
        "=",
        "/",
        "&lt;",
        "</",
        "<!",
    ),
    *("text", "Ä€😀", "\n", " ", "<img src=cid:x>", "<a name=x>", "<a href=mailto:a@b.c>", "<svg>", "</svg>", "<br/>"),
    *(
        "<a href=https://f.example/ href=https://g.example/>",
        "<area href='https&#58;//h.example/'>",
        "<a/href='https://i.example/'/>",
    ),
    *(
        "<a class='x'href=\"https://j.example/\">",
        "<a href = https://k.example/ >",
        "<a =x href=https://l.example/>",
        "<a x=>",
    ),
)

# The page as text, with each destination as the browser would go there, tracked or not.
SHOWN = """([htmls, tracked, pixel]) => htmls.map(html => {
  const page = new DOMParser().parseFromString(html, 'text/html');
  let images = 0;
  for (const image of page.querySelectorAll('img')) if (image.getAttribute('src') === pixel) images++;
  for (const link of page.querySelectorAll('a[href], area[href]')) {
    let to = link.getAttribute('href');
    if (to.startsWith(tracked)) to = decodeURIComponent(to.slice(tracked.length));
    try { to = new URL(to).href } catch { }
    link.setAttribute('href', to);
  }
  return [page.documentElement.outerHTML, images];
})"""


def test_a_browser_sees_the_same_page_but_for_the_destinations(chromium: Browser) -> None:
    chance = random.Random(20310501)
    before = ["".join(chance.choices(PIECES, k=chance.randrange(1, 16))) for _ in range(DOCUMENTS)]
    after = [decorate(h, click=_tracked, pixel=None, unsubscribe=None) for h in before]
    page = chromium.new_page()
    seen = page.evaluate(SHOWN, [before, TRACKED, PIXEL])
    found = page.evaluate(SHOWN, [after, TRACKED, PIXEL])
    page.close()

    assert sum(TRACKED in html for html in after) > DOCUMENTS / 3
    for index, (one, other) in enumerate(zip(seen, found, strict=True)):
        assert one == other, json.dumps([before[index], after[index]])


def test_a_browser_finds_one_pixel_whatever_it_is_added_to(chromium: Browser) -> None:
    chance = random.Random(20310502)
    # What is in a <svg> that is never closed, or a <title>, is drawn by no mail program.
    pieces = [p for p in PIECES if "svg" not in p]
    before = ["".join(chance.choices(pieces, k=chance.randrange(1, 16))) for _ in range(DOCUMENTS)]
    after = [decorate(h, click=None, pixel=PIXEL, unsubscribe=None) for h in before]
    page = chromium.new_page()
    found = page.evaluate(SHOWN, [after, TRACKED, PIXEL])
    page.close()

    for index, (_, images) in enumerate(found):
        assert images == 1, json.dumps([before[index], after[index]])


def _tracked(_: int, url: str) -> str:
    return TRACKED + quote(url, safe="")
