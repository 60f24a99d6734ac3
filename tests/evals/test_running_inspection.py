"""What inspect does otherwise than one would think, and that a run is not harmed by it."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from inspect_ai.log import read_eval_log

from agent.domain.alert import Alert
from agent.domain.record import Draft, FailureDetail, TriageFailure
from agent.domain.reference import Dossier
from agent.errors import BreakerOpen, PolicyInvalid
from agent.reading.reader import Reader
from agent.settings import SHIPPED_DATA
from agent.triage.pipeline import Pipeline
from agent.triage.policy import load_policy
from evals.cases.files import load_cases
from evals.running.environment import confine_inspect
from evals.running.inspection import InspectRun, Work, read_log, run_inspect
from evals.running.outcomes import RunStopped, triage_alert
from evals.running.runs import Sample
from tests.evals.running_examples import write_cases


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cases(tmp_path_factory.mktemp("root"), 4)


def let_run(folder: Path, root: Path, work: Work, *, epochs: int = 1) -> Path:
    confine_inspect(folder)
    cases = load_cases(root).cases
    return run_inspect(InspectRun("constant", cases, epochs, 2, {}, folder / "log"), work)


def make_sample(case_id: str, epoch: int) -> Sample:
    detail = FailureDetail(stage="draft", error="Refused", message="no", retryable=False)
    outcome = TriageFailure(alert_id=case_id, failure=detail)
    return Sample(case_id=case_id, epoch=epoch, outcome=outcome, seconds=epoch / 10)


def test_each_sample_is_told_who_it_is(tmp_path: Path, root: Path) -> None:
    asked = []

    async def work(case_id: str, epoch: int) -> Sample:
        asked.append((case_id, epoch))
        await asyncio.sleep(0.01)
        return make_sample(case_id, epoch)

    log = let_run(tmp_path, root, work, epochs=3)
    expected = [(f"c-{number:03}", epoch) for number in range(4) for epoch in (1, 2, 3)]
    assert sorted(asked) == expected
    assert sorted(read_log(log), key=lambda one: (one.case_id, one.epoch)) == [make_sample(*key) for key in expected]
    assert read_eval_log(str(log)).results is None or not read_eval_log(str(log)).results.scores  # type: ignore[union-attr]


@pytest.mark.parametrize("error", [TimeoutError("late"), RunStopped("no access"), ValueError("a bug"), OSError("disk")])
def test_what_ends_the_work_ends_the_run_and_is_raised_as_it_is(tmp_path: Path, root: Path, error: Exception) -> None:
    """A TimeoutError above all: inspect would swallow it and go on with an empty sample."""
    asked = []

    async def work(case_id: str, epoch: int) -> Sample:
        asked.append(case_id)
        if case_id == "c-001":
            raise error
        return make_sample(case_id, epoch)

    with pytest.raises(type(error)) as raised:
        let_run(tmp_path, root, work)
    assert raised.value is error
    assert asked.count("c-001") == 1  # never retried
    (log,) = (tmp_path / "log").glob("*.eval")
    assert read_eval_log(str(log), header_only=True).status == "error"


def test_ctrl_c_is_not_kept_from_the_caller(tmp_path: Path, root: Path) -> None:
    async def work(case_id: str, epoch: int) -> Sample:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(30)
        return make_sample(case_id, epoch)

    with pytest.raises(KeyboardInterrupt):
        let_run(tmp_path, root, work)


class Breaking:
    """A drafter that raises."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def draft(self, dossier: Dossier) -> Draft:
        raise self._error


@pytest.mark.parametrize("error", [TimeoutError(), RuntimeError("a bug")])
def test_a_time_out_or_a_bug_within_one_alert_is_a_failed_sample(root: Path, error: Exception) -> None:
    outcome = triage(error, load_cases(root).cases[0].alert)
    assert isinstance(outcome, TriageFailure)
    assert outcome.alert_id == "c-000"
    assert outcome.failure.error == type(error).__name__
    assert outcome.failure.message.startswith("Alert c-000: ")


@pytest.mark.parametrize("error", [PolicyInvalid("the policy is wrong"), BreakerOpen("calls are paused")])
def test_what_concerns_every_alert_stops_the_run(root: Path, error: Exception) -> None:
    with pytest.raises(RunStopped, match=str(error)):
        triage(error, load_cases(root).cases[0].alert)


def triage(error: Exception, alert: Alert) -> object:
    policy = load_policy(SHIPPED_DATA / "policy.yaml")
    pipeline = Pipeline(reader=Reader(), drafter=Breaking(error), policy=policy, code_version="test")
    return asyncio.run(triage_alert(pipeline, alert)).outcome
