"""What a template will do, found without running it: the names it uses, where its values end up in the html, and how
much work one turn of each loop is."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache

from liquid.ast import BlockNode, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import FilteredExpression, Path, StringLiteral
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.capture_tag import CaptureNode
from liquid.builtin.tags.case_tag import CaseNode
from liquid.builtin.tags.cycle_tag import CycleNode
from liquid.builtin.tags.for_tag import BreakNode, ContinueNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.exceptions import LiquidError
from liquid.expression import Expression
from liquid.template import BoundTemplate
from liquid.token import TOKEN_EOF, TOKEN_EXPRESSION, Token

from functions.adapters.liquid_environment import HTML, TEXT, For, Output
from functions.adapters.liquid_filters import FILTERS
from functions.adapters.liquid_source import SourceProblem, scan
from functions.domain.html_contexts import START, Context, Where, advance

_STATES_LIMIT, _VISITS_LIMIT = 16, 50_000
_Contexts = frozenset[Context]


@dataclass(slots=True)
class Compiled:
    """`names`: every name used that the template does not make itself, with the index of its first use. `origins`: the
    name that a loop's or an assign's own name comes from. `problems`: values where no value may stand."""

    template: BoundTemplate
    names: dict[str, int]
    origins: dict[str, str] = field(default_factory=dict)
    problems: list[SourceProblem] = field(default_factory=list)
    contents: list[tuple[int, bool]] = field(default_factory=list)  # of each {{ content }}: its index; it is in text

    def origin(self, name: str) -> str:
        """The variable that a name's value comes from, as far as can be told."""
        for _ in range(len(self.origins)):
            name = self.origins.get(name, name)
        return name


@lru_cache(maxsize=32)
def compiled(source: str, html: bool) -> Compiled:
    """Parsed and analysed. Raises SourceProblem for the first thing that keeps it from being parsed."""
    bare = scan(source)
    try:
        template = (HTML if html else TEXT).from_string(bare)
        analysis = template.analyze(include_partials=False)
    except LiquidError as error:
        raise SourceProblem(_index(source, error.token), _sentence(error)) from error
    except RecursionError as error:
        raise SourceProblem(0, "An expression is nested too deep.") from error
    for name, spans in analysis.filters.items():
        if name not in FILTERS:
            near = get_close_matches(name, FILTERS, 1, 0.7)
            hint = f"did you mean `{near[0]}`?" if near else f"these are: {', '.join(sorted(FILTERS))}"
            raise SourceProblem(spans[0].index, f"There is no filter `{name}`; {hint}")
    found = Compiled(template, {name: uses[0].span.index for name, uses in analysis.globals.items()})
    _weigh(template.nodes, found)
    if html:
        behind, _ = _Flow(found).through(template.nodes, frozenset((START,)))
        # A layout goes on where a message ends: there, a value would stand in the tag that was left open.
        if any(context.where is not Where.TEXT for context in behind):
            found.problems.append(SourceProblem(len(source), "The html ends inside a tag, a quote or a comment."))
    return found


def _index(source: str, token: Token | None) -> int:
    """Where an error is. Where an expression ended too soon, its token is the whole expression, or the one behind the
    tag; the place is that of the closing braces."""
    if not token or token.start_index < 0:
        return max(source.rfind("%}"), 0)
    if token.kind == TOKEN_EXPRESSION:
        behind = token.start_index + len(token.value)
        return behind + len(source[behind:]) - len(source[behind:].lstrip("- \t\r\n"))
    return max(source.rfind("%}", 0, token.start_index), 0) if token.kind == TOKEN_EOF else token.start_index


def _sentence(error: LiquidError) -> str:
    message = " ".join(str(error.message or "it can't be read").split())[:300]
    return f"{message[0].upper()}{message[1:]}{'' if message.endswith(('.', '?')) else '.'}"


def _weigh(nodes: Iterable[Node], found: Compiled) -> int:
    """The work of rendering nodes once; inner loops add their own when they run."""
    total = 0
    for node in nodes:
        total += 1 + sum(_weigh_expression(expression, node) for expression in node.expressions())
        if isinstance(node, ContentNode):
            total += len(node.text) >> 9
        elif isinstance(node, AssignNode):
            found.origins.setdefault(str(node.name), _root(node.expression))
        if isinstance(node, For):
            found.origins.setdefault(str(node.expression.identifier), _root(node.expression.iterable))
            node.weight = 1 + _weigh([node.block], found)
            total += _weigh([node.default], found) if node.default else 0
        else:
            total += _weigh(node.children(None), found)  # type: ignore[arg-type]
    return total


def _weigh_expression(expression: Expression, node: Node) -> int:
    if isinstance(expression, RangeLiteral) and not (isinstance(node, For) and node.expression.iterable is expression):
        raise SourceProblem(node.token.start_index, "A range such as (1..5) can stand in a `{% for %}` only.")
    if isinstance(expression, StringLiteral):
        return 1 + (len(expression.value) >> 9)
    return 1 + sum(_weigh_expression(child, node) for child in expression.children())


def _root(expression: Expression) -> str:
    """The name an expression starts with."""
    if isinstance(expression, FilteredExpression):
        expression = expression.left
    return str(expression.path[0]) if isinstance(expression, Path) else ""


class _Flow:
    """Follows html through every way a template can take, and marks its outputs with the contexts they can be in."""

    def __init__(self, found: Compiled) -> None:
        self._found = found
        self._known: dict[tuple[int, _Contexts], tuple[_Contexts, _Contexts]] = {}
        self._visits = 0
        self._refused: set[int] = set()

    def through(self, nodes: Iterable[Node], at: _Contexts) -> tuple[_Contexts, _Contexts]:
        """The contexts behind `nodes`, and those in which a break or continue leaves them."""
        left: _Contexts = frozenset()
        for node in nodes:
            key = (id(node), at)
            if key not in self._known:
                self._visits += 1
                if self._visits > _VISITS_LIMIT or len(at) > _STATES_LIMIT:
                    detail = (
                        "The html goes too many ways here: close tags and quotes inside the branch that opens them."
                    )
                    raise SourceProblem(node.token.start_index, detail)
                self._known[key] = self._visit(node, at)
            at, leaving = self._known[key]
            left |= leaving
        return at, left

    def _visit(self, node: Node, at: _Contexts) -> tuple[_Contexts, _Contexts]:
        none: _Contexts = frozenset()
        match node:
            case ContentNode():
                return frozenset(advance(context, node.text) for context in at), none
            case Output() | CycleNode():
                self._place(node, at)
                return at, none
            case BreakNode() | ContinueNode():
                return at, at
            case CaptureNode():
                self.through([node.block], frozenset((START,)))
                return at, none
            case IfNode() | UnlessNode():
                return self._branches([node.consequence, *node.alternatives], node.default, at)
            case CaseNode():
                return self._cases(node, at)
            case For():
                return self._loop(node, at)
            case _:  # a block, or something that shows nothing
                return self.through(node.children(None), at)  # type: ignore[arg-type]

    def _branches(self, nodes: list[Node], default: BlockNode | None, at: _Contexts) -> tuple[_Contexts, _Contexts]:
        ways = [self.through([node], at) for node in (*nodes, *filter(None, (default,)))]
        behind = frozenset().union(*(way[0] for way in ways))
        return behind if default else behind | at, frozenset().union(*(way[1] for way in ways))

    def _cases(self, node: CaseNode, at: _Contexts) -> tuple[_Contexts, _Contexts]:
        """Any of the blocks, also several: every `when` that fits is rendered."""
        left: _Contexts = frozenset()
        for block in node.blocks:
            behind, leaving = self.through([block], at)
            at, left = at | behind, left | leaving
        return at, left

    def _loop(self, node: For, at: _Contexts) -> tuple[_Contexts, _Contexts]:
        before: _Contexts = frozenset()
        behind = at
        while behind != before:
            before = behind
            once, leaving = self.through([node.block], behind)
            behind = behind | once | leaving
        if node.default:
            instead, leaving = self.through([node.default], at)
            return behind | instead, leaving
        return behind, frozenset()

    def _place(self, node: Output | CycleNode, at: _Contexts) -> None:
        index = node.token.start_index
        problem = next((context.problem for context in at if context.problem), "")
        css = any(context.css for context in at)
        if isinstance(node, Output):
            node.css = node.css or css
            if node.variable == "content":
                self._found.contents.append((index, all(context.where is Where.TEXT for context in at)))
        elif css and any(not isinstance(argument, StringLiteral) for argument in node.args):
            problem = problem or "In CSS, a cycle takes texts in quotes only."
        if problem and index not in self._refused:
            self._refused.add(index)
            self._found.problems.append(SourceProblem(index, problem))
