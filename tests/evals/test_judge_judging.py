"""The judge over real HTTP: two askings, disagreement, failures, and whom it may not judge."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from agent.domain.record import TriageRecord
from agent.errors import AccessDenied
from agent.llm.behaviours import Behaviour, answer, fault
from agent.llm.scripted_server import LoggedRequest, ScriptedServer
from evals.cases.case import Split
from evals.judge.gate import count_verdicts
from evals.judge.judging import JudgeRefused, refuse_own_work
from evals.judge.rubric import Support
from evals.running.runs import Run
from tests.evals.judge_examples import (
    JUDGE,
    judge_at,
    judge_by,
    make_cases,
    make_run,
    number_of,
    question_of,
    rename_model,
)
from tests.evals.scoring_drafts import make_failure, quote

YES, NO, DUNNO = Support.SUPPORTED, Support.UNSUPPORTED, Support.CANNOT_TELL


def test_a_verdict_stands_only_where_both_orders_give_it(tmp_path: Path) -> None:
    table = {0: (YES, YES), 1: (NO, NO), 2: (YES, NO), 3: (NO, YES), 4: (DUNNO, DUNNO), 5: (YES, DUNNO)}
    cases = make_cases(2)
    with ScriptedServer(judge_by(lambda number, second: table[number][second])) as server:
        judgement = judge_at(tmp_path, server.base_url, cases, make_run(cases, 3))
        asked = Counter(number_of(question_of(request)) for request in server.requests)
    assert [one.verdict for one in judgement.claims] == [YES, NO, DUNNO, DUNNO, DUNNO, DUNNO]
    assert [one.answers for one in judgement.claims] == list(table.values())
    assert asked == dict.fromkeys(table, 2)
    figures = count_verdicts(judgement)
    assert (figures.supported.count, figures.unsupported, figures.cannot_tell, figures.disagreed) == (1, 1, 4, 3)
    assert (figures.flagged.count, figures.flagged.of) == (5, 6)
    assert judgement.usage.calls == 12
    assert judgement.binding.answered_as == ("scripted-http",)


def test_a_judge_that_always_names_the_first_option_tells_nothing(tmp_path: Path) -> None:
    def first_listed(request: LoggedRequest) -> Behaviour:
        schema = request.body["response_format"]["json_schema"]["schema"]
        return answer({"reason": "", "verdict": schema["properties"]["verdict"]["enum"][0]})

    cases = make_cases(1)
    with ScriptedServer(first_listed) as server:
        judgement = judge_at(tmp_path, server.base_url, cases, make_run(cases, 3))
    assert [one.verdict for one in judgement.claims] == [DUNNO] * 3


@pytest.mark.parametrize(
    ("spoiled", "second", "says"),
    [
        (fault("server_error"), False, "ModelUnavailable"),
        (answer("I would say that it is supported."), False, "ReplyInvalid"),
        (answer({"reason": "", "verdict": "probably"}), True, "ReplyInvalid"),
        (answer({"verdict": "supported"}), True, "ReplyInvalid"),
        (answer(None, refusal="no"), True, "Refused"),
    ],
)
def test_a_failure_is_counted_and_never_supports(tmp_path: Path, spoiled: Behaviour, second: bool, says: str) -> None:
    cases = make_cases(2)
    wrong = {1, 2}
    with ScriptedServer(
        judge_by(lambda number, turn: spoiled if number in wrong and turn == second else YES)
    ) as server:
        judgement = judge_at(tmp_path, server.base_url, cases, make_run(cases, 2))
    assert [one.verdict for one in judgement.claims] == [YES, None, None, YES]
    assert all(one.error is None or one.error.startswith(says) for one in judgement.claims)
    figures = count_verdicts(judgement)
    assert (figures.failed, figures.supported.count, figures.supported.of) == (2, 2, 4)
    assert (figures.flagged.count, figures.flagged_alerts.count) == (2, 2)


def test_what_cites_nothing_is_unsupported_without_being_asked_and_failed_alerts_count(tmp_path: Path) -> None:
    cases = make_cases(3)
    run = make_run(cases, 1)
    record = run.samples[0].outcome
    assert isinstance(record, TriageRecord)
    lost = record.summary.events[0].model_copy(update={"quotes": (quote(cases[0], "words that do not stand there"),)})
    summary = record.summary.model_copy(update={"events": (lost,)})
    samples = (
        run.samples[0].model_copy(update={"outcome": record.model_copy(update={"summary": summary})}),
        run.samples[1],
        run.samples[2].model_copy(update={"outcome": make_failure(cases[2])}),
    )
    with ScriptedServer(judge_by(lambda *_: YES)) as server:
        judgement = judge_at(tmp_path, server.base_url, cases, run.model_copy(update={"samples": samples}))
        assert len(server.requests) == 2
    assert [(one.asked, one.verdict) for one in judgement.claims] == [(False, NO), (True, YES)]
    figures = count_verdicts(judgement)
    assert (figures.uncited, figures.claims, figures.failed_alerts) == (1, 2, 1)
    assert (figures.flagged_alerts.count, figures.flagged_alerts.of) == (2, 3)


def test_equal_claims_are_asked_about_once_and_a_second_judging_costs_nothing(tmp_path: Path) -> None:
    cases = make_cases(2)
    run = make_run(cases, 1)
    twice = run.samples[0].model_copy(update={"epoch": 2})
    run = Run(manifest=run.manifest, samples=(*run.samples, twice))
    with ScriptedServer(judge_by(lambda number, _: YES if number else NO)) as server:
        judgement = judge_at(tmp_path, server.base_url, cases, run)
        again = judge_at(tmp_path, server.base_url, cases, run)
        assert len(server.requests) == 4
    assert [one.verdict for one in judgement.claims] == [NO, YES, NO]
    assert again.claims == judgement.claims
    assert (again.usage.calls, again.usage.cost_usd) == (0, 0.0)


@pytest.mark.parametrize(
    "drafter", [JUDGE, "azure_openai:the-judge", "openai:The-Judge-2026-01-31", "ollama:library/the-judge"]
)
def test_the_model_under_test_does_not_judge_itself(tmp_path: Path, drafter: str) -> None:
    cases = make_cases(1)
    with ScriptedServer(judge_by(lambda *_: YES)) as server:
        with pytest.raises(JudgeRefused, match="no model judges its own work"):
            judge_at(tmp_path, server.base_url, cases, make_run(cases, 1, model=drafter))
        assert server.requests == []


def test_a_model_under_another_name_gives_itself_away(tmp_path: Path) -> None:
    cases = make_cases(6)
    run = make_run(cases, 1, model="azure_openai:our-deployment")
    record = run.samples[0].outcome
    assert isinstance(record, TriageRecord)
    known = record.provenance.model_copy(update={"model": "gpt-x-2026-05-01"})
    sample = run.samples[0].model_copy(update={"outcome": record.model_copy(update={"provenance": known})})
    run = run.model_copy(update={"samples": (sample, *run.samples[1:])})
    reply = rename_model(answer({"reason": "", "verdict": "supported"}), "gpt-x-2026-07-01")
    with ScriptedServer([reply]) as server, pytest.raises(JudgeRefused, match="gpt-x-2026-07-01 drafted"):
        judge_at(tmp_path, server.base_url, cases, run)


def test_another_model_may_judge() -> None:
    run = make_run(make_cases(1), 1, model="ollama:mistral:7b")
    refuse_own_work(run, "ollama:qwen:7b", ["7b", "the-judge"])
    refuse_own_work(make_run(make_cases(1), 1), "openai:the-judge", ["the-judge"])


def test_a_key_that_is_refused_stops_it_all(tmp_path: Path) -> None:
    cases = make_cases(2)
    with ScriptedServer([fault("unauthorized")]) as server, pytest.raises(AccessDenied):
        judge_at(tmp_path, server.base_url, cases, make_run(cases, 2))


def test_of_held_out_cases_no_word_is_kept(tmp_path: Path) -> None:
    cases = make_cases(1, Split.HOLDOUT)
    spoiled = answer('{"reason": "Nyström again", "verdict": "Nyström"}')
    with ScriptedServer(judge_by(lambda number, _: spoiled if number else YES)) as server:
        judgement = judge_at(tmp_path, server.base_url, cases, make_run(cases, 2))
    assert [one.verdict for one in judgement.claims] == [YES, None]
    written = judgement.model_dump_json()
    assert "because" not in written
    assert "Claim number" not in written
    assert judgement.claims[1].error == "ReplyInvalid"
