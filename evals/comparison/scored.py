"""Scored runs: runs with their scores, what sets two of them apart, and their comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.domain.fingerprint import content_hash
from agent.domain.record import TriageFailure, TriageRecord
from evals.cases.case import Case
from evals.cases.files import CaseSet
from evals.comparison.comparison import Comparison, compare_scores
from evals.comparison.pairing import Key
from evals.comparison.rules import GateRules
from evals.running.runs import Run, RunInvalid, read_run
from evals.scoring.measure import SampleScore
from evals.scoring.options import ScoringOptions, make_options
from evals.scoring.score import score_run


@dataclass(frozen=True, slots=True)
class ScoredRun:
    """A run, what its samples are worth against the gold as it stands now, and the cases they were scored with."""

    label: str
    """What the person called it: a baseline's name, a run's id, a folder."""
    run: Run
    scores: tuple[SampleScore, ...]
    cases: CaseSet

    @property
    def complete(self) -> bool:
        """Whether the run was finished and every case stands there in every epoch."""
        manifest = self.run.manifest
        return manifest.finished_at is not None and len(self.run.samples) == manifest.cases * manifest.epochs


def score_folder(
    folder: Path, cases: Mapping[str, Case], options: ScoringOptions | None = None, *, label: str | None = None
) -> ScoredRun:
    """The run of a folder with its scores.

    Raises RunInvalid, also for a finished run that has lost samples: what is missing is no success.
    """
    run = read_run(folder)
    manifest, wanted = run.manifest, run.manifest.cases * run.manifest.epochs
    if manifest.finished_at is not None and len(run.samples) != wanted:
        raise RunInvalid(f"{folder} holds {len(run.samples)} of {wanted} samples: it was cut short. Run it again.")
    scores = tuple(score_run(cases, run, options or make_options()))
    ids = {sample.case_id for sample in run.samples}
    return ScoredRun(label or run.manifest.run_id, run, scores, CaseSet(tuple(cases[one] for one in sorted(ids))))


def compare_runs(base: ScoredRun, new: ScoredRun, rules: GateRules, *, common: bool = False) -> Comparison:
    """Compare two scored runs. Raises SetsDiffer."""
    return compare_scores(base.scores, new.scores, rules, identical=same_drafts(base.run, new.run), common=common)


def same_drafts(base: Run, new: Run) -> frozenset[Key]:
    """The samples whose records say the same word for word, whatever time, cost and provenance are."""
    before = {(sample.case_id, sample.epoch): _said(sample.outcome) for sample in base.samples}
    return frozenset(
        key for sample in new.samples if before.get(key := (sample.case_id, sample.epoch)) == _said(sample.outcome)
    )


def describe_differences(base: Run, new: Run) -> Iterator[str]:
    """What was run otherwise, in a line each: what a difference in figures may come from."""
    before, after = base.manifest, new.manifest
    for title, field in (
        ("drafter", "drafter"),
        ("prompt", "prompt"),
        ("model", "model"),
        ("parameters", "parameters"),
        ("code", "code_version"),
        ("code revision", "code_revision"),
    ):
        was, now = getattr(before, field), getattr(after, field)
        if was != now:
            yield f"{title}: {was or 'none'} → {now or 'none'}"
    if before.policy_hash != after.policy_hash:
        yield "the policy differs: recommendations may move without any draft having changed"
    if before.references_hash != after.references_hash:
        yield "profiles or precedents in the index differ"
    if before.cases_hash != after.cases_hash:
        yield "the case sets differ as they were run; both runs are scored against the gold as it stands now"
    if before.replayed != after.replayed:
        yield "one of the runs is replayed: its seconds are the recorded ones"
    for name, run in (("A", base), ("B", new)):
        if run.manifest.finished_at is None:
            yield f"run {name} was not finished"


def _said(outcome: TriageRecord | TriageFailure) -> str:
    if isinstance(outcome, TriageFailure):
        return content_hash([outcome.failure.stage, outcome.failure.error])
    left_out = {"provenance", "raw_replies", "notes"}
    return content_hash(outcome.model_dump(mode="json", exclude=left_out))
