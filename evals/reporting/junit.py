"""A report as JUnit XML: one test case a case, so that a build server shows which alerts go wrong and why."""

from __future__ import annotations

from itertools import groupby
from xml.etree import ElementTree

from evals.reporting.case_chapters import word_remark
from evals.reporting.report import CaseOutcome, Report
from evals.reporting.words import show_label, show_line
from evals.scoring.measure import Ending
from evals.scoring.measures import MEASURES


def render_junit(report: Report) -> str:
    """One suite a split. A case that ``--only-failing`` would run again is a failure, a failed draft an error."""
    root = ElementTree.Element("testsuites", name=show_line(f"triage eval {report.name}"))
    for split, members in groupby(
        sorted(report.cases, key=lambda one: (one.split, one.case_id)), lambda one: one.split
    ):
        cases = list(members)
        broken = sum(_is_broken(one) for one in cases)
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=f"eval.{split}",
            tests=str(len(cases)),
            failures=str(sum(one.failing for one in cases) - broken),
            errors=str(broken),
            skipped="0",
            time=f"{sum(one.seconds for one in cases):.3f}",
        )
        for one in cases:
            _add_case(suite, one)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _add_case(suite: ElementTree.Element, one: CaseOutcome) -> None:
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=f"eval.{one.split}.{show_line(one.slices.get('shape', 'case'))}",
        name=show_line(one.case_id),
        time=f"{one.seconds:.3f}",
    )
    remarks = "\n".join(show_line(word_remark(remark)) for remark in one.remarks)
    if not one.failing:
        if remarks:
            ElementTree.SubElement(case, "system-out").text = remarks
        return
    ended = ", ".join(show_label(ending) for ending in dict.fromkeys(one.endings))
    short = ", ".join(MEASURES[name].title for name in one.wrong)
    message = f"truth {one.truth}, ended as {ended}; fell short in: {short}"
    kind = "error" if _is_broken(one) else "failure"
    ElementTree.SubElement(case, kind, message=show_line(message), type=kind).text = remarks or message


def _is_broken(one: CaseOutcome) -> bool:
    """Whether some epoch ended without a record."""
    return Ending.FAIL in one.endings
