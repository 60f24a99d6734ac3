"""The product's modules as the house tests see them: parsed once, with their imports told apart."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("agent", "prompts", "retrieval", "evals")

When = Literal["load", "call", "types"]
"""``load``: as the module is loaded; ``call``: inside a function; ``types``: for the type checker alone."""


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module, or one name of it."""

    module: str
    name: str | None
    when: When
    line: int


@dataclass(frozen=True, slots=True)
class Module:
    """One source file."""

    name: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def part(self) -> str:
        """Which part of the house it belongs to: ``agent.store``, ``retrieval`` …"""
        return part_of(self.name)

    def imports(self) -> list[Import]:
        return list(_imports(self.tree, "load"))

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def part_of(module: str) -> str:
    """A module's part of the house: two names deep within ``agent``, else its top-level package."""
    names = module.split(".")
    return ".".join(names[: 2 if names[0] == "agent" else 1])


def parse_module(name: str, text: str) -> Module:
    return Module(name, text, ast.parse(text))


@cache
def product_modules() -> tuple[Module, ...]:
    """Every module of the product, by name."""
    paths = sorted(path for package in PRODUCT for path in (ROOT / package).rglob("*.py"))
    return tuple(parse_module(_module_name(path), path.read_text(encoding="utf-8")) for path in paths)


def our_module(name: str) -> bool:
    return name.split(".")[0] in PRODUCT


def third_party(name: str) -> bool:
    return not our_module(name) and name.split(".")[0] not in sys.stdlib_module_names


def _module_name(path: Path) -> str:
    names = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(names[:-1] if names[-1] == "__init__" else names)


def _imports(node: ast.AST, when: When) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, None, when, child.lineno) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            source = "." * child.level + (child.module or "")
            yield from (Import(source, alias.name, when, child.lineno) for alias in child.names)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            yield from _imports(child, "types")
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _imports(child, "call")
        else:
            yield from _imports(child, when)
