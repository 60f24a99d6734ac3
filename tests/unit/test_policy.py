"""The policy file: total, closed, hashed, and errors that name file, line and field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from agent.domain.taxonomy import ADVERSE_ROLES, CLEARING_STAGES, Offence, SourceKind, Stage
from agent.errors import PolicyInvalid
from agent.triage.policy import DEFAULT_POLICY, Policy, load_policy

SHIPPED = DEFAULT_POLICY.read_text(encoding="utf-8")


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_policy_is_total_and_sensible() -> None:
    policy = load_policy()
    assert set(policy.severity) == set(Offence)
    assert set(policy.stage_weight) == set(Stage)
    assert set(policy.credibility) == set(SourceKind)
    assert all(policy.stage_weight[stage] == 0 for stage in CLEARING_STAGES)
    assert policy.severity[Offence.FRAUD] * policy.stage_weight[Stage.CONVICTED] >= policy.escalate_at
    assert policy.severity[Offence.OTHER] * policy.stage_weight[Stage.CONVICTED] < policy.escalate_at
    assert policy.severity[Offence.OTHER] * policy.stage_weight[Stage.SANCTIONED] >= policy.escalate_at
    assert not ADVERSE_ROLES.intersection(policy.closing.harmless_roles)
    assert policy.closing.cleared_findings is False


def test_the_hash_follows_values_not_comments(tmp_path: Path) -> None:
    policy = load_policy()
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", policy.hash)
    assert load_policy(write(tmp_path, re.sub(r"#.*", "", SHIPPED))).hash == policy.hash
    assert load_policy(write(tmp_path, SHIPPED.replace("fraud: 3", "fraud: 2"))).hash != policy.hash


def test_a_policy_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValidationError):
        load_policy().escalate_at = 1


@pytest.mark.parametrize(
    ("old", "new", "field", "complaint"),
    [
        ("  fraud: 3", "  fraud: 4", "severity.fraud", "less than or equal to 3"),
        ("  fraud: 3", "  froud: 3", "severity.froud", "Input should be"),
        ("  fraud: 3\n", "", "severity", "no value for fraud"),
        ("  convicted: 3", "  convicted: very", "stage_weight.convicted", "valid integer"),
        ("  satire: 0", "  satire: 2", "credibility.satire", "less than or equal to 1"),
        ("escalate_at: 6", "escalate_at: 6\nescalate_to: x", "escalate_to", "not permitted"),
        ("  false_positive: true", "  false_positive: true\n  always: true", "closing.always", "not permitted"),
        ("  2: 15", "  2: 0", "stale_after_years.2", "greater than or equal to 1"),
        ("[birth_date,", "[name, birth_date,", "closing.contradicting_features", "a name alone"),
        ("[victim,", "[offender, victim,", "closing.harmless_roles", "offender cannot count as harmless"),
        ("[victim,", "[undetermined, victim,", "closing.harmless_roles", "undetermined cannot count as harmless"),
        ("  fraud: 3", "  fraud: 3\n  fraud: 1", "fraud", "given twice"),
    ],
)
def test_a_bad_value_names_file_line_and_field(tmp_path: Path, old: str, new: str, field: str, complaint: str) -> None:
    assert old in SHIPPED
    text = SHIPPED.replace(old, new, 1)
    path = write(tmp_path, text)
    with pytest.raises(PolicyInvalid) as caught:
        load_policy(path)
    message = str(caught.value)
    match = re.match(rf"{re.escape(str(path))}:(\d+): {re.escape(field)}: ", message)
    assert match, message
    assert complaint in message
    assert field.rsplit(".", 1)[-1] in text.splitlines()[int(match[1]) - 1]


@pytest.mark.parametrize("text", ["", "- a\n- b", "severity: [", "a: b: c", "\t"])
def test_no_policy_at_all(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(PolicyInvalid, match=re.escape(str(path))):
        load_policy(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyInvalid, match="cannot be read"):
        load_policy(tmp_path / "nowhere.yaml")


def test_the_schema_of_a_policy_is_closed() -> None:
    assert Policy.model_json_schema()["additionalProperties"] is False
