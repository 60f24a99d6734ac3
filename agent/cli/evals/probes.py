"""``triage eval probe``: counterfactual pairs, neutral swaps and planted instructions through the real pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.exits import OK, SOME_FAILED, complain, errors_as_exits, plain

if TYPE_CHECKING:
    from agent.cli.progress import Meter
    from agent.settings import Settings
    from evals.probes.probed import Probed

# Imports inside functions keep `triage --help` under 0.3 s.


def probe(
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="pairs, swaps or injection; all of them. May be repeated.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="provider:name, `none` for the extractive drafter.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Only the first so many bases and cases of each kind.")
    ] = None,
    fail_under: Annotated[
        float | None,
        typer.Option("--fail-under", min=0, max=1, help="Exit 1 when a smaller share of a kind's checks held."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--cases", help="A folder with cases/, profiles/ and precedents/ in place of the shipped ones."),
    ] = None,
) -> None:
    """Change alerts in one respect, swap names and genders, plant instructions: what moves the draft, and what not.

    Prints the figures and writes them, with a remark for every probe that did not hold, under the home folder.
    Exit codes: 0 nothing moved the wrong way, 1 something did (with --fail-under: too few checks held), 4 wrong
    configuration.
    """
    with errors_as_exits():
        from agent.settings import load_settings
        from evals.probes.probed import Kind
        from evals.probes.report import held_share, is_wrong, render_lines

        if unknown := sorted(set(kind or ()) - set(Kind)):
            raise typer.BadParameter(f"there is no kind {unknown[0]!r}; there are {', '.join(Kind)}.")
        settings = load_settings().settings
        if model is not None:
            settings = settings.model_copy(update={"model": None if model.lower() == "none" else model})
        drafter = settings.model or "extractive"
        probed = _probe(settings, [one for one in Kind if not kind or one in kind], limit, folder)
        for one in probed:
            for line in render_lines(one, drafter):
                print(plain(line))
            print()
        print(plain(str(_write(settings, drafter, probed))))
    if fail_under is None:
        raise typer.Exit(SOME_FAILED if any(map(is_wrong, probed)) else OK)
    for one in probed:
        if held_share(one) < fail_under:
            complain(f"{one.kind}: {held_share(one):.1%} of the checks held, less than {fail_under:.1%}.")
    raise typer.Exit(SOME_FAILED if any(held_share(one) < fail_under for one in probed) else OK)


def _probe(settings: Settings, kinds: list[str], limit: int | None, folder: Path | None) -> list[Probed]:
    from functools import partial

    from agent.cli.progress import Meter
    from evals.cases.case import Split
    from evals.cases.files import SHIPPED, load_cases
    from evals.cases.references import load_references
    from evals.probes.files import load_probes
    from evals.probes.injection import probe_injection
    from evals.probes.pairs import probe_pairs
    from evals.probes.probed import Kind
    from evals.probes.running import run_samples
    from evals.probes.swaps import probe_swaps

    root = folder or SHIPPED
    data, cases = load_probes(), load_cases(root, [Split.DEV]).cases
    probed = []
    for kind in kinds:
        with Meter(f"{kind} probes", "alerts") as meter:
            run = partial(run_samples, settings, tell=complain, on_done=partial(_show, meter))
            if kind == Kind.PAIRS:
                probed.append(probe_pairs(data, run, limit))
            elif kind == Kind.SWAPS:
                probed.append(probe_swaps(data, cases, run, limit))
            else:
                probed.append(probe_injection(data, cases, load_references(root), run, limit))
    return probed


def _show(meter: Meter, done: int, total: int) -> None:
    meter.show(done, done, total)


def _write(settings: Settings, drafter: str, probed: list[Probed]) -> Path:
    """The report's file, in a new folder under the home."""
    import json
    import secrets
    from datetime import UTC, datetime

    from agent.wiring import code_version
    from evals.probes.report import build_document

    now = datetime.now(UTC)
    folder = settings.home / "evals" / "probes" / f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    folder.mkdir(parents=True, mode=0o700)
    document = build_document(probed, drafter, {"at": now.isoformat(), "code_version": code_version()})
    path = folder / "probes.json"
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
