"""Score: a sample against its case, and a run against its cases."""

from __future__ import annotations

from collections.abc import Mapping

from agent.domain.fingerprint import alert_fingerprint
from agent.domain.record import TriageRecord, Usage
from agent.domain.taxonomy import Offence
from evals.cases.case import Case
from evals.running.runs import Run, RunInvalid, Sample
from evals.scoring.counter import score_counter_evidence
from evals.scoring.disposition import find_ending, rank_risk, score_disposition
from evals.scoring.facts import score_facts
from evals.scoring.failure import score_failure
from evals.scoring.findings import drafted_stage, offence_sets, score_findings
from evals.scoring.grounding import score_grounding
from evals.scoring.identity import score_identity
from evals.scoring.matched import Matched, match_record
from evals.scoring.measure import Measure, SampleScore
from evals.scoring.measures import MEASURES
from evals.scoring.omission import score_omissions
from evals.scoring.options import ScoringOptions, make_options
from evals.scoring.references import score_references
from evals.scoring.roles import drafted_roles, score_roles
from evals.scoring.tally import Tally
from evals.scoring.traps import score_traps

_SCORERS = (
    score_disposition,
    score_findings,
    score_omissions,
    score_roles,
    score_counter_evidence,
    score_grounding,
    score_facts,
    score_identity,
    score_references,
    score_traps,
)


def score_run(cases: Mapping[str, Case], run: Run, options: ScoringOptions | None = None) -> list[SampleScore]:
    """Score every sample of a run, in its order.

    Gold that changed since the run is fine. Raises RunInvalid where the run holds cases that are not given, or records
    of other texts than the cases have now. Whether the run is whole is its manifest's to tell.
    """
    shown = run.manifest
    if unknown := sorted({sample.case_id for sample in run.samples} - set(cases)):
        raise RunInvalid(f"Run {shown.run_id} holds cases that are not among those given: {_few(unknown)}.")
    prints = {case_id: alert_fingerprint(cases[case_id].alert) for case_id in {one.case_id for one in run.samples}}
    stale = {
        sample.case_id
        for sample in run.samples
        if isinstance(sample.outcome, TriageRecord)
        and sample.outcome.provenance.alert_fingerprint != prints[sample.case_id]
    }
    if stale:
        raise RunInvalid(
            f"Run {shown.run_id} was made on other texts than these cases have now: {_few(sorted(stale))}. "
            "Run it again."
        )
    options = options or make_options()
    return [score_sample(cases[sample.case_id], sample, options) for sample in run.samples]


def score_sample(case: Case, sample: Sample, options: ScoringOptions | None = None) -> SampleScore:
    """Everything that can be said of one sample. A part of the gold that was not labelled is not scored."""
    options = options or make_options()
    tally = Tally()
    outcome = sample.outcome
    matched: Matched | None = None
    if isinstance(outcome, TriageRecord):
        matched = match_record(case, outcome, options)
        for scorer in _SCORERS:
            scorer(matched, tally)
        usage = outcome.provenance.usage
    else:
        score_failure(case, outcome, options, tally)
        usage = Usage()
    labelled = matched if matched is not None and case.gold.events is not None else None
    return SampleScore(
        case_id=case.id,
        epoch=sample.epoch,
        subject=case.subject,
        split=case.split,
        slices=_slices(case),
        truth=case.truth,
        must_not_miss=case.entry.must_not_miss,
        ending=find_ending(outcome),
        measures={name: tally.measures.get(name, Measure(0.0, 0.0)) for name in MEASURES},
        remarks=tuple(tally.remarks),
        risk=rank_risk(matched.record, matched.text, options.policy) if matched is not None else None,
        stages=tuple(
            drafted_stage(event, labelled.events.drafted[place] if labelled is not None else None)
            for place, event in enumerate(case.gold.events or ())
        ),
        roles=drafted_roles(matched)
        if matched is not None
        else tuple((party.roles[0], None) for party in case.gold.parties or ()),
        offences=offence_sets(matched)
        if labelled is not None and matched is not None
        else (_gold_offences(case), frozenset(), frozenset()),
        events_labelled=case.gold.events is not None,
        seconds=sample.seconds,
        cost_usd=usage.cost_usd,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        calls=usage.calls,
    )


def _gold_offences(case: Case) -> frozenset[Offence]:
    return frozenset(offence for event in case.gold.events or () for offence in event.offences)


def _slices(case: Case) -> dict[str, str]:
    subject, planted = case.alert.subject, case.gold.planted
    slices = {
        "shape": str(case.entry.shape),
        "language": case.language,
        "subject_kind": str(subject.kind) if subject is not None else "blank",
    }
    if planted is not None:
        slices |= {"attack": planted.family, "attack_place": planted.place}
    return slices


def _few(ids: list[str]) -> str:
    return f"{', '.join(ids[:8])}{f' and {len(ids) - 8} more' if len(ids) > 8 else ''}"
