"""The services of one command, from the settings and what the command line puts in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.wiring import Services


def open_services(model: str | None = None) -> Services:
    """The services as configured; ``model`` stands in for TRIAGE_MODEL, and ``none`` for no model at all."""
    # Late imports keep `triage --help` under 0.3 s.
    from agent.settings import load_settings
    from agent.wiring import Services

    settings = load_settings().settings
    if model is not None:
        settings = settings.model_copy(update={"model": None if model.lower() == "none" else model})
    return Services(settings)
