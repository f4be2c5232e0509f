"""What has to hold before a trigger is saved: its expressions, and that its template takes the variables."""

from collections.abc import Callable

from functions.domain import recipes
from functions.domain.errors import InvalidMessage, InvalidRequest
from functions.domain.fields import Problems, pointer_to
from functions.domain.send_requests import TemplateUse
from functions.domain.template_ports import Templating
from functions.domain.templates import TemplateBody, TemplateVersion
from functions.domain.trigger_ports import Paths
from functions.domain.triggers import TriggerFields
from functions.services.template_versions import TemplateVersions


class TriggerChecks:
    """`templating` is asked only where a trigger has a text of its own."""

    def __init__(self, versions: TemplateVersions, templating: Callable[[], Templating], paths: Paths) -> None:
        self._versions = versions
        self._templating = templating
        self._paths = paths

    def check(self, owner: str, fields: TriggerFields) -> None:
        """Raises InvalidRequest with all that is wrong."""
        problems = Problems()
        self._expressions(fields, problems)
        if fields.template:
            self._template(owner, fields, problems)
        else:
            self._text(fields, problems)
        problems.raise_as(InvalidRequest)

    def template(self, owner: str, fields: TriggerFields) -> TemplateVersion:
        """What it renders now. Raises InvalidMessage with the pointer `/template/id` or `/template/version`."""
        return self._versions.load(owner, TemplateUse(fields.template, fields.template_version))

    def _expressions(self, fields: TriggerFields, problems: Problems) -> None:
        if fields.filter:
            self._expression(fields.filter, "/filter", problems)
        for name, expression in fields.mapping.variables.items():
            self._expression(expression, pointer_to("/mapping/variables", name), problems)
        for kind in ("to", "cc", "bcc", "reply_to"):
            for index, rule in enumerate(getattr(fields.mapping, kind)):
                if rule.path:
                    self._expression(rule.path, f"/mapping/{kind}/{index}/path", problems)

    def _expression(self, expression: str, at: str, problems: Problems) -> None:
        if problem := self._paths.check(expression):
            problems.add(at, problem)

    def _template(self, owner: str, fields: TriggerFields, problems: Problems) -> None:
        try:
            version = self.template(owner, fields)
        except InvalidMessage as error:
            for found in error.errors:
                problems.add(found.pointer, found.detail)
            return
        layout = version.layout.variables if version.layout else ()
        declared = {variable.key: variable for variable in (*layout, *version.body.variables)}
        given = fields.mapping.variables
        for name in given:
            if name not in declared:
                detail = f"The template declares no variable of this name; it has: {', '.join(declared) or 'none'}."
                problems.add(pointer_to("/mapping/variables", name), detail)
        for name, variable in declared.items():
            if variable.required and variable.fallback is None and name not in given:
                problems.add("/mapping/variables", f"The template needs the variable `{name}`, and has no fallback.")

    def _text(self, fields: TriggerFields, problems: Problems) -> None:
        variables = recipes.declared(dict.fromkeys(fields.mapping.variables, ""))
        try:
            self._templating().check(TemplateBody(fields.subject, fields.html, fields.text, variables=variables))
        except InvalidRequest as error:
            for found in error.errors:
                # A variable is declared by being mapped.
                at = "/mapping/variables" if found.pointer.startswith("/variables") else found.pointer
                problems.add(at, found.detail)
