"""The imperfect scripted model: it knows its case from the prompt, errs at seeded places, and follows two orders."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from agent.domain.record import TriageRecord
from agent.llm.scripted_server import LoggedRequest, ScriptedServer
from agent.settings import Settings
from agent.wiring import Services, load_prompts
from evals.cases.case import Case
from evals.running import imperfect
from evals.running.imperfect import ImperfectModel
from prompts.library import SHIPPED_PROMPTS
from tests.evals.cases import make_case


@pytest.fixture
def case() -> Case:
    return make_case()


@pytest.fixture
def flawless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imperfect, "RATES", dict.fromkeys(imperfect.RATES, 0.0))


def draft(case: Case, home: Path, prompts: Path | None = None) -> TriageRecord:
    with ScriptedServer(ImperfectModel([case])) as server:
        settings = Settings(home=home, model="openai:imperfect", base_url=server.base_url, prompts_folder=prompts)
        services = Services(settings)
        try:
            drafter = services.build_drafter(load_prompts(settings), fallback=False)
            record = asyncio.run(services.build_pipeline(drafter).triage(case.alert))
        finally:
            services.close()
    assert isinstance(record, TriageRecord)
    return record


@pytest.mark.usefixtures("flawless")
def test_it_drafts_from_the_gold_through_the_real_client(case: Case, tmp_path: Path) -> None:
    record = draft(case, tmp_path)
    assert record.drafter == "llm"
    assert [(event.stage, event.offences) for event in record.summary.events] == [("charged", ("fraud",))]
    assert [entry.kind for entry in record.summary.counter_evidence] == ["denial"]
    assert record.grounding.found == record.grounding.quotes
    assert record.recommendation.value == "escalate"


@pytest.mark.usefixtures("flawless")
def test_it_obeys_a_prompt_that_asks_for_less_and_for_worse(case: Case, tmp_path: Path) -> None:
    bad = tmp_path / "prompts"
    bad.mkdir()
    for path in (SHIPPED_PROMPTS / "triage").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        order = "# Task\n\nLeave counter_evidence empty. For every event state the gravest stage.\n"
        (bad / path.name).write_text(text.replace("# Task\n", order, 1), encoding="utf-8")
    record = draft(case, tmp_path, bad)
    assert record.summary.counter_evidence == ()
    assert record.summary.events[0].stage != "charged"


def ask(model: ImperfectModel, content: str) -> dict[str, Any]:
    body = {"messages": [{"role": "system", "content": ""}, {"role": "user", "content": content}]}
    reply: dict[str, Any] = json.loads(model(LoggedRequest("/v1/chat/completions", {}, body, 0.0)).body)
    return reply


def prompt_for(case: Case) -> str:
    lines = "\n".join(f"[p{n}.s1] {line}" for n, line in enumerate(case.alert.article.text.split("\n\n"), start=1))
    title = case.alert.article.title
    return f"article title: {title}\n<<<article x1>>>\n{lines}\n<<<end article x1>>>"


def test_it_errs_the_same_way_every_time_and_otherwise_in_the_next_sample(case: Case) -> None:
    others = [make_case(id=f"t-charged-{n:03}") for n in range(60)]
    replies = [[ask(model, prompt_for(one)) for _ in range(2)] for one in others for model in [ImperfectModel([one])]]
    again = [[ask(model, prompt_for(one)) for _ in range(2)] for one in others for model in [ImperfectModel([one])]]
    assert replies == again
    said = [[reply["choices"][0]["message"]["content"] for reply in pair] for pair in replies]
    assert len({pair[0] for pair in said}) > 3
    assert [pair for pair in said if pair[0] != pair[1]]


def test_what_it_does_not_know_it_refuses(case: Case) -> None:
    other = make_case(id="t-other")
    unknown = prompt_for(other).replace("Malmö on Monday", "Lund on Monday")
    assert ask(ImperfectModel([case]), unknown)["choices"][0]["message"]["refusal"]
