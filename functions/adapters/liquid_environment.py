"""Liquid with everything taken out that a mail does not need, and a bound on all that is left.

A limit on time would make the same template fail on a busy machine and pass on an idle one. So work is counted
instead: nodes rendered, names looked up, filters applied, each with the size of what it touches.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

from liquid import Environment, RenderContext
from liquid.builtin import content, illegal, output
from liquid.builtin.expressions import FilteredExpression, Path, StringLiteral
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.tags import (
    assign_tag,
    capture_tag,
    case_tag,
    comment_tag,
    cycle_tag,
    for_tag,
    if_tag,
    inline_comment_tag,
    unless_tag,
)
from liquid.exceptions import LiquidError, ResourceLimitError
from liquid.expression import Expression
from liquid.template import BoundTemplate
from liquid.token import TOKEN_EOF, TOKEN_EXPRESSION, Token
from liquid.undefined import UNDEFINED, FalsyStrictUndefined
from liquid.utils import ReadOnlyChainMap
from markupsafe import Markup, escape

from functions.adapters.liquid_filters import FILTERS, TooLarge, text, weight
from functions.domain.template_values import ITEMS_LIMIT

WORK_LIMIT = 100_000
OUTPUT_LIMIT = 1_000_000  # bytes of one rendered source
NAMES_LIMIT = 100  # that assign and capture make

# What a colour, a size or a font's name needs. No colon, semicolon, quote, slash or backslash: nothing that could end
# the declaration, start another one or name a URL.
_IN_CSS = re.compile(r"[\w\s#%.,()+-]*")


class UnsafeInCss(LiquidError):
    """A value that would be more than one value of a declaration."""


class BoundedContext(RenderContext):
    """`work` is what rendering has cost so far; `loop_weight` what one turn of the loop about to start costs."""

    def __init__(self, template: BoundTemplate, **options: Any) -> None:
        super().__init__(template, **options)
        self.scope = ReadOnlyChainMap(self.locals, self.globals)  # without `now` and `today`: the clock is no variable
        self.work = 0
        self.loop_weight = 1

    def charge(self, work: int) -> None:
        self.work += work
        if self.work > WORK_LIMIT:
            raise ResourceLimitError("the template does too much: fewer loops or filters are needed", token=None)

    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        value = super().get(path, token=token, default=default)
        self.charge(1 + weight(value))
        return value

    def assign(self, key: str, val: Any) -> None:
        if len(self.locals) >= NAMES_LIMIT and key not in self.locals:
            raise ResourceLimitError(f"a template may assign {NAMES_LIMIT} names at most", token=None)
        self.charge(1 + weight(val))
        self.locals[key] = val

    @contextmanager
    def loop(self, namespace: Mapping[str, object], forloop: Any) -> Iterator[RenderContext]:
        self.charge(forloop.length * self.loop_weight)
        with super().loop(namespace, forloop) as context:
            yield context


class BoundedTemplate(BoundTemplate):
    context_class = BoundedContext


class Output(output.OutputNode):
    """`css`: it stands where CSS is read, as the analysis of the whole template found."""

    __slots__ = ("css",)

    def __init__(self, token: Token, expression: Expression) -> None:
        super().__init__(token, expression)
        self.css = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        try:
            shown = text(self.expression.evaluate(context))
            if self.css and not self.literal and not _IN_CSS.fullmatch(shown):
                raise UnsafeInCss(
                    "this value stands in CSS, where it may hold only letters, digits, spaces and # % . , ( ) + -",
                    token=self.token,
                )
        except LiquidError as error:
            error.token = error.token or self.token
            error.variable = self.variable  # type: ignore[attr-defined] # for the pointer
            raise
        return buffer.write(str(escape(shown)) if context.autoescape else shown)

    @property
    def literal(self) -> bool:
        """It is the author's own text, not a value."""
        expression = self.expression
        if not isinstance(expression, FilteredExpression) or expression.filters:
            return False
        return isinstance(expression.left, StringLiteral)

    @property
    def variable(self) -> str:
        """The name it starts with, if any."""
        left = self.expression.left if isinstance(self.expression, FilteredExpression) else None
        return str(left.path[0]) if isinstance(left, Path) else ""


class OutputTag(output.Output):
    node_class = Output


class For(for_tag.ForNode):
    """`weight` is the work of one turn, as the analysis of the whole template found."""

    __slots__ = ("weight",)
    weight: int

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        iterable = self.expression.iterable
        if isinstance(iterable, RangeLiteral):
            # Before the loop's own code gets it: that takes as many steps as the range has to reverse it or to skip.
            turns = iterable.evaluate(context)
            if turns.stop - turns.start > ITEMS_LIMIT:
                raise TooLarge(f"a loop has at most {ITEMS_LIMIT} turns", token=self.token)
        context.loop_weight = self.weight  # type: ignore[attr-defined] # ours, not the library's
        return super().render_to_output(context, buffer)


class ForTag(for_tag.ForTag):
    node_class = For


class _Limited(Environment):
    output_stream_limit = OUTPUT_LIMIT
    template_class = BoundedTemplate

    def error(self, exc: type[LiquidError] | LiquidError, msg: str | None = None, token: Token | None = None) -> None:
        """Raises. An expression that ended too soon has its error at a token without a place; it gets the place of
        the token that the parser has come to."""
        if isinstance(exc, LiquidError) and exc.token and exc.token.start_index < 0 and token:
            exc.token = token if token.kind == TOKEN_EXPRESSION else token._replace(kind=TOKEN_EOF)
        super().error(exc, msg, token)

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:  # noqa: ARG002
        for tag in (
            content.Literal,
            OutputTag,
            illegal.Illegal,
            assign_tag.AssignTag,
            capture_tag.CaptureTag,
            case_tag.CaseTag,
            comment_tag.CommentTag,
            cycle_tag.CycleTag,
            ForTag,
            for_tag.BreakTag,
            for_tag.ContinueTag,
            if_tag.IfTag,
            inline_comment_tag.InlineCommentTag,
            unless_tag.UnlessTag,
        ):
            self.add_tag(tag)
        for name, apply in FILTERS.items():
            self.add_filter(name, apply)


HTML = _Limited(undefined=FalsyStrictUndefined, autoescape=True)
TEXT = _Limited(undefined=FalsyStrictUndefined, autoescape=False)


def safe(html: str) -> str:
    """Html that was rendered here and may stand in a layout as it is."""
    return Markup(html)  # noqa: S704
