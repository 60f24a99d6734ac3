"""The JSON Schema of a case file, for editors that complete and check while somebody writes."""

from __future__ import annotations

from typing import Any

from agent.domain.alert import Alert
from evals.cases.case import CaseEntry


def build_schema() -> dict[str, Any]:
    """The schema of a case file: a list of cases whose ``alert`` is an alert of the wire format without its id."""
    schema = CaseEntry.model_json_schema()
    alert = Alert.model_json_schema()
    definitions = {**schema.pop("$defs"), **alert.pop("$defs")}
    alert["properties"] = {name: body for name, body in alert["properties"].items() if name not in _BY_INTAKE}
    alert["required"] = [name for name in alert["required"] if name not in _BY_INTAKE]
    article = definitions["Article"]
    article["properties"]["html"] = {"type": "string", "description": "The page as it came, in place of text."}
    article["required"] = []
    article["oneOf"] = [{"required": ["text"]}, {"required": ["html"]}]
    schema["properties"]["alert"] = alert
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Cases of the evaluation",
        "type": "array",
        "items": schema,
        "$defs": definitions,
    }


_BY_INTAKE = frozenset({"alert_id", "notes"})
"""What a case's alert does not give: its id is the case's, and notes are intake's own."""
