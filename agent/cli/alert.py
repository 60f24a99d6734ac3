"""``triage draft``, ``triage show`` and ``triage demo``: alerts in, summaries a person would want to read out."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Iterator
from contextvars import copy_context
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.exits import OK, SOME_FAILED, USAGE, complain, errors_as_exits
from agent.cli.services import open_services

if TYPE_CHECKING:
    from agent.domain.alert import Alert
    from agent.domain.record import TriageFailure, TriageRecord
    from agent.intake.outcome import IntakeOutcome
    from agent.store.store import Store
    from agent.wiring import Services

# Imports inside functions keep `triage --help` under 0.3 s; each command pays for what it uses.

Files = Annotated[
    list[str], typer.Argument(help="Files or folders of alerts (.txt .json .jsonl .csv .html); - is standard input.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON record a line on standard output.")]


def draft(
    files: Files,
    as_json: AsJson = False,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="provider:name; `none` for the extractive draft.")
    ] = None,
    format: Annotated[
        str | None, typer.Option("--format", help="text, json, jsonl, csv or html; told by the suffix when not given.")
    ] = None,
    brief: Annotated[
        bool, typer.Option("--brief", help="Leave the article itself out of the printed summary.")
    ] = False,
) -> None:
    """Draft a risk summary with proof and a recommendation for each alert, and keep the record.

    Exit codes: 0 every alert has a record, 1 at least one failed, 2 wrong usage, 4 wrong configuration.
    """
    with errors_as_exits():
        from agent.intake.files import FORMATS, read_alerts
        from agent.intake.outcome import IntakeLimits

        if format is not None and format not in FORMATS:
            complain(f"triage: --format {format!r} is unknown. Formats: {', '.join(FORMATS)}.")
            raise typer.Exit(USAGE)
        services = open_services(model)
        limits = IntakeLimits(max_article_bytes=services.settings.max_article_bytes)
        outcomes = read_alerts(files, format=format, limits=limits, stdin=sys.stdin.buffer)
        try:
            failed = _draft_all(services, outcomes, as_json=as_json, brief=brief)
        finally:
            services.close()
    raise typer.Exit(SOME_FAILED if failed else OK)


def _draft_all(services: Services, outcomes: Iterable[IntakeOutcome], *, as_json: bool, brief: bool) -> int:
    """Print every outcome as it comes; returns how many alerts failed. One bad alert never stops the rest."""
    failed = total = 0
    with asyncio.Runner() as runner:
        for alert, outcome in _triage_each(services, outcomes, runner):
            total += 1
            failed += alert is None or not hasattr(outcome, "summary")
            _print_outcome(alert, outcome, as_json=as_json, brief=brief)
    if not total:
        complain("triage: no alert was found in what was given.")
        return 1
    if total > 1 and not as_json:
        complain(f"{total} alerts: {total - failed} drafted, {failed} failed.")
    return failed


def _triage_each(
    services: Services, outcomes: Iterable[IntakeOutcome], runner: asyncio.Runner
) -> Iterator[tuple[Alert | None, TriageRecord | TriageFailure]]:
    from agent.domain.record import TriageFailure
    from agent.errors import ConfigError, StoreError

    pipeline, store = services.pipeline, services.store
    for given in outcomes:
        if isinstance(given, TriageFailure):
            if given.alert_id is not None:
                store.save_failure(given)
            yield None, given
            continue
        try:
            saved = store.save_alert(given)
            with store.ledger.about(given):
                outcome = runner.run(pipeline.triage(given), context=copy_context())
            if isinstance(outcome, TriageFailure):
                store.save_failure(outcome)
            else:
                store.save_record(outcome, saved.revision)
        except ConfigError:
            raise
        except StoreError as error:
            outcome = _store_failure(given, error)
        yield given, outcome


def _store_failure(alert: Alert, error: Exception) -> TriageFailure:
    from agent.domain.record import FailureDetail, TriageFailure

    retryable = bool(getattr(error, "retryable", False))
    message = f"Alert {alert.alert_id} was not kept: {error}"[:2_000]
    detail = FailureDetail(stage="store", error=type(error).__name__, message=message, retryable=retryable)
    return TriageFailure(alert_id=alert.alert_id, failure=detail)


def _print_outcome(alert: Alert | None, outcome: TriageRecord | TriageFailure, *, as_json: bool, brief: bool) -> None:
    from agent.domain.record import TriageFailure

    if as_json:
        print_json(outcome.model_dump_json())
    if isinstance(outcome, TriageFailure):
        where = f"{outcome.source}: " if outcome.source and outcome.source not in outcome.failure.message else ""
        complain(f"triage: {where}{outcome.failure.message}")
        return
    if outcome.provenance.fallback_reason:
        complain(f"triage: alert {outcome.alert_id}: {outcome.provenance.fallback_reason}")
    if not as_json and alert is not None:
        from agent.cli.present import print_record

        print_record(alert, outcome, brief=brief)


def print_json(line: str) -> None:
    """One line of UTF-8, whatever the terminal's encoding."""
    sys.stdout.buffer.write(line.encode("utf-8") + b"\n")
    sys.stdout.buffer.flush()


def show(
    alert_id: Annotated[str, typer.Argument(help="The alert's id.")],
    as_json: AsJson = False,
) -> None:
    """Show the latest record of an alert, with its evidence marked in the article.

    Exit codes: 0 shown, 1 unknown alert or no record yet.
    """
    with errors_as_exits():
        services = open_services()
        try:
            _show(services, alert_id, as_json)
        finally:
            services.close()


def _show(services: Services, alert_id: str, as_json: bool) -> None:
    store = services.store
    record, failure = store.latest_record(alert_id), store.latest_failure(alert_id)
    if record is None:
        if failure is None:
            store.load_alert(alert_id)  # says so where nothing is known of it
            complain(f"triage: alert {alert_id} has no record yet: run `triage draft` on its file.")
        else:
            complain(f"triage: alert {alert_id} could not be triaged: {failure.failure.message}")
        raise typer.Exit(SOME_FAILED)
    _print_outcome(_load_text_of(record, store), record, as_json=as_json, brief=False)


def _load_text_of(record: TriageRecord, store: Store) -> Alert:
    """The alert in the revision the record was made of: its evidence stands in no other."""
    from agent.domain.fingerprint import alert_fingerprint

    current = store.load_alert(record.alert_id)
    if alert_fingerprint(current) == record.provenance.alert_fingerprint:
        return current
    complain(
        f"triage: alert {record.alert_id} has a newer text without a record; this is the older text and its record."
    )
    earlier = (store.load_alert(record.alert_id, revision) for revision in count(1))
    return next(alert for alert in earlier if alert_fingerprint(alert) == record.provenance.alert_fingerprint)


def demo() -> None:
    """Triage the shipped alerts about invented people, with shipped precedents and profiles: no key, no model."""
    with errors_as_exits():
        from agent.cli.references import load_references
        from agent.intake.files import read_alerts
        from agent.settings import SHIPPED_DATA

        folder = SHIPPED_DATA / "demo"
        services = open_services("none")
        try:
            load_references(services, [folder / "profiles.ftm.jsonl"], [folder / "precedents.jsonl"], replace=True)
            failed = _draft_all(services, read_alerts([Path(folder / "alerts")]), as_json=False, brief=False)
        finally:
            services.close()
    raise typer.Exit(SOME_FAILED if failed else OK)
