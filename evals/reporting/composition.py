"""The page of a report: which chapters it has, in which order."""

from __future__ import annotations

from collections.abc import Iterator

from evals.reporting.breakdown_chapters import write_confusions, write_slices
from evals.reporting.case_chapters import write_cases, write_worst
from evals.reporting.comparison_chapter import write_comparison
from evals.reporting.page import Chapter, Page
from evals.reporting.report import Report
from evals.reporting.summary_chapters import write_definitions, write_figures, write_manifest, write_summary
from evals.reporting.worth_chapters import (
    write_certainty,
    write_costs,
    write_detectable,
    write_history,
    write_spending,
    write_stability,
)


def compose_page(report: Report) -> Page:
    """All that a report says, ready to be rendered."""
    cases = sum(count for count, _ in report.coverage.values())
    splits = ", ".join(f"{split} {count}" for split, (count, _) in report.coverage.items())
    return Page(
        title=f"Evaluation of {report.name}",
        subtitle=f"Run {report.manifest.run_id}, {report.manifest.started_at:%Y-%m-%d}: {cases} cases ({splits})",
        chapters=tuple(_write_chapters(report)),
    )


def _write_chapters(report: Report) -> Iterator[Chapter]:
    yield write_summary(report)
    yield write_manifest(report)
    if report.gate is not None:
        yield write_comparison(report.gate)
    yield write_figures(report)
    yield write_worst(report)
    yield write_slices(report)
    yield from write_confusions(report)
    yield write_costs(report)
    yield write_certainty(report)
    yield write_detectable(report)
    if report.stability is not None:
        yield write_stability(report.stability)
    yield write_spending(report)
    yield write_history(report)
    yield write_cases(report)
    yield write_definitions()
