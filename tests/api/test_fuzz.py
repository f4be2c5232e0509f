"""Schemathesis makes requests out of openapi.yaml, right ones and wrong ones, and the running functions have to answer
as it says: the statuses, headers, media types and bodies that are described, no 5xx, no wrong request taken, no right
one refused, no call without a token answered."""

from collections.abc import Iterator

import pytest
import schemathesis
from schemathesis.checks import CHECKS, load_all_checks

from tests.api.description import SOURCE, problem_codes
from tests.api.service import KEY, Service, running

# What a schema can't say: of all requests that it allows, those may be refused, with one of these codes.
BY_MEANING = {
    "startConnecting": "invalid_request",  # return_to must be on RETURN_URLS
    "finishConnecting": "invalid_state",
    "confirmConnection": "invalid_state",
    "sendMessage": "invalid_message",  # the rules over several fields
    "listTemplates": "invalid_request",
    "createTemplate": "invalid_request",  # a declaration's fallback has its type; the layout must be there
    "replaceTemplate": "invalid_request",
    "previewTemplate": "invalid_request invalid_message missing_variable",  # the text is Liquid; values must fit
    "listTemplateVersions": "invalid_request",
    "createKey": "invalid_request",  # expires_at must lie ahead
    "listAccounts": "invalid_request",  # page_token must come from the page before
    "listSends": "invalid_request",
    "exportSends": "invalid_request",  # what can be printed
    "countSends": "invalid_request",  # the days that lie between two times
    "getSend": "invalid_request",  # the message of a send, not of a batch
    "listKeys": "invalid_request",
    "listEndpoints": "invalid_request",
    "listDeliveries": "invalid_request",
    "createEndpoint": "invalid_request conflict",  # where a URL may lead; how many there may be
    "replaceEndpoint": "invalid_request",
    "rotateSecret": "invalid_request",  # what base64 is
    "listAttachments": "invalid_request",
    "uploadAttachment": "invalid_request",  # what a name is; when it may expire; where the name stands
    "uploadPast": "forbidden",
    "listSuppressions": "invalid_request",
    "listTriggers": "invalid_request",
    "createTrigger": "invalid_request conflict",  # expressions, texts, addresses; what goes together
    "replaceTrigger": "invalid_request",
    "rotateTriggerSecret": "invalid_request",
    "testTrigger": "invalid_request conflict",
    "listHookDeliveries": "invalid_request",
    "replayHookDelivery": "conflict",
    "receiveWebhook": "unauthenticated",  # nothing that is made at random is rightly signed
    "addSuppressions": "invalid_request",  # what an address is
    "updateAccount": "invalid_request",  # the default account stays one
}

load_all_checks()
schemathesis.serializer.alias(["text/csv", "application/x-ndjson"], "text/plain")
REFUSED_ALTHOUGH_RIGHT = CHECKS.get_one("positive_data_acceptance")
TAKEN_ALTHOUGH_WRONG = CHECKS.get_one("negative_data_rejection")

schema = schemathesis.openapi.from_path(
    str(SOURCE),
    config=schemathesis.Config.from_dict(
        {
            # The same requests at every run: a failure can be repeated, and no run fails by chance.
            "generation": {
                "deterministic": True,
                "max-examples": 40,
                "database": "none",
                "with-security-parameters": False,  # the test gives the token; the check on ignored auth takes it away
            },
            # Ids out of answers would disconnect the account that messages are sent from.
            "phases": {"fuzzing": {"extra-data-sources": {"responses": False}}, "stateful": {"enabled": False}},
        }
    ),
)


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of its own: there is a lot of mail afterwards."""
    with running(tmp_path_factory.mktemp("fuzzed")) as started:
        started.connect()
        yield started


@schema.parametrize()
def test_the_functions_answer_as_described(case: schemathesis.Case, described: Service) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    response = case.call(base_url=described.url, headers=headers, allow_redirects=False)
    if response.status_code == 414:  # the HTTP server's own limit on a request line; no function saw it
        return
    known = case.operation.definition.raw
    code = response.json()["code"] if response.headers.get("Content-Type") == ["application/problem+json"] else ""
    if code and response.status_code != 405:
        assert code in problem_codes(known, response.status_code), f"{code} is not described"
    by_meaning = BY_MEANING.get(known["operationId"])
    excluded = [REFUSED_ALTHOUGH_RIGHT] if by_meaning and code in ("", *by_meaning.split()) else []
    if known["operationId"] == "uploadAttachment" and "filename" in (case.query or {}):
        excluded.append(TAKEN_ALTHOUGH_WRONG)  # with a name beside it JSON is a file: nobody looks whether it is JSON
    case.validate_response(response, headers=headers, excluded_checks=excluded)
