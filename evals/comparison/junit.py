"""JUnit of a gate: one test case a check, so that a build server shows which rule a run broke."""

from __future__ import annotations

import re
from itertools import groupby
from xml.etree import ElementTree

from evals.comparison.gate import GateReport
from evals.comparison.verdict import Verdict

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_gate_junit(report: GateReport) -> str:
    """The report as JUnit XML. What the set cannot tell is an error, so that no build takes it for a success."""
    root = ElementTree.Element("testsuites", name="triage eval gate")
    for group, members in groupby(sorted(report.checks, key=lambda check: check.group), key=lambda check: check.group):
        checks = list(members)
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=f"gate.{group}",
            tests=str(len(checks)),
            failures=str(sum(check.verdict is Verdict.FAIL for check in checks)),
            errors=str(sum(check.verdict is Verdict.UNDERPOWERED for check in checks)),
            skipped="0",
        )
        for check in checks:
            case = ElementTree.SubElement(suite, "testcase", classname=f"gate.{group}", name=check.name)
            text = _NOT_XML.sub("�", check.text)
            if check.verdict is Verdict.PASS:
                ElementTree.SubElement(case, "system-out").text = text
            else:
                kind = "failure" if check.verdict is Verdict.FAIL else "error"
                ElementTree.SubElement(case, kind, message=text, type=check.verdict.lower()).text = text
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
