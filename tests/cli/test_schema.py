"""``triage schema``: what is printed validates against what is published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from agent.cli.schema import SchemaName
from agent.settings import SHIPPED_DATA
from tests.cli.terminal import Terminal, alert_row

_DEMO = SHIPPED_DATA / "demo"


def published(terminal: Terminal, *name: str) -> dict[str, Any]:
    run = terminal.run("schema", *name)
    assert run.code == 0
    schema: dict[str, Any] = json.loads(run.out)
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


def validator(terminal: Terminal, *name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(published(terminal, *name))


@pytest.mark.parametrize("name", sorted(SchemaName))
def test_every_schema_is_a_schema(terminal: Terminal, name: SchemaName) -> None:
    schema = published(terminal, name.value)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["type"] == "object"


def test_records_and_failures_of_the_demo_validate(terminal: Terminal, tmp_path: Path) -> None:
    spoiled = tmp_path / "spoiled.jsonl"
    spoiled.write_text('{\n{"alert_id": "A-2", "article": {"text": ""}}\n', encoding="utf-8")
    run = terminal.run("draft", _DEMO / "alerts", spoiled, "--json")
    record, failure = validator(terminal), validator(terminal, "failure")
    records = [line for line in run.records() if "summary" in line]
    failures = [line for line in run.records() if "failure" in line]
    assert len(records) == 12
    assert len(failures) == 2
    for one in records:
        record.validate(one)
        assert not failure.is_valid(one)
    for one in failures:
        failure.validate(one)
        assert not record.is_valid(one)


def test_the_record_is_the_default(terminal: Terminal) -> None:
    assert terminal.run("schema").out == terminal.run("schema", "record").out


def test_alerts_validate_and_wrong_ones_do_not(terminal: Terminal) -> None:
    alert = validator(terminal, "alert")
    alert.validate(json.loads(alert_row()))
    for line in (_DEMO / "alerts" / "06_wire_desk.jsonl").read_text(encoding="utf-8").splitlines():
        alert.validate(json.loads(line))
    assert not alert.is_valid({"alert_id": "A-1"})
    assert not alert.is_valid({**json.loads(alert_row()), "unasked": 1})


def test_the_drafts_schema_leaves_out_what_code_fills(terminal: Terminal) -> None:
    schema = json.dumps(published(terminal, "draft"))
    for name in ('"identity"', '"start"', '"recommendation"', '"confidence"'):
        assert name not in schema


def test_every_string_and_list_of_a_summary_is_bounded(terminal: Terminal) -> None:
    unbounded = list(find_unbounded(published(terminal, "summary"), "summary"))
    assert not unbounded


def find_unbounded(node: Any, path: str) -> list[str]:
    found = []
    if isinstance(node, dict):
        is_free = node.get("type") == "string" and not {"maxLength", "enum", "const", "pattern"} & set(node)
        if is_free or (node.get("type") == "array" and "maxItems" not in node):
            found.append(path)
        for name, part in node.items():
            found += find_unbounded(part, f"{path}.{name}")
    elif isinstance(node, list):
        for number, part in enumerate(node):
            found += find_unbounded(part, f"{path}[{number}]")
    return found
