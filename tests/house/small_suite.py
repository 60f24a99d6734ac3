"""A suite of a few lines, run under this project's conftest in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.house.source_tree import ROOT


def run_suite(folder: Path, text: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the tests in ``text``; a variable that is given empty is not set at all."""
    suite = folder / "test_small.py"
    suite.write_text(text, encoding="utf-8")
    variables = {**os.environ, **environment, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ["PYTHONPATH"]])}
    set_ones = {name: value for name, value in variables.items() if value}
    command = [sys.executable, "-m", "pytest", "-rs", "-c", str(ROOT / "pyproject.toml"), "-p", "tests.conftest"]
    return subprocess.run([*command, str(suite)], env=set_ones, cwd=folder, capture_output=True, text=True, check=False)
