"""The command line as a person uses it: in this process for speed, in one of its own where the process is the point."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from agent.cli.main import app

TEXT = (
    "LISBON – A Lisbon court on Monday convicted the shipbroker Amaro Teixordal of fraud and sentenced him to five "
    "years in prison.\n\n"
    "Teixordal, 52, sold the same tanker to three buyers, the judges said. His lawyer, Inês Valdegrave, said he "
    "denied the charges and would appeal.\n"
)
NAME = "Amaro Teixordal"
COMMAND = [sys.executable, "-c", "from agent.cli.main import main; main()"]


@dataclass(frozen=True)
class Run:
    """What one command did."""

    code: int
    out: str
    err: str

    def records(self) -> list[dict[str, Any]]:
        """Standard output as JSON, one value a line; anything else fails."""
        return [json.loads(line) for line in self.out.splitlines()]

    def record(self) -> dict[str, Any]:
        (only,) = self.records()
        return dict(only)

    def flat(self) -> str:
        """Standard output without the line breaks and borders of the page."""
        return " ".join(self.out.replace("│", " ").split())


@dataclass
class Terminal:
    """A shell with a home of its own."""

    home: Path

    def run(self, *arguments: str | Path, stdin: bytes = b"", settings: Mapping[str, str] | None = None) -> Run:
        """One command. A bug's exception is raised, so that its traceback is the test's."""
        environment = {"TRIAGE_HOME": str(self.home), **(settings or {})}
        result = CliRunner().invoke(app, [str(part) for part in arguments], input=stdin, env=environment)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Run(result.exit_code, result.stdout_bytes.decode("utf-8"), result.stderr)


def run_process(
    home: Path, *arguments: str | Path, stdin: bytes = b"", environment: Mapping[str, str] | None = None
) -> Run:
    """The console script in a process of its own; its output must be UTF-8."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env={**os.environ, "TRIAGE_HOME": str(home), **(environment or {})},
        cwd=home,
        input=stdin,
        capture_output=True,
        check=False,
        timeout=120,
    )
    return Run(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))


def alert_text(alert_id: str = "A-1", name: str = NAME, text: str = TEXT) -> str:
    return f"Name: {name} Alert ID: {alert_id}\n{text}"


def alert_row(alert_id: str = "A-1", text: str = TEXT, **article: Any) -> str:
    return json.dumps({"alert_id": alert_id, "subject": {"name": NAME}, "article": {"text": text, **article}})
