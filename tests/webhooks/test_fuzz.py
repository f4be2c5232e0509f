"""Whatever is sent to a trigger's URL, its answer is clear, and nothing is on record that should not be.

`FUZZ_EXAMPLES` sets how many requests are made, `FUZZ_SEED` which.
"""

import io
import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from functions.cli.server import Gateway, endpoints
from functions.domain import records
from functions.domain.hook_deliveries import NOTES
from functions.domain.ids import LOCAL_OWNER
from functions.domain.ports import Create, Document
from tests.e2e.client import Answer, Caller
from tests.e2e.hosts import Inside
from tests.e2e.journal import Journal
from tests.full import examples
from tests.services.builders import account
from tests.webhooks.shots import KEY, OWN, SCHEMES, SECRETS, Shot, shot

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES") or examples(500))
SEED = os.environ.get("FUZZ_SEED", "1")
LOCAL_KEY = "a-local-api-key-of-the-tests"
TRIGGER = {
    "name": "Order",
    "account": "acc_1",
    "subject": "Order {{ number }}",
    "html": "<p>Dear {{ name }}</p>",
    "mapping": {"variables": {"number": "id", "name": "name"}, "to": [{"path": "to"}]},
    "allowed_domains": ["example.com"],
    "filter": "!skip",
}
UNKNOWN = {"unknown": "trg_" + "0" * 26, "none": "x", "long": "trg_" + "a" * 5_000}

pytestmark = pytest.mark.timeout(300 + EXAMPLES // 10)


@pytest.fixture
def inside(tmp_path: Path) -> Inside:
    made = Inside("inside", tmp_path, Journal(), {"LOCAL_API_KEY": LOCAL_KEY})
    made.app.documents.commit([Create(f"owners/{LOCAL_OWNER}/accounts/acc_1", records.to_data(account(LOCAL_OWNER)))])
    return made


@pytest.fixture
def triggers(inside: Inside) -> dict[str, str]:
    """The ids: one of each scheme by its name, and a disabled one."""
    caller = Caller(inside, LOCAL_KEY)
    found = {}
    for name in (*SCHEMES, "disabled"):
        scheme = "github" if name == "disabled" else name
        asked = {
            **TRIGGER,
            "scheme": scheme,
            "enabled": name != "disabled",
            "secrets": [SECRETS.get(scheme, KEY.decode())],
        }
        if scheme == "hmac":
            asked["hmac"] = OWN
        found[name] = caller.post("triggers/", asked).ok(201)["id"]
    return {**found, **UNKNOWN}


class Target:
    """The application as a gateway interface sees it (PEP 3333), with nothing between that would mend a request."""

    def __init__(self, inside: Inside, triggers: dict[str, str]) -> None:
        self._gateway = Gateway(inside.app, endpoints())
        self._triggers = triggers

    def fire(self, made: Shot) -> Answer:
        path, _, query = f"/api/gmail/hooks/{self._triggers[made.trigger or made.scheme]}{made.tail}".partition("?")
        environ = EnvironBuilder(
            "/", "http://localhost:8000", method="POST", input_stream=io.BytesIO(made.body)
        ).get_environ()
        environ |= {
            "REQUEST_METHOD": made.method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": made.content_type,
        }
        environ["CONTENT_LENGTH"] = str(len(made.body)) if made.length is None else made.length
        if made.length == "":
            environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
            del environ["CONTENT_LENGTH"]
        for name, value in made.headers:
            key = "HTTP_" + name.upper().replace("-", "_")
            environ[key] = f"{environ[key]},{value}" if key in environ else value  # as gunicorn joins them
        answer, status, headers = run_wsgi_app(self._gateway, environ, buffered=True)
        return Answer(int(status.split()[0]), headers, b"".join(answer))


def below(inside: Inside, place: str) -> Iterator[Document]:
    after = ""
    while page := inside.app.documents.below(place, 500, after):
        yield from page
        after = page[-1].path


def test_every_request_gets_a_clear_answer_and_only_right_ones_make_a_send(
    inside: Inside, triggers: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    target = Target(inside, triggers)
    counts: Counter[str] = Counter()
    made_sends: dict[tuple[str, str], str] = {}  # by scheme and name of the delivery
    refusals: set[str] = set()
    earlier: list[Shot] = []
    slowest, began = 0.0, time.time()
    for number in range(EXAMPLES):
        chance = random.Random(f"{SEED}/{number}")
        made = shot(chance, number, int(time.time()), chance.choice(earlier) if earlier else None)
        started = time.perf_counter()
        answer = target.fire(made)
        slowest = max(slowest, time.perf_counter() - started)
        counts[f"{made.become}: {answer.status}"] += 1
        try:
            _check(made, answer, made_sends, refusals)
        except AssertionError as error:
            raise AssertionError(f"request {number} of seed {SEED}: {error}\n{str(made)[:3000]}") from error
        if answer.status == 202:
            earlier.append(made)
        if number % 1_000 == 0:
            assert KEY.decode() not in "".join(capsys.readouterr())

    print(dict(sorted(counts.items())), f"the slowest took {slowest * 1000:.0f} ms")
    assert len(refusals) == 1  # unknown, disabled and wrongly signed look the same
    recorded = list(below(inside, f"owners/{LOCAL_OWNER}/sends"))
    assert {one.path.rpartition("/")[2] for one in recorded} == set(made_sends.values())
    assert len(recorded) == len(made_sends)
    assert {to["email"].rpartition("@")[2] for one in recorded for to in one.data["to"]} == {"example.com"}
    assert {document.path.split("/")[1] for document in below(inside, "owners")} == {LOCAL_OWNER}
    received = [one.data for one in below(inside, f"owners/{LOCAL_OWNER}/received")]
    verdicts = Counter(one["verdict"] for one in received)
    sends = {one["send"]: one for one in received if one.get("send")}
    assert sends.keys() == set(made_sends.values())
    # Of some no message can be made, which shows when they are due; nothing else becomes of any.
    failed = {send for send, one in sends.items() if one["verdict"] == "failed"}
    assert verdicts["accepted"] + len(failed) == len(made_sends)
    assert {sends[one]["reason"] for one in failed} <= {"missing_variable"}
    assert {one.data["status"] for one in recorded if one.path.rpartition("/")[2] in failed} <= {"queued", "failed"}
    minutes = (time.time() - began) // 60 + 2
    assert verdicts["refused"] <= NOTES * minutes * len(triggers)


def _check(made: Shot, answer: Answer, made_sends: dict[tuple[str, str], str], refusals: set[str]) -> None:
    assert KEY not in answer.body
    assert b"Traceback" not in answer.body
    delivery = (made.scheme, made.name)
    match made.become:
        case "a send":
            found = answer.ok(200 if delivery in made_sends else 202)
            assert made_sends.setdefault(delivery, found["send"]) == found["send"]
        case "nothing":
            assert answer.ok(answer.status if answer.status in (200, 202) else 202)["send"] is None
        case "refused":
            assert 400 <= answer.status < 500, answer
            if made.method == "HEAD":
                return
            problem = answer.problem(answer.status, json.loads(answer.body)["code"])
            if answer.status == 401:
                alike = {name: value for name, value in problem.items() if name != "request_id"}
                headers = sorted(name for name, _ in answer.headers)
                refusals.add(json.dumps([alike, headers], sort_keys=True))
