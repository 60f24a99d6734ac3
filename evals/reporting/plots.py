"""The plots of a report, by matplotlib, as SVG that is the same for the same report.

Colours are Okabe and Ito's, which the colour-blind tell apart; nothing is told by colour alone. Letters stay letters.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from agent.errors import ConfigError
from evals.comparison.history import HistoryEntry
from evals.reporting.breakdown_chapters import FEW, PLOTTED_MEASURES, PLOTTED_SLICES
from evals.reporting.report import Report
from evals.reporting.words import show_count, show_label, show_line, show_percent
from evals.scoring.measures import MEASURES
from evals.scoring.summary import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

BLUE, RED, GREEN, ORANGE, PURPLE, GREY = "#0072b2", "#d55e00", "#009e73", "#e69f00", "#cc79a7", "#666666"
_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "evaluation",
    "text.parse_math": False,
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "axes.axisbelow": True,
    "legend.frameon": False,
}
_NO_DATES: Final = {"Date": None, "Creator": None, "Format": None, "Type": None}
_MARKS: Final = (("o", BLUE, "-"), ("s", RED, "--"), ("^", GREEN, "-."), ("D", PURPLE, ":"), ("v", ORANGE, "-"))
_LONGEST: Final = 28


class PlotsMissing(ConfigError):
    """The package that draws is not installed."""


def draw(report: Report, name: str) -> str:
    """The plot of that name as SVG. Raises PlotsMissing; KeyError for a name that is none."""
    if find_spec("matplotlib") is None:
        raise PlotsMissing("Plots are drawn by matplotlib: install 'adverse-media-triage[evals]'.")
    import matplotlib  # slow to load, and part of an extra

    painter = _PAINTERS[name]
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()  # whatever the reader's own matplotlibrc says
        matplotlib.rcParams.update(_STYLE)
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing")  # the browser has its own fonts
        canvas = painter(report)
        written = io.StringIO()
        canvas.savefig(written, format="svg", metadata=_NO_DATES)
    return written.getvalue()


def _make_canvas(width: float, height: float) -> Canvas:
    """A sheet of so many inches."""
    from matplotlib.figure import Figure as Sheet

    return Sheet(figsize=(width, height), layout="constrained")


def _draw_costs(report: Report) -> Canvas:
    canvas = _make_canvas(7.2, 3.6)
    axes = canvas.subplots()
    curve = report.costs
    if curve is not None:
        axes.plot(curve.worths, curve.drafted, color=BLUE, linewidth=2.2, label="this run")
        for height, label, colour, line in (
            (curve.escalate_all, "escalate everything", RED, "--"),
            (curve.review_all, "review everything", GREEN, "-."),
        ):
            axes.plot([curve.worths[0], curve.worths[-1]], [height, height], line, color=colour, label=label)
        axes.set_xscale("log")
        axes.set_xlim(curve.worths[0], curve.worths[-1])
        axes.set_ylim(0, 1.15 * max([*curve.drafted, curve.escalate_all, curve.review_all]))
        axes.legend(loc="upper left", ncols=3)
    axes.set_xticks([10, 20, 50, 100], ["10", "20", "50", "100"])
    axes.minorticks_off()
    axes.set_xlabel("R: needless escalations that one missed alert is worth")
    axes.set_ylabel("mean cost an alert")
    return canvas


def _draw_reliability(report: Report) -> Canvas:
    canvas = _make_canvas(4.6, 4.4)
    axes = canvas.subplots()
    axes.plot([0, 1], [0, 1], "--", color=GREY, linewidth=1, label="what is stated comes true")
    shown = report.certainty.calibration
    for number, one in enumerate(shown.bins if shown is not None else ()):
        axes.errorbar(
            one.stated,
            one.share,
            yerr=[[max(one.share - one.low, 0.0)], [max(one.high - one.share, 0.0)]],
            fmt="o",
            color=BLUE,
            markersize=4 + min(one.units, 60) / 8,
            capsize=3,
            label="95 % limits; size by alerts" if not number else None,
        )
        axes.annotate(f"{one.units}", (one.stated, one.share), xytext=(8, -9), textcoords="offset points", fontsize=8)
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
    axes.set_xlabel("stated probability of escalation")
    axes.set_ylabel("share that should be escalated")
    axes.legend(loc="upper left", fontsize=8)
    return canvas


def _draw_coverage(report: Report) -> Canvas:
    canvas = _make_canvas(7.2, 3.4)
    axes = canvas.subplots()
    shown = report.certainty.closing
    if shown is not None:
        coverage, risk = [float(one) for one in shown.curve.coverage], [float(one) for one in shown.curve.risk]
        marker = "o" if len(coverage) <= 40 else ""
        axes.plot(coverage, risk, color=BLUE, marker=marker, markersize=4, label="this run")
        axes.axhline(risk[-1], linestyle="--", color=GREY, linewidth=1, label="random order")
        axes.axhline(shown.target, linestyle=":", color=RED, label=f"target {show_percent(shown.target)}")
        if shown.closed:
            axes.plot([shown.closed / shown.alerts], [shown.wrong / shown.closed], "D", color=RED, label="threshold")
        axes.set_ylim(0, 1.25 * max(*risk, shown.target))
        axes.legend(loc="upper left", ncols=4, fontsize=8)
    axes.set_xlim(0, 1.02)
    axes.set_xlabel("share of alerts closed, surest first")
    axes.set_ylabel("wrongly closed among them")
    return canvas


def _draw_slices(report: Report) -> Canvas:
    rows = [
        (f"{show_label(table.name)}: {_shorten(show_label(value))}", {one.measure: one for one in figures})
        for name in PLOTTED_SLICES
        for table in report.slices
        if table.name == name
        for value, figures in table.rows.items()
    ]
    canvas = _make_canvas(9.0, 1.0 + 0.2 * len(rows))
    panels: Sequence[Axes] = canvas.subplots(1, len(PLOTTED_MEASURES), sharey=True)
    for axes, name in zip(panels, PLOTTED_MEASURES, strict=True):
        whole = report.figure(name).value
        if whole is not None:
            axes.axvline(whole, linestyle="--", color=GREY, linewidth=1)
        for place, (_, figures) in enumerate(rows):
            _draw_interval(axes, place, figures[name])
        axes.set_title(MEASURES[name].title, fontsize=9)
        axes.set_xlim(-0.03, 1.03)
        axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        axes.tick_params(axis="y", length=0)
    panels[0].set_yticks(range(len(rows)), [label for label, _ in rows], fontsize=8)
    panels[0].set_ylim(len(rows) - 0.4, -0.6)
    return canvas


def _draw_interval(axes: Axes, place: int, figure: Figure) -> None:
    if figure.value is None or figure.low is None or figure.high is None:
        return
    axes.plot([figure.low, figure.high], [place, place], color=BLUE, linewidth=1.2)
    few = figure.alerts < FEW
    axes.plot([figure.value], [place], "o", markersize=5, color=BLUE, markerfacecolor="white" if few else BLUE)


def _draw_stages(report: Report) -> Canvas:
    counts, labels = report.stages.counts, report.stages.labels
    golds = [label for label in labels if any(gold == label for gold, _ in counts)]
    drafted = [label for label in (*labels, None) if any(column == label for _, column in counts)]
    canvas = _make_canvas(2.4 + 0.46 * len(drafted), 1.7 + 0.34 * len(golds))
    axes = canvas.subplots()
    shares = []
    for gold in golds:
        row = [counts.get((gold, label), 0.0) for label in drafted]
        shares.append([count / sum(row) for count in row])
    if shares:
        axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1, edgecolors="white", linewidth=1)
    for place, gold in enumerate(golds):
        for column, label in enumerate(drafted):
            count = counts.get((gold, label), 0.0)
            if count:
                colour = "white" if shares[place][column] > 0.55 else "black"
                axes.text(column + 0.5, place + 0.5, show_count(count), ha="center", va="center", color=colour)
            if gold == label:
                axes.plot(
                    [column, column + 1, column + 1, column, column],
                    [place, place, place + 1, place + 1, place],
                    color=RED,
                    linewidth=1.2,
                )
    names = ["not drafted" if label is None else show_label(label) for label in drafted]
    axes.set_xticks([place + 0.5 for place in range(len(drafted))], names, rotation=45, ha="right")
    axes.set_yticks([place + 0.5 for place in range(len(golds))], [show_label(gold) for gold in golds])
    axes.set(xlim=(0, max(len(drafted), 1)), ylim=(max(len(golds), 1), 0))
    axes.grid(visible=False)
    axes.set_xlabel("drafted")
    axes.set_ylabel("gold")
    return canvas


def _draw_history(report: Report) -> Canvas:
    canvas = _make_canvas(9.0, 3.0)
    panels: Sequence[Axes] = canvas.subplots(1, max(len(report.primaries), 2))
    names = list(dict.fromkeys(entry.name for entry in report.history))
    days = sorted({entry.date for entry in report.history})
    for axes, measure in zip(panels, report.primaries, strict=False):
        for number, name in enumerate(names):
            entries = [entry for entry in report.history if entry.name == name]
            _draw_line(axes, measure, entries, [days.index(entry.date) for entry in entries], number)
        axes.set_title(MEASURES[measure].title, fontsize=9)
        axes.set_xticks(range(len(days)), [day.isoformat() for day in days], rotation=45, ha="right", fontsize=7)
        axes.set_xlim(-0.5, max(len(days), 1) - 0.5)
    if names:
        canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=8)
    return canvas


def _draw_line(axes: Axes, measure: str, entries: Sequence[HistoryEntry], places: Sequence[int], number: int) -> None:
    """One baseline's figures over the dates, in pieces wherever its cases changed."""
    marker, colour, line = _MARKS[number % len(_MARKS)]
    label: str | None = _shorten(show_line(entries[0].name))
    piece = list[tuple[int, float]]()
    pieces = [piece]
    for entry, place in zip(entries, places, strict=True):
        figure = entry.figures.get(measure)
        if entry.comparable is False or figure is None:
            piece = []
            pieces.append(piece)
        if figure is not None:
            piece.append((place, figure.value))
            if figure.low is not None and figure.high is not None:
                axes.plot([place, place], [figure.low, figure.high], color=colour, linewidth=1)
    for points in filter(None, pieces):
        axes.plot(*zip(*points, strict=True), marker=marker, linestyle=line, color=colour, label=label)
        label = None


def _shorten(label: str) -> str:
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"


_PAINTERS: Final = MappingProxyType[str, Callable[[Report], Any]](
    {
        "costs": _draw_costs,
        "reliability": _draw_reliability,
        "coverage": _draw_coverage,
        "slices": _draw_slices,
        "stages": _draw_stages,
        "history": _draw_history,
    }
)
"""Name of a ``Drawing`` → what draws it."""
