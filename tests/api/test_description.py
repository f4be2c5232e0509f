"""openapi.yaml is valid, says what the code says, and is what the console serves."""

import importlib
import re
from typing import Any

import pytest
from openapi_spec_validator import validate

from functions.domain import (
    attachment_rules,
    attachments,
    bounce_rules,
    errors,
    header_rules,
    messages,
    pacing,
    send_parsing,
    signatures,
    suppressions,
    template_values,
    templates,
    triggers,
)
from functions.domain.addresses import NAME_LIMIT
from functions.domain.attachments import AttachmentStatus
from functions.domain.callers import SCOPES
from functions.domain.hook_deliveries import Verdict
from functions.domain.sends import Status
from functions.edge import (
    multipart,
    problems,
    send_bodies,
    suppression_bodies,
    template_inputs,
    trigger_bodies,
    upload_bodies,
)
from functions.edge.endpoint import Endpoint, Who
from functions.services import trigger_keys
from scripts import openapi
from tests.api.description import DOCUMENT, FUNCTIONS, operations, resolve

SCHEMAS = DOCUMENT["components"]["schemas"]
PREVIEWS = ("StoredPreviewRequest", "GivenPreviewRequest", "QuickPreviewRequest")


def endpoint(name: str) -> Endpoint:
    found: Endpoint = importlib.import_module(f"functions.{name}").endpoint
    return found


def security(who: Who) -> list[dict[str, list[str]]]:
    """How the description says who may call."""
    if who.anyone:
        return []
    if who.platform:
        return [{"platformToken": []}]
    return [{"idToken": []}, {"apiKey": [who.keys]}] if who.keys else [{"idToken": []}]


def test_is_a_valid_openapi_document() -> None:
    validate(DOCUMENT)


def test_the_served_json_is_made_from_the_yaml() -> None:
    assert openapi.TARGET.read_text(encoding="utf-8") == openapi.rendered(), "run `make openapi`"


def test_every_route_is_described_with_its_callers_and_every_described_one_exists() -> None:
    in_code = {
        # The contract writes the platform's own paths without the last slash.
        (route.method, prefix if route.who.platform else prefix + route.pattern): security(route.who)
        for entry in FUNCTIONS
        for prefix in [entry["prefix"]]
        for route in endpoint(entry["name"]).routes
    }
    described = {(method, path): found["security"] for method, path, found in operations()}
    assert described == in_code


@pytest.mark.parametrize("entry", FUNCTIONS, ids=lambda entry: entry["name"])
def test_the_table_of_functions_has_the_routes_of_the_code(entry: dict[str, Any]) -> None:
    found = endpoint(entry["name"])
    assert found.prefix == entry["prefix"]
    assert sorted(entry["routes"]) == sorted(f"{r.method} {r.pattern}" for r in found.routes)


@pytest.mark.parametrize("entry", FUNCTIONS, ids=lambda entry: entry["name"])
def test_a_route_answers_at_its_full_path_at_the_bare_tail_and_without_the_last_slash(entry: dict[str, Any]) -> None:
    found = endpoint(entry["name"])
    for route in found.routes:
        tail = route.pattern.replace("{", "").replace("}", "_x")
        full = found.prefix + tail
        for path in (full, tail, full.rstrip("/") or "/", tail.rstrip("/") or "/"):
            assert route.method in found.allowed(path), path
        assert not found.allowed(f"{full}/more/"), full


@pytest.mark.parametrize("entry", FUNCTIONS, ids=lambda entry: entry["name"])
def test_the_table_of_functions_has_the_callers_of_the_code(entry: dict[str, Any]) -> None:
    if entry["name"] == "callback":  # by its state and the browser, which no `Who` expresses
        assert entry["callers"] == "Google's redirect; the user who started"
        return
    who = [route.who for route in endpoint(entry["name"]).routes]
    if any(w.platform for w in who):
        assert all(w.platform for w in who)
        assert entry["callers"] in ("Cloud Tasks", "Pub/Sub", "Cloud Scheduler")
        return
    if entry["name"] == "webhook":  # by a signature over the body, which is no bearer token
        assert entry["callers"] == "whoever signs as the trigger demands"
        assert [w.anyone for w in who] == [True]
        return
    if entry["name"] == "attachments":  # its upload URL is signed, as the bucket's own are
        who = [w for w in who if not w.anyone]
    assert len({(w.anyone, w.keys is None) for w in who}) == 1
    scopes = ", ".join(sorted({w.keys for w in who if w.keys}))
    said = "anyone" if who[0].anyone else f"users and API keys ({scopes})" if scopes else "users"
    assert entry["callers"] == said


def test_operations_have_what_client_generators_and_people_need() -> None:
    ids = [found["operationId"] for _, _, found in operations()]
    assert len(set(ids)) == len(ids)
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    for method, path, found in operations():
        assert re.fullmatch(r"[a-z]+[A-Za-z]+", found["operationId"])
        assert found["summary"], (method, path)
        assert set(found["tags"]) <= tags
        assert all(p.get("description") for p in map(resolve, found.get("parameters", ())))


def test_every_answer_names_its_request() -> None:
    for method, path, found in operations():
        for status, response in found["responses"].items():
            assert "X-Request-Id" in resolve(response)["headers"], (method, path, status)


def test_no_request_may_have_unknown_fields() -> None:
    for name in (
        *("SendRequest", "SendForm", "InlineAttachment", "NamedAddress", "KeyRequest", "Confirmation", "Move"),
        *("AccountChange", "SuppressionRequest", "SuppressionRow", "SuppressionsRequest"),
    ):
        assert SCHEMAS[name]["additionalProperties"] is False, name
    for name in ("UploadForm", "UploadRequest"):
        assert SCHEMAS[name]["additionalProperties"] is False, name
    for name in ("TemplateRequest", "TemplateVariable", *PREVIEWS):
        assert SCHEMAS[name]["additionalProperties"] is False, name
    assert SCHEMAS["GivenPreviewRequest"]["properties"]["template"]["additionalProperties"] is False


def test_every_problem_code_is_described_and_no_other() -> None:
    assert set(SCHEMAS["ProblemCode"]["enum"]) == set(problems.STATUS)
    assert set(DOCUMENT["components"]["examples"]) == set(problems.STATUS)


@pytest.mark.parametrize("code", sorted(problems.STATUS))
def test_the_example_of_a_problem_is_what_the_code_answers(code: str) -> None:
    example = DOCUMENT["components"]["examples"][code]["value"]
    raised = errors.recall(code, example["detail"], "", repeated=False)
    raised.errors = tuple(errors.FieldError(**e) for e in example.get("errors", ()))
    made = problems.document(raised, example["request_id"])
    if code == "gmail_rejected":  # has a remedy for each of Gmail's reasons
        made["remedy"] = example["remedy"]
    assert example == made


def test_the_examples_of_a_response_have_its_status() -> None:
    for method, path, found in operations():
        for status, response in found["responses"].items():
            content = resolve(response).get("content", {}).get("application/problem+json", {})
            assert content.get("examples") or int(status) < 400, (method, path, status)
            for code, example in content.get("examples", {}).items():
                assert resolve(example)["value"]["code"] == code
                assert problems.STATUS[code] == int(status), (method, path, status)


def test_limits_are_those_of_the_code() -> None:
    send, file = SCHEMAS["SendRequest"]["properties"], SCHEMAS["InlineAttachment"]["properties"]
    described = {
        "recipients": {send[name]["maxItems"] for name in ("to", "cc", "bcc")},
        "reply_to": {send["reply_to"]["maxItems"]},
        "subject": {send["subject"]["maxLength"]},
        "bodies": {send[name]["maxLength"] for name in ("text", "html")},
        "attachments": {send["attachments"]["maxItems"], SCHEMAS["SendForm"]["properties"]["attachments"]["maxItems"]},
        "filename": {file["filename"]["maxLength"]},
        "headers": {send["headers"]["maxProperties"]},
        "header": {send["headers"]["additionalProperties"]["maxLength"]},
        "tags": {send["tags"]["maxItems"]},
        "tag": {send["tags"]["items"]["maxLength"]},
        "metadata": {send["metadata"]["maxProperties"]},
        "metadata name": {send["metadata"]["propertyNames"]["maxLength"]},
        "metadata value": {send["metadata"]["additionalProperties"]["maxLength"]},
        "name": {SCHEMAS["NamedAddress"]["properties"]["name"]["maxLength"]},
    }
    assert described == {
        "recipients": {messages.RECIPIENTS_LIMIT},
        "reply_to": {messages.REPLY_TO_LIMIT},
        "subject": {messages.SUBJECT_LIMIT},
        "bodies": {messages.BODY_LIMIT},
        "attachments": {messages.ATTACHMENTS_LIMIT},
        "filename": {attachment_rules.FILENAME_LIMIT},
        "headers": {header_rules.HEADERS_LIMIT},
        "header": {header_rules.VALUE_LIMIT},
        "tags": {send_parsing.TAGS_LIMIT},
        "tag": {send_parsing.TAG_LENGTH},
        "metadata": {send_parsing.METADATA_LIMIT},
        "metadata name": {send_parsing.METADATA_KEY_LENGTH},
        "metadata value": {send_parsing.METADATA_VALUE_LENGTH},
        "name": {NAME_LIMIT},
    }


def test_limits_of_the_suppression_list_and_of_an_account_are_those_of_the_code() -> None:
    change = SCHEMAS["AccountChange"]["properties"]
    assert change["name"]["maxLength"] == NAME_LIMIT
    assert change["daily_limit"]["maximum"] == pacing.WORKSPACE_PER_DAY
    assert f"{pacing.CONSUMER_PER_DAY} for gmail.com" in change["daily_limit"]["description"]
    assert SCHEMAS["SuppressionsRequest"]["properties"]["suppressions"]["maxItems"] == suppression_bodies.ROWS_LIMIT
    for name in ("SuppressionRequest", "SuppressionRow"):
        assert SCHEMAS[name]["properties"]["note"]["maxLength"] == suppressions.NOTE_LIMIT
    assert set(SCHEMAS["SuppressionRow"]["properties"]) == set(suppression_bodies.EXPORTED)
    said = next(found for _, _, found in operations() if found["operationId"] == "addSuppressions")["requestBody"]
    assert f"{suppression_bodies.BODY_LIMIT:,} bytes" in said["description"]
    assert f"{suppression_bodies.ROWS_LIMIT:,} addresses" in said["description"]


def test_limits_of_an_attachment_are_those_of_the_code() -> None:
    upload = next(found for _, _, found in operations() if found["operationId"] == "uploadAttachment")
    seconds = (attachments.SHORTEST.total_seconds(), attachments.LONGEST.total_seconds())
    query = {p["name"]: p["schema"] for p in map(resolve, upload["parameters"])}
    for fields in (SCHEMAS["UploadForm"]["properties"], SCHEMAS["UploadRequest"]["properties"], query):
        assert (fields["expires_in"]["minimum"], fields["expires_in"]["maximum"]) == seconds
    assert SCHEMAS["UploadRequest"]["properties"]["size"]["maximum"] == attachments.FILE_LIMIT
    assert f"{attachments.FILE_LIMIT:,} bytes" in upload["description"]
    assert f"after {attachments.EXPIRES_IN.days} days" in upload["description"]
    assert f"{attachments.LONGEST.days} days" in upload["description"]
    assert f"{upload_bodies.JSON_LIMIT:,} bytes" in upload["requestBody"]["description"]
    assert f"{multipart.BODY_LIMIT:,} bytes" in upload["requestBody"]["description"]
    assert query["filename"]["maxLength"] == attachment_rules.FILENAME_LIMIT


def test_limits_of_a_template_are_those_of_the_code() -> None:
    given = SCHEMAS["GivenPreviewRequest"]["properties"]["template"]["properties"]
    for fields in (SCHEMAS["TemplateRequest"]["properties"], given, SCHEMAS["QuickPreviewRequest"]["properties"]):
        assert fields["name"]["maxLength"] == templates.NAME_LIMIT
        assert {fields[name]["maxLength"] for name in ("subject", "preheader")} == {templates.LINE_LIMIT}
        assert fields["html"]["maxLength"] == templates.HTML_LIMIT
        assert f"{templates.HTML_LIMIT:,} bytes" in fields["html"]["description"]
        assert fields["text"]["maxLength"] == templates.TEXT_LIMIT
        assert f"{templates.TEXT_LIMIT:,} bytes" in fields["text"]["description"]
    for variables in (SCHEMAS["TemplateRequest"]["properties"]["variables"], given["variables"]):
        assert variables["maxItems"] == template_values.VARIABLES_LIMIT
        assert f"{templates.VARIABLES_LIMIT:,} bytes" in variables["description"]
    said = SCHEMAS["TemplateRequest"]["description"]
    assert all(f"{limit:,}" in said for limit in templates.BODY_LIMITS.values())
    for _, path, found in operations():
        if path.startswith("/api/gmail/templates/") and "requestBody" in found:
            assert f"{template_inputs.BODY_LIMIT:,} bytes" in found["requestBody"]["description"]


def test_limits_of_a_trigger_are_those_of_the_code() -> None:
    for name in ("TriggerRequest", "NewTriggerRequest"):
        fields = SCHEMAS[name]["properties"]
        assert SCHEMAS[name]["additionalProperties"] is False
        assert fields["name"]["maxLength"] == triggers.NAME_LIMIT
        assert (fields["subject"]["maxLength"], fields["filter"]["maxLength"]) == (
            templates.LINE_LIMIT,
            triggers.EXPRESSION_LIMIT,
        )
        assert (fields["html"]["maxLength"], fields["text"]["maxLength"]) == (
            templates.HTML_LIMIT,
            templates.TEXT_LIMIT,
        )
        assert fields["allowed_domains"]["maxItems"] == triggers.DOMAINS_LIMIT
        assert fields["delay_seconds"]["maximum"] == triggers.DELAY_LIMIT.total_seconds()
    assert SCHEMAS["NewTriggerRequest"]["properties"]["secrets"]["maxItems"] == triggers.MAX_SECRETS
    given_back, new = SCHEMAS["TriggerRequest"]["properties"], SCHEMAS["NewTriggerRequest"]["properties"]
    assert {*SCHEMAS["Trigger"]["properties"]} == {*given_back}
    shown = {name for name, field in given_back.items() if field.get("readOnly")}
    assert shown == {*given_back} - {*new} | {"secrets"}
    mapping = SCHEMAS["TriggerMapping"]["properties"]
    assert mapping["variables"]["maxProperties"] == triggers.VARIABLES_LIMIT
    assert {mapping[name]["maxItems"] for name in ("to", "cc", "bcc", "reply_to")} == {triggers.RECIPIENTS_LIMIT}
    assert SCHEMAS["RecipientRule"]["properties"]["path"]["maxLength"] == triggers.EXPRESSION_LIMIT
    rate = SCHEMAS["TriggerRate"]["properties"]
    assert rate["per_minute"]["maximum"] == triggers.PER_MINUTE_LIMIT
    assert rate["per_day"]["maximum"] == triggers.PER_DAY_LIMIT
    overlap = SCHEMAS["TriggerRotationRequest"]["properties"]["overlap_seconds"]
    assert (overlap["default"], overlap["maximum"]) == (
        triggers.OVERLAP.total_seconds(),
        triggers.OVERLAP_LIMIT.total_seconds(),
    )
    described = {found["operationId"]: found for _, _, found in operations()}
    assert f"at most {triggers.MAX_TRIGGERS} triggers" in described["createTrigger"]["description"]
    assert f"{trigger_bodies.BODY_LIMIT:,} bytes" in described["createTrigger"]["requestBody"]["description"]
    assert f"{trigger_bodies.TEST_LIMIT:,} bytes" in described["testTrigger"]["requestBody"]["description"]
    assert f"{triggers.BODY_LIMIT:,} bytes" in described["receiveWebhook"]["requestBody"]["description"]
    assert f"for {triggers.DELIVERY_KEPT_FOR.days} days" in described["listHookDeliveries"]["description"]
    assert f"for {triggers.BODY_KEPT_FOR.days} days" in described["getHookDelivery"]["description"]
    assert f"within {trigger_keys.FRESH.seconds} seconds" in described["replaceTrigger"]["description"]


def test_limits_in_the_text_are_those_of_the_code() -> None:
    send = next(found for _, _, found in operations() if found["operationId"] == "sendMessage")
    assert f"at most {messages.MIME_LIMIT:,} bytes" in send["description"]
    assert f"at most {messages.RECIPIENTS_LIMIT}" in send["description"]
    for limit in (
        f"{send_bodies.JSON_LIMIT:,} bytes",
        f"{multipart.BODY_LIMIT:,} bytes",
        f"{multipart.PARTS_LIMIT} parts",
    ):
        assert limit in send["requestBody"]["description"]
    assert f"{multipart.MESSAGE_LIMIT >> 20} MiB" in SCHEMAS["SendForm"]["properties"]["message"]["description"]


def test_words_are_those_of_the_code() -> None:
    assert SCHEMAS["SendStatus"]["enum"] == [status.value for status in Status]
    assert SCHEMAS["KeyScope"]["enum"] == list(SCOPES)
    evidence = SCHEMAS["Event"]["properties"]["evidence"]["properties"]
    assert evidence["category"]["enum"] == list(bounce_rules.Category)
    assert set(evidence["action"]["enum"]) == {"wait", *(action for _, action in bounce_rules.ADVICE.values())}
    assert SCHEMAS["Attachment"]["properties"]["status"]["enum"] == [
        s.value for s in AttachmentStatus if s is not AttachmentStatus.DELETED
    ]
    assert SCHEMAS["TemplateKind"]["enum"] == list(templates.KINDS)
    assert SCHEMAS["TemplateVariable"]["properties"]["type"]["enum"] == [*templates.VARIABLE_TYPES, None]
    assert SCHEMAS["TriggerScheme"]["enum"] == list(signatures.SCHEMES)
    assert SCHEMAS["HookVerdict"]["enum"] == [verdict.value for verdict in Verdict]
    assert SCHEMAS["SuppressionReason"]["enum"] == list(suppressions.Reason)
