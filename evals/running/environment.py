"""inspect is there, and stays inside the run's folder."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from agent.errors import ConfigError


class ExtraMissing(ConfigError):
    """The optional packages of the eval harness are not installed."""


def require_inspect() -> None:
    """Raise ExtraMissing unless the runner is installed."""
    if find_spec("inspect_ai") is None:
        raise ExtraMissing("Cases are run by inspect_ai: install 'adverse-media-triage[evals]'.")


def confine_inspect(folder: Path) -> None:
    """To be called before inspect starts: no ``.env`` file is read, and its own complaints go to ``inspect.log`` here.

    Writes the environment, because that is where inspect looks.
    """
    os.environ.update(
        PYTHON_DOTENV_DISABLED="1", INSPECT_TRACE_FILE=str(folder / "inspect.log"), INSPECT_TRACE_LEVEL="WARNING"
    )
