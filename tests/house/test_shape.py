"""Small modules, small functions, no broad net without a reason, nothing unfinished."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

import pytest

from tests.house.source_tree import Module, parse_module, product_modules

MODULE_LINES = 400
FUNCTION_LINES = 60
BROAD_EXCEPTS = {
    "agent.intake.webpage": 1,
    "agent.llm.client": 1,
    "agent.llm.local": 1,
    "agent.llm.models": 1,
    "evals.running.inspection": 1,
    "evals.running.outcomes": 1,
    "evals.running.runner": 1,
    "retrieval.chroma.client": 3,
    "retrieval.chroma.folders": 3,
    "retrieval.embedding.cache": 1,
    "retrieval.embedding.provider": 2,
    "retrieval.precedents.builds": 1,
    "retrieval.names.index": 1,
}
"""Module → how many broad excepts it may hold: each stands where foreign code may raise anything."""
_UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")


def long_modules(module: Module) -> Iterator[str]:
    if len(module.lines) > MODULE_LINES:
        yield f"{module.name} has {len(module.lines)} lines: a noun is missing"


def long_functions(module: Module) -> Iterator[str]:
    for function in module.functions():
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > FUNCTION_LINES:
            yield f"{module.name}.{function.name} has {length} lines"


def broad_excepts(module: Module) -> Iterator[str]:
    broad = [node for node in ast.walk(module.tree) if isinstance(node, ast.ExceptHandler) and _is_broad(node)]
    if len(broad) > BROAD_EXCEPTS.get(module.name, 0):
        yield f"{module.name} has more broad excepts than listed, at lines {[node.lineno for node in broad]}"
    for node in broad:
        if "#" not in module.lines[node.lineno - 1] and not _reraises(node):
            yield f"{module.name}:{node.lineno} is a broad except without its reason beside it"


def unfinished_places(module: Module) -> Iterator[str]:
    for number, line in enumerate(module.lines, start=1):
        if _UNFINISHED.search(line):
            yield f"{module.name}:{number} is unfinished: {line.strip()}"


def decisions_made(module: Module) -> Iterator[str]:
    """Where a queue run would decide in a person's place."""
    if module.name.startswith("agent.batch"):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Name | ast.Attribute | ast.alias) and _last_name(node) in {"Decision", "Approval"}:
                yield f"{module.name}:{getattr(node, 'lineno', 0)} touches a person's decision"


def _is_broad(node: ast.ExceptHandler) -> bool:
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(kind is None or ast.unparse(kind) in {"Exception", "BaseException"} for kind in kinds)


def _reraises(node: ast.ExceptHandler) -> bool:
    last = node.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def _last_name(node: ast.Name | ast.Attribute | ast.alias) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else node.name.rpartition(".")[2]


Rule = Callable[[Module], Iterator[str]]
RULES: list[Rule] = [long_modules, long_functions, broad_excepts, unfinished_places, decisions_made]


@pytest.mark.parametrize("rule", RULES)
def test_the_product_keeps_the_rule(rule: Rule) -> None:
    assert [breach for module in product_modules() for breach in rule(module)] == []


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (long_modules, "agent.x", "a = 1\n" * 401),
        (long_functions, "agent.x", "def f():\n" + "    a = 1\n" * 60),
        (broad_excepts, "agent.x", "try:\n    f()\nexcept Exception:  # because\n    pass"),
        (broad_excepts, "agent.llm.client", "try:\n    f()\nexcept (ValueError, Exception):\n    pass"),
        (unfinished_places, "agent.x", "a = 1  # TO" + "DO"),
        (decisions_made, "agent.batch.local", "from agent.domain.record import Decision"),
        (decisions_made, "agent.batch.local", "from agent.domain import record\nrecord.Decision(author='x')"),
    ],
)
def test_a_breach_is_seen(rule: Rule, name: str, text: str) -> None:
    assert list(rule(parse_module(name, text)))
