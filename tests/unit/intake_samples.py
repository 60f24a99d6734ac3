"""Short ways to feed intake and to say what is expected of it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from agent.domain.alert import Alert
from agent.domain.record import TriageFailure
from agent.intake import IntakeLimits, IntakeOutcome, read_alerts


def feed(content: bytes | str, format: str | None = None, limits: IntakeLimits | None = None) -> list[IntakeOutcome]:
    """What standard input with these bytes yields."""
    raw = content.encode("utf-8") if isinstance(content, str) else content
    return list(read_alerts(["-"], format=format, limits=limits or IntakeLimits(), stdin=io.BytesIO(raw)))


def feed_file(path: Path, content: bytes | str, limits: IntakeLimits | None = None) -> list[IntakeOutcome]:
    """What a file with these bytes yields."""
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return list(read_alerts([path], limits=limits or IntakeLimits()))


def only_alert(outcomes: list[IntakeOutcome]) -> Alert:
    """The one outcome, which must be an alert."""
    assert len(outcomes) == 1, outcomes
    outcome = outcomes[0]
    assert isinstance(outcome, Alert), outcome
    return outcome


def only_failure(outcomes: list[IntakeOutcome]) -> TriageFailure:
    """The one outcome, which must be a failure of intake that retrying will not mend."""
    assert len(outcomes) == 1, outcomes
    outcome = outcomes[0]
    assert isinstance(outcome, TriageFailure), outcome
    assert outcome.failure.stage == "intake"
    assert not outcome.failure.retryable
    return outcome


def refusal(outcomes: list[IntakeOutcome]) -> str:
    """The message of the only outcome."""
    return only_failure(outcomes).failure.message


def payload(**changes: Any) -> dict[str, Any]:
    """A sound alert object, with changes at its top level."""
    return {
        "alert_id": "A-7",
        "subject": {"name": "Lina Ortvald"},
        "article": {"text": "The firm was fined."},
    } | changes


def row(**changes: Any) -> str:
    """The same as a line of JSON."""
    return json.dumps(payload(**changes), ensure_ascii=False)
