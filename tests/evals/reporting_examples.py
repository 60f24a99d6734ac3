"""Small runs for the tests of the report: cases of every split, scored for real, with words that can be looked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from agent.domain.record import TriageFailure, TriageRecord
from evals.cases.case import Case, Split
from evals.cases.files import CaseSet, read_case
from evals.comparison.gate import GateReport, judge_gate
from evals.comparison.history import HistoryEntry, HistoryFigure
from evals.comparison.rules import load_gates
from evals.comparison.scored import ScoredRun
from evals.reporting.building import build_report
from evals.reporting.report import Report
from evals.running.runs import Run, RunManifest, Sample
from evals.scoring.score import score_run
from tests.evals.cases import make_row
from tests.evals.scoring_drafts import HASH, WHEN, draft_perfectly, make_failure, make_record

SUBJECTS: Final = (
    "Ada Vinterberg",
    "Bodil Krage",
    "Cort Lundsgaard",
    "Dag Mosekilde",
    "Eskil Toftlund",
    "Frida Ulvsund",
)
SPLITS: Final = (Split.DEV, Split.SMOKE, Split.DEV, Split.HOLDOUT, Split.CALIBRATION, Split.DEV)

Outcome = TriageRecord | TriageFailure


def make_cases(subjects: Iterable[str] = SUBJECTS, **changes: Any) -> dict[str, Case]:
    """One case a subject, in the splits of ``SPLITS``; the second one should be closed."""
    cases = {}
    for place, (subject, split) in enumerate(zip(subjects, SPLITS, strict=False)):
        text = json.dumps(make_row(**changes), ensure_ascii=False).replace("Ledger Nyström", json.dumps(subject)[1:-1])
        row = {**json.loads(text), "id": f"t-{split.value}-{place}"}
        if place == 1:
            row |= {"truth": "close", "must_not_miss": False}
            row["gold"]["recommendations"] = ["review", "close_not_material"]
        cases[row["id"]] = read_case(row, split, "test")
    return cases


def make_outcomes(cases: Mapping[str, Case]) -> dict[str, Outcome]:
    """Perfect, but for: the first closed, the third failed, the fourth without counter-evidence and misquoting."""
    outcomes: dict[str, Outcome] = {}
    for place, case in enumerate(cases.values()):
        summary = draft_perfectly(case)
        if place == 0:
            outcomes[case.id] = make_record(case, recommendation="close_not_material")
        elif place == 2:
            outcomes[case.id] = make_failure(case)
        elif place == 3:
            outcomes[case.id] = make_record(case, summary.model_copy(update={"counter_evidence": ()}))
        else:
            outcomes[case.id] = make_record(case)
    return outcomes


def make_run(outcomes: Mapping[str, Outcome], *, epochs: int = 1, run_id: str = "r1", **changes: Any) -> Run:
    """A run of these outcomes, the same in every epoch."""
    manifest = RunManifest(
        run_id=run_id,
        started_at=WHEN,
        finished_at=WHEN,
        drafter="llm",
        prompt="summary@4#abc",
        model="openai:made-up",
        cases=len(outcomes),
        epochs=epochs,
        cases_hash=HASH,
        references_hash=HASH,
        policy_hash=HASH,
        code_version="0",
    ).model_copy(update=changes)
    samples = (
        Sample(case_id=case_id, epoch=epoch, outcome=outcome, seconds=1.5 + place)
        for place, (case_id, outcome) in enumerate(outcomes.items())
        for epoch in range(1, epochs + 1)
    )
    return Run(manifest=manifest, samples=tuple(samples))


def make_report(
    cases: Mapping[str, Case], outcomes: Mapping[str, Outcome] | None = None, *, epochs: int = 1, **more: Any
) -> Report:
    """The report of a run over these cases."""
    run = make_run(make_outcomes(cases) if outcomes is None else outcomes, epochs=epochs)
    return build_report(run, score_run(cases, run), cases, **more)


def make_gate(cases: Mapping[str, Case], *, epochs: int = 1) -> GateReport:
    """The run of ``make_outcomes`` against one in which everything is right."""
    perfect = {case.id: make_record(case) for case in cases.values()}
    scored = [
        ScoredRun(label, run, tuple(score_run(cases, run)), CaseSet(tuple(cases.values())))
        for label, run in (
            ("before", make_run(perfect, epochs=epochs, run_id="r0")),
            ("r1", make_run(make_outcomes(cases), epochs=epochs)),
        )
    ]
    return judge_gate(scored[1], scored[0], load_gates().choose())


def make_history(name: str = "mine", why: str = "the first") -> tuple[HistoryEntry, ...]:
    """Three blessed runs, the last on other cases."""
    return tuple(
        HistoryEntry(
            date=date(2026, month, 1),
            name=name,
            drafter="extractive",
            splits=(Split.DEV,),
            cases=10,
            epochs=1,
            cases_hash=HASH,
            policy_hash=HASH,
            references_hash=HASH,
            code_version="0",
            comparable=comparable,
            why=why,
            figures={
                measure: HistoryFigure(value=0.1 * month, low=0.0, high=0.9, alerts=10, subjects=9)
                for measure in ("miss", "cost", "quote_validity")
            },
        )
        for month, comparable in ((1, None), (2, True), (3, False))
    )


def read_all(folder: Path) -> str:
    """Every file of a report, one after another."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.iterdir()))
