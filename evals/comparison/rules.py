"""Gate rules: what a change may cost, stated in ``evals/data/gates.yaml`` with the reason for every number."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import yaml
from pydantic import Field, ValidationError, model_validator

from agent.domain.base import Frozen, Line, Phrase
from agent.errors import ConfigError
from evals.cases.case import Split
from evals.cases.files import SHIPPED
from evals.scoring.measures import MEASURES

GATES: Final = SHIPPED / "gates.yaml"
DEFAULT: Final = "default"
MUST_NOT_MISS: Final = "must_not_miss"
"""The floor that is no measure of its own: the share of must-not-miss alerts that were closed."""
PRIMARIES: Final = ("miss", "cost", "quote_validity")

Share = Annotated[float, Field(gt=0, lt=1)]


class GatesInvalid(ConfigError):
    """The gate file does not hold what it must; no verdict is given."""


class Margin(Frozen):
    """How much worse a measure may get, in the measure's own unit, before that counts as worse; and why so much."""

    margin: float = Field(gt=0)
    why: Line


class Floor(Frozen):
    """What a run must keep whatever it is compared with: a measure that may not exceed a value; and why."""

    at_most: float = Field(ge=0)
    why: Line
    alerts: int = Field(default=1, ge=0)
    """On how many alerts it must have been measured to count as kept; 0 where a set may lack it."""


class RequiredBaseline(Frozen):
    """A blessed run that the repository's own gate measures by: what it must cover and which rules hold."""

    splits: tuple[Split, ...] = Field(min_length=1)
    rules: Phrase = DEFAULT
    why: Line


class GateRules(Frozen):
    """One set of rules: margins of the primary family and of the guards, floors, error rates."""

    name: Phrase = DEFAULT
    alpha: Share = 0.05
    """One-sided error rate of each family (after Holm) and of each proof of staying within a margin."""
    power: Share = 0.8
    """With what chance a comparison should find what it names as detectable or needed."""
    lost_share: Share = 0.1
    """Up to which share of the cases a primary may stop to apply to without losing its proof."""
    primaries: dict[Phrase, Margin]
    guards: dict[Phrase, Margin]
    floors: dict[Phrase, Floor]

    @model_validator(mode="after")
    def _measures_exist(self) -> GateRules:
        if tuple(sorted(self.primaries)) != tuple(sorted(PRIMARIES)):
            raise ValueError(f"the primaries are {', '.join(PRIMARIES)}, each with its margin")
        named = {*self.primaries, *self.guards, *self.floors} - {MUST_NOT_MISS}
        if unknown := sorted(named - set(MEASURES)):
            raise ValueError(f"{', '.join(unknown)}: no such measure")
        if doubled := sorted(set(self.primaries) & set(self.guards)):
            raise ValueError(f"{', '.join(doubled)}: either primary or guard")
        return self


class Gates(Frozen):
    """The gate file: the default rules, named variations of them, and the baselines of the repository's own gate."""

    rules: dict[Phrase, GateRules]
    baselines: dict[Phrase, RequiredBaseline] = Field(default_factory=dict)

    def choose(self, name: str | None = None, *, baseline: str | None = None) -> GateRules:
        """The rules of that name; else those that the baseline asks for; else the default. Raises GatesInvalid."""
        required = self.baselines.get(baseline or "")
        wanted = name or (required.rules if required else DEFAULT)
        if wanted not in self.rules:
            raise GatesInvalid(f"There are no gate rules {wanted!r}; the file has {', '.join(self.rules)}.")
        return self.rules[wanted]


def load_gates(path: Path = GATES) -> Gates:
    """The gate file. Raises GatesInvalid, naming the file and the place in it."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or DEFAULT not in content:
            raise GatesInvalid(f"{path}: a gate file needs a part named {DEFAULT!r}.")
        base = content[DEFAULT]
        rules = {DEFAULT: {**base, "name": DEFAULT}}
        for name, changes in (content.get("variations") or {}).items():
            ground = rules.get(changes.get("extends", DEFAULT))
            if ground is None:
                raise GatesInvalid(f"{path}: {name} extends {changes['extends']!r}, which does not stand before it.")
            rules[name] = {**_vary(ground, changes), "name": name}
        unknown = sorted(set(content) - {DEFAULT, "variations", "baselines"})
        if unknown:
            raise GatesInvalid(f"{path}: {', '.join(map(str, unknown))}: no such part.")
        gates = Gates.model_validate({"rules": rules, "baselines": content.get("baselines") or {}})
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, AttributeError) as error:
        raise GatesInvalid(f"{path}: not readable as a gate file: {error}") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:5])
        raise GatesInvalid(f"{path}: {faults}") from error
    for name, baseline in gates.baselines.items():
        if baseline.rules not in gates.rules:
            raise GatesInvalid(f"{path}: baseline {name!r} asks for rules {baseline.rules!r}, which do not exist.")
    return gates


def _vary(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes`` laid over it, parts by name and entries within a part by name."""
    varied = dict(base)
    for key, change in changes.items():
        if key == "extends":
            continue
        before = base.get(key)
        varied[key] = {**before, **change} if isinstance(before, dict) and isinstance(change, dict) else change
    return varied
