"""SpamAssassin's local rules find nothing to complain about in what is composed here.

Only `-L` (no network): what DNS, blocklists and Bayes would add is about the sender, not about the message. The
messages are scored as Gmail hands them on: with its Received line.
"""

import os
import re
import shutil
import subprocess
from typing import Any

import pytest

from tests.e2e.client import Caller, letter
from tests.e2e.google import Person
from tests.e2e.issuer import Issuer
from tests.e2e.test_sending import PNG

LIMIT = 1.0
RECEIVED = (
    "Received: from mail-sor-f41.google.com (mail-sor-f41.google.com. [209.85.220.41])\r\n"
    "        by mx.example.com with ESMTPS id x1; {0}\r\n"
    "Received: from 1042 named unknown by gmailapi.google.com with HTTPREST; {0}\r\n"
)
TEXT = """Dear Grace,

thank you for your order. It left our house this morning and should be with you on Thursday.
If anything is missing, just answer this message.

Kind regards
Ada
"""
HTML = (
    "<!doctype html><html><head><title>Your order</title></head><body><p>Dear Grace,</p><p>thank you for your order. "
    "It left our house this morning and should be with you on Thursday. If anything is missing, just answer this "
    'message, or look at <a href="https://shop.example/orders/1042">your order</a>.</p><p>Kind regards<br>Ada</p>'
    "</body></html>"
)
# SpamAssassin gives 0.6 to 2.8 points to every mail with an image and less than 3,200 characters of text (the rules
# HTML_IMAGE_ONLY_04 to _32): a newsletter has more.
NEWS = (
    "The new cups come from a small pottery by the sea. Each is thrown by hand and fired twice, so no two are alike. "
    "They keep tea warm for half an hour and go into the dishwasher like any other cup. "
)
TEMPLATE = {
    "name": "News of the shop",
    "subject": "Your order {{ order }} and what is new here",
    "html": (
        '<style>.box { padding: 12px; border: 1px solid #cccccc }</style><h1>Hello {{ name }}</h1><p class="box">your '
        "order {{ order }} left our house this morning:</p><ul>{% for item in items %}<li>{{ item }}</li>{% endfor %}"
        '</ul><p><img src="cid:logo" alt="Our shop" width="120" height="40"></p>{% for item in items %}<h2>More about '
        "{{ item }}</h2><p>"
        + NEWS
        * 8
        + "</p>{% endfor %}<p>If anything is missing, just answer this message, or look "
        'at <a href="https://shop.example/orders/1042">your order</a>.</p><p>Kind regards<br>Ada</p>'
    ),
    "preheader": "It should be with you on Thursday",
    "variables": [
        {"key": "name", "type": "string", "required": True, "sample": "Grace"},
        {"key": "order", "type": "string", "required": True, "sample": "1042"},
        {"key": "items", "type": "list", "required": True, "sample": ["Tea", "Cups"]},
    ],
}
VALUES = {"name": "Grace", "order": "1042", "items": ["Tea", "Two cups"]}


@pytest.fixture(scope="module")
def spamassassin() -> str:
    found = shutil.which("spamassassin")
    if found is None and os.environ.get("CI") != "true":
        pytest.skip("SpamAssassin is not installed")
    assert found, "in CI it has to be there"
    return found


@pytest.fixture
def shop(hostings: Any, issuer: Issuer, ada: Person) -> Caller:
    caller = Caller(hostings("local-sqlite"), issuer.token())
    caller.connect(ada)
    return caller


def score(spamassassin: str, mime: str) -> tuple[float, str]:
    """The points, and the rules that gave them."""
    date = re.search(r"^Date: (.*)\r$", mime, re.MULTILINE)
    assert date
    raw = (RECEIVED.format(date[1]) + mime).encode()
    done = subprocess.run([spamassassin, "-L", "-t"], input=raw, capture_output=True, timeout=120, check=True)
    report = done.stdout.decode(errors="replace")
    points = re.search(r"Content analysis details: +\((-?[0-9.]+) points", report)
    assert points, report[-2000:]
    return float(points[1]), report[report.index("Content analysis details") :]


def dry(caller: Caller, **message: Any) -> str:
    return str(caller.post("send/", letter(dry_run=True, **message)).ok()["mime"])


def template(caller: Caller) -> str:
    made = caller.post("templates/", TEMPLATE).ok(201)
    caller.post(f"templates/{made['id']}/publish/", {}).ok()
    return str(made["id"])


def uploaded(caller: Caller, name: str, kind: str, content: bytes) -> str:
    headers = {"Content-Type": kind, "Content-Disposition": f'attachment; filename="{name}"'}
    return str(caller.call("POST", "attachments/", content, headers=headers).ok(201)["id"])


@pytest.mark.parametrize("sample", ["plain", "HTML alone", "HTML with text", "template with files", "merge"])
def test_what_goes_out_does_not_look_like_spam(shop: Caller, spamassassin: str, sample: str) -> None:
    grace = {"to": [{"email": "grace@example.org", "name": "Grace Hopper"}]}
    subject = "Your order is on its way"
    match sample:
        case "plain":
            mime = dry(shop, **grace, subject=subject, text=TEXT)
        case "HTML alone":
            mime = dry(shop, to=["grace@example.org"], subject=subject, text=None, html=HTML)
        case "HTML with text":
            mime = dry(shop, **grace, subject=subject, text=TEXT, html=HTML, tracking={"opens": True, "clicks": True})
        case "template with files":
            files = [
                {"id": uploaded(shop, "logo.png", "image/png", PNG), "content_id": "logo"},
                {"id": uploaded(shop, "invoice.pdf", "application/pdf", b"%PDF-1.7 an invoice")},
            ]
            use = {"id": template(shop), "variables": VALUES}
            mime = dry(shop, **grace, subject=None, text=None, template=use, attachments=files)
        case _:
            recipients = [{"to": "grace@example.org", "variables": VALUES}]
            use = {"id": template(shop)}
            mime = dry(shop, to=None, recipients=recipients, subject=None, text=None, template=use, unsubscribe=True,
                       tracking={"opens": True, "clicks": True})  # fmt: skip
    points, report = score(spamassassin, mime)
    assert points < LIMIT, report


def test_the_score_tells_spam(shop: Caller, spamassassin: str) -> None:
    """Else the test above would say nothing."""
    bad = "<p>FREE VIAGRA!!! Click here to claim your MILLION DOLLARS now, dear friend, this is no spam</p>" * 3
    mime = dry(shop, subject="FREE MONEY GUARANTEED!!!", text=None, html=bad)
    assert score(spamassassin, mime)[0] > LIMIT
