"""Chapters on what the figures are worth: cost, certainty, what the set can show, repeats, spending, history."""

from __future__ import annotations

from collections.abc import Iterator

from evals.reporting.detectable import ALPHA, DISCORDANCES, ICC, POWER
from evals.reporting.page import Block, Bullets, Cell, Chapter, Column, Drawing, Paragraph, Table, Tone
from evals.reporting.report import Report
from evals.reporting.spending import PLACES
from evals.reporting.summary_chapters import measure_cell
from evals.reporting.words import NOTHING, show_count, show_interval, show_number, show_percent
from evals.scoring.certainty import CalibrationFigures, SelectiveFigures
from evals.scoring.measures import MEASURES, MISS_COSTS
from evals.scoring.stability import Stability


def write_costs(report: Report) -> Chapter:
    """Cost against R, and at the prevalences of production."""
    if report.costs is None:
        return Chapter("cost", "Cost", (Paragraph("The truth of every case is open: no end costs anything."),))
    curve = report.costs
    figures = ", ".join(
        f"{show_number(report.figure(name).value)} at R = {worth:g}" for name, worth in MISS_COSTS.items()
    )
    words = (
        f"This run: {figures}. Escalating everything costs {show_number(curve.escalate_all)} whatever R is, reviewing "
        f"everything {show_number(curve.review_all)}; closing everything {show_number(curve.close_all[0])} at R = "
        f"{curve.worths[0]:g} already."
    )
    rows = tuple(
        (
            Cell(show_percent(one.prevalence)),
            Cell(show_number(one.figure.value)),
            Cell(show_interval(one.figure.low, one.figure.high)),
            Cell(show_number(one.relative)),
        )
        for one in report.restated
    )
    columns = (
        Column("Share of alerts to escalate", numeric=False),
        Column("Cost an alert"),
        Column("95 % interval"),
        Column("Against the cheaper of all and none", hint="Below 1 the drafts are of use."),
    )
    table = Table(
        "The cost (R = 20) restated for other shares of alerts that should be escalated",
        columns,
        rows,
        "A set of cases holds more alerts that matter than production does; each truth is weighted to the share named.",
    )
    caption = (
        f"Mean cost an alert against R, what one missed alert is worth, in needless escalations; {curve.alerts} alerts"
    )
    return Chapter("cost", "Cost", (Drawing("costs", caption, words), Paragraph(words), table))


def write_certainty(report: Report) -> Chapter:
    """Reliability of the stated risk, and closing without a person."""
    shown = report.certainty
    if shown.calibration is None or shown.closing is None:
        return Chapter(
            "certainty",
            "Certainty",
            (
                Paragraph(f"Not judged: {shown.reason}"),
                Paragraph(
                    "Risk becomes a probability on the calibration split alone, and is judged on the others: give a "
                    "run of the same drafter over that split with --calibration.",
                    Tone.QUIET,
                ),
            ),
        )
    blocks = (*_calibration_blocks(shown.calibration), *_closing_blocks(shown.closing, shown.wrong_share or 0.0))
    return Chapter("certainty", "Certainty", blocks)


def write_detectable(report: Report) -> Chapter:
    """The smallest differences that two runs over these cases would show."""
    columns = (
        Column("Measure", numeric=False),
        Column("Alerts"),
        Column("Subjects"),
        Column("Design effect", hint=f"1 + (m - 1) · ICC with ICC = {ICC:g}."),
        *(Column(f"{show_percent(share)} scored otherwise") for share in DISCORDANCES),
    )
    rows = tuple(
        (
            measure_cell(row.measure),
            Cell(str(row.alerts)),
            Cell(str(row.subjects)),
            Cell(show_number(row.effect, 2)),
            *(
                Cell(NOTHING if one is None else show_number(one), tone=Tone.QUIET if one is None else Tone.PLAIN)
                for one in row.differences
            ),
        )
        for row in report.detectable
    )
    note = (
        f"Two-sided {show_percent(ALPHA)}, paired on the same cases; normal approximation. The columns are shares of "
        "alerts that the other run scores otherwise: more changes, more noise. A dash: not even all of these changes "
        f"going one way would show with a chance of {show_percent(POWER)}. The design effect assumes that alerts of "
        f"one subject are correlated by {ICC:g}. Of smaller differences a comparison over these cases says nothing."
    )
    caption = (
        f"Smallest true difference that a comparison over these cases shows with a chance of {show_percent(POWER)}"
    )
    return Chapter("detectable", "What this set can show", (Table(caption, columns, rows, note),))


def write_stability(stability: Stability) -> Chapter:
    """What repeats show."""
    rows = tuple(
        (
            Cell(title),
            Cell(show_number(figure.value)),
            Cell(show_interval(figure.low, figure.high)),
            Cell(str(figure.alerts)),
        )
        for title, figure in (
            ("Chance that two runs of an alert end differently", stability.flip_rate),
            (f"Acceptable in each of up to {stability.epochs} epochs", stability.pass_every),
            ("Cost of the dearest epoch (R = 20)", stability.worst_cost),
        )
    )
    columns = (Column("Measure", numeric=False), Column("Figure"), Column("95 % interval"), Column("Alerts"))
    lines = tuple(
        f"{case_id}: {', '.join(f'{ending.value} {count}×' for ending, count in endings)}"
        for case_id, endings in stability.flips
    )
    blocks: list[Block] = [Table("Repeats of the same alert", columns, rows)]
    blocks += [Bullets("Alerts that ended in more than one way", lines)] if lines else []
    return Chapter("stability", "Repeats", tuple(blocks))


def write_spending(report: Report) -> Chapter:
    """Time, tokens and money."""
    columns = (
        Column("", numeric=False),
        Column("Mean"),
        Column("p50", hint="Half of the samples have no more."),
        Column("p95", hint="95 % of the samples have no more."),
        Column("All together"),
        Column("Known of"),
    )
    rows = tuple(
        (
            Cell(one.title),
            *(Cell(show_number(value, PLACES.get(one.name, 0))) for value in (one.mean, one.middle, one.high)),
            Cell(show_number(one.total, 2)),
            Cell(f"{one.known} of {one.samples} samples"),
        )
        for one in report.spending
    )
    paid = next((one for one in report.spending if one.name == "cost_usd"), None)
    words = (
        f"1,000 alerts cost about {paid.mean * 1000:,.2f} US dollars at the prices of {report.manifest.prices_date}."
        if paid is not None
        else "No sample has a price: no model was asked, or its price is not known."
    )
    replayed = " The run was replayed: seconds are those of the recording." if report.manifest.replayed else ""
    table = Table("Of each sample, waits and retries included", columns, rows)
    return Chapter("spending", "Time and money", (table, Paragraph(f"{words}{replayed}")))


def write_history(report: Report) -> Chapter:
    """The blessed runs so far, by date."""
    if not report.history:
        return Chapter("history", "History", (Paragraph("No run has been blessed yet."),))
    columns = (
        Column("Date", numeric=False),
        Column("Baseline", numeric=False),
        Column("Drafter", numeric=False),
        Column("Cases"),
        Column("Same cases as before", numeric=False),
        *(Column(MEASURES[name].title, hint=MEASURES[name].definition) for name in report.primaries),
        Column("Why", numeric=False),
    )
    rows = []
    for entry in report.history:
        same = {None: "first", True: "yes", False: "no"}[entry.comparable]
        drafter = entry.drafter if entry.model is None else f"{(entry.prompt or '').partition('#')[0]} {entry.model}"
        figures = []
        for name in report.primaries:
            figure = entry.figures.get(name)
            figures.append(
                Cell(NOTHING)
                if figure is None
                else Cell(
                    show_number(figure.value), detail=f"{show_interval(figure.low, figure.high)} n={figure.alerts}"
                )
            )
        broken = f" (in spite of: {', '.join(entry.broken)})" if entry.broken else ""
        rows.append(
            (
                Cell(entry.date.isoformat()),
                Cell(entry.name),
                Cell(drafter),
                Cell(str(entry.cases)),
                Cell(same),
                *figures,
                Cell(f"{entry.why}{broken}"),
            )
        )
    latest = report.history[-1]
    words = (
        f"{len(report.history)} blessed runs, the latest of {latest.date}, {latest.name}; figures in the table below."
    )
    caption = "Primary measures of the blessed runs; a line breaks where the cases changed"
    return Chapter(
        "history",
        "History",
        (Drawing("history", caption, words), Table("Blessed runs, oldest first", columns, tuple(rows))),
    )


def _calibration_blocks(shown: CalibrationFigures) -> Iterator[Block]:
    error = shown.error
    words = (
        f"Fitted on {shown.fitted_on} cases of the calibration split, judged on {shown.alerts} alerts of "
        f"{shown.subjects} subjects ({shown.failures} failed in every epoch, counted as wholly wrong). "
        f"{shown.distinct} different probabilities are stated."
    )
    yield Paragraph(words)
    yield Drawing(
        "reliability",
        "Stated probability of escalation and the share that should be escalated, with exact 95 % limits",
        " ".join(
            f"Stated {show_number(one.stated, 2)}: came true in {show_number(one.share, 2)} of {one.units}."
            for one in shown.bins
        ),
    )
    columns = (
        Column("Stated", numeric=False),
        Column("Came true"),
        Column("95 % limits"),
        Column("Alerts"),
    )
    rows = tuple(
        (
            Cell(show_number(one.stated)),
            Cell(show_number(one.share)),
            Cell(show_interval(one.low, one.high)),
            Cell(str(one.units)),
        )
        for one in shown.bins
    )
    note = (
        f"Brier score {show_number(shown.brier)}, skill over the base rate {show_number(shown.skill)}, log loss "
        f"{show_number(shown.log_loss)}. Expected calibration error {show_number(error.value)} "
        f"{show_interval(error.low, error.high)}; exactly right probabilities would show {show_number(error.floor)} "
        "on as many alerts by chance."
    )
    yield Table("Reliability", columns, rows, note)


def _closing_blocks(shown: SelectiveFigures, wrong_share: float) -> Iterator[Block]:
    choice = shown.choice
    if choice.threshold is None:
        words = (
            "No threshold can be vouched for: on the calibration split no set of surest alerts has an upper 95 % limit "
            f"of wrongly closed below {show_percent(shown.target)} ({choice.tried} tried). Nothing would be "
            "closed without a person."
        )
    else:
        words = (
            f"Threshold {show_number(choice.threshold)} chosen on the calibration split ({choice.accepted} closed "
            f"there, {choice.wrong} wrongly). Here it closes {shown.closed} of {shown.alerts} alerts, {shown.wrong} "
            f"wrongly; upper 95 % limit {show_number(shown.upper)} against a target of {show_percent(shown.target)}: "
            f"{'confirmed' if shown.confirmed else 'NOT confirmed'}. Of the alerts to escalate, "
            f"{show_number(shown.lost)} would be closed."
        )
    yield Paragraph(words)
    curve = shown.curve
    shares = (0.1, 0.25, 0.5, 0.75, 1.0)
    points = [next(place for place, one in enumerate(curve.coverage) if one >= share - 1e-12) for share in shares]
    yield Drawing(
        "coverage",
        "Share of wrongly closed alerts among those closed, as more and more of the surest are closed",
        " ".join(
            f"Closing the surest {show_number(float(curve.coverage[place]), 2)}: "
            f"{show_number(float(curve.risk[place]), 2)} wrong."
            for place in dict.fromkeys(points)
        ),
    )
    columns = (Column("Closed if at least this sure", numeric=False), Column("Share closed"), Column("Wrongly closed"))
    rows = tuple(
        (Cell(show_number(float(sure))), Cell(show_number(float(share))), Cell(show_number(float(risk))))
        for sure, share, risk in zip(curve.thresholds, curve.coverage, curve.risk, strict=True)
    )
    thinned = rows if len(rows) <= 24 else tuple(rows[place] for place in dict.fromkeys(points))
    note = (
        f"Area under the curve {show_number(shown.aurc)}; 0 is perfect, {show_number(wrong_share)} is what a random "
        f"order gives. {show_count(len(rows))} thresholds tell the alerts apart."
    )
    yield Table("Closing without a person", columns, thinned, note)
