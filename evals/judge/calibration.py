"""Calibration: how far a judge agrees with people, what that holds for, and when it has expired.

Positive is *supported*. TPR is the share of the claims people find supported that the judge calls supported; TNR the
share of all others that it does not. TNR is what gating rests on: 1 - TNR is how often an unsupported claim slips by.
``cannot_tell``, of people or of the judge, is not supported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from pydantic import Field

from agent.domain.alert import Moment
from agent.domain.base import ContentHash, Frozen, Id
from agent.errors import ConfigError
from evals.judge.judging import JudgeBinding, JudgedClaim, Judgement
from evals.judge.labels import hash_labels, settle
from evals.judge.rubric import Support
from evals.judge.shares import Share, count_share
from evals.statistics.agreement import Agreement, cohen_kappa, krippendorff_alpha

LEAST_LABELS: Final = 200
"""Labelled claims below which nothing is calibrated."""


class LabelsTooFew(ConfigError):
    """Too few claims of the run are labelled under this rubric."""


class JudgeRules(Frozen):
    """What a judge must show before its figures gate, and what they must then keep."""

    kappa: float = Field(default=0.6, ge=-1, le=1)
    """Least Cohen's κ with people, supported or not."""
    tnr: float = Field(default=0.8, ge=0, lt=1)
    """What the lower limit of TNR must be above."""
    failed: float = Field(default=0.02, ge=0, le=1)
    """Most of the claims that may have failed to be judged."""
    unsupported: float = Field(default=0.05, ge=0, le=1)
    """Most of the claims that may be unsupported, by the corrected share."""


class Coefficient(Frozen):
    """An agreement coefficient with its limits at 95 %."""

    value: float
    low: float
    high: float
    units: int


class Calibration(Frozen):
    """What one judge under one rubric made of claims that people had labelled."""

    calibrated_at: Moment
    run_id: Id
    binding: JudgeBinding
    labels_hash: ContentHash
    claims: tuple[ContentHash, ...]
    """The claims whose labels it was made from."""
    labelled: int
    people: int
    human: dict[Support, int]
    """The labels, by what people said."""
    failed: int
    """Labelled claims on which the judge failed: counted as not supported, like every failure."""
    supported: Share
    """The base rate: what share of the labelled claims people find supported."""
    tpr: Share
    tnr: Share
    kappa: Coefficient
    """Cohen's κ of people and judge on supported or not."""
    kappa_verdicts: Coefficient
    """The same on all three verdicts, a failure being a fourth."""
    alpha: Coefficient
    """Krippendorff's α of people and judge on supported or not."""
    people_alpha: Coefficient | None = None
    """Krippendorff's α among people on the three verdicts, where claims were labelled by two or more."""


def choose_labelled(claims: Iterable[str], said: Mapping[str, Mapping[str, Support]]) -> tuple[str, ...]:
    """The claims, each once, that somebody labelled. Raises LabelsTooFew for fewer than ``LEAST_LABELS``."""
    labelled = tuple(sorted(set(claims) & set(said)))
    if len(labelled) < LEAST_LABELS:
        raise LabelsTooFew(
            f"{len(labelled)} of this run's claims are labelled under this rubric; a calibration needs {LEAST_LABELS}. "
            "Go on with `triage eval label`."
        )
    return labelled


def calibrate(judgement: Judgement, said: Mapping[str, Mapping[str, Support]], *, now: datetime) -> Calibration:
    """Hold a run's verdicts against people's labels. ``said``: claim → person → label, of one rubric.

    Equal claims count once. A claim that people differ on is one they cannot tell. Raises LabelsTooFew.
    """
    judged = {one.claim: one for one in judgement.claims if one.asked}
    labelled = choose_labelled(judged, said)
    verdicts = [judged[claim] for claim in labelled]
    subjects = [one.subject for one in verdicts]
    words = [settle(said[claim]) for claim in labelled]
    human, machine = [word is Support.SUPPORTED for word in words], [one.supported for one in verdicts]
    return Calibration(
        calibrated_at=now,
        run_id=judgement.run_id,
        binding=judgement.binding,
        labels_hash=hash_labels(said, labelled),
        claims=labelled,
        labelled=len(labelled),
        people=len({person for claim in labelled for person in said[claim]}),
        human={one: words.count(one) for one in Support},
        failed=sum(one.verdict is None for one in verdicts),
        supported=count_share(human, subjects),
        tpr=_share_of(machine, human, subjects),
        tnr=_share_of([not one for one in machine], [not one for one in human], subjects),
        kappa=_state(cohen_kappa(human, machine, subjects)),
        kappa_verdicts=_state(cohen_kappa(words, [one.verdict or "failed" for one in verdicts], subjects)),
        alpha=_state(krippendorff_alpha(list(zip(human, machine, strict=True)), clusters=subjects)),
        people_alpha=_among_people([said[claim] for claim in labelled], verdicts),
    )


def find_faults(
    calibration: Calibration | None,
    binding: JudgeBinding,
    rules: JudgeRules,
    said: Mapping[str, Mapping[str, Support]] | None = None,
) -> tuple[str, ...]:
    """Why a calibration does not let this judge gate, in sentences; none where it does.

    said: the labels as they are now, where they are to be held against those it was made from.
    """
    if calibration is None:
        return ("There is no calibration: nobody knows how often this judge is wrong.",)
    return (*_expiries(calibration, binding, said), *_weaknesses(calibration, rules))


def _expiries(
    calibration: Calibration, binding: JudgeBinding, said: Mapping[str, Mapping[str, Support]] | None
) -> Iterable[str]:
    made = calibration.binding
    if made.model != binding.model:
        yield f"The calibration is of the judge {made.model}, not {binding.model}."
    elif unknown := sorted(set(binding.answered_as) - set(made.answered_as)):
        yield f"The judge {binding.model} now answers as {', '.join(unknown)}; it was calibrated as another model."
    if made.rubric_hash != binding.rubric_hash:
        yield f"The rubric changed from {made.rubric} to {binding.rubric}: people and judge went by other rules."
    names = sorted({*made.parameters, *binding.parameters})
    if changed := [name for name in names if made.parameters.get(name) != binding.parameters.get(name)]:
        yield f"The judge's parameters changed: {', '.join(changed)}."
    if said is not None and hash_labels(said, calibration.claims) != calibration.labels_hash:
        yield "The labels it was made from have changed."


def _weaknesses(calibration: Calibration, rules: JudgeRules) -> Iterable[str]:
    if calibration.labelled < LEAST_LABELS:
        yield f"It rests on {calibration.labelled} labelled claims; {LEAST_LABELS} are needed."
    if calibration.kappa.value < rules.kappa:
        yield f"κ with people is {calibration.kappa.value:.2f}, below {rules.kappa:g}."
    if not calibration.tnr.of:
        yield "No labelled claim is unsupported: nothing is known of how many the judge would miss."
    elif calibration.tnr.low <= rules.tnr:
        yield (
            f"TNR is {calibration.tnr.value or 0:.2f} on {calibration.tnr.of} claims, its lower limit "
            f"{calibration.tnr.low:.2f}, which is not above {rules.tnr:g}."
        )


def _share_of(flags: Sequence[bool], among: Sequence[bool], subjects: Sequence[str]) -> Share:
    """The share of true flags where ``among`` is true."""
    kept = [place for place, within in enumerate(among) if within]
    return count_share([flags[place] for place in kept], [subjects[place] for place in kept])


def _among_people(words: Sequence[Mapping[str, Support]], judged: Sequence[JudgedClaim]) -> Coefficient | None:
    twice = [place for place, one in enumerate(words) if len(one) > 1]
    if not twice:
        return None
    rows = [list(words[place].values()) for place in twice]
    return _state(krippendorff_alpha(rows, clusters=[judged[place].subject for place in twice]))


def _state(agreement: Agreement) -> Coefficient:
    return Coefficient(value=agreement.value, low=agreement.low, high=agreement.high, units=agreement.units)
