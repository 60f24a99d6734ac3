"""Files and payloads become alerts."""

from __future__ import annotations

from agent.intake.files import FORMATS, read_alerts
from agent.intake.outcome import IntakeLimits, IntakeOutcome
from agent.intake.payload import read_alert_payload

__all__ = ["FORMATS", "IntakeLimits", "IntakeOutcome", "read_alert_payload", "read_alerts"]
