"""A webhook on its way to a mail, with one thing going wrong at each step in turn: whatever it is, every 2xx ends in
a state that is true, at most one mail goes out, and the log tells what became of it.

A step is one call of the store, the blob store, the queue or Gmail. The short form has two webhooks, one whose message
can be made and one whose can't; FAULT_FULL=1 adds those that go through the blob store and through a template.
"""

import contextlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from functions.domain.errors import Conflict
from functions.domain.hook_deliveries import Verdict
from functions.domain.sends import Status
from functions.domain.templates import TemplateBody, TemplateFields, Variable
from functions.domain.triggers import Mapping, RecipientRule
from functions.services.receiving import Answer
from tests.faults.course import MESSAGES, MORE, Course, Faults
from tests.full import FULL
from tests.services.fakes import CALLER, OWNER
from tests.services.trigger_world import HookWorld, fields

ON_ITS_WAY = 30  # steps from the webhook to the mail, and a few more


def judge(course: Course, answer: Answer | None, made: bool) -> list[str]:
    """Every broken promise."""
    assert answer, "it was never accepted"
    wrong: list[str] = []
    send, mails = course.record(answer), len(course.world.mailbox.stored)
    if mails > 1:
        wrong.append(f"{mails} mails")
    (logged,) = course.log()
    told = (logged.id, logged.send, logged.verdict)
    verdict = Verdict.ACCEPTED if made else Verdict.FAILED
    if told != (answer.delivery, send.id, verdict):
        wrong.append(f"the log says {told}")
    if course.world.hook_log.body(logged) != json.dumps(course.payload).encode():
        wrong.append("its body is not in the log")
    if not made:
        if send.status is not Status.FAILED or mails or logged.reason != send.attempts[-1].code:
            wrong.append(f"it is {send.status}, and the log says {logged.reason}")
        return wrong
    # A process that dies with a claim may have been about to post: that is told as not known.
    unknown = not mails and course.faults.how.startswith("dies")
    if send.status is not (Status.UNKNOWN if unknown else Status.SENT) or (not mails and not unknown):
        wrong.append(f"it is {send.status}, with {mails} mails")
    return wrong


@pytest.mark.timeout(600)
@pytest.mark.parametrize("how", ["away", "silent", "dies before", "dies after"])
@pytest.mark.parametrize("message", [*MESSAGES, *(MORE if FULL else ())])
def test_whatever_goes_wrong_at_whichever_step_nothing_is_lost_or_doubled(
    tmp_path: Path, message: str, how: str
) -> None:
    plain = Course(tmp_path / "plain", message, Faults())
    answer = plain.post()
    plain.end()
    assert judge(plain, answer, made=message != "no message") == []
    steps = plain.faults.steps
    asked = len(steps) - steps[::-1].index("commit")  # later ones are sweeps that find nothing

    wrong = {}
    for at in range(asked):
        course = Course(tmp_path / str(at), message, Faults(how, at))
        answer = course.post()
        course.end()
        if found := judge(course, answer, made=message != "no message"):
            wrong[f"{how} at {at}, {course.faults.steps[at]}"] = found
    assert wrong == {}
    assert asked > 10


# What others do meanwhile, at another instance


def comes_again(course: Course, other: HookWorld) -> None:
    course.hook.post(course.payload, "msg_1", at=other)


def is_delivered(course: Course, other: HookWorld) -> None:
    """By a task that came twice, and by the sweep."""
    for send in course.sends():
        other.delivering.deliver(OWNER, send.id)
    other.clock.pass_(seconds=30)
    other.deliver(sweeping=True)


def is_cancelled(course: Course, other: HookWorld) -> None:
    for send in course.sends():
        with contextlib.suppress(Conflict):
            other.controlling.cancel(CALLER, send.id)


def is_replayed(course: Course, other: HookWorld) -> None:
    """Twice, which makes two more sends."""
    for logged in course.log():
        for _ in range(2):
            other.replaying.replay(CALLER, course.hook.now(), logged.id)


def account_goes(_: Course, other: HookWorld) -> None:
    other.disconnect()


def trigger_goes(course: Course, other: HookWorld) -> None:
    other.triggers.delete(CALLER, course.hook.id)


def trigger_changes(course: Course, other: HookWorld) -> None:
    changed = fields(
        subject="Another one", mapping=Mapping({}, to=(RecipientRule("eve@example.org"),)), html="<p>.</p>"
    )
    other.triggers.put(CALLER, course.hook.id, changed)


def template_changes(course: Course, other: HookWorld) -> None:
    template = course.hook.made.fields.template
    body = TemplateBody("Anew {{ number }}", "<p>Anew</p>", variables=(Variable("number"), Variable("name")))
    other.templates.replace(OWNER, template, TemplateFields("Order", body))
    other.templates.publish(OWNER, template)


def template_goes(course: Course, other: HookWorld) -> None:
    trigger_changes(course, other)  # one that a trigger uses can't be deleted
    other.templates.delete(OWNER, course.hook.made.fields.template)


RIVALS: list[tuple[str, Callable[[Course, HookWorld], None]]] = [
    ("a message", comes_again),
    ("a message", is_delivered),
    ("a message", is_cancelled),
    ("a message", is_replayed),
    ("a message", account_goes),
    ("a message", trigger_goes),
    ("a message", trigger_changes),
    ("a template", template_changes),
    ("a template", template_goes),
]
# As the trigger was and as its template is later, or as the trigger is later; nothing in between.
SAID = (("Order 1042", "grace@example.com"), ("Anew 1042", "grace@example.com"), ("Another one", "eve@example.org"))


def judge_all(course: Course) -> list[str]:
    """Every broken promise: of each send that there is, and of each webhook that was logged."""
    wrong, sends = [], {send.id: send for send in course.sends()}
    for send in sends.values():
        mails = sum(stored.send_id == send.id for stored in course.world.mailbox.stored)
        if send.status not in (Status.SENT, Status.FAILED, Status.CANCELLED):
            wrong.append(f"one is {send.status}")
        if mails != (send.status is Status.SENT):
            wrong.append(f"{mails} mails of one that is {send.status}")
        told = (send.subject, send.to[0].email)
        if mails and told not in SAID:
            wrong.append(f"it says {told}")
    logged = course.log()
    for one in logged:
        made = sends[one.send] if one.send else None
        if one.verdict is Verdict.ACCEPTED and (made is None or made.status is Status.FAILED):
            wrong.append(f"it is logged as accepted, and its send is {made and made.status}")
        if one.verdict is Verdict.FAILED and (made is None or made.composed or made.status is Status.SENT):
            wrong.append("it is logged as failed, and it is not")
    if len(sends) != sum(one.verdict in (Verdict.ACCEPTED, Verdict.FAILED) for one in logged):
        wrong.append(f"{len(sends)} sends of {len(logged)} webhooks")
    return wrong


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("message", "rival"), RIVALS)
def test_whatever_others_do_meanwhile_one_truth_is_left(
    tmp_path: Path, message: str, rival: Callable[[Course, HookWorld], None]
) -> None:
    wrong: dict[str, Any] = {}
    ends: set[Status] = set()
    for at in range(ON_ITS_WAY):
        faults = Faults("meanwhile", at)
        course = Course(tmp_path / str(at), message, faults)
        faults.meanwhile = partial(rival, course, course.world.beside(course.world.documents))
        course.post()
        course.end()
        if found := judge_all(course):
            wrong[f"{rival.__name__} before {at}, {faults.steps[at]}"] = found
        ends |= {send.status for send in course.sends()}
    assert wrong == {}
    assert Status.SENT in ends, "some were before, or behind"
    if rival in (is_cancelled, account_goes):
        assert Status.CANCELLED in ends
