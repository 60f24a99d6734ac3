"""Calibration against people, when it expires, the corrected share, the gate, and the command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from agent.cli.evals.judge import judge
from agent.llm.behaviours import Behaviour, answer
from agent.llm.scripted_server import ScriptedServer
from evals.comparison.verdict import Verdict
from evals.judge.calibration import Calibration, JudgeRules, LabelsTooFew, calibrate, find_faults
from evals.judge.files import (
    JudgeFileInvalid,
    calibration_path,
    labels_path,
    read_calibration,
    read_judgement,
    write_calibration,
)
from evals.judge.gate import correct_unsupported, count_verdicts, judge_gate
from evals.judge.rubric import Support
from evals.judge.shares import correct_share, count_share
from evals.running.folders import runs_root
from evals.running.runs import write_run
from tests.evals.judge_examples import (
    JUDGE,
    NOW,
    RUN_ID,
    bound,
    claim_hash,
    claims_of,
    judge_by,
    make_cases,
    make_judgement,
    make_run,
    people_say,
    rename_model,
    write_home,
    write_labels,
)

YES, NO, DUNNO = Support.SUPPORTED, Support.UNSUPPORTED, Support.CANNOT_TELL
TRUTH = [YES] * 200 + [NO] * 100
JUDGED: list[Support | None] = [*[YES] * 190, *[NO] * 10, *[NO] * 97, *[YES] * 3]
"""TPR 190 of 200, TNR 97 of 100."""


def calibrated(judged: Sequence[Support | None] = JUDGED, truth: Sequence[Support] = TRUTH) -> Calibration:
    return calibrate(make_judgement(judged), people_say(truth), now=NOW)


def test_the_rates_are_those_of_the_counts() -> None:
    made = calibrated()
    assert (made.tpr.count, made.tpr.of, made.tnr.count, made.tnr.of) == (190, 200, 97, 100)
    assert made.tnr.low == pytest.approx(0.9148, abs=5e-4), "Clopper-Pearson of 97 in 100"
    assert made.supported.value == pytest.approx(2 / 3)
    chance = (193 * 200 + 107 * 100) / 300**2
    assert made.kappa.value == pytest.approx((287 / 300 - chance) / (1 - chance))
    assert made.kappa.low < made.kappa.value < made.kappa.high
    assert made.alpha.value == pytest.approx(made.kappa.value, abs=0.01)
    assert made.human == {YES: 200, NO: 100, DUNNO: 0}
    assert find_faults(made, bound(), JudgeRules()) == ()


def test_failures_and_what_nobody_can_tell_are_not_supported() -> None:
    judged = [None, DUNNO, *JUDGED[2:]]
    truth = [*TRUTH[:-2], DUNNO, DUNNO]
    made = calibrated(judged, truth)
    assert (made.failed, made.tpr.count, made.tnr.of) == (1, 188, 100)
    assert made.human == {YES: 200, NO: 98, DUNNO: 2}


def test_people_who_differ_cannot_tell_and_their_agreement_is_stated() -> None:
    said = {claim: dict(words) for claim, words in people_say(TRUTH).items()}
    for number in range(50):
        said[claim_hash(number)]["bo"] = NO if number < 5 else YES
    made = calibrate(make_judgement(JUDGED), said, now=NOW)
    assert (made.people, made.human[DUNNO], made.tpr.of) == (2, 5, 195)
    assert made.people_alpha is not None
    assert made.people_alpha.units == 50
    assert calibrated().people_alpha is None


def test_claims_of_one_subject_tell_less() -> None:
    apart, together = calibrated(), calibrate(make_judgement(JUDGED, 12), people_say(TRUTH), now=NOW)
    assert together.tnr.value == apart.tnr.value
    assert together.tnr.low < apart.tnr.low
    assert together.kappa.units == apart.kappa.units


def test_fewer_than_200_labelled_claims_calibrate_nothing() -> None:
    with pytest.raises(LabelsTooFew, match="199 of this run's claims"):
        calibrated(JUDGED[:199], TRUTH[:199])
    with pytest.raises(LabelsTooFew):
        calibrate(make_judgement(JUDGED[:150]), people_say(TRUTH), now=NOW)
    assert calibrated(JUDGED[:200], TRUTH[:200]).labelled == 200


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"model": "openai:another"}, "of the judge openai:the-judge, not openai:another"),
        ({"answered_as": ("the-judge-2027",)}, "now answers as the-judge-2027"),
        ({"parameters": {"temperature": 0.7, "max_output_tokens": 8000}}, "parameters changed: temperature"),
        ({"parameters": {"temperature": 0.0}}, "parameters changed: max_output_tokens"),
        ({"rubric_hash": "sha256:" + "9" * 64, "rubric": "claim@2#sha256-9"}, "rubric changed from claim@1"),
    ],
)
def test_a_calibration_expires_with_what_it_is_bound_to(changes: dict[str, Any], says: str) -> None:
    now = bound(**changes)
    (fault,) = find_faults(calibrated(), now, JudgeRules())
    assert says in fault
    gate = judge_gate(make_judgement(JUDGED, binding=now), calibrated())
    assert (gate.gated, gate.verdict, gate.mark) == (False, None, "uncalibrated, not gated")
    assert gate.unsupported is None, "no corrected figure by rates that no longer hold"
    assert says in gate.reasons[0]


def test_a_calibration_does_not_outlive_its_labels() -> None:
    made, said = calibrated(), {claim: dict(words) for claim, words in people_say(TRUTH).items()}
    assert find_faults(made, bound(), JudgeRules(), said) == ()
    more = {**said, claim_hash(999): {"ann": YES}}
    assert find_faults(made, bound(), JudgeRules(), more) == (), "further labels take nothing away"
    said[claim_hash(7)]["ann"] = NO
    assert find_faults(made, bound(), JudgeRules(), said) == ("The labels it was made from have changed.",)


@pytest.mark.parametrize(
    ("judged", "truth", "says"),
    [
        ([*[YES] * 130, *[NO] * 70, *[NO] * 75, *[YES] * 25], TRUTH, "κ with people is 0.3"),
        ([*[YES] * 196, *[NO] * 4, *[NO] * 85, *[YES] * 15], TRUTH, "TNR is 0.85 on 100 claims"),
        ([YES] * 220, [YES] * 220, "No labelled claim is unsupported"),
    ],
)
def test_a_judge_that_is_not_good_enough_does_not_gate(
    judged: list[Support | None], truth: list[Support], says: str
) -> None:
    gate = judge_gate(make_judgement(judged), calibrated(judged, truth))
    assert not gate.gated
    assert says in " ".join(gate.reasons)


def test_without_a_calibration_nothing_is_gated() -> None:
    gate = judge_gate(make_judgement([YES] * 50), None)
    assert (gate.gated, gate.verdict, gate.mark) == (False, None, "uncalibrated, not gated")
    assert "no calibration" in gate.reasons[0]


def test_the_gate_passes_fails_or_cannot_tell() -> None:
    made, rules = calibrated(), JudgeRules(unsupported=0.1)
    # With TPR 0.95 a run without a fault shows 5 % that are not supported.
    clean = judge_gate(make_judgement([*[YES] * 950, *[NO] * 50]), made, rules)
    assert (clean.verdict, clean.mark) == (Verdict.PASS, "gated")
    assert clean.unsupported is not None
    assert clean.unsupported.value == pytest.approx(0, abs=1e-6)
    bad = judge_gate(make_judgement([*[YES] * 600, *[NO] * 400]), made, rules)
    assert bad.verdict is Verdict.FAIL
    few = judge_gate(make_judgement([*[YES] * 18, *[NO] * 2]), made, rules)
    assert few.verdict is Verdict.UNDERPOWERED


def test_too_many_failures_take_the_gate_away() -> None:
    judged: list[Support | None] = [*[YES] * 97, None, None, None]
    gate = judge_gate(make_judgement(judged), calibrated(), JudgeRules(unsupported=1.0))
    assert not gate.gated
    assert "3 of 100 claims failed" in gate.reasons[0]
    assert judge_gate(make_judgement([*[YES] * 98, None, None]), calibrated(), JudgeRules(unsupported=1.0)).gated


def test_uncited_claims_are_unsupported_whatever_the_judge_says() -> None:
    judgement = make_judgement([YES] * 80)
    bare = [
        one.model_copy(update={"asked": False, "verdict": NO}) if number < 20 else one
        for number, one in enumerate(judgement.claims)
    ]
    figures = count_verdicts(judgement.model_copy(update={"claims": tuple(bare)}))
    corrected = correct_unsupported(figures, calibrated())
    assert corrected is not None
    assert corrected.value == pytest.approx(0.25)
    assert corrected.low == pytest.approx(0.25)
    assert corrected.high > 0.25


@pytest.mark.parametrize(("unsupported", "tpr", "tnr"), [(0.05, 0.9, 0.85), (0.2, 0.85, 0.9), (0.5, 0.8, 0.8)])
def test_the_corrected_share_holds_the_truth_where_the_raw_one_does_not(
    unsupported: float, tpr: float, tnr: float
) -> None:
    """400 runs of 600 claims of 120 subjects, claims of one being alike; 300 labelled ones of a harder set."""
    rng = np.random.default_rng(20_261_122)
    held = raw_held = 0
    values = []
    subjects = [f"s{number // 5}" for number in range(600)]
    for _turn in range(400):
        lean = np.repeat(rng.beta(unsupported * 8, (1 - unsupported) * 8, 120), 5)
        truth = rng.random(600) >= lean
        seen = np.where(truth, rng.random(600) < tpr, rng.random(600) >= tnr)
        labelled = rng.random(300) < 0.6
        flags = np.where(labelled, rng.random(300) < tpr, rng.random(300) >= tnr)
        names = np.array([f"l{number}" for number in range(300)])
        found = correct_share(
            count_share(seen.tolist(), subjects),
            count_share(flags[labelled].tolist(), names[labelled].tolist()),
            count_share((~flags[~labelled]).tolist(), names[~labelled].tolist()),
        )
        raw = count_share(seen.tolist(), subjects)
        held += found.low <= 1 - unsupported <= found.high
        raw_held += raw.low <= 1 - unsupported <= raw.high
        values.append(found.value)
    assert held >= 0.93 * 400
    if tpr + unsupported * (1 - tnr) / (1 - unsupported) < 0.95:
        assert raw_held < held
    assert np.mean(values) == pytest.approx(1 - unsupported, abs=0.02)


def test_the_limits_carry_the_uncertainty_of_the_labels() -> None:
    supported = count_share([True] * 450 + [False] * 150, [f"s{number}" for number in range(600)])

    def rates(scale: int) -> tuple[float, float]:
        names = [f"l{number}" for number in range(100 * scale)]
        share = count_share([True] * 90 * scale + [False] * 10 * scale, names)
        found = correct_share(supported, share, share)
        assert found.value == pytest.approx((0.75 + 0.9 - 1) / 0.8)
        return found.low, found.high

    few, many = rates(1), rates(20)
    assert few[0] < many[0] < many[1] < few[1]


def test_none_is_shipped() -> None:
    root = Path(__file__).parents[2]
    shipped = [path for part in ("agent", "evals", "prompts", "retrieval") for path in (root / part).rglob("*.json*")]
    assert not [path for path in shipped if path.name in {"calibration.json", "labels.jsonl", "verdicts.json"}]


class Desk:
    """A home with a run of five claims a case; every third claim people find unsupported."""

    def __init__(self, place: Path, cases: int) -> None:
        self.home, self.root = place / "home", place / "root"
        self.cases = make_cases(cases)
        self.made = make_run(self.cases, 5)
        write_home(self.home, self.root, self.made, self.cases)
        self.claims = claims_of(self.cases, self.made).claims
        self.app = typer.Typer()
        self.app.command()(judge)

    def judge(self, base_url: str, *options: str, run: str = RUN_ID, **settings: str) -> Result:
        environment = {"TRIAGE_HOME": str(self.home), "TRIAGE_BASE_URL": base_url, "TRIAGE_API_KEY": "k"}
        environment |= {"TRIAGE_ATTEMPTS": "1", **{f"TRIAGE_{name.upper()}": text for name, text in settings.items()}}
        arguments = [run, "-m", JUDGE, "--cases", str(self.root), *options]
        result = CliRunner().invoke(self.app, arguments, env=environment)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result


def third(number: int) -> Support:
    return YES if number % 3 else NO


def test_the_command_judges_calibrates_gates_and_lets_expire(tmp_path: Path) -> None:
    desk = Desk(tmp_path, 42)
    write_run(make_run(desk.cases[:8], 5, extra=" Again.", run_id="b-run"), runs_root(desk.home) / "b-run")
    names = ["scripted-http"]

    def say(number: int, _: bool) -> Behaviour:
        return rename_model(answer({"reason": "", "verdict": third(number).value}), names[-1])

    with ScriptedServer(judge_by(say)) as server:
        write_labels(labels_path(desk.home), desk.claims[:199], third)
        few = desk.judge(server.base_url, "--calibrate")
        assert few.exit_code == 4
        assert "a calibration needs 200" in few.stderr
        assert server.requests == [], "nothing is paid for before that is known"
        bare = desk.judge(server.base_url, run="b-run")
        assert bare.exit_code == 0
        assert "[uncalibrated, not gated]" in bare.stdout
        assert "There is no calibration" in bare.stdout
        assert "14 of 40" in bare.stdout
        assert desk.judge(server.base_url, "--at-most", "0.9", run="b-run").exit_code == 2

        write_labels(labels_path(desk.home), desk.claims, third)
        made = desk.judge(server.base_url, "--calibrate", "--at-most", "0.5")
        assert made.exit_code == 0, made.stdout + made.stderr
        assert "[gated]" in made.stdout
        assert "PASS" in made.stdout
        assert "TNR (not, and not said so)" in made.stdout
        assert desk.judge(server.base_url, "--at-most", "0.05", run="b-run").exit_code == 1
        strict = desk.judge(server.base_url, "--at-most", "0.9", "--tnr", "0.99", run="b-run")
        assert strict.exit_code == 2
        assert "which is not above 0.99" in strict.stdout
        assert len(server.requests) == 500, "what was asked before is answered by what was kept"

        warmer = desk.judge(server.base_url, "--at-most", "0.9", run="b-run", temperature="0.5")
        assert warmer.exit_code == 2
        assert "parameters changed: temperature" in warmer.stdout
        names.append("another-model")
        (desk.home / "triage.db").unlink()
        later = desk.judge(server.base_url, "--at-most", "0.9", run="b-run")
        assert later.exit_code == 2
        assert "now answers as another-model" in later.stdout
    kept = json.loads(calibration_path(desk.home).read_text(encoding="utf-8"))
    assert kept["binding"]["model"] == JUDGE
    assert kept["binding"]["parameters"]["temperature"] == 0.0
    assert kept["labels_hash"].startswith("sha256:")
    judgement = read_judgement(desk.home, RUN_ID)
    assert judgement is not None
    assert len(judgement.claims) == 210


def test_the_command_says_what_failed_and_refuses_the_drafter(tmp_path: Path) -> None:
    desk = Desk(tmp_path, 3)
    spoiled = answer("no JSON")
    own = make_run(desk.cases, 5, model=JUDGE, run_id="own-work")
    write_run(own, runs_root(desk.home) / "own-work")
    with ScriptedServer(judge_by(lambda number, _: spoiled if number < 6 else YES)) as server:
        result = desk.judge(server.base_url)
        assert result.exit_code == 1
        assert "6 failed" in result.stdout
        asked = len(server.requests)
        refused = desk.judge(server.base_url, run="own-work")
        assert refused.exit_code == 4
        assert "no model judges its own work" in refused.stderr
        assert len(server.requests) == asked


def test_a_damaged_calibration_is_named_and_not_used(tmp_path: Path) -> None:
    path = write_calibration(tmp_path, calibrated())
    assert read_calibration(tmp_path) == calibrated()
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(JudgeFileInvalid, match="does not hold a calibration"):
        read_calibration(tmp_path)
