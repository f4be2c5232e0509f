"""openapi.yaml as the tests read it."""

import json
from collections.abc import Iterator
from typing import Any

import yaml

from tests.e2e.processes import ROOT

SOURCE = ROOT / "openapi.yaml"
DOCUMENT: dict[str, Any] = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
FUNCTIONS: list[dict[str, Any]] = json.loads((ROOT / "infra" / "functions.json").read_text(encoding="utf-8"))
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    """What a `$ref` stands for; anything else is itself."""
    while "$ref" in node:
        found: Any = DOCUMENT
        for token in node["$ref"].removeprefix("#/").split("/"):
            found = found[token.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(METHOD, path, operation)."""
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def operation(operation_id: str) -> dict[str, Any]:
    return next(found for _, _, found in operations() if found["operationId"] == operation_id)


def problem_codes(described: dict[str, Any], status: int) -> set[str]:
    """The codes that an operation documents for a status: its examples are named after them."""
    response = resolve(described["responses"].get(str(status), {}))
    return set(response.get("content", {}).get("application/problem+json", {}).get("examples", {}))
