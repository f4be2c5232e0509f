"""A template rendered in one call, as it is checked and then sent."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from functions.adapters.liquid_templates import LiquidTemplates
from functions.domain.errors import FieldError, IntegrationError
from functions.domain.template_ports import Rendered
from functions.domain.templates import TemplateBody, TemplateVersion, Variable

TEMPLATES = LiquidTemplates()
AT = "/template/variables"


def rendered(
    html: str = "",
    values: Mapping[str, Any] | None = None,
    *variables: Variable,
    layout: TemplateBody | None = None,
    **body: Any,
) -> Rendered:
    """Values that no variable is declared for are declared as strings."""
    given = values or {}
    known = {variable.key for variable in variables}
    declared = (*variables, *(Variable(key) for key in given if key not in known))
    made = TemplateBody(html=html, variables=declared, **body)
    TEMPLATES.check(made)
    if layout:
        TEMPLATES.check(layout, layout=True)
    version = TemplateVersion("tpl_1", 1, made, datetime(2030, 1, 1, tzinfo=UTC), layout)
    return TEMPLATES.render(version, given, AT)


def inner(html: str) -> str:
    """What stands in the body, without the preheader."""
    body = html.partition("<body")[2].partition(">")[2].rpartition("</body>")[0]
    return body.partition("</div>\n")[2].strip() if "mso-hide:all" in body else body.strip()


def shown(source: str, values: Mapping[str, Any] | None = None, *variables: Variable) -> str:
    """The html of the body that a source gives."""
    return inner(rendered(source, values, *variables).html)


def error(error: IntegrationError) -> tuple[str, tuple[FieldError, ...]]:
    return error.code, error.errors
