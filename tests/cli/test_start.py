"""The console script starts light: nothing heavy is imported before a command needs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal, run_process

HEAVY = ("spacy", "chromadb", "langchain", "langchain_core", "openai", "onnxruntime", "natasha", "trafilatura")
LATER = (*HEAVY, "sqlalchemy", "tokenizers", "numpy", "py3langid", "babel", "yaml", "rapidfuzz", "tantivy", "rigour")


def loaded_after(*arguments: str) -> set[str]:
    """The top-level packages that a process holds once the script has run with these arguments."""
    script = (
        "import sys\nfrom agent.cli.main import app\n"
        f"try:\n    app({list(arguments)!r})\nexcept SystemExit:\n    pass\n"
        "sys.stderr.write(' '.join({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ)
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [("--help",), ("draft", "--help"), ("index", "--help"), ("--version",)])
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert not loaded_after(*arguments).intersection(LATER)


def test_the_first_page_does_not_even_load_the_vocabulary() -> None:
    assert "pydantic" not in loaded_after("--help")


@pytest.mark.parametrize("arguments", [("schema",), ("prompt", "list"), ("doctor", "--help")])
def test_small_commands_import_no_model(arguments: tuple[str, ...]) -> None:
    assert not loaded_after(*arguments).intersection(HEAVY)


def test_help_names_every_command_and_an_example(terminal: Terminal) -> None:
    run = terminal.run("--help")
    assert run.code == 0
    for command in ("draft", "show", "demo", "doctor", "schema", "profiles", "precedents", "index", "prompt"):
        assert f"\n  {command} " in run.out
    assert "triage draft alert.txt" in run.out


def test_the_version_is_told(tmp_path: Path) -> None:
    run = run_process(tmp_path, "--version")
    assert run.code == 0
    assert run.out.startswith("triage ")


def test_wrong_usage_of_the_script_itself(tmp_path: Path) -> None:
    run = run_process(tmp_path, "draft", "--nonsense")
    assert run.code == 2
    assert "Traceback" not in run.err
