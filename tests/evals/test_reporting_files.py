"""Markdown, JUnit and CSV of a report, the commands, and what none of them may hold."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import typer
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from typer.testing import CliRunner, Result

from agent.cli.evals import report as commands
from evals.cases.case import Split
from evals.cases.files import load_cases
from evals.comparison.history import HISTORY, append_history
from evals.reporting.csv_files import write_figures_csv, write_samples_csv
from evals.reporting.files import FILES, write_report
from evals.reporting.junit import render_junit
from evals.reporting.markdown import escape, render_markdown
from evals.reporting.words import show_count, show_interval, show_number, show_signed, show_text
from evals.running.folders import runs_root
from evals.running.runs import write_run
from evals.scoring.measure import Measure
from evals.scoring.score import score_run
from evals.scoring.summary import Figure, summarise
from tests.evals.reporting_examples import (
    SUBJECTS,
    make_cases,
    make_gate,
    make_history,
    make_outcomes,
    make_report,
    make_run,
    read_all,
)

SECRET = "Zyxwarbler"


def test_junit_has_a_test_case_a_case_and_the_remarks_as_failure() -> None:
    root = ElementTree.fromstring(render_junit(make_report(make_cases())))
    cases = {one.get("name"): one for one in root.iter("testcase")}
    assert set(cases) == {
        f"t-{split}" for split in ("dev-0", "smoke-1", "dev-2", "holdout-3", "calibration-4", "dev-5")
    }
    failure = cases["t-dev-0"].find("failure")
    assert failure is not None
    assert "Missed: It should be escalated, the record says close." in (failure.text or "")
    assert cases["t-dev-2"].find("error") is not None
    hidden = cases["t-holdout-3"].find("failure")
    assert hidden is not None
    assert "text withheld" in (hidden.text or "")
    assert cases["t-dev-5"].find("failure") is None
    suites = {one.get("name"): one for one in root}
    assert (suites["eval.dev"].get("tests"), suites["eval.dev"].get("failures"), suites["eval.dev"].get("errors")) == (
        "3",
        "1",
        "1",
    )


def test_csv_gives_back_every_measure_and_figure() -> None:
    report = make_report(make_cases(), epochs=2)
    rows = list(csv.DictReader(io.StringIO(write_samples_csv(report))))
    assert len(rows) == len(report.samples) == 12
    for row, sample in zip(rows, report.samples, strict=True):
        assert (row["case_id"], int(row["epoch"]), row["ending"]) == (sample.case_id, sample.epoch, sample.ending)
        for name, measure in sample.measures.items():
            if measure.of:
                assert Measure(float(row[name]), float(row[f"{name}_of"])) == measure
            else:
                assert row[name] == row[f"{name}_of"] == ""
    figures = [row for row in csv.DictReader(io.StringIO(write_figures_csv(report))) if row["slice"] == "all"]

    def number(text: str) -> float | None:
        return float(text) if text else None

    read = [
        Figure(
            measure=row["measure"],
            value=number(row["figure"]),
            low=number(row["low"]),
            high=number(row["high"]),
            alerts=int(row["alerts"]),
            subjects=int(row["subjects"]),
            of=float(row["of"]),
            note=row["note"],
        )
        for row in figures
    ]
    assert read == list(report.figures)


def test_a_spreadsheet_takes_nothing_for_a_formula() -> None:
    cases = make_cases(
        gold__planted={"family": "=cmd|' /C calc'!A0", "place": "@body", "wish": "close"},
    )
    text = write_samples_csv(make_report(cases))
    assert "'=cmd" in text
    assert not [cell for row in csv.reader(io.StringIO(text)) for cell in row if cell.startswith(("=", "@", "+", "-"))]


def test_markdown_is_the_twin_of_the_page() -> None:
    report = make_report(make_cases(), comparison=make_gate(make_cases()), history=make_history())
    text = render_markdown(report)
    shown = MarkdownIt("commonmark").enable("table").render(text)
    for heading in (
        "In short",
        "What was run",
        "Against before",
        "All figures",
        "Worst cases",
        "Slices",
        "Definitions",
    ):
        assert f"<h2>{heading}</h2>" in shown
    missed = report.figure("miss")
    assert f'<td style="text-align:right">{show_number(missed.value)}</td>' in shown
    assert shown.count("<table>") > 15
    assert "t-dev-0" in text


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
@example("[a](http://b.example) ![c](d) [e]: f")
@example("<b>a</b> <!-- c --> &amp; &#60;")
@example("**a** _b_ `c` ~~d~~ a|b # e $f$ @g")
@example("https://a.example www.b.example ftp://c.example")
@settings(max_examples=200, deadline=None)
def test_markdown_shows_any_text_as_it_is(text: str) -> None:
    shown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(f"x {escape(text)} x")
    (paragraph,) = ElementTree.fromstring(f"<d>{shown}</d>")
    assert list(paragraph) == []
    assert (paragraph.text or "").split() == ["x", *show_text(text).split(), "x"]


@pytest.mark.parametrize("text", ["- a", "+ a", "1. a", "12) a", "# a", "> a", "---", "=====", "| a |", "```"])
def test_markdown_text_begins_no_block(text: str) -> None:
    cases = make_cases(SUBJECTS[:1], note=text)
    shown = MarkdownIt("commonmark").render(render_markdown(make_report(cases, history=make_history(why=text))))
    assert f"<strong>Why the gold is so</strong>: {text.replace('>', '&gt;')}</li>" in shown


@given(
    split=st.sampled_from([Split.HOLDOUT, Split.CALIBRATION]),
    outside=st.booleans(),
    failing=st.booleans(),
    worst=st.integers(0, 20),
    compared=st.booleans(),
)
@settings(max_examples=12, deadline=None)
def test_no_file_holds_a_word_of_a_case_that_is_not_told(
    split: Split, outside: bool, failing: bool, worst: int, compared: bool
) -> None:
    """The secret stands in every text of every such case: alert, gold, draft, failure."""
    cases = make_secret_cases(split, outside=outside)
    outcomes = make_outcomes(cases)
    if failing:
        last = outcomes["t-dev-2"]
        outcomes = dict.fromkeys(cases, last)
        outcomes = {key: last.model_copy(update={"alert_id": key}) for key in cases}
    for key, outcome in outcomes.items():
        content = outcome.model_dump(mode="json")
        if "failure" in content:
            content["failure"]["message"] = f"{SECRET} broke it"
        else:
            content["summary"]["narrative"] = f"{SECRET} did it on 3 May 1999."
        outcomes[key] = type(outcome).model_validate(content)
    gate = make_gate(cases) if compared else None
    report = make_report(cases, outcomes, worst=worst, comparison=gate)
    for name, render in FILES.items():
        assert SECRET.lower() not in render(report).lower(), name
    assert SECRET.lower() not in repr(report).lower(), "what a report does not hold, nothing can let out"


def make_secret_cases(split: Split, *, outside: bool) -> dict[str, Any]:
    """Cases none of which may be told, the secret in every text."""
    shape = {"shape": "outside"} if outside else {}
    cases = make_cases([f"{name} {SECRET}" for name in SUBJECTS], note=SECRET, alert__article__title=SECRET, **shape)
    return cases if outside else {key: case.model_copy(update={"split": split}) for key, case in cases.items()}


def test_the_secret_would_be_seen() -> None:
    cases = make_cases([f"{name} {SECRET}" for name in SUBJECTS], note=SECRET)
    text = "".join(render(make_report(cases)) for render in FILES.values())
    assert text.count(SECRET) > 20


def test_the_same_report_gives_the_same_files(tmp_path: Path) -> None:
    paths = [write_report(make_report(make_cases()), tmp_path / name) for name in ("a", "b")]
    assert [path.name for path in paths[0]] == ["report.html", "report.md", "junit.xml", "samples.csv", "figures.csv"]
    assert [one.read_bytes() for one in paths[0]] == [one.read_bytes() for one in paths[1]]


def test_numbers_are_never_nan() -> None:
    assert show_number(float("nan")) == show_number(None) == show_signed(float("inf")) == "–"
    assert (show_number(-0.0001), show_signed(-0.0001), show_signed(0.5)) == ("0.000", "0.000", "+0.500")
    assert (show_interval(0.1, None), show_interval(0.1, 0.25)) == ("–", "[0.100, 0.250]")
    assert (show_count(3.0), show_count(10.5), show_count(2_000_000)) == ("3", "10.5", "2,000,000")
    assert show_text("a\x1b[2Jb\u200b\ud800\t\u00a0c") == "a<U+001B>[2Jb<U+200B><U+D800>  c"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A root with four cases, two runs of them, and a history."""
    cases = make_cases()
    for split in Split:
        rows = [
            case.entry.model_dump(mode="json", exclude_defaults=True) for case in cases.values() if case.split is split
        ]
        (tmp_path / "root" / "cases" / split).mkdir(parents=True)
        (tmp_path / "root" / "cases" / split / "x.yaml").write_text(yaml.safe_dump(rows), encoding="utf-8")
    cases = load_cases(tmp_path / "root").by_id()
    write_run(make_run(make_outcomes(cases)), runs_root(tmp_path) / "r1")
    perfect = {key: outcome for key, outcome in make_outcomes(cases).items() if key != "t-dev-0"}
    write_run(make_run(perfect, run_id="r0", model="openai:other"), runs_root(tmp_path) / "r0")
    for entry in make_history():
        append_history(entry, tmp_path / "root" / HISTORY)
    return tmp_path


def call(home: Path, *words: str) -> Result:
    app = typer.Typer()
    app.command("report")(commands.report)
    app.command("score")(commands.score)
    return CliRunner().invoke(app, [*words, "--cases", str(home / "root")], env={"TRIAGE_HOME": str(home)})


def test_score_prints_every_figure_with_what_it_rests_on(home: Path) -> None:
    shown = call(home, "score", "r1")
    assert shown.exit_code == 0, shown.output
    lines = shown.output.splitlines()
    assert max(map(len, lines)) <= 120
    cases = load_cases(home / "root").by_id()
    run = make_run(make_outcomes(cases))
    missed = summarise(score_run(cases, run))[0]
    (line,) = (line for line in lines if line.strip().startswith("Missed"))
    assert line.split()[1:] == [
        show_number(missed.value), *show_interval(missed.low, missed.high).split(),
        str(missed.alerts), str(missed.subjects), f"{missed.of:g}", "less", "is", "better",
    ]  # fmt: skip
    content = json.loads(call(home, "score", "r1", "--json").output)
    assert content["figures"][0]["value"] == missed.value
    assert content["run"]["run_id"] == "r1"


def test_report_writes_five_files_and_says_where(home: Path) -> None:
    shown = call(home, "report", "r1", "--worst", "1")
    assert shown.exit_code == 0, shown.output
    folder = home / "evals" / "reports" / "r1"
    assert [Path(line).name for line in shown.output.splitlines()] == list(FILES)
    text = read_all(folder)
    assert SUBJECTS[2] in text, "the failed one"
    assert SUBJECTS[3] not in text, "a held-out case is figures only"
    assert SUBJECTS[4] not in text
    assert "the first" in text, "the history's reason"


def test_report_says_how_it_stands_against_another_run(home: Path) -> None:
    shown = call(home, "report", "r1", "--compare", "r1", "--out", str(home / "out"))
    assert shown.exit_code == 0, shown.output
    assert shown.output.splitlines()[0].endswith("against r1")
    assert "Against r1" in (home / "out" / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("nobody",), 4, "There is no run 'nobody'"),
        (("r1", "--compare", "r0"), 1, "do not hold the same samples"),
        (("r1", "--calibration", "r0"), 1, "model differ"),
        (("r1", "--out", "root/cases/dev/x.yaml/deeper"), 4, "cannot be written"),
    ],
)
def test_report_refuses_in_words(
    home: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], code: int, said: str
) -> None:
    monkeypatch.chdir(home)
    shown = call(home, "report", *words)
    assert shown.exit_code == code, shown.output
    assert said in shown.stderr
