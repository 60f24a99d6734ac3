"""A run whose claims are numbered, a judge that answers by number, and people who label. All is invented."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from agent.domain.summary import RiskSummary
from agent.domain.taxonomy import Role
from agent.llm.behaviours import Behaviour, answer
from agent.llm.scripted_server import LoggedRequest
from agent.settings import Settings
from agent.wiring import Services
from evals.cases.case import Case, Split
from evals.judge.claims import Claim, ClaimKind, RunClaims, collect_claims
from evals.judge.judging import JudgeBinding, JudgedClaim, Judgement, judge_run
from evals.judge.labels import Label
from evals.judge.rubric import Rubric, Support, load_rubric
from evals.running.folders import runs_root
from evals.running.runs import Run, RunManifest, Sample, write_run
from prompts.library import PromptLibrary
from tests.evals.cases import make_case, make_row
from tests.evals.running_examples import make_settings
from tests.evals.scoring_drafts import HASH, draft_perfectly, make_record

JUDGE = "openai:the-judge"
RUN_ID = "a-run"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
SAID = re.compile(r"Claim number (\d+)\b")
Says = Callable[[int, bool], Support | Behaviour]
"""Number of a claim, whether it is the second asking → what the judge says."""


def numbered_summary(case: Case, first: int, count: int, extra: str = "") -> RiskSummary:
    """So many events with one quote, told apart by a number in their claim."""
    perfect = draft_perfectly(case)
    events = [
        perfect.events[0].model_copy(update={"id": f"E{turn + 1}", "claim": f"Claim number {first + turn}.{extra}"})
        for turn in range(count)
    ]
    parties = [party.model_copy(update={"role": Role.MENTIONED}) for party in perfect.parties]
    return RiskSummary(parties=tuple(parties), subject_party=perfect.subject_party, events=tuple(events))


def make_cases(count: int, split: Split = Split.DEV, shapes: Sequence[str] = ("charged",)) -> tuple[Case, ...]:
    return tuple(make_case(split, **_row_changes(turn, shapes)) for turn in range(count))


def _row_changes(turn: int, shapes: Sequence[str]) -> dict[str, Any]:
    return {"id": f"t-{turn:03}", "subject": f"Ledger Nyström {turn}", "shape": shapes[turn % len(shapes)]}


def make_run(
    cases: Sequence[Case], each: int, *, model: str | None = None, extra: str = "", run_id: str = RUN_ID
) -> Run:
    """Case k has the claims number k * each and after."""
    samples = [
        Sample(
            case_id=case.id,
            epoch=1,
            outcome=make_record(case, numbered_summary(case, turn * each, each, extra)),
            seconds=1.0,
        )
        for turn, case in enumerate(cases)
    ]
    manifest = RunManifest(
        run_id=run_id,
        started_at=NOW,
        finished_at=NOW,
        drafter="llm" if model else "extractive",
        model=model,
        cases=len(cases),
        epochs=1,
        cases_hash=HASH,
        references_hash=HASH,
        policy_hash=HASH,
        code_version="0",
    )
    return Run(manifest=manifest, samples=tuple(samples))


def claims_of(cases: Sequence[Case], run: Run) -> RunClaims:
    return collect_claims({case.id: case for case in cases}, run)


def rubric() -> Rubric:
    return load_rubric(PromptLibrary.load())


def number_of(text: str | Sequence[str]) -> int:
    found = SAID.search(text if isinstance(text, str) else "\n".join(text))
    assert found is not None
    return int(found[1])


def question_of(request: LoggedRequest) -> str:
    return str(request.body["messages"][-1]["content"])


def is_second(request: LoggedRequest) -> bool:
    schema = request.body["response_format"]["json_schema"]["schema"]
    return bool(schema["properties"]["verdict"]["enum"][0] == "cannot_tell")


def judge_by(says: Says) -> Callable[[LoggedRequest], Behaviour]:
    """An endpoint that judges each claim by its number."""

    def respond(request: LoggedRequest) -> Behaviour:
        said = says(number_of(question_of(request)), is_second(request))
        return said if isinstance(said, Behaviour) else answer({"reason": "because", "verdict": said.value})

    return respond


def rename_model(behaviour: Behaviour, name: str) -> Behaviour:
    """The same reply from a model that calls itself so."""
    body = json.loads(behaviour.body) | {"model": name}
    return Behaviour(json.dumps(body).encode())


def judge_at(home: Path, base_url: str, cases: Sequence[Case], run: Run, **changes: Any) -> Judgement:
    """The run judged over HTTP at this address."""
    settings: Settings = make_settings(home, base_url, model=JUDGE, **changes)
    services = Services(settings)
    try:
        return judge_run(services.client, rubric(), run, claims_of(cases, run), secret=b"secret")
    finally:
        services.close()


def bound(**changes: Any) -> JudgeBinding:
    """What a judgement made by hand depends on."""
    values: dict[str, Any] = {
        "model": JUDGE,
        "answered_as": ("the-judge-2026",),
        "parameters": {"temperature": 0.0, "max_output_tokens": 8000},
        "rubric": rubric().prompt.reference,
        "rubric_hash": rubric().hash,
    }
    return JudgeBinding(**(values | changes))


def claim_hash(number: int) -> str:
    return f"sha256:{number:064x}"


def make_judgement(verdicts: Sequence[Support | None], subjects: int = 0, **changes: Any) -> Judgement:
    """Verdicts on claims 0, 1, 2 …, spread over so many subjects, or each its own."""
    claims = [
        JudgedClaim(
            case_id=f"t-{number % (subjects or len(verdicts))}",
            epoch=1,
            claim_id=f"E{number}",
            kind=ClaimKind.EVENT,
            subject=f"s-{number % (subjects or len(verdicts))}",
            claim=claim_hash(number),
            asked=True,
            verdict=verdict,
            error=None if verdict else "ModelTimeout: none",
        )
        for number, verdict in enumerate(verdicts)
    ]
    values: dict[str, Any] = {"run_id": RUN_ID, "judged_at": NOW, "binding": bound(), "usage": {}, "claims": claims}
    return Judgement.model_validate(values | changes)


def make_label(claim: str, word: Support, by: str = "Ann") -> Label:
    return Label(
        claim=claim, rubric=rubric().hash, label=word, by=by, at=NOW, run_id=RUN_ID, case_id="t-0", claim_id="E1"
    )


def people_say(words: Iterable[Support], by: str = "ann") -> Mapping[str, Mapping[str, Support]]:
    return {claim_hash(number): {by: word} for number, word in enumerate(words)}


def write_home(home: Path, root: Path, run: Run, cases: Sequence[Case], split: str = "dev") -> None:
    """The run and its cases as files, for the commands."""
    write_run(run, runs_root(home) / RUN_ID)
    rows = [make_row(id=case.id, subject=case.entry.subject, shape=str(case.entry.shape)) for case in cases]
    place = root / "cases" / split
    place.mkdir(parents=True)
    (place / "c.yaml").write_text(yaml.safe_dump(rows, allow_unicode=True, sort_keys=False), encoding="utf-8")


def write_labels(path: Path, claims: Iterable[Claim], says: Callable[[int], Support], by: str = "Ann") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = (make_label(claim.hash, says(number_of(claim.statement)), by) for claim in claims)
    path.write_text("".join(row.model_dump_json() + "\n" for row in rows), encoding="utf-8")
