"""``triage schema``: the JSON Schemas of what goes in and what comes out."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pydantic import BaseModel


class SchemaName(StrEnum):
    """What has a published schema."""

    ALERT = "alert"
    RECORD = "record"
    FAILURE = "failure"
    SUMMARY = "summary"
    DRAFT = "draft"
    PROFILE = "profile"
    PRECEDENT = "precedent"
    DECISION = "decision"


def schema(
    name: Annotated[
        SchemaName, typer.Argument(help="alert, record, failure, summary, draft (what a model fills), …")
    ] = SchemaName.RECORD,
) -> None:
    """Print a JSON Schema (2020-12) of the product's vocabulary."""
    print(json.dumps(build_schema(name), indent=2, ensure_ascii=False))


def build_schema(name: SchemaName) -> dict[str, object]:
    """The schema as a value."""
    from agent.domain import alert, record, reference, summary  # pydantic models take a moment: not for --help

    if name is SchemaName.DRAFT:
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", **summary.draft_schema()}
    models: dict[SchemaName, type[BaseModel]] = {
        SchemaName.ALERT: alert.Alert,
        SchemaName.RECORD: record.TriageRecord,
        SchemaName.FAILURE: record.TriageFailure,
        SchemaName.SUMMARY: summary.RiskSummary,
        SchemaName.PROFILE: reference.Profile,
        SchemaName.PRECEDENT: reference.Precedent,
        SchemaName.DECISION: record.Decision,
    }
    given = name in {SchemaName.ALERT, SchemaName.PROFILE, SchemaName.PRECEDENT}
    body = models[name].model_json_schema(mode="validation" if given else "serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **body}
