"""The filters a template may use. Every value that goes in or comes out is bounded, and counts as work done.

The library's own filters serve where they are safe as they are. Left out are those that unescape or trust a value
(`safe`, `escape_once`, `url_decode`, base64), that read the clock, or that take more than linear time (`strip_html`).
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus

from liquid.builtin.filters import array, math, string
from liquid.exceptions import FilterError, LiquidError
from liquid.undefined import is_undefined
from markupsafe import Markup, escape

from functions.domain.characters import printable
from functions.domain.date_formats import format_date
from functions.domain.template_values import ITEMS_LIMIT, NUMBER_LIMIT, read_date

TEXT_LIMIT = 200_000  # characters of a text in the making
_CALL = 6  # what applying a filter costs, in lookups of a name
_NODES_LIMIT = 20_000  # values in a list, at all depths


class TooLarge(FilterError):
    """A limit was reached."""


def weight(value: object) -> int:
    """How much work a value is; raises TooLarge for one beyond the limits."""
    if isinstance(value, str):
        if len(value) > TEXT_LIMIT:
            raise TooLarge(f"a text has more than {TEXT_LIMIT} characters", token=None)
        return len(value) >> 9
    if isinstance(value, bool) or value is None:
        return 0
    if isinstance(value, int | float):
        if not -NUMBER_LIMIT <= value <= NUMBER_LIMIT:
            raise TooLarge("a number is beyond 10^15", token=None)
        return 0
    if isinstance(value, list | tuple):
        if len(value) > ITEMS_LIMIT:
            raise TooLarge(f"a list has more than {ITEMS_LIMIT} items", token=None)
        return _of_list(value)
    return 1


def text(value: object) -> str:
    """A value as it shows in the output. Objects have no such form."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    if is_undefined(value):
        return str(value)  # raises UndefinedError, with its place
    if isinstance(value, list | tuple):
        raise FilterError("this is a list: use a {% for %} or the filter `join`", token=None)
    if isinstance(value, Mapping):
        raise FilterError("this is an object: name one of its members", token=None)
    return ""


def _of_list(root: list[Any] | tuple[Any, ...]) -> int:
    stack: list[Any] = [root]
    count = length = 0
    while stack:
        node = stack.pop()
        inner = node.values() if isinstance(node, dict) else node
        count += len(inner)
        if count > _NODES_LIMIT:
            raise TooLarge(f"a list holds more than {_NODES_LIMIT} values", token=None)
        for item in inner:
            if isinstance(item, str):
                length += len(item)
            elif isinstance(item, list | tuple | dict):
                stack.append(item)
    return (count >> 3) + (length >> 9)


def _limited(apply: Callable[..., Any]) -> Callable[..., Any]:
    """A filter whose arguments and result are weighed, and whose every failure is a LiquidError."""

    def call(value: object, *args: object, context: Any, **named: object) -> object:
        context.charge(_CALL + weight(value) + sum(map(weight, args)) + sum(map(weight, named.values())))
        try:
            result = apply(value, *args, **named)
        except LiquidError:
            raise
        except TypeError as error:
            raise FilterError("its arguments are not of the kind it takes", token=None) from error
        except (ValueError, ArithmeticError, AttributeError, LookupError) as error:
            raise FilterError("it can't be applied to this value", token=None) from error
        context.charge(weight(result))
        return result

    call.with_context = True  # type: ignore[attr-defined]
    return call


def _for_html(apply: Callable[..., Any]) -> Callable[..., Any]:
    """For html only: in a text or a subject there is nothing to escape, and no tag to write."""

    def call(value: object, *args: object, context: Any) -> object:
        return apply(value, *args, context=context) if context.autoescape else text(value)

    call.with_context = True  # type: ignore[attr-defined]
    return call


def _on_text(apply: Callable[..., Any]) -> Callable[..., Any]:
    return lambda value, *args: apply(text(value), *args)


def _on_list(apply: Callable[..., Any]) -> Callable[..., Any]:
    """For lists only: the library would take a string or an object for a list of one."""

    def call(value: object, *args: object) -> object:
        if value is None or value == "":
            value = []
        if not isinstance(value, list | tuple):
            raise FilterError("it takes a list", token=None)
        return apply(value, *args)

    return call


def _replace(value: str, old: object, new: object = "", limit: int = -1) -> str:
    old, new = text(old), text(new)
    # Counted before it is done: 50,000 characters, each replaced by 50,000, would be 2.5 GB.
    count = value.count(old) if limit < 0 else limit
    if len(value) + count * len(new) * (6 if isinstance(value, Markup) else 1) > 6 * TEXT_LIMIT:
        raise TooLarge(f"a text has more than {TEXT_LIMIT} characters", token=None)
    return value.replace(old, new, limit)


def _split(value: str, separator: object = " ") -> list[str]:
    by = text(separator)
    if (value.count(by) if by else len(value)) >= ITEMS_LIMIT:
        raise TooLarge(f"a list has more than {ITEMS_LIMIT} items", token=None)
    if not by:
        return list(value)
    return value.split(None if by == " " else by) if value else []


def _join(items: list[Any], separator: object = " ") -> str:
    texts, between = [text(item) for item in items], text(separator)
    if sum(map(len, texts)) + len(between) * len(texts) > TEXT_LIMIT:
        raise TooLarge(f"a text has more than {TEXT_LIMIT} characters", token=None)
    return (Markup if between == " " and any(isinstance(t, Markup) for t in texts) else str)(between).join(texts)


def _uniq(items: list[Any], key: object = None) -> list[Any]:
    seen: dict[str, Any] = {}
    for item in items:
        seen.setdefault(repr(item if key is None else item.get(key) if isinstance(item, dict) else None), item)
    return list(seen.values())


def _concat(items: list[Any], others: object) -> list[Any]:
    if not isinstance(others, list | tuple):
        raise FilterError("it takes a list to add", token=None)
    return [*items, *others]


def _size(value: object) -> int:
    return len(value) if isinstance(value, str | list | tuple | dict) else 0


def _default(value: object, other: object = "", *, allow_false: object = False) -> object:
    if is_undefined(value) or value is None or (value is False and allow_false is not True):
        return other
    return other if isinstance(value, str | list | tuple | dict) and not value else value


def _date(value: object, pattern: object) -> str:
    given = text(value).strip()
    if not given:
        return ""
    moment = read_date(given)
    if moment is None:
        raise FilterError(f"`{printable(given, 40)}` is no date such as 2030-01-31 or 2030-01-31T09:00:00Z", token=None)
    try:
        return format_date(moment, text(pattern))
    except ValueError as error:
        raise FilterError(str(error), token=None) from error


def _newline_to_br(value: str) -> Markup:
    return Markup(escape(value).replace("\r\n", "\n").replace("\n", Markup("<br>\n")))  # noqa: S704 - was escaped


_TEXT: Mapping[str, Callable[..., Any]] = {
    "append": lambda value, other: value + text(other),
    "prepend": lambda value, other: text(other) + value,
    "replace": _replace,
    "replace_first": lambda value, old, new="": _replace(value, old, new, 1),
    "remove": lambda value, old: _replace(value, old),
    "remove_first": lambda value, old: _replace(value, old, "", 1),
    "split": _split,
    "strip_newlines": lambda value: value.replace("\r", "").replace("\n", ""),
    "url_encode": quote_plus,
    "capitalize": lambda value: value[:1].upper() + value[1:],
    "downcase": string.downcase,
    "upcase": string.upcase,
    "strip": string.strip,
    "lstrip": string.lstrip,
    "rstrip": string.rstrip,
    "squish": string.squish,
    "truncate": string.truncate,
    "truncatewords": string.truncatewords,
}
_HTML: Mapping[str, Callable[..., Any]] = {"escape": escape, "newline_to_br": _newline_to_br}
_LISTS: Mapping[str, Callable[..., Any]] = {
    "join": _join,
    "uniq": _uniq,
    "concat": _concat,
    "compact": array.compact,
    "map": array.map_,
    "where": array.where,
    "reverse": array.reverse,
    "sort": array.sort,
    "sort_natural": array.sort_natural,
    "sum": array.sum_,
    "first": lambda items: items[0] if items else None,
    "last": lambda items: items[-1] if items else None,
}
_OTHERS: Mapping[str, Callable[..., Any]] = {
    "default": _default,
    "size": _size,
    "date": _date,
    "slice": lambda value, *args: string.slice_(value if isinstance(value, list) else text(value), *args),
    "abs": math.abs_,
    "at_least": math.at_least,
    "at_most": math.at_most,
    "ceil": math.ceil,
    "floor": math.floor,
    "round": math.round_,
    "plus": math.plus,
    "minus": math.minus,
    "times": math.times,
    "divided_by": math.divided_by,
    "modulo": math.modulo,
}
FILTERS: Mapping[str, Callable[..., Any]] = {
    **{name: _limited(_on_text(apply)) for name, apply in _TEXT.items()},
    **{name: _for_html(_limited(_on_text(apply))) for name, apply in _HTML.items()},
    **{name: _limited(_on_list(apply)) for name, apply in _LISTS.items()},
    **{name: _limited(apply) for name, apply in _OTHERS.items()},
}
