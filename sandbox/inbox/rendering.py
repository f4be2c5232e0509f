"""Hostile HTML made harmless to look at."""

import re

# Pictures that a browser cannot be tricked into running; SVG is not among them.
SAFE_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/avif"})

# In the place of a picture that is not fetched: one transparent pixel.
BLANK = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="

# What the frame of a mail may do: its links open in a new tab, which is an ordinary one.
FRAME = "allow-popups allow-popups-to-escape-sandbox"

_DOCTYPE = re.compile(r"\s*<!doctype[^>]*>", re.IGNORECASE)


def in_new_tabs(markup: str) -> str:
    """All links open in a new tab: the first `base` of a document counts, and it may stand before `html`."""
    doctype = _DOCTYPE.match(markup)
    at = doctype.end() if doctype else 0
    return f'{markup[:at]}<base target="_blank">{markup[at:]}'


def body_policy(*picture_bases: str) -> str:
    """Content-Security-Policy of a mail's own document: no script, no form, pictures from `picture_bases` only."""
    return (
        f"sandbox {FRAME}; default-src 'none'; img-src data: {' '.join(picture_bases)}; style-src 'unsafe-inline';"
        " form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    )
