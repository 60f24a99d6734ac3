"""The journal: durable line by line, cut where a kill tore it, and never two samples for one question."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.record import FailureDetail, TriageFailure
from evals.running.journal import Journal
from evals.running.runs import RunInvalid, Sample


def make_sample(number: int, epoch: int = 1) -> Sample:
    detail = FailureDetail(stage="draft", error="Refused", message=f"no {number}\nüß", retryable=False)
    failure = TriageFailure(alert_id=f"c-{number}", failure=detail)
    return Sample(case_id=f"c-{number}", epoch=epoch, outcome=failure, seconds=0.5)


def test_samples_are_there_when_the_journal_is_opened_again(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        for number in range(3):
            journal.append(make_sample(number))
    with Journal(tmp_path / "j") as journal:
        assert journal.samples == {(f"c-{number}", 1): make_sample(number) for number in range(3)}
        journal.append(make_sample(0, epoch=2))
    with Journal(tmp_path / "j") as journal:
        assert len(journal.samples) == 4


@given(kept=st.integers(0, 3), data=st.data())
def test_wherever_a_kill_tears_it_whole_lines_stay_and_the_rest_can_be_run_again(
    tmp_path_factory: pytest.TempPathFactory, kept: int, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("journal") / "j"
    with Journal(path) as journal:
        for number in range(kept + 1):
            journal.append(make_sample(number))
    lines = path.read_bytes().splitlines(keepends=True)
    cut = data.draw(st.integers(0, len(lines[-1]) - 1))
    path.write_bytes(b"".join(lines[:-1]) + lines[-1][:cut])
    with Journal(path) as journal:
        assert list(journal.samples) == [(f"c-{number}", 1) for number in range(kept)]
        journal.append(make_sample(kept))
    with Journal(path) as journal:
        assert len(journal.samples) == kept + 1


def test_a_second_answer_to_one_question_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        journal.append(make_sample(1))
        with pytest.raises(ValueError, match="twice"):
            journal.append(make_sample(1))


def test_a_damaged_line_is_not_passed_over(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        journal.append(make_sample(1))
    (tmp_path / "j").write_bytes(b"{}\n" + (tmp_path / "j").read_bytes())
    with pytest.raises(RunInvalid, match="line 1"):
        Journal(tmp_path / "j")
