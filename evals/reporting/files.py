"""The files of a report in one folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Final

from agent.errors import ConfigError
from evals.reporting.csv_files import write_figures_csv, write_samples_csv
from evals.reporting.html import render_html
from evals.reporting.junit import render_junit
from evals.reporting.markdown import render_markdown
from evals.reporting.report import Report
from evals.running.disk import write_whole

FILES: Final = MappingProxyType[str, Callable[[Report], str]](
    {
        "report.html": render_html,
        "report.md": render_markdown,
        "junit.xml": render_junit,
        "samples.csv": write_samples_csv,
        "figures.csv": write_figures_csv,
    }
)
"""File name → what writes its text."""


class FolderUnwritable(ConfigError):
    """A report cannot be written where it was to go."""


def write_report(report: Report, folder: Path) -> list[Path]:
    """Write every file of a report; the same report gives the same bytes. Raises FolderUnwritable, PlotsMissing."""
    texts = {name: render(report) for name, render in FILES.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            write_whole(folder / name, text)
    except OSError as error:
        raise FolderUnwritable(
            f"{folder} cannot be written: {error.strerror}. Name another folder with --out."
        ) from error
    return [folder / name for name in texts]
