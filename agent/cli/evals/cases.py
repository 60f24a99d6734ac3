"""``triage eval cases``: list the cases, check them, print their schema."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.exits import SOME_FAILED, complain, errors_as_exits, plain

# Imports inside functions keep `triage --help` under 0.3 s.

app = typer.Typer(help="List and check the cases of the evaluation.", no_args_is_help=True)

Folder = Annotated[
    Path | None,
    typer.Option("--cases", help="A folder with cases/, profiles/ and precedents/ in place of the shipped ones."),
]


@app.command("list")
def list_cases(
    folder: Folder = None,
    split: Annotated[list[str] | None, typer.Option("--split", help="Only these: smoke, dev, …")] = None,
) -> None:
    """One line a case: id, split, shape, language, truth, subject. The holdout is counted, not listed."""
    with errors_as_exits():
        from evals.cases.case import Split
        from evals.cases.files import SHIPPED, load_cases

        if unknown := sorted(set(split or ()) - set(Split)):
            raise typer.BadParameter(f"there is no split {unknown[0]!r}; there are {', '.join(Split)}.")
        splits = [Split(one) for one in split] if split else list(Split)
        cases = load_cases(folder or SHIPPED, splits).cases
        for case in cases:
            if case.split is not Split.HOLDOUT:
                subject = "(blank)" if case.alert.subject is None else case.alert.subject.name
                print(plain(f"{case.id}  {case.split}  {case.entry.shape}  {case.language}  {case.truth}  {subject}"))
        counts = Counter(case.split for case in cases)
        print(", ".join(f"{one} {counts[one]}" for one in Split if counts[one]) + f": {len(cases)} cases")


@app.command("check")
def check(folder: Folder = None) -> None:
    """Prove the case set sound: evidence stands in the text, gold agrees with itself, nothing crosses splits."""
    with errors_as_exits():
        from evals.cases.check import check_cases
        from evals.cases.files import SHIPPED, load_cases
        from evals.cases.references import load_references

        root = folder or SHIPPED
        cases, references = load_cases(root), load_references(root)
        problems = check_cases(
            cases.cases,
            {profile.profile_id for profile in references.profiles},
            {precedent.precedent_id for precedent in references.precedents},
        )
    for problem in problems:
        complain(problem)
    subjects = {case.subject for case in cases.cases}
    print(
        f"{len(cases.cases)} cases of {len(subjects)} subjects, {len(references.profiles)} profiles, "
        f"{len(references.precedents)} precedents: {f'{len(problems)} problems' if problems else 'sound'}."
    )
    if problems:
        raise typer.Exit(SOME_FAILED)


@app.command("agreement")
def agreement(folder: Folder = None) -> None:
    """How far blind second readings of a sample agree with each other and with the gold. The readings are not human."""
    with errors_as_exits():
        from itertools import combinations

        from evals.cases.files import SHIPPED, load_cases
        from evals.cases.labelling import compare_readings, labels_of_gold, read_labels

        root = folder or SHIPPED
        readings = {path.stem: read_labels(path) for path in sorted((root / "labels").glob("*.yaml"))}
        if not readings:
            complain(f"triage: there are no readings under {root / 'labels'}.")
            raise typer.Exit(SOME_FAILED)
        read = {one.id for labels in readings.values() for one in labels}
        readings["gold"] = [labels_of_gold(case) for case in load_cases(root).cases if case.id in read]
        for (name, first), (other, second) in combinations(readings.items(), 2):
            print(f"{name} and {other}, {len({one.id for one in first} & {one.id for one in second})} cases")
            for row in compare_readings(first, second):
                kappa = f"{row.kappa.value:.2f} [{row.kappa.low:.2f}, {row.kappa.high:.2f}]"
                print(f"  {row.what:<45} {row.units:>5} units, same {row.share:.3f}, kappa {kappa}")


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of a case file, for editors."""
    from evals.cases.schema import build_schema

    print(json.dumps(build_schema(), indent=2, ensure_ascii=False))
