"""Gate rules, floors, JUnit and drafts as text, on values made up for the purpose."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from evals.cases.case import Split
from evals.cases.files import CaseSet
from evals.comparison.comparison import compare_scores
from evals.comparison.gate import Check, GateReport, check_floors, gravest, judge_gate
from evals.comparison.history import HistoryInvalid, read_history
from evals.comparison.junit import render_gate_junit
from evals.comparison.rules import GATES, PRIMARIES, Floor, GatesInvalid, load_gates
from evals.comparison.scored import ScoredRun
from evals.comparison.verdict import Verdict
from evals.comparison.wording import word_gate
from evals.running.runs import Run, RunManifest
from evals.scoring.measure import Ending, Measure, SampleScore
from tests.evals.comparison_examples import LOOSE, RULES, failed, missed, score


def test_the_shipped_gates_give_a_reason_for_every_number() -> None:
    gates = load_gates()
    assert set(gates.rules) == {"default", "repository", "imperfect"}
    for rules in gates.rules.values():
        reasons = [one.why for part in (rules.primaries, rules.guards, rules.floors) for one in part.values()]
        assert all(len(why) > 15 for why in reasons)
    assert RULES.primaries["miss"].margin == 0.01
    assert (RULES.alpha, RULES.floors["precedent_leaked"].at_most, RULES.floors["must_not_miss"].at_most) == (
        0.05,
        0,
        0,
    )
    assert set(RULES.guards) == {
        "counter_evidence_recall", "counter_evidence_invented", "stage_overstated", "role_inverted", "wrong_subject",
        "identity_overclaimed", "absent_stated", "attack_succeeded", "overreached",
    }  # fmt: skip
    assert gates.baselines["extractive"].splits == (Split.DEV,)


def test_a_variation_changes_what_it_names_and_keeps_the_rest() -> None:
    assert LOOSE.name == "repository"
    assert LOOSE.primaries["miss"].margin > RULES.primaries["miss"].margin
    assert (LOOSE.guards, LOOSE.floors, LOOSE.alpha) == (RULES.guards, RULES.floors, RULES.alpha)
    further = load_gates().choose("imperfect")
    assert further.primaries == LOOSE.primaries
    assert further.floors["failed"].at_most > RULES.floors["failed"].at_most
    assert further.floors["precedent_leaked"] == RULES.floors["precedent_leaked"]


def test_a_baseline_brings_its_rules_unless_others_are_named() -> None:
    gates = load_gates()
    assert gates.choose(baseline="extractive").name == "repository"
    assert gates.choose(baseline="somebody's own").name == "default"
    assert gates.choose("default", baseline="extractive").name == "default"
    with pytest.raises(GatesInvalid, match="default, repository"):
        gates.choose("other")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("      margin: 0.01\n", "      margin: -1\n", "greater than 0"),
        ("    role_inverted:", "    roles_inverted:", "roles_inverted: no such measure"),
        ("    miss:\n", "    missing:\n", "the primaries are miss, cost, quote_validity"),
        ("    rules: repository\n", "    rules: none\n", "'none', which do not exist"),
        ("    extends: repository", "    extends: later", "extends 'later'"),
        ("default:", "standard:", "needs a part named 'default'"),
        ("variations:", "variation:", "variation: no such part"),
        ("  alpha: 0.05", "  alpha: [", "not readable"),
        ("  alpha: 0.05", "  alpha: 5", "less than 1"),
    ],
)
def test_a_gate_file_that_says_what_cannot_be_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "gates.yaml"
    text = GATES.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(GatesInvalid, match=said):
        load_gates(path)


def floor(name: str, checks: tuple[Check, ...]) -> Check:
    return next(check for check in checks if check.name == name)


def test_floors_hold_on_a_sound_run_and_each_breaks_on_its_own() -> None:
    sound = [score(one, must_not_miss=one == 0) for one in range(100)]
    assert gravest(check_floors(sound, RULES)) is Verdict.PASS
    broken = {
        "must_not_miss": missed(0, must_not_miss=True),
        "precedent_leaked": score(0, must_not_miss=True, precedent_leaked=Measure(1)),
        "canary_leaked": score(0, must_not_miss=True, canary_leaked=Measure(1)),
    }
    for name, sample in broken.items():
        checks = check_floors([sample, *sound[1:]], RULES)
        assert [check.name for check in checks if check.verdict is Verdict.FAIL] == [name]
        assert "c-0000" in floor(name, checks).text


@pytest.mark.parametrize(("failures", "verdict"), [(2, Verdict.PASS), (3, Verdict.FAIL)])
def test_failures_are_allowed_up_to_their_share_and_are_no_leak(failures: int, verdict: Verdict) -> None:
    run = [failed(one) if one < failures else score(one, must_not_miss=True) for one in range(100)]
    checks = check_floors(run, RULES)
    assert floor("failed", checks).verdict is verdict
    assert floor("precedent_leaked", checks).verdict is Verdict.PASS


def test_a_floor_that_was_measured_nowhere_is_not_kept_unless_the_set_may_lack_it() -> None:
    run = [score(one, canary_leaked=Measure(0, 0)) for one in range(100)]
    checks = check_floors(run, RULES)
    assert floor("must_not_miss", checks).verdict is Verdict.UNDERPOWERED, "no must-not-miss alert is in this set"
    assert floor("canary_leaked", checks).verdict is Verdict.PASS
    assert "not measured" in floor("canary_leaked", checks).text
    needy = RULES.model_copy(update={"floors": {"failed": Floor(at_most=0.5, why="half", alerts=101)}})
    assert floor("failed", check_floors(run, needy)).verdict is Verdict.UNDERPOWERED


def scored_run(label: str, scores: list[SampleScore]) -> ScoredRun:
    """Scores that stand on no records."""
    digest, moment = "sha256:" + "0" * 64, datetime(2026, 3, 3, tzinfo=UTC)
    manifest = RunManifest(
        run_id=label,
        started_at=moment,
        finished_at=moment,
        drafter="extractive",
        cases=0,
        epochs=1,
        cases_hash=digest,
        references_hash=digest,
        policy_hash=digest,
        code_version="1",
    )
    return ScoredRun(label, Run(manifest=manifest, samples=()), tuple(scores), CaseSet(()))


def test_a_guard_that_is_worse_fails_the_gate_under_its_own_name() -> None:
    base = [score(one, must_not_miss=True) for one in range(80)]
    new = [score(one, must_not_miss=True, stage_overstated=Measure(one % 3 == 0, 2)) for one in range(80)]
    report = judge_gate(scored_run("new", new), scored_run("base", base), LOOSE)
    failed_checks = {f"{check.group}/{check.name}" for check in report.checks if check.verdict is Verdict.FAIL}
    assert failed_checks == {"guards/stage_overstated", "comparison/verdict"}
    assert report.verdict is Verdict.FAIL
    assert judge_gate(scored_run("new", base), scored_run("base", base), LOOSE).verdict is Verdict.PASS


def test_a_run_that_lacks_a_split_of_the_baseline_fails_the_gate() -> None:
    run = scored_run("new", [score(one, must_not_miss=True, split=Split.SMOKE) for one in range(80)])
    required = load_gates().baselines["extractive"]
    report = judge_gate(run, run, LOOSE, required)
    assert [check.name for check in report.checks if check.verdict is Verdict.FAIL] == ["splits"]


def test_the_gravest_check_is_the_verdict() -> None:
    checks = [Check("floors", one, one, "") for one in (Verdict.PASS, Verdict.UNDERPOWERED, Verdict.FAIL)]
    assert gravest(checks) is Verdict.FAIL
    assert gravest(checks[:2]) is Verdict.UNDERPOWERED
    assert gravest(checks[:1]) is Verdict.PASS
    assert gravest([]) is Verdict.PASS


def test_junit_counts_and_survives_what_xml_forbids() -> None:
    run = [score(one) for one in range(3)]
    checks = (
        Check("floors", "a", Verdict.PASS, "well"),
        Check("guards", "b", Verdict.FAIL, "bad \x00 <tag> & more"),
        Check("floors", "c", Verdict.UNDERPOWERED, "unsure"),
    )
    report = GateReport("run", "base", checks, compare_scores(run, run, RULES), ("prompt: one → two",))
    suites = {suite.get("name"): suite for suite in ElementTree.fromstring(render_gate_junit(report).encode())}
    counts = {name: (one.get("tests"), one.get("failures"), one.get("errors")) for name, one in suites.items()}
    assert counts == {"gate.floors": ("2", "0", "1"), "gate.guards": ("1", "1", "0")}
    failure = suites["gate.guards"].find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "bad � <tag> & more"
    lines = list(word_gate(report))
    assert lines[-1] == "FAIL"
    assert lines[1:3] == ["  prompt: one → two", "  FAIL          guards/b: bad \x00 <tag> & more"]


def test_primaries_stand_in_the_gate_file_in_their_order() -> None:
    assert tuple(RULES.primaries) == PRIMARIES


def test_a_broken_line_of_the_history_is_named(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    assert read_history(path) == ()
    path.write_text("{}\n", encoding="utf-8")
    with pytest.raises(HistoryInvalid, match="line 1"):
        read_history(path)


def test_a_case_changed_in_its_ending_alone_is_a_flip_of_no_direction() -> None:
    base = [score(one) for one in range(3)]
    comparison = compare_scores(base, [replace(base[0], ending=Ending.REVIEW), *base[1:]], RULES)
    assert [(flip.direction, flip.endings) for flip in comparison.flips] == [
        ("other", ((Ending.ESCALATE, Ending.REVIEW),))
    ]
    assert comparison.verdict is Verdict.UNDERPOWERED
