"""Templates written in Liquid: the Templating port."""

import re
from collections.abc import Container, Iterable, Mapping
from typing import Any

from liquid.exceptions import LiquidError, UndefinedError
from markupsafe import Markup

from functions.adapters.email_html import PREHEADER_LIMIT, document, text_of
from functions.adapters.liquid_analysis import Compiled, compiled
from functions.adapters.liquid_environment import safe
from functions.adapters.liquid_source import SourceProblem, place
from functions.domain.characters import body_problem, line_problem, printable
from functions.domain.errors import FieldError, IntegrationError, InvalidMessage, InvalidRequest, MissingVariable
from functions.domain.fields import Problems, pointer_to
from functions.domain.html_documents import MarkupProblem
from functions.domain.messages import SUBJECT_LIMIT, subject_problem
from functions.domain.template_ports import Rendered
from functions.domain.template_values import (
    CONTENT,
    UNSUBSCRIBE,
    UNSUBSCRIBE_PLACEHOLDER,
    check_declarations,
    check_values,
)
from functions.domain.templates import TemplateBody, TemplateVersion, Variable

SIZES = {"subject": 2_000, "preheader": 2_000, "html": 256 << 10, "text": 64 << 10}  # bytes of a source, in UTF-8
_LINES = ("subject", "preheader")
_PROBLEMS_SHOWN = 5
# What a line may have come from. No-break and ideographic spaces are the author's own.
_SPACE = re.compile("[\t-\r\x1c-\x20\x85\u2028\u2029]+")


class LiquidTemplates:
    """Compiled templates are kept, so that only the first mail of a merge pays for compiling."""

    def check(self, body: TemplateBody, *, layout: bool = False) -> None:
        problems = Problems()
        check_declarations(body.variables, problems)
        declared = {variable.key for variable in body.variables}
        for name, source in _sources(body):
            if found := _source_problems(name, source, declared, layout):
                problems.add(f"/{name}", " ".join(found[:_PROBLEMS_SHOWN]))
        problems.raise_as(InvalidRequest)

    def render(
        self,
        version: TemplateVersion,
        variables: Mapping[str, Any],
        at: str = "/template/variables",
        unsubscribe: str = UNSUBSCRIBE_PLACEHOLDER,
    ) -> Rendered:
        body, layout = version.body, version.layout
        declared = _declared(body, layout)
        values = check_values(declared, variables, at)
        job = _Rendering({**values, UNSUBSCRIBE: unsubscribe}, at)
        subject = job.line("subject", body.subject, SUBJECT_LIMIT)
        preheader = job.line("preheader", body.preheader or (layout.preheader if layout else ""), PREHEADER_LIMIT)
        html, text = "", ""
        if body.html:
            inner = job.part("html", body.html)
            if layout and layout.html:
                inner = job.part("html of the layout", layout.html, content=safe(inner))
            try:
                html, text = document(inner, preheader)
            except MarkupProblem as problem:
                raise job.error(InvalidMessage, f"The html that comes out can't be sent. {problem}") from problem
        if body.text is not None:
            text = job.part("text", body.text)
            if layout and layout.text:
                text = job.part("text of the layout", layout.text, content=text)
        return Rendered(subject, html, text, tuple(v.key for v in declared if v.key not in job.used))

    def text(self, html: str) -> str:
        try:
            return text_of(html)
        except MarkupProblem as problem:
            detail = f"No text can be made of this html. {problem}"
            raise InvalidMessage(f"/html: {detail}", errors=[FieldError("/html", detail)]) from problem


def _sources(body: TemplateBody) -> Iterable[tuple[str, str]]:
    yield from (("subject", body.subject), ("preheader", body.preheader), ("html", body.html))
    if body.text is not None:
        yield "text", body.text


def _source_problems(name: str, source: str, declared: set[str], layout: bool) -> list[str]:
    """Sentences with line and column, in the order of the source."""
    if len(source.encode("utf-8", "surrogatepass")) > SIZES[name]:
        return [f"At most {SIZES[name]} bytes are allowed here."]
    if wrong := (line_problem if name in _LINES else body_problem)(source):
        return [wrong]
    try:
        found = compiled(source, name == "html")
    except SourceProblem as problem:
        return [_sentence(source, problem)]
    whole = layout and name in ("html", "text")
    problems = [*found.problems, *_undeclared(found, {*declared, UNSUBSCRIBE, CONTENT})]
    if CONTENT in found.names and not whole:
        detail = "`content` can be used in the html and the text of a layout only."
        problems.append(SourceProblem(found.names[CONTENT], detail))
    sentences = [_sentence(source, problem) for problem in sorted(problems, key=lambda problem: problem.index)]
    if whole and not sentences and source:
        sentences = _content_problems(source, found, name == "html")
    return sentences


def _undeclared(found: Compiled, known: Container[str]) -> Iterable[SourceProblem]:
    for name, index in found.names.items():
        if name not in known:
            yield SourceProblem(index, f"The variable `{printable(name)}` is not declared.")


def _content_problems(source: str, found: Compiled, html: bool) -> list[str]:
    if not html:
        return [] if CONTENT in found.names else ["A layout says `{{ content }}` where the message stands."]
    if len(found.contents) != 1:
        return [f"A layout says `{{{{ content }}}}` exactly once; this one does {len(found.contents)} times."]
    index, in_text = found.contents[0]
    return [] if in_text else [_sentence(source, SourceProblem(index, "`content` can't stand inside a tag."))]


def _sentence(source: str, problem: SourceProblem) -> str:
    where = place(source, problem.index)
    return f"{where[0].upper()}{where[1:]}: {problem.detail}"


def _declared(body: TemplateBody, layout: TemplateBody | None) -> tuple[Variable, ...]:
    """The variables of both; where both declare one, the message's own declaration counts."""
    found = {variable.key: variable for variable in (layout.variables if layout else ())}
    return tuple({**found, **{variable.key: variable for variable in body.variables}}.values())


class _Rendering:
    """One mail's values, and the errors that point at them."""

    def __init__(self, values: Mapping[str, Any], at: str) -> None:
        self._values = values
        self._at = at
        self.used: set[str] = set()

    def line(self, name: str, source: str, limit: int) -> str:
        """A subject or preheader: one line, not escaped. What could break the line is refused where it comes from."""
        if not source:
            return ""
        shown = self.part(name, source)
        if line_problem(shown):
            for used in compiled(source, False).names:
                for value in _strings(self._values.get(used)):
                    if wrong := line_problem(value):
                        raise self.error(InvalidMessage, f"It stands in the {name}, on one line. {wrong}", used)
        if name == "subject" and (problem := subject_problem(shown)):
            raise self.error(InvalidMessage, f"The {name} that comes out can't be sent. {problem}")
        if len(shown) > limit:
            raise self.error(InvalidMessage, f"The {name} has {len(shown)} characters; at most {limit} are allowed.")
        return _SPACE.sub(" ", shown).strip(" ")

    def part(self, name: str, source: str, content: str = "") -> str:
        html = name.startswith("html")
        try:
            found = compiled(source, html)
        except SourceProblem as problem:
            raise self.error(InvalidMessage, f"The template's {name}: {_sentence(source, problem)}") from problem
        self.used.update(found.names)
        values = {**self._values, CONTENT: content}
        problems = [*found.problems, *_undeclared(found, values)]
        if problems:
            raise self.error(InvalidMessage, f"The template's {name}: {_sentence(source, problems[0])}")
        try:
            return found.template.render(values)
        except UndefinedError as error:
            used = error.token.value if error.token else ""
            raise self.error(MissingVariable, _told(name, source, error), found.origin(used)) from error
        except LiquidError as error:
            used = getattr(error, "variable", "")
            raise self.error(InvalidMessage, _told(name, source, error), found.origin(used)) from error
        except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError) as error:
            raise self.error(InvalidMessage, f"The template's {name} can't be rendered with these values.") from error

    def error(self, kind: type[IntegrationError], detail: str, variable: str = "") -> IntegrationError:
        known = variable in self._values and variable not in (UNSUBSCRIBE, CONTENT)
        pointer = pointer_to(self._at, variable) if known else self._at
        return kind(f"{pointer}: {detail}", errors=[FieldError(pointer, detail)])


def _told(name: str, source: str, error: LiquidError) -> str:
    message = printable(" ".join(str(error.message or "it can't be rendered").split()), 300)
    index = error.token.start_index if error.token else -1
    where = f", {place(source, index)}" if index >= 0 else ""
    return f"The template's {name}{where}: {message}."


def _strings(value: object) -> Iterable[str]:
    """All strings in a value that was checked."""
    if isinstance(value, str) and not isinstance(value, Markup):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _strings(item)
