"""JMESPath: as it is specified, with the column of what is wrong, and never for long."""

import contextlib
import subprocess
import sys
import tracemalloc
from typing import Any

import jmespath
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from functions.adapters import jmespath_paths
from functions.adapters.jmespath_paths import RESULT_LIMIT, TOGETHER, WORK_LIMIT, JmesPaths
from functions.domain.trigger_ports import PathFailed
from tests.effort import effort
from tests.full import examples

PATHS = JmesPaths()
LARGE = {
    "text": "x" * 900_000,
    "rows": [{"n": number, "s": str(number)} for number in range(12_000)],
    "lists": [["a"] * 200] * 200,
}


def failed(expression: str, payload: Any = None) -> str:
    with pytest.raises(PathFailed) as caught:
        PATHS.evaluate(expression, payload)
    return caught.value.detail


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("a", {"b": [1, 2, {"c": "d"}]}),
        ("a.b[2].c", "d"),
        ("a.b[-1].c", "d"),
        ('"ä b"."c"', 5),
        ("a.b[0:2]", [1, 2]),
        ("a.b[?@ > `1`]", [2]),
        ("rows[?n == 'x'].v | [0]", 1),
        ("rows[*].[n, v]", [["x", 1], ["y", 2]]),
        ("rows[*].{name: n}", [{"name": "x"}, {"name": "y"}]),
        ("join(', ', rows[*].n)", "x, y"),
        ("sum(rows[*].v)", 3),
        ("sort_by(rows, &v)[-1].n", "y"),
        ("missing || 'else'", "else"),
        ("missing", None),
        ("a.b.c", None),
        ("to_string(a.b[0])", "1"),
        ("@.a.b[0]", 1),
    ],
)
def test_expressions_mean_what_the_specification_says(expression: str, value: Any) -> None:
    payload = {"a": {"b": [1, 2, {"c": "d"}]}, "ä b": {"c": 5}, "rows": [{"n": "x", "v": 1}, {"n": "y", "v": 2}]}
    assert PATHS.check(expression) == ""
    assert PATHS.evaluate(expression, payload) == value


NAMES = st.sampled_from(["a", "b", "c"])
PAYLOADS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=10,
)
CALLS = st.sampled_from(["length", "to_string", "type", "reverse", "sort", "keys", "sum"])
COMPARATORS = st.sampled_from(["==", "!=", "<", "||", "&&"])
EXPRESSIONS = st.recursive(
    st.sampled_from(["a", "b", "@", "*", "a[0]", "b[*]", "c[]", "`1`", "'x'", "a[::-1]", "a[?b]", "a.*"]),
    lambda inner: st.builds("{}.{}".format, inner, NAMES) | st.builds("{} | {}".format, inner, inner)
    | st.builds("({} {} {})".format, inner, COMPARATORS, inner) | st.builds("!({})".format, inner)
    | st.builds("[{}, {}]".format, inner, inner) | st.builds("{{x: {}}}".format, inner)
    | st.builds("{}({})".format, CALLS, inner) | st.builds("contains({}, {})".format, inner, inner)
    | st.builds("map(&{}, {})".format, inner, inner),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=examples(500))
@given(EXPRESSIONS, PAYLOADS)
def test_within_the_limits_the_library_alone_says_the_same(expression: str, payload: Any) -> None:
    try:
        value = jmespath.search(expression, payload)
    except (ValueError, TypeError) as error:
        assert PATHS.check(expression) or failed(expression, payload), error  # noqa: PT017
    else:
        assert PATHS.evaluate(expression, payload) == value


@pytest.mark.filterwarnings("ignore:deprecated string literal")
@settings(max_examples=examples(500))
@given(st.text(max_size=30) | st.text("a.[]*?@&|(){}:,'`\"!=<>0-9\\ ", max_size=30), PAYLOADS)
@example("[?", None)
@example("`\\ud800`", None)
@example("'", None)
@example("a[99999999999999999999:]", {"a": [1]})
@example("-", None)
def test_whatever_is_written_is_refused_or_evaluated(expression: str, payload: Any) -> None:
    problem = PATHS.check(expression)
    if problem:
        assert failed(expression, payload) == problem
        return
    try:
        PATHS.evaluate(expression, payload)
    except PathFailed as error:
        assert error.detail  # noqa: PT017


@pytest.mark.parametrize(
    ("expression", "start"),
    [
        ("", "An expression is required"),
        ("a.b[", "Column 5: "),
        ("a ==", "Column 5: "),
        ("a.b..c", "Column 5: "),
        ("a $ b", "Column 3: "),
        ("a b", "Column 3: "),
        ("a.'b", "Column 3: "),
        ("  lenght(a)", "Column 3: there is no function `lenght`."),
        ("a.b | length(a, b)", "Column 7: `length` takes 1 argument, not 2."),
        ("join(', ')", "Column 1: `join` takes 2 arguments, not 1."),
        ("merge()", "Column 1: `merge` takes at least 1 argument, not 0."),
        ("$.a", "Column 1: "),
        ("a" * 1001, "An expression has at most 1000 characters"),
        ("!" * 60 + "a", "The parts of an expression may stand at most 50 deep"),
        ("[" * 60 + "a" + "]" * 60, "The parts of an expression may stand at most 50 deep"),
        ("[" * 490 + "a" + "]" * 490, "The parts of an expression may stand at most 50 deep"),
        ("(" * 400 + "a" + ")" * 400, "An expression has at most 50 parentheses."),
    ],
)
def test_what_is_wrong_with_an_expression_is_told_with_its_column(expression: str, start: str) -> None:
    problem = PATHS.check(expression)
    assert problem.startswith(start)
    assert problem.endswith(".")


@pytest.mark.parametrize(
    ("expression", "payload", "detail"),
    [
        ("sum(a)", {"a": "x"}, "`sum` takes array-number here, not string."),
        ("length(a)", {}, "`length` takes string or array or object here, not null."),
        ("a < b", {"a": "x", "b": 1}, "check the types"),
        ("a[::0]", {"a": [1]}, "check the types"),
        ("ceil(to_number('1e999'))", {}, "check the types"),
        ("avg([to_number(a)])", {"a": "9" * 400}, "check the types"),
        ("to_number('1e999')", {}, "too large"),
        ("to_number('nan')", {}, "too large, or none at all"),
        ("to_number(a)", {"a": "9" * 101}, "too large"),
        ("`1e999`", {}, "too large"),
        ("&a", {}, "an expression"),
        ("[{x: &a}]", {}, "an expression"),
        ("text", LARGE, "Too much comes out"),
        ("rows", LARGE, "Too much comes out"),
    ],
)
def test_what_cant_be_evaluated_says_why_and_shows_nothing_of_the_payload(
    expression: str, payload: Any, detail: str
) -> None:
    assert detail in failed(expression, payload)
    assert "999" not in failed(expression, payload)


def doubled(times: int, by: str = "[@,@]") -> str:
    return " | ".join([by] * times)


NASTY = [
    doubled(45),
    f"to_string({doubled(45)})",
    f"({doubled(40)}) == ({doubled(40)})",
    f"({doubled(40)}) != @",
    f"contains([{doubled(30)}], {doubled(30)})",
    f"rows | {doubled(40, '[@,@][]')}",
    f"join('', [text] | {doubled(40, '[@,@][]')})",
    f"[text] | {doubled(40, '[@,@][]')} | sort(@) | max(@)",
    "join(text, rows[*].s)",
    "[" + ",".join(["rows"] * 190) + "][]",
    "reverse(" * 40 + "text" + ")" * 40,
    "rows[*].[rows, rows] | [] | [] | [] | length(@)",
    "map(&map(&n, $), rows)".replace("$", "@"),
    "rows[?contains(to_string(@), '9')] | length(@)",
    "lists[] | [?@ == 'b'] | length(@)",
    "sort_by(rows, &s) | [*].[s, s, s] | [] | join(' ', @)",
    "[" + ",".join(["to_string(@)"] * 48) + "] | length(@)",
    "[" + ",".join(["sort(rows[*].s)"] * 48) + "] | length(@)",
    "to_number(text)",
    "*.*.*.*.*.*",
    "rows[*].*[]",
    "`" + "[" * 490 + "]" * 490 + "` == `" + "[" * 4 + "]" * 4 + "`",
    "a" + ".a" * 490,
    "a" + "[]" * 24,
    "rows" + "[*]" * 45,
]


def test_the_limits_of_work_are_what_an_instance_can_spare() -> None:
    """On a slow machine a unit takes a microsecond; the tests below count what is done within them."""
    assert WORK_LIMIT <= 400_000
    assert RESULT_LIMIT <= 20_000
    assert TOGETHER <= 3


@pytest.fixture
def tenth(monkeypatch: pytest.MonkeyPatch) -> int:
    """A tenth of the limits, so that what is done within them is counted sooner; and how much work that is."""
    monkeypatch.setattr(jmespath_paths, "WORK_LIMIT", WORK_LIMIT // 10)
    monkeypatch.setattr(jmespath_paths, "RESULT_LIMIT", RESULT_LIMIT // 10)
    return WORK_LIMIT // 10


@pytest.mark.parametrize("expression", NASTY, ids=[expression[:30] for expression in NASTY])
def test_no_expression_takes_long_whatever_it_asks_for(expression: str, tenth: int) -> None:
    """All that is done is a few steps for each unit of work."""
    jmespath_paths._compiled.cache_clear()

    def run() -> None:
        assert PATHS.check(expression) == ""
        with contextlib.suppress(PathFailed):
            PATHS.evaluate(expression, LARGE)

    effort(run, most=10 * tenth)


@pytest.mark.parametrize(
    "expression",
    [
        "[" + ",".join(["many"] * 190) + "][] | length(@)",
        "[" + ",".join(["reverse(text)"] * 48) + "] | length(@)",
        "join(text, many) | length(@)",
        f"join('', [text] | {doubled(20, '[@,@][]')}) | length(@)",
    ],
    ids=["flatten", "reverse", "separator", "join"],
)
def test_no_expression_takes_much_memory(expression: str) -> None:
    payload = {"many": ["x"] * 49_000, "text": "x" * 900_000}
    assert PATHS.check(expression) == ""
    tracemalloc.start()
    try:
        assert "too much work" in failed(expression, payload)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_a_payload_of_the_usual_size_is_looked_through_several_times() -> None:
    payload = {"lines": [{f"field{f}": f"{f}" for f in range(20)} for _ in range(1_000)]}
    assert PATHS.evaluate("length(lines[?field1 == '1' && field2 != '1'])", payload) == 1_000
    assert len(PATHS.evaluate("lines[*].{a: field1, b: field2, c: field3}", payload)) == 1_000


def test_a_payload_is_not_changed() -> None:
    payload = {"b": [3, 1, 2], "o": {"x": 1}}
    for expression in ("sort(b)", "reverse(b)", 'merge(o, `{"y": 2}`)', "b[]", "sort_by(b, &@)"):
        PATHS.evaluate(expression, payload)
    assert payload == {"b": [3, 1, 2], "o": {"x": 1}}


def test_only_who_evaluates_imports_the_library() -> None:
    program = (
        "import sys, functions.domain.mapping, functions.domain.signatures, functions.domain.payloads\n"
        "assert 'jmespath' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def together(expression: str, times: int) -> list[Any]:
    """What so many expressions of one trigger give."""
    paths = PATHS.together()
    return [paths.evaluate(expression, LARGE) for _ in range(times)]


def test_the_expressions_of_one_trigger_have_one_allowance_of_work(tenth: int) -> None:
    """A hundred that stay within their own limits would take the instance from everybody else for many seconds."""
    few = "rows[:1200].n | length(@)"
    assert together(few, 5) == [1_200] * 5

    def hundred() -> None:
        with pytest.raises(PathFailed, match="too much work"):
            together(few, 100)

    effort(hundred, most=2 * TOGETHER * tenth)


def test_the_expressions_of_one_trigger_have_one_allowance_of_what_comes_out() -> None:
    assert len(together("rows[:5000].s", 5)) == 5
    with pytest.raises(PathFailed, match="Too much comes out"):
        together("rows[:5000].s", 50)
