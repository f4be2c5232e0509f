"""Real-shaped hits, each from a public report that `source` names, are judged as the notes beside them say."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.domain import hits, verdicts
from functions.domain.hits import Hit
from functions.domain.networks import network
from functions.domain.verdicts import judge, regrade

SCENES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "corpus" / "hits.json").read_text(encoding="utf-8"))
SENT = datetime(2031, 5, 1, 12, tzinfo=UTC)
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/70.0.3538.110 Safari/537.36"


def made(given: dict[str, Any], mailboxes: tuple[str, ...]) -> Hit:
    return Hit(
        kind=given["kind"],
        at=SENT + timedelta(seconds=given["delay"]),
        delay=given["delay"],
        user_agent=given["user_agent"],
        network=network(given["address"]),
        headers=given["headers"],
        link=given.get("link", -1),
        mailboxes=mailboxes,
        secure=given.get("secure", False),
    )


def click(delay: float, link: int = 0, user_agent: str = CHROME, **more: Any) -> Hit:
    return Hit("click", SENT + timedelta(seconds=delay), delay, user_agent, link=link, **more)


def opened(delay: float, user_agent: str = CHROME, **more: Any) -> Hit:
    return Hit("open", SENT + timedelta(seconds=delay), delay, user_agent, **more)


@pytest.mark.parametrize("scene", SCENES, ids=[s["title"] for s in SCENES])
def test_each_hit_of_the_corpus_is_judged_as_its_notes_say(scene: dict[str, Any]) -> None:
    seen = [made(h, tuple(scene["mailboxes"])) for h in scene["hits"]]

    judged = regrade(seen)

    assert [v.verdict for v in judged] == [h["verdict"] for h in scene["hits"]], [v.reason for v in judged]


def test_the_corpus_is_as_large_as_it_should_be_and_every_scene_has_a_source() -> None:
    assert sum(len(s["hits"]) for s in SCENES) >= 40
    assert all(s["source"].startswith("https://") and s["why"] for s in SCENES)
    words = Counter(h["verdict"] for s in SCENES for h in s["hits"])
    assert set(words) == {"human", "proxy", "prefetch", "scanner", "unknown"}
    assert min(words.values()) >= 5


def test_every_verdict_says_why_in_a_sentence_and_under_which_rules() -> None:
    for scene in SCENES:
        for found in regrade([made(h, tuple(scene["mailboxes"])) for h in scene["hits"]]):
            assert found.reason[0].isupper() or found.reason[0].isdigit()
            assert found.reason.endswith(".")
            assert found.rules == verdicts.RULES


def test_people_and_the_proxies_that_fetch_for_them_count_and_nobody_else() -> None:
    judged = [
        (v.verdict, v.counts) for s in SCENES for v in regrade([made(h, tuple(s["mailboxes"])) for h in s["hits"]])
    ]
    assert {word for word, counts in judged if counts} == {"human", "proxy"}
    assert {word for word, counts in judged if not counts} == {"prefetch", "scanner", "unknown"}


def test_a_first_click_is_a_persons_until_more_links_follow_at_once() -> None:
    first, second = click(600), click(600.5, link=1)

    assert judge(first, []).verdict == "human"
    assert judge(second, [first]).verdict == "scanner"
    assert [v.verdict for v in regrade([first, second])] == ["scanner", "scanner"]


def test_links_that_are_read_one_after_another_are_a_persons() -> None:
    assert {v.verdict for v in regrade([click(600 + 5 * n, link=n) for n in range(6)])} == {"human"}


def test_one_link_many_times_is_no_burst() -> None:
    judged = regrade([click(600 + n, link=3) for n in range(0, 60, 20)])
    assert {v.verdict for v in judged} == {"human"}


def test_an_open_beside_a_burst_is_the_bursts_only_if_it_is_the_same_program() -> None:
    burst = [click(600 + n / 10, link=n, user_agent="Mozilla/5.0 (X11; a) Gecko") for n in range(3)]

    assert judge(opened(600.2, "Mozilla/5.0 (X11; a) Gecko"), burst).verdict == "scanner"
    assert judge(opened(600.2, "Mozilla/5.0 (X11; b) Gecko"), burst).verdict == "human"


def test_a_click_shortly_after_a_scanners_is_still_a_persons() -> None:
    """The filter looked at the link at delivery; then its reader clicked."""
    scanner, person = click(4, user_agent="python-requests/2.31.0"), click(20)

    assert [v.verdict for v in regrade([scanner, person])] == ["scanner", "human"]


def test_a_hit_far_away_changes_nothing() -> None:
    assert judge(click(600), [click(700, link=1), click(500, link=2)]) == judge(click(600), [])


@pytest.mark.parametrize(
    ("delay", "said"), [(0, "0 seconds"), (1, "1 second"), (0.12, "0.1 seconds"), (1.96, "2 seconds")]
)
def test_the_reason_says_how_soon(delay: float, said: str) -> None:
    assert f"Only {said} after" in judge(opened(delay), []).reason


@pytest.mark.parametrize(
    ("delay", "said"),
    [(11.4, "11 seconds"), (60, "1 minute"), (3599, "59 minutes"), (7300, "2 hours"), (86400 * 3.5, "3 days")],
)
def test_the_reason_says_how_late(delay: float, said: str) -> None:
    assert f", {said} after" in judge(opened(delay), []).reason


def test_what_is_kept_of_a_hit_is_enough_to_judge_it_again() -> None:
    from functions.domain.events import Event

    for scene in SCENES:
        for given in scene["hits"]:
            hit = made(given, tuple(scene["mailboxes"]))
            kept = json.loads(json.dumps(hits.evidence(hit, 3)))
            kind = "clicked" if hit.kind == "click" else "opened"
            event = Event("evt_1", "own_1", "snd_1", "acc_1", kind, hit.at, evidence=kept)  # type: ignore[arg-type]
            assert judge(hits.of(event), []) == judge(hit, [])
            assert "81.2.69" not in json.dumps(kept)  # no address


def test_who_keeps_a_mailbox_is_known_by_its_domain_only_where_that_tells() -> None:
    found = hits.mailboxes(["a@GMail.com", "b@firm.example", "c@gmail.com", "d@outlook.com"])
    assert found == ("google", "microsoft", "unknown")
