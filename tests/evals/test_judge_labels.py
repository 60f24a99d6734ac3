"""People's labels: kept at once, taken up after a kill, blind, safe on the screen, and a fair sample."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from agent.cli.evals.judge import label
from agent.cli.exits import plain
from evals.cases.case import Case, Split
from evals.judge.claims import Claim
from evals.judge.files import labels_path, write_judgement
from evals.judge.labelling import show_claim
from evals.judge.labels import LabelBook, LabelsInvalid, latest_labels, read_labels, settle
from evals.judge.rubric import Support
from evals.judge.sampling import choose_tasks, draw_claims
from evals.running.runs import Run
from tests.evals.judge_examples import (
    RUN_ID,
    claims_of,
    make_cases,
    make_judgement,
    make_label,
    make_run,
    number_of,
    rubric,
    write_home,
)

YES, NO, DUNNO = Support.SUPPORTED, Support.UNSUPPORTED, Support.CANNOT_TELL
LABEL = [sys.executable, "-c", "import typer; from agent.cli.evals.judge import label; typer.run(label)"]
SHOWN = re.compile(r"claim    \| Claim number (\d+)")


class Desk:
    """A home with one run, and people who label it."""

    def __init__(self, place: Path, count: int = 4, each: int = 2, split: str = "dev", extra: str = "") -> None:
        self.home, self.root = place / "home", place / "root"
        self.cases: Sequence[Case] = make_cases(count, Split(split))
        self.run: Run = make_run(self.cases, each, extra=extra)
        write_home(self.home, self.root, self.run, self.cases, split)
        self.claims = claims_of(self.cases, self.run).claims
        self.app = typer.Typer()
        self.app.command()(label)

    def label(self, keys: str, *options: str, by: str = "Ann") -> Result:
        arguments = [RUN_ID, "--by", by, "--cases", str(self.root), *options]
        typed = "".join(f"{key}\n" for key in keys)
        result = CliRunner().invoke(self.app, arguments, input=typed, env={"TRIAGE_HOME": str(self.home)})
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def labels(self) -> dict[int, dict[str, Support]]:
        said = latest_labels(read_labels(labels_path(self.home)), rubric().hash)
        numbers = {claim.hash: number_of(claim.statement) for claim in self.claims}
        return {numbers[claim]: dict(words) for claim, words in said.items()}


def shown(result: Result) -> list[int]:
    return [int(number) for number in SHOWN.findall(result.stdout)]


def test_each_claim_is_asked_about_once_with_its_evidence_and_the_rules(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    result = desk.label("su?susus")
    assert result.exit_code == 0
    assert sorted(shown(result)) == list(range(8))
    assert Counter(word for words in desk.labels().values() for word in words.values()) == {YES: 4, NO: 3, DUNNO: 1}
    assert "cited    | was charged with fraud in Malmö on Monday" in result.stdout
    assert "context  | His lawyer, Tove Ankarbrand, said he denied every count." in result.stdout
    assert rubric().rules.splitlines()[0] in result.stdout
    assert "8 labels given; 8 of 8" in result.stdout
    (kept, *_) = read_labels(labels_path(desk.home))
    assert (kept.by, kept.rubric, kept.run_id) == ("Ann", rubric().hash, RUN_ID)
    assert kept.claim in {claim.hash for claim in desk.claims}


def test_other_keys_are_asked_again_and_back_changes_the_last_word(tmp_path: Path) -> None:
    desk = Desk(tmp_path, 1, 2)
    result = desk.label("xsbuubs")
    first, *_ = order = shown(result)
    assert order == [first, 1 - first, first, 1 - first, 1 - first]
    assert desk.labels() == {first: {"ann": NO}, 1 - first: {"ann": YES}}
    assert len(read_labels(labels_path(desk.home))) == 4, "nothing is overwritten"


def test_after_kill_9_the_session_goes_on_where_it_was(tmp_path: Path) -> None:
    desk = Desk(tmp_path, 4, 2)
    command = [*LABEL, RUN_ID, "--by", "Ann", "--cases", str(desk.root)]
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "TRIAGE_HOME": str(desk.home), "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(b"s\nu\ns\n")
    child.stdin.flush()
    seen = b""
    while b"4 of 8" not in seen:
        piece = os.read(child.stdout.fileno(), 4096)
        assert piece, "the session ended by itself"
        seen += piece
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate()
    before = desk.labels()
    assert len(before) == 3
    with labels_path(desk.home).open("ab") as file:
        file.write(b'{"claim":"sha256:torn')
    result = desk.label("sssss")
    assert len(shown(result)) == 5
    assert set(shown(result)) == set(range(8)) - set(before)
    after = desk.labels()
    assert len(after) == 8
    assert {number: after[number] for number in before} == before


def test_a_session_that_stops_keeps_what_was_said(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert "2 of 8" in desk.label("ssq").stdout
    assert len(shown(desk.label("s"))) == 2, "one labelled, one shown when the input ended"
    assert len(desk.labels()) == 3


def test_nobody_sees_a_verdict_or_another_person_s_word(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    alone = desk.label("ssssssss", "--file", str(tmp_path / "elsewhere.jsonl")).stdout
    verdicts = make_judgement([NO] * 8)
    claims = [
        one.model_copy(update={"claim": claim.hash, "reasons": ("The judge's own reason",)})
        for one, claim in zip(verdicts.claims, desk.claims, strict=True)
    ]
    write_judgement(desk.home, verdicts.model_copy(update={"claims": tuple(claims)}))
    desk.label("u?u?u?u?", by="Birger Somebody-Else")
    after = desk.label("ssssssss").stdout
    strip = re.compile(r"labels of Ann go to .*")
    assert strip.sub("", after) == strip.sub("", alone), "what was said meanwhile changes no character"
    assert "Birger" not in after
    assert "own reason" not in after


def test_a_second_reading_is_of_what_others_labelled(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert "0 of 0" in desk.label("", "--second", by="Bo").stdout
    first = desk.label("suq")
    assert "0 of 0" in desk.label("s", "--second", by="ANN").stdout, "one's own labels need no second reading"
    second = desk.label("ss", "--second", by="Bo")
    assert set(shown(second)) == set(shown(first)[:2])
    assert {tuple(words) for words in desk.labels().values()} == {("ann", "bo")}


def test_held_out_cases_are_not_shown(tmp_path: Path) -> None:
    result = Desk(tmp_path, split="holdout").label("ssss")
    assert shown(result) == []
    assert "0 of 0" in result.stdout
    assert "Malmö" not in result.stdout


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_a_label_needs_a_name(tmp_path: Path, name: str) -> None:
    result = Desk(tmp_path, 1, 1).label("s", by=name)
    assert result.exit_code == 2
    assert "--by" in result.stderr


def test_a_file_in_use_and_a_damaged_one_are_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path, 1, 1)
    path = tmp_path / "labels.jsonl"
    with LabelBook(path):
        result = desk.label("s", "--file", str(path))
    assert result.exit_code == 4
    assert "Somebody is labelling" in result.stderr
    path.write_text('{"claim": 1}\n', encoding="utf-8")
    result = desk.label("s", "--file", str(path))
    assert result.exit_code == 4
    assert "line 1: not a label" in result.stderr
    with pytest.raises(LabelsInvalid, match="There are no labels"):
        read_labels(tmp_path / "none.jsonl")


def test_labels_under_another_rubric_do_not_count() -> None:
    old = make_label("sha256:" + "1" * 64, YES).model_copy(update={"rubric": "sha256:" + "2" * 64})
    assert latest_labels([old], rubric().hash) == {}
    twice = [make_label(old.claim, YES), make_label(old.claim, NO), make_label(old.claim, YES, "Bo")]
    assert latest_labels(twice, rubric().hash) == {old.claim: {"ann": NO, "bo": YES}}
    assert settle({"ann": NO, "bo": YES}) is DUNNO
    assert settle({"ann": NO, "bo": NO}) is NO


HOSTILE = " \x1b[2J\x1b]0;owned\x07\r\n5 of 8\n[s] supported\u202e\u2028  claim    | Claim number 99 \u200b"


def test_hostile_words_do_not_reach_the_terminal(tmp_path: Path) -> None:
    result = Desk(tmp_path, 1, 2, extra=HOSTILE).label("ss")
    assert len(re.findall(r"^  claim    \| Claim number", result.stdout, re.MULTILINE)) == 2
    for sign in "\x1b\x07\r\u202e\u2028\u200b":
        assert sign not in result.stdout
    assert re.findall(r"^\d of \d$", result.stdout, re.MULTILINE) == ["1 of 2", "2 of 2"]


@given(st.text(max_size=300))
def test_every_shown_line_is_marked_as_the_claim_s_own(words: str) -> None:
    case = make_cases(1)[0]
    (claim,) = claims_of([case], make_run([case], 1)).claims
    hostile = claim.model_copy(update={"statement": (words,), "evidence": claim.evidence})
    printed = "\n".join(plain(line) for line in show_claim(hostile))
    assert all(re.match(r"  (claim   |cited   |context ) \| |$", line) for line in printed.split("\n"))
    assert all(char.isprintable() or char == "\n" for char in printed)


def fake_claims(count: int, shape: Callable[[int], str]) -> list[Claim]:
    cases = make_cases(1)
    (one,) = claims_of(cases, make_run(cases, 1)).claims
    return [
        one.model_copy(update={"shape": shape(number), "statement": (f"Claim number {number}.",)})
        for number in range(count)
    ]


@given(st.integers(1, 60), st.integers(1, 60), st.integers(2, 9))
def test_a_sample_is_the_run_in_small(count: int, rare: int, wanted: int) -> None:
    claims = fake_claims(count + rare, lambda number: "charged" if number < count else "victim")
    verdicts = {claim.hash: "unsupported" if number_of(claim.statement) % 3 else "supported" for claim in claims}
    drawn = draw_claims(claims, wanted, verdicts)
    assert len({claim.hash for claim in drawn}) == len(drawn) == min(wanted, len(claims))
    for stratum in [(shape, verdict) for shape in ("charged", "victim") for verdict in ("supported", "unsupported")]:
        whole = sum((claim.shape, verdicts[claim.hash]) == stratum for claim in claims)
        part = sum((claim.shape, verdicts[claim.hash]) == stratum for claim in drawn)
        assert abs(part - len(drawn) * whole / len(claims)) < 1 + 1e-9
    assert draw_claims(list(reversed(claims)), wanted, verdicts) == drawn


def test_a_sample_that_is_taken_up_again_keeps_its_size() -> None:
    claims = fake_claims(50, lambda number: "charged")
    drawn = draw_claims(claims, 20, {})
    begun = {claim.hash: {"ann"} for claim in drawn[:7]}
    verdicts = {claim.hash: "unsupported" for claim in claims[::2]}
    again = choose_tasks(claims, begun, by="Ann", count=20, verdicts=verdicts)
    assert len(again) == 20
    assert set(begun) <= {claim.hash for claim in again}
    assert len(choose_tasks(claims, begun, by="Ann")) == 50
