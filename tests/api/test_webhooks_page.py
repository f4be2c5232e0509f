"""docs/webhooks.md: its examples work, and each recipe makes the right mail of what its provider really sends."""

import json
import re
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from functions.adapters.jmespath_paths import DEPTH_LIMIT, JmesPaths
from functions.domain import signatures, signed_headers, triggers
from functions.domain.signatures import SCHEMES
from functions.edge import endpoint
from tests.api import pages
from tests.api.service import Service, fetch, running
from tests.e2e import hooks

TEXT = pages.page("webhooks.md")
PAYLOADS = Path(__file__).parent / "webhooks"  # shortened, but of the shape that the providers publish


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One account is connected, and there is no trigger."""
    with running(tmp_path_factory.mktemp("webhooks")) as started:
        started.connect()
        yield started


@pytest.fixture(scope="module")
def followed(fresh: Service, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the answers lie that the page's examples keep, once all of them were followed."""
    directory = tmp_path_factory.mktemp("followed")
    found = pages.examples(TEXT)
    assert len(found) >= 15
    pages.run(found, fresh, directory)
    return directory


class Recipe:
    """A trigger that the page makes."""

    def __init__(self, service: Service, kept: Path) -> None:
        self._service = service
        made = json.loads(kept.read_text().splitlines()[-1])
        self.id = made["id"]
        self.target, self.secret = urlsplit(made["url"]).path, made["secrets"][0]["secret"]

    def post(self, body: bytes, signature: dict[str, str]) -> Any:
        headers = {"Content-Type": "application/json", **signature}
        return self._service.call("POST", self.target, body, headers, key=None)

    def log(self) -> Any:
        return self._service.call("GET", f"/api/gmail/triggers/{self.id}/deliveries/").json()["deliveries"]

    def sent(self, body: bytes, signature: dict[str, str]) -> tuple[dict[str, Any], EmailMessage]:
        """The send that a webhook makes, once it is sent, and the mail."""
        answer = self.post(body, signature)
        assert answer.status == 202, answer.body
        assert answer.json()["send"], self.log()
        end = time.monotonic() + 30
        while True:
            found = self._service.call("GET", f"/api/gmail/history/{answer.json()['send']}/").json()
            if found["status"] == "sent":
                break
            assert time.monotonic() < end, found
            time.sleep(0.1)
        place = f"{self._service.google}/inbox/{quote('ada@example.com')}/{found['gmail_message_id']}/original"
        mail = message_from_bytes(fetch("GET", place).body, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        return found, mail


@pytest.fixture(scope="module")
def recipe(fresh: Service, followed: Path) -> Callable[[str], Recipe]:
    return lambda name: Recipe(fresh, followed / f"{name}.json")


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def changed(body: bytes, **fields: Any) -> bytes:
    return json.dumps({**json.loads(body), **fields}).encode()


def html(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def inbox(service: Service, person: str) -> str:
    return fetch("GET", f"{service.google}/inbox/{quote(person)}").body.decode()


@pytest.mark.usefixtures("followed")
def test_the_examples_work(fresh: Service) -> None:
    # The webhook that came twice made one mail; the other one was asked for, by replaying.
    assert inbox(fresh, "grace@example.com").count("Thank you for order 1042") == 2


def test_a_payment_failed(fresh: Service, recipe: Callable[[str], Recipe]) -> None:
    stripe, body = recipe("payment-failed"), payload("stripe-invoice.payment_failed")
    send, mail = stripe.sent(body, hooks.stripe(stripe.secret, body))

    assert send["to"] == [{"email": "grace@example.com"}]
    assert mail["Subject"] == "Your payment for invoice ENGINE-0042 did not go through"
    assert "we could not collect 49.00 EUR for invoice ENGINE-0042" in html(mail)
    assert "Dear Grace &lt;b&gt;Hopper&lt;/b&gt;," in html(mail)
    assert 'href="https://invoice.stripe.com/i/acct_test/test_0001?s=ap"' in html(mail)
    assert "This was attempt" not in html(mail)
    assert "ENGINE-0042" in inbox(fresh, "grace@example.com")
    # The same event in another attempt, signed anew.
    again = stripe.post(body, hooks.stripe(stripe.secret, body, time.time() - 60))
    assert (again.status, again.json()["send"]) == (200, send["id"])
    paid = changed(body, id="evt_2", type="invoice.paid")
    assert stripe.post(paid, hooks.stripe(stripe.secret, paid)).json()["send"] is None


def test_a_new_release(recipe: Callable[[str], Recipe]) -> None:
    github, body = recipe("new-release"), payload("github-release.published")
    send, mail = github.sent(body, hooks.github(github.secret, body, "release"))

    assert ([one["email"] for one in send["to"]], [one["email"] for one in send["bcc"]]) == (
        ["grace@example.com"],
        ["alan@example.org"],
    )
    assert mail["Subject"] == "engine v2.1.0 is out"
    assert "<h1>Conditional jumps</h1>" in html(mail)
    assert "- Cards can jump<br>" in html(mail)
    assert "Loops &lt;script&gt;alert(1)&lt;/script&gt;" in html(mail)
    again = github.post(body, hooks.github(github.secret, body, "release"))
    assert (again.status, again.json()["send"]) == (200, send["id"])
    for other in (changed(body, action="released"), b'{"zen": "Keep it logically awesome.", "hook_id": 1}'):
        assert github.post(other, hooks.github(github.secret, other, "release")).json()["send"] is None


def test_an_order_was_shipped(recipe: Callable[[str], Recipe]) -> None:
    shopify, body = recipe("order-shipped"), payload("shopify-fulfillments-create")
    send, mail = shopify.sent(body, hooks.shopify(shopify.secret, body, "fulfillments/create"))

    assert (send["to"], mail["Subject"]) == ([{"email": "grace@example.com"}], "Your order is on its way")
    assert "<li>Nanosecond of wire (2)</li>" in html(mail)
    assert "<li>Moth &amp; tape (1)</li>" in html(mail)
    assert "1Z1234512345123456</a>" in html(mail)
    assert "UPS has it" in html(mail)
    cancelled = changed(body, status="cancelled")
    signature = hooks.shopify(shopify.secret, cancelled, "fulfillments/update")
    assert shopify.post(cancelled, signature).json()["send"] is None


def test_a_contact_form(recipe: Callable[[str], Recipe]) -> None:
    form, body = recipe("contact-form"), payload("contact-form")
    send, mail = form.sent(body, hooks.standard(form.secret, "msg_form", body))

    assert send["to"] == [{"email": "grace@example.com"}]
    assert (mail["Subject"], mail["Reply-To"]) == ("Grace Hopper wrote through the form", "grace@example.com")
    assert "Do you sell &lt;b&gt;spare&lt;/b&gt; gears?<br>" in html(mail)


def test_the_servers_part_of_the_contact_form_works(fresh: Service, recipe: Callable[[str], Recipe]) -> None:
    (source,) = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    found: dict[str, Any] = {}
    exec(source, found)
    form = recipe("contact-form")
    asked = {"name": "Grace", "email": "grace@example.com", "message": "Twelve gears, please."}

    assert found["forward"](fresh.url + form.target, form.secret, asked) == 202


def test_the_examples_of_filters_are_expressions() -> None:
    table = TEXT.partition("| filter | counts |")[2].partition("\n\n")[0]
    filters = re.findall(r"^\| (`+)(.+?)\1 \|", table, re.MULTILINE)
    assert len(filters) == 6
    for _, expression in filters:
        assert JmesPaths().check(expression.strip()) == "", expression


def test_the_examples_of_values_are_what_the_expressions_give() -> None:
    table = TEXT.partition("| payload | expression | value |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(.+?)` \| `(.+?)` \| (.+) \|$", table, re.MULTILINE)
    assert len(rows) == 7
    for given, expression, value in rows:
        found = JmesPaths().evaluate(expression.replace("\\|", "|"), json.loads(given))
        said = re.match(r"`(.+?)`", value)
        assert found == (json.loads(said[1]) if said else [{"title": "Wire", "count": 2}]), expression


def test_every_scheme_is_in_the_table() -> None:
    assert all(f"| `{scheme}` |" in TEXT for scheme in SCHEMES)


def test_the_figures_are_those_of_the_code() -> None:
    assert signed_headers.TOLERANCE.total_seconds() == 300
    assert triggers.DELIVERY_KEPT_FOR.days >= 30
    assert f"for {triggers.BODY_KEPT_FOR.days} days" in TEXT
    assert (triggers.FAILING_AT, triggers.MAX_SECRETS) == (5, 4)
    assert f"{triggers.OVERLAP.total_seconds() / 3600:g} hours more" in TEXT
    (low, high), (least, most) = signatures._SECRET_LIMITS, signatures._KEY_LIMITS
    for row in (
        f"| triggers | {triggers.MAX_TRIGGERS} |",
        f"| a webhook's body | {triggers.BODY_LIMIT:,} bytes, within {endpoint.READING:g} seconds |",
        f"| secrets | {triggers.MAX_SECRETS} that are good at one time, each of {low} to {high} characters; ",
        f"`whsec_` and {least} to {most} bytes |",
        f"| an expression | {triggers.EXPRESSION_LIMIT:,} characters, "
        f"{DEPTH_LIMIT} parentheses, {DEPTH_LIMIT} parts deep",
        f"| variables | {triggers.VARIABLES_LIMIT} |",
        f"| entries of `to`, `cc` and `bcc` | {triggers.RECIPIENTS_LIMIT} |",
        f"| `allowed_domains` | {triggers.DOMAINS_LIMIT} |",
        f"| `delay_seconds` | {int(triggers.DELAY_LIMIT.total_seconds()):,} ({triggers.DELAY_LIMIT.days} days) |",
        f"| `rate` | {triggers.PER_MINUTE_LIMIT:,} a minute, {triggers.PER_DAY_LIMIT:,} a day |",
    ):
        assert row in TEXT, row
