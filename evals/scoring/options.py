"""What scoring needs beside case and record: the policy's weights and the texts of the loaded references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from agent.triage.policy import Policy, load_policy
from evals.cases.references import CaseReferences


@dataclass(frozen=True, slots=True)
class ScoringOptions:
    """The settings of scoring; the same for every sample of a run."""

    policy: Policy
    """Whose severities and stage weights say how grave an omission is."""
    profiles: Mapping[str, str] = field(default_factory=dict)
    """Profile id → all its text: what a narrative may draw on beside the article."""
    precedent_alerts: Mapping[str, str] = field(default_factory=dict)
    """Precedent id → the alert it decided, so that an alert's own decision is known when it is shown."""
    undecided_cost: float = 0.3
    """What a review, an abstention or a failure costs, in false escalations."""


def make_options(references: CaseReferences | None = None, policy: Policy | None = None) -> ScoringOptions:
    """Options with the references that stood in the index, and the shipped policy unless another is given.

    Raises PolicyInvalid.
    """
    if references is None:
        return ScoringOptions(policy=policy or _shipped_policy())
    return ScoringOptions(
        policy=policy or _shipped_policy(),
        profiles={one.profile_id: one.model_dump_json(exclude_none=True) for one in references.profiles},
        precedent_alerts={one.precedent_id: one.alert_id for one in references.precedents},
    )


@lru_cache(maxsize=1)
def _shipped_policy() -> Policy:
    return load_policy()
