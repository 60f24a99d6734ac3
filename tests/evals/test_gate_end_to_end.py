"""The gate on real runs: a bad prompt fails, a reworded one passes, and a set too small to tell says so.

The imperfect scripted model stands behind a real endpoint; the product drafts, grounds and recommends as in production.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agent.llm.scripted_server import ScriptedServer
from agent.settings import Settings
from evals.cases.case import Split
from evals.cases.files import CaseSet, load_cases
from evals.cases.references import load_references
from evals.comparison.comparison import Comparison
from evals.comparison.rules import GATES, load_gates
from evals.comparison.scored import ScoredRun, compare_runs, score_folder
from evals.comparison.verdict import Verdict
from evals.running.imperfect import ImperfectModel
from evals.running.planning import RunRequest
from evals.running.runner import run_cases
from evals.scoring.options import make_options
from prompts.library import SHIPPED_PROMPTS

MODEL = "openai:imperfect"
EVERY = 2
"""Every second dev case: enough to tell, and half the time."""


@pytest.fixture(scope="module")
def cases() -> CaseSet:
    return CaseSet(load_cases(splits=[Split.DEV]).cases[::EVERY])


@pytest.fixture(scope="module")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The newest prompt as 101, one that asks for less and for worse as 102, and one in other words as 103."""
    folder = tmp_path_factory.mktemp("prompts")
    newest = max((SHIPPED_PROMPTS / "triage").glob("summary.v*.md"), key=lambda path: int(path.name.split(".")[1][1:]))
    text = newest.read_text(encoding="utf-8")
    (folder / "repair.v1.md").write_text((SHIPPED_PROMPTS / "triage" / "repair.v1.md").read_text(encoding="utf-8"))
    order = "Leave counter_evidence empty: analysts find it themselves. Where words allow, state the gravest stage."
    written = {
        101: text,
        102: text.replace("# Task\n", f"# Task\n\n{order}\n", 1),
        103: text.replace("You draft risk summaries for analysts", "You write summaries of risk for analysts", 1),
    }
    assert len(set(written.values())) == 3
    for version, words in written.items():
        lines = [f"version: {version}" if line.startswith("version: ") else line for line in words.splitlines()]
        (folder / f"summary.v{version}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def runs(cases: CaseSet, prompts: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ScoredRun]:
    home = tmp_path_factory.mktemp("home")
    with ScriptedServer(ImperfectModel(cases.cases)) as server:
        settings = Settings(home=home, base_url=server.base_url, prompts_folder=prompts)
        asked = RunRequest(prompts=("summary@101", "summary@102", "summary@103"), models=(MODEL,))
        folders = run_cases(settings, cases, asked, tell=lambda _: None, on_progress=lambda _: None)
    options = make_options(load_references())
    by_id = cases.by_id()
    names = ("good", "bad", "reworded")
    return {name: score_folder(folder, by_id, options) for name, folder in zip(names, folders, strict=True)}


def compare(base: ScoredRun, new: ScoredRun, rules: str | None = None) -> Comparison:
    return compare_runs(base, new, load_gates(GATES).choose(rules))


@pytest.mark.parametrize("rules", [None, "repository"])
def test_a_prompt_that_drops_counter_evidence_and_overstates_stages_fails(
    runs: dict[str, ScoredRun], rules: str | None
) -> None:
    found = compare(runs["good"], runs["bad"], rules)
    assert found.verdict is Verdict.FAIL
    worse = {one.measure for one in found.guards if one.standing.value == "worse"}
    assert {"counter_evidence_recall", "overreached"} <= worse, found.reasons


def test_the_same_prompt_in_other_words_passes(runs: dict[str, ScoredRun]) -> None:
    found = compare(runs["good"], runs["reworded"])
    assert (found.verdict, found.alike) == (Verdict.PASS, found.samples)
    assert runs["good"].run.manifest.prompt != runs["reworded"].run.manifest.prompt


def test_a_tiny_set_cannot_tell(runs: dict[str, ScoredRun], cases: CaseSet) -> None:
    """Three cases on which the bad prompt changed something."""
    changed = [flip.case_id for flip in compare(runs["good"], runs["bad"]).flips][:3]
    few = {name: _only(run, changed) for name, run in runs.items()}
    found = compare(few["good"], few["bad"])
    assert found.verdict is Verdict.UNDERPOWERED
    assert any("further subjects" in reason for reason in found.reasons)


def _only(run: ScoredRun, case_ids: list[str]) -> ScoredRun:
    kept = run.run.model_copy(
        update={"samples": tuple(sample for sample in run.run.samples if sample.case_id in case_ids)}
    )
    return replace(run, run=kept, scores=tuple(one for one in run.scores if one.case_id in case_ids))
