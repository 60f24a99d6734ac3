"""The judge's figures in plain lines."""

from __future__ import annotations

from collections.abc import Iterator

from evals.judge.calibration import Calibration
from evals.judge.gate import JudgeFigures, JudgeGate
from evals.judge.judging import Judgement
from evals.judge.rubric import Support
from evals.judge.shares import Share


def word_figures(judgement: Judgement, figures: JudgeFigures, gate: JudgeGate) -> Iterator[str]:
    """What was judged, every figure marked as gated or not, and why."""
    binding = judgement.binding
    answered = ", ".join(binding.answered_as) or "nothing"
    yield f"Run {judgement.run_id} judged by {binding.model} (answering as {answered}), rubric {binding.rubric}"
    yield f"[{gate.mark}]"
    yield _line("claims not supported", figures.flagged)
    yield _line("alerts with such a claim", figures.flagged_alerts)
    asked = figures.claims - figures.uncited
    yield (
        f"  of {figures.claims} claims {figures.uncited} cite nothing that stands in the article; of the {asked} asked "
        f"about {figures.supported.count} are supported, {figures.unsupported} unsupported, "
        f"{figures.cannot_tell} cannot be told ({figures.disagreed} by disagreement of the two orders), "
        f"{figures.failed} failed"
    )
    if figures.failed_alerts:
        yield f"  {figures.failed_alerts} alerts have no record, and so no claims: counted as alerts with such a claim"
    if gate.unsupported is not None:
        value, low, high = gate.unsupported
        yield f"  {'corrected for the judge':<28} {value:7.1%}  [{low:.1%}, {high:.1%}]"
    yield f"{gate.verdict or 'No verdict'}"
    yield from (f"  {reason}" for reason in gate.reasons)
    usage = judgement.usage
    cost = "" if usage.cost_usd is None else f", about ${usage.cost_usd:.4f}"
    yield f"{usage.calls} calls, {usage.input_tokens} tokens in, {usage.output_tokens} out{cost}"


def word_calibration(calibration: Calibration) -> Iterator[str]:
    """How far judge and people agree."""
    said = ", ".join(f"{calibration.human.get(one, 0)} {one.value.replace('_', ' ')}" for one in Support)
    yield f"Calibrated on {calibration.labelled} claims labelled by {calibration.people} people: {said}"
    yield _line("base rate of supported", calibration.supported)
    yield _line("TPR (supported, and said so)", calibration.tpr)
    yield _line("TNR (not, and not said so)", calibration.tnr)
    for name, one in (
        ("Cohen's κ, supported or not", calibration.kappa),
        ("Cohen's κ, three verdicts", calibration.kappa_verdicts),
        ("Krippendorff's α", calibration.alpha),
        ("Krippendorff's α of people", calibration.people_alpha),
    ):
        if one is not None:
            yield f"  {name:<28} {one.value:7.2f}  [{one.low:.2f}, {one.high:.2f}]  {one.units} claims"


def _line(name: str, share: Share) -> str:
    if share.value is None:
        return f"  {name:<28}       –  of none"
    return (
        f"  {name:<28} {share.value:7.1%}  [{share.low:.1%}, {share.high:.1%}]  "
        f"{share.count} of {share.of}, {share.subjects} subjects"
    )
