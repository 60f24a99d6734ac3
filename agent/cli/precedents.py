"""``triage precedents``: past decisions from files, one of them in full, and what they do to drafts."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextvars import copy_context
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.alert import AsJson, Files, print_json
from agent.cli.exits import OK, SOME_FAILED, complain, errors_as_exits, plain
from agent.cli.services import open_services

if TYPE_CHECKING:
    from agent.domain.alert import Alert
    from agent.domain.reference import Dossier, Precedent
    from agent.triage.ablation import AblatedAlert, AblationPlan, MakePipeline
    from agent.wiring import Services

# Imports inside functions keep `triage --help` under 0.3 s.

app = typer.Typer(help="Past decisions that new alerts are held against, and what they do to drafts.")


@app.callback()
def _group() -> None:
    """Past decisions that new alerts are held against, and what they do to drafts."""


@app.command("load")
def load(
    files: Annotated[list[Path], typer.Argument(help="Past decisions, JSON Lines; each names two people and a date.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove imported precedents that these files do not hold.")
    ] = False,
) -> None:
    """Load past decisions made elsewhere, marked as imported, and bring the reference index up to date.

    A row without two different named deciders and a date is refused, by its line. Exit codes: 0 every row loaded, 1
    some were refused.
    """
    with errors_as_exits():
        from agent.cli.references import load_precedents, update_references

        services = open_services()
        try:
            refused = load_precedents(services, files, replace=replace)
            update_references(services)
        finally:
            services.close()
    raise typer.Exit(SOME_FAILED if refused else OK)


@app.command("show")
def show(
    precedent_id: Annotated[str, typer.Argument(help="The precedent's id, as drafts cite it.")],
    as_json: AsJson = False,
) -> None:
    """Show one precedent. Exit codes: 0 shown, 1 there is none of that id."""
    with errors_as_exits():
        services = open_services()
        try:
            precedent = services.store.load_precedents([precedent_id]).get(precedent_id)
        finally:
            services.close()
    if precedent is None:
        complain(f"triage: no precedent {precedent_id!r} is stored.")
        raise typer.Exit(SOME_FAILED)
    if as_json:
        print_json(precedent.model_dump_json())
        return
    for line in _describe(precedent):
        print(plain(line))


def _describe(precedent: Precedent) -> Iterator[str]:
    where = "imported" if precedent.imported else "decided in this store"
    yield f"{precedent.precedent_id}  {precedent.outcome.upper().replace('_', ' ')} ({precedent.reason_code})  {where}"
    yield f"Alert {precedent.alert_id}, on {precedent.subject_name}"
    yield (
        f"Decided by {precedent.decided_by}, approved by {precedent.approved_by}, {precedent.decided_at:%Y-%m-%d %H:%M}"
    )
    for label, value in (
        ("Offences", ", ".join(precedent.offences)),
        ("Stages", ", ".join(precedent.stages)),
        ("Role", precedent.role.value),
        ("Jurisdiction", precedent.jurisdiction or ""),
        ("Source", precedent.source_kind.value),
        ("Case", precedent.summary),
        ("Reasons", precedent.rationale),
    ):
        if value:
            yield f"{label}: {value}"


@app.command("ablate")
def ablate(
    files: Files,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="provider:name; `none` for the extractive draft.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as one JSON object on standard output.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Alerts to draft, from the first.")] = 20,
    seed: Annotated[int, typer.Option("--seed", help="Which other alert's precedents an alert is shown.")] = 0,
) -> None:
    """Measure what precedents change: drafts with them, without, with another alert's, and with poisoned ones.

    Nothing is kept but the calls paid for. Exit codes: 0 every alert was compared, 1 at least one was not.
    """
    with errors_as_exits():
        services = open_services(model)
        try:
            failed = _ablate(services, files, limit=limit, seed=seed, as_json=as_json)
        finally:
            services.close()
    raise typer.Exit(SOME_FAILED if failed else OK)


def _ablate(services: Services, files: Sequence[str], *, limit: int, seed: int, as_json: bool) -> int:
    """Run the ablation and print its report; returns how many alerts are not in it."""
    from agent.triage.ablation import plan_ablation
    from agent.triage.ablation_report import format_report, report_ablation

    alerts, failed = _read_alerts(services, files, limit)
    make_pipeline, estimate = _pipelines(services), _Estimate(services)
    plan = plan_ablation(alerts, services.index, make_pipeline, seed=seed, on_dossier=estimate.add)
    if not any(matches for one in plan.alerts for matches in one.shown.values()):
        complain("triage: none of these alerts has a precedent. Load some with `triage precedents load FILE`.")
        return max(1, failed)
    complain(estimate.describe(plan))
    report = report_ablation(list(_run(services, plan, make_pipeline)))
    if as_json:
        print_json(report.model_dump_json())
    else:
        for line in format_report(report):
            print(plain(line))
    return failed + sum(effect.failed for effect in report.effects)


def _read_alerts(services: Services, files: Sequence[str], limit: int) -> tuple[list[Alert], int]:
    """The first alerts of the files, and how many before them could not be read."""
    from agent.domain.record import TriageFailure
    from agent.intake.files import read_alerts
    from agent.intake.outcome import IntakeLimits

    limits = IntakeLimits(max_article_bytes=services.settings.max_article_bytes)
    alerts: list[Alert] = []
    failed = 0
    for outcome in read_alerts(files, limits=limits, stdin=sys.stdin.buffer):
        if isinstance(outcome, TriageFailure):
            complain(f"triage: {outcome.failure.message}")
            failed += 1
            continue
        alerts.append(outcome)
        if len(alerts) == limit:
            break
    return alerts, failed


def _pipelines(services: Services) -> MakePipeline:
    """The configured pipeline over whichever source, each article read once."""
    from agent.triage.ablation import ReadOnce
    from agent.triage.pipeline import Pipeline
    from agent.wiring import code_version

    reader = ReadOnce(services.reader)
    return lambda source: Pipeline(
        reader=reader, drafter=services.drafter, policy=services.policy, code_version=code_version(), source=source
    )


def _run(services: Services, plan: AblationPlan, make_pipeline: MakePipeline) -> Iterator[AblatedAlert]:
    from agent.cli.progress import Meter
    from agent.triage.ablation import ablate_alert

    with asyncio.Runner() as runner, Meter("Ablation", "alerts") as meter:
        for number, one in enumerate(plan.alerts, start=1):
            with services.store.ledger.about(one.alert):
                yield runner.run(ablate_alert(one, services.index, make_pipeline), context=copy_context())
            meter.show(number, number, len(plan.alerts))


class _Estimate:
    """What the drafts will ask of the model, from each alert's own dossier."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._calls: list[int] = []
        self._costs: list[float | None] = []

    def add(self, dossier: Dossier) -> None:
        """Count one alert's calls and cost under one condition."""
        settings = self._services.settings
        if settings.model is None:
            return
        from agent.triage.draft_prompt import render_for_display

        rendered = render_for_display(
            dossier,
            self._services.prompts,
            secret=self._services.fence_secret,
            max_input_tokens=settings.max_input_tokens,
            prices=self._services.prices,
            model=settings.model,
        )
        self._calls.append(len(rendered.calls))
        self._costs.append(rendered.cost_estimate)

    def describe(self, plan: AblationPlan) -> str:
        """One line before anything is paid."""
        drafts = f"{len(plan.alerts)} alerts, {plan.drafts} drafts"
        if not self._calls:
            return f"{drafts} by the extractive drafter: no call of a model."
        groups = [len(one.groups) for one in plan.alerts]
        calls = sum(calls * times for calls, times in zip(self._calls, groups, strict=True))
        known = [cost * times for cost, times in zip(self._costs, groups, strict=True) if cost is not None]
        price = f"about ${sum(known):.2f} at list prices" if len(known) == len(groups) else "at a price not listed"
        return (
            f"{drafts}: {calls} calls of {self._services.settings.model}, {price}; twice that if every draft needs its "
            "repair turn. Calls recorded before are not paid again. Use --limit for fewer."
        )
