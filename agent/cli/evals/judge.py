"""``triage eval label`` and ``judge``: people's labels of claims, and a model's verdicts held against them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.exits import OK, SOME_FAILED, STOPPED, USAGE, complain, errors_as_exits, plain

if TYPE_CHECKING:
    from agent.settings import Settings
    from evals.judge.claims import RunClaims
    from evals.judge.judging import Judgement
    from evals.judge.rubric import Rubric, Support
    from evals.running.runs import Run

    Said = Mapping[str, Mapping[str, Support]]

# Imports inside functions keep `triage --help` under 0.3 s.

RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, a folder, a baseline, or latest.")]
CaseFolder = Annotated[
    Path | None,
    typer.Option("--cases", help="A folder with cases/, profiles/, baselines/ … in place of the shipped one."),
]


def label(
    wanted: RunName,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who labels; asked for if not given.")] = None,
    sample: Annotated[
        int | None, typer.Option("--sample", min=1, help="So many claims, a likeness of the run; all if not given.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="Where the labels go; one file for all runs if not given.")
    ] = None,
    second: Annotated[
        bool, typer.Option("--second", help="Only claims that somebody else labelled; you do not see how.")
    ] = False,
    cases: CaseFolder = None,
) -> None:
    """Say of claims whether the words they cite support them: s, u, ? (cannot tell), b (back), q (stop).

    Each label is kept at once, and a session goes on where the last one stopped. Neither a judge's verdict nor another
    person's label is ever shown. Held-out cases are left out: nobody reads them.
    """
    with errors_as_exits(), _stopped_in_words():
        from evals.judge.files import labels_path, read_judgement
        from evals.judge.labelling import label_claims
        from evals.judge.labels import LabelBook, latest_labels
        from evals.judge.sampling import choose_tasks

        settings, run, found = _open_run(wanted, cases)
        rubric = _load_rubric(settings)
        name = " ".join((by if by is not None else _listen("Your name: ") or "").split())
        if not 0 < len(name) <= 100:
            complain("triage: a label needs a name of at most 100 characters: give --by.")
            raise typer.Exit(USAGE)
        judged = read_judgement(settings.home, run.manifest.run_id)
        with LabelBook(file or labels_path(settings.home)) as book:
            tasks = choose_tasks(
                found.claims,
                latest_labels(book.labels, rubric.hash),
                by=name,
                count=sample,
                verdicts={one.claim: str(one.verdict) for one in judged.claims} if judged else {},
                second=second,
            )
            _say(f"{rubric.rules}\n\n{rubric.prompt.reference}; the labels of {name} go to {book.path}")
            end = label_claims(book, tasks, rubric, by=name, run_id=run.manifest.run_id, say=_say, listen=_listen)
    print(f"\n{end.given} labels given; {end.labelled} of {end.total} claims of this sample are labelled.")


def judge(
    wanted: RunName,
    model: Annotated[str, typer.Option("--model", "-m", help="The judge, as provider:name.")],
    labels: Annotated[Path | None, typer.Option("--labels", help="People's labels.")] = None,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Hold the verdicts against the labels, and keep how they agree.")
    ] = False,
    at_most: Annotated[
        float | None,
        typer.Option("--at-most", min=0, max=1, help="Gate: the share of claims that may be unsupported."),
    ] = None,
    tnr: Annotated[
        float | None, typer.Option("--tnr", min=0, max=1, help="What the lower limit of TNR must be above; 0.8.")
    ] = None,
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, max=256, help="Claims at a time.")] = 8,
    cases: CaseFolder = None,
) -> None:
    """Let a model say which claims of a run their evidence does not support; it never judges its own work.

    It gates only with a calibration against people's labels that holds for this model, these parameters and this
    rubric. Exit codes: 0 judged, 1 some claims failed, 4 wrong configuration; with --at-most: 0 PASS, 1 FAIL,
    2 UNDERPOWERED or not calibrated.
    """
    with errors_as_exits(), _stopped_in_words():
        _require_scipy()
        from evals.judge.calibration import JudgeRules
        from evals.judge.files import labels_path, read_calibration, write_judgement
        from evals.judge.gate import count_verdicts, judge_gate
        from evals.judge.judging import refuse_own_work
        from evals.judge.wording import word_figures

        settings, run, found = _open_run(wanted, cases)
        settings = settings.model_copy(update={"model": model})
        refuse_own_work(run, model)
        given = {"unsupported": at_most, "tnr": tnr}
        rules = JudgeRules.model_validate({name: one for name, one in given.items() if one is not None})
        rubric = _load_rubric(settings)
        wanted_labels = labels or (labels_path(settings.home) if calibrate else None)
        said = _read_said(wanted_labels, rubric, found if calibrate else None)
        judgement = _judge(settings, rubric, run, found, concurrency)
        print(plain(str(write_judgement(settings.home, judgement))))
        if calibrate and said is not None:
            _calibrate(settings, judgement, said)
        figures = count_verdicts(judgement)
        gate = judge_gate(judgement, read_calibration(settings.home), rules, said)
    _print_lines(word_figures(judgement, figures, gate))
    if at_most is not None:
        raise typer.Exit(USAGE if gate.verdict is None else gate.verdict.exit_code)
    raise typer.Exit(SOME_FAILED if figures.failed else OK)


def _open_run(wanted: str, root: Path | None) -> tuple[Settings, Run, RunClaims]:
    from agent.settings import load_settings
    from evals.cases.files import SHIPPED, load_cases
    from evals.judge.claims import collect_claims
    from evals.running.folders import find_run
    from evals.running.runs import read_run

    settings = load_settings().settings
    run = read_run(find_run(settings.home, wanted, baselines=(root or SHIPPED) / "baselines"))
    return settings, run, collect_claims(load_cases(root or SHIPPED).by_id(), run)


def _load_rubric(settings: Settings) -> Rubric:
    from agent.wiring import Services
    from evals.judge.rubric import load_rubric

    return load_rubric(Services(settings).prompts)


def _read_said(path: Path | None, rubric: Rubric, found: RunClaims | None) -> Said | None:
    """The labels under this rubric. With ``found`` they must suffice, before anything is paid for."""
    from evals.judge.calibration import choose_labelled
    from evals.judge.labels import latest_labels, read_labels

    if path is None:
        return None
    said = latest_labels(read_labels(path), rubric.hash)
    if found is not None:
        choose_labelled((claim.hash for claim in found.claims if claim.evidence), said)
    return said


def _judge(settings: Settings, rubric: Rubric, run: Run, found: RunClaims, concurrency: int) -> Judgement:
    from agent.cli.progress import Meter
    from agent.wiring import Services
    from evals.judge.judging import judge_run

    services = Services(settings)
    try:
        with Meter("judging", "claims") as meter:
            return judge_run(
                services.client,
                rubric,
                run,
                found,
                secret=services.fence_secret,
                price=services.prices.cost,
                concurrency=concurrency,
                on_done=lambda done, total: meter.show(done, done, total),
            )
    finally:
        services.close()


def _calibrate(settings: Settings, judgement: Judgement, said: Said) -> None:
    from datetime import UTC, datetime

    from evals.judge.calibration import calibrate
    from evals.judge.files import write_calibration
    from evals.judge.wording import word_calibration

    calibration = calibrate(judgement, said, now=datetime.now(UTC))
    print(plain(str(write_calibration(settings.home, calibration))))
    _print_lines(word_calibration(calibration))


def _require_scipy() -> None:
    from importlib.util import find_spec

    from agent.errors import ConfigError

    if find_spec("scipy") is None:
        raise ConfigError("Verdicts are counted with scipy: install 'adverse-media-triage[evals]'.")


def _say(line: str) -> None:
    print(plain(line))


def _listen(question: str) -> str | None:
    """The next line of standard input, None at its end."""
    print(plain(question), end="", flush=True)
    line = sys.stdin.readline()
    return line.strip() if line else None


@contextmanager
def _stopped_in_words() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        complain("Stopped. Labels that were given and replies that were paid for are kept.")
        raise typer.Exit(STOPPED) from None


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        print(plain(line))
