"""The recommendation policy: a commented YAML file, validated, with a hash that every record carries."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import yaml
from pydantic import Field, ValidationError, field_validator

from agent.domain.base import Frozen, Phrase
from agent.domain.fingerprint import content_hash
from agent.domain.taxonomy import ADVERSE_ROLES, FeatureName, Offence, Role, SourceKind, Stage
from agent.errors import PolicyInvalid

DEFAULT_POLICY: Final = Path(__file__).parent.parent / "data" / "policy.yaml"
"""The policy that ships with the product."""

Severity = Annotated[int, Field(ge=1, le=3)]
Weight = Annotated[int, Field(ge=0, le=6)]
Credibility = Annotated[float, Field(ge=0, le=1)]
Years = Annotated[int, Field(ge=1, le=100)]


class Closing(Frozen):
    """When closing may be recommended; everything here only narrows what the rules allow."""

    false_positive: bool
    contradicting_features: tuple[FeatureName, ...] = Field(max_length=9)
    """Attributes whose contradiction shows that the article is about somebody else."""
    not_material: bool
    harmless_roles: tuple[Role, ...] = Field(max_length=15)
    stale_findings: bool
    cleared_findings: bool

    @field_validator("contradicting_features")
    @classmethod
    def _not_the_name_alone(cls, features: tuple[FeatureName, ...]) -> tuple[FeatureName, ...]:
        if FeatureName.NAME in features:
            raise ValueError("a name alone never shows that the article is about somebody else")
        return features

    @field_validator("harmless_roles")
    @classmethod
    def _no_adverse_role(cls, roles: tuple[Role, ...]) -> tuple[Role, ...]:
        if adverse := sorted(ADVERSE_ROLES.intersection(roles) | {Role.UNDETERMINED}.intersection(roles)):
            raise ValueError(f"{', '.join(adverse)} cannot count as harmless")
        return roles


class Policy(Frozen):
    """What a proven finding amounts to. Every table is total: a missing row is an error, not a default."""

    version: Phrase
    escalate_at: float = Field(gt=0, le=9)
    severity: dict[Offence, Severity]
    stage_weight: dict[Stage, Weight]
    credibility: dict[SourceKind, Credibility]
    stale_after_years: dict[Severity, Years | None]
    closing: Closing

    @field_validator("severity", "stage_weight", "credibility", "stale_after_years")
    @classmethod
    def _total(cls, table: dict[Any, Any], info: Any) -> dict[Any, Any]:
        rows: Mapping[str, tuple[Any, ...]] = {
            "severity": tuple(Offence),
            "stage_weight": tuple(Stage),
            "credibility": tuple(SourceKind),
            "stale_after_years": (1, 2, 3),
        }
        if missing := [str(row) for row in rows[info.field_name] if row not in table]:
            raise ValueError(f"no value for {', '.join(missing)}")
        return table

    @property
    def hash(self) -> str:
        """Content hash of the values; comments and order do not count."""
        return content_hash(self)


def load_policy(path: Path = DEFAULT_POLICY) -> Policy:
    """Read and validate a policy file.

    Raises PolicyInvalid naming the file, the line and the field.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyInvalid(
            f"The policy file {path} cannot be read: {error}. Name another file or restore it."
        ) from error
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        _refuse_repeated_keys(root, path)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise PolicyInvalid(f"{path}:{line}: not valid YAML ({getattr(error, 'problem', error)}).") from error
    if not isinstance(content, dict):
        raise PolicyInvalid(f"{path}:1: a policy is a table of keys and values.")
    try:
        return Policy.model_validate(content)
    except ValidationError as error:
        raise PolicyInvalid(_describe(error, root, path)) from error


def _describe(error: ValidationError, root: yaml.Node | None, path: Path) -> str:
    lines = []
    for problem in error.errors()[:10]:
        keys = [str(key) for key in problem["loc"] if key != "[key]"]
        lines.append(f"{path}:{_line_of(root, keys)}: {'.'.join(keys)}: {problem['msg'].removeprefix('Value error, ')}")
    return "\n".join(lines)


def _line_of(node: yaml.Node | None, keys: list[str]) -> int:
    """The line of the innermost of the keys that the file has, from 1."""
    line = node.start_mark.line + 1 if node is not None else 1
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            row = next(((name, value) for name, value in node.value if name.value == key), None)
            if row is None:
                break
            line, node = row[0].start_mark.line + 1, row[1]
        elif isinstance(node, yaml.SequenceNode) and key.isdigit() and int(key) < len(node.value):
            node = node.value[int(key)]
            line = node.start_mark.line + 1
    return line


def _refuse_repeated_keys(node: yaml.Node | None, path: Path) -> None:
    """YAML keeps the last of two equal keys silently; in a policy that is a mistake somebody must see."""
    if isinstance(node, yaml.SequenceNode):
        for part in node.value:
            _refuse_repeated_keys(part, path)
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for name, value in node.value:
        if name.value in seen:
            raise PolicyInvalid(f"{path}:{name.start_mark.line + 1}: {name.value}: given twice; remove one of the two.")
        seen.add(str(name.value))
        _refuse_repeated_keys(value, path)
