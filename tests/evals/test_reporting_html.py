"""The HTML report: well formed, self-contained, escaped, the same each time."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any, Final

import pytest

from evals.reporting.composition import compose_page
from evals.reporting.html import render_html
from evals.reporting.markup import Markup, element
from evals.reporting.plots import _PAINTERS, draw
from evals.reporting.report import Report
from evals.reporting.svg import embed_svg
from evals.scoring.measures import MEASURES
from tests.evals.reporting_examples import SUBJECTS, make_cases, make_gate, make_history, make_outcomes, make_report

HOSTILE: Final = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&lt;]]>\u202e$x_1$"
_VOID = {"meta", "br"}


class Reader(HTMLParser):
    """The elements of a page; an end that fits no start is an error."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data

    def having(self, name: str) -> list[str]:
        return [value or "" for _, attributes in self.elements for key, value in attributes.items() if key == name]

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for one, attributes in self.elements if one == tag]


@pytest.fixture(scope="module")
def report() -> Report:
    cases = make_cases()
    return make_report(cases, epochs=2, comparison=make_gate(cases, epochs=2), history=make_history())


@pytest.fixture(scope="module")
def page(report: Report) -> str:
    return render_html(report)


@pytest.fixture(scope="module")
def read(page: str) -> Reader:
    return Reader(page)


def test_it_stands_alone(page: str, read: Reader) -> None:
    tags = {tag for tag, _ in read.elements}
    assert not tags & {"script", "link", "iframe", "object", "embed", "img", "image", "form", "base", "foreignobject"}
    links = [*read.having("href"), *read.having("xlink:href"), *read.having("src"), *read.having("action")]
    assert links
    assert all(link.startswith("#") for link in links)
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    assert "url(" not in page.replace("url(#", "")
    addresses = set(re.findall(r"[a-z]+://[^\s\"'<]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg"}, "the namespace is a name, nothing fetches it"


def test_its_policy_allows_its_own_style_sheet_and_nothing_else(page: str, read: Reader) -> None:
    (policy,) = [one["content"] for one in read.named("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert read.having("style") == [], "an inline style would be refused"


def test_ids_are_unique_and_links_lead_to_them(read: Reader) -> None:
    ids = read.having("id")
    assert len(ids) == len(set(ids))
    wanted = {link[1:] for link in read.having("href")}
    wanted |= {one for names in read.having("aria-labelledby") for one in names.split()}
    wanted |= set(re.findall(r"url\(#([^)]+)\)", " ".join(read.having("clip-path"))))
    assert wanted - set(ids) == set()


def test_a_screen_reader_finds_its_way(read: Reader) -> None:
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert read.named("html")[0]["lang"] == "en"
    assert len(read.named("caption")) == len(read.named("table")) > 15
    assert all(one.get("scope") in {"col", "row", "colgroup"} for one in read.named("th"))
    drawn = [one for one in read.named("svg") if one.get("class") != "span"]
    assert len(drawn) == len(read.named("figure")) == len(read.named("figcaption"))
    assert {one["role"] for one in drawn} == {"img"}
    assert len(read.named("desc")) == len(drawn)
    assert all(one["aria-hidden"] == "true" for one in read.named("svg") if one.get("class") == "span")


def test_every_measure_stands_there_with_its_definition(read: Reader) -> None:
    for name, info in MEASURES.items():
        assert f"def-{name}" in read.having("id")
        assert info.definition in read.text
        assert info.definition in read.having("title")


def test_it_holds_every_chapter_and_plot(report: Report, read: Reader) -> None:
    keys = [chapter.key for chapter in compose_page(report).chapters]
    assert keys == [
        "summary", "run", "comparison", "figures", "worst", "slices", "stages", "roles", "offences", "cost",
        "certainty", "detectable", "stability", "spending", "history", "cases", "definitions",
    ]  # fmt: skip
    for name in _PAINTERS:
        assert f"{name}-title" in read.having("id")
    assert "FAIL" in read.text
    assert "Must not be missed, and newly closed: t-dev-0" in read.text


def test_without_another_run_there_is_no_verdict() -> None:
    cases = make_cases(SUBJECTS[:1])
    shown = Reader(render_html(make_report(cases)))
    assert "there is no verdict" in shown.text
    assert "No run has been blessed yet." in shown.text
    assert "Not judged: No record of the calibration split was scored" in shown.text


def test_the_same_report_is_the_same_file(page: str) -> None:
    cases = make_cases()
    again = make_report(cases, epochs=2, comparison=make_gate(cases, epochs=2), history=make_history())
    assert render_html(again) == page
    assert len(page) < 1_000_000


def _poison(value: Any) -> Any:
    """Every text within, with something hostile after it; ids and vocabulary stay."""
    if isinstance(value, dict):
        kept = {"id", "kind", "role", "roles", "stage", "stages", "offences", "verdict", "language"}
        return {key: one if key in kept else _poison(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_poison(one) for one in value]
    return f"{value} {HOSTILE}" if isinstance(value, str) else value


def test_hostile_text_in_any_field_stays_text() -> None:
    cases = make_cases([f"{name} {HOSTILE}" for name in SUBJECTS], note=HOSTILE, alert__article__title=HOSTILE)
    outcomes = make_outcomes(cases)
    for case_id, outcome in outcomes.items():
        content = outcome.model_dump(mode="json")
        if "summary" in content:
            for part in ("parties", "events", "counter_evidence"):
                content["summary"][part] = _poison(content["summary"][part])
                for entry in content["summary"][part]:
                    entry["parties"] = [f"P{number}" for number in range(1, 2)] if part == "events" else None
                    if part != "events":
                        del entry["parties"]
            content["summary"]["narrative"] = HOSTILE
            content["recommendation"]["reasons"] = ["made_up"]
        else:
            content["failure"]["message"] = HOSTILE
        outcomes[case_id] = type(outcome).model_validate(content)
    gate = make_gate(cases)
    shown = render_html(
        make_report(cases, outcomes, worst=20, comparison=gate, history=make_history(name=HOSTILE, why=HOSTILE))
    )
    read = Reader(shown)
    assert not {tag for tag, _ in read.elements} & {"script", "img"}
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    assert "\u202e" not in shown
    assert read.text.count("<script>alert(1)</script>") > 20
    assert "<U+202E>" in read.text


@pytest.mark.parametrize("name", sorted(_PAINTERS))
def test_each_plot_is_drawn_from_little_and_from_nothing_too(name: str) -> None:
    cases = make_cases(SUBJECTS[:1])
    bare = {
        key: case.model_copy(update={"entry": case.entry.model_copy(update={"truth": "open"})})
        for key, case in cases.items()
    }
    for given in (cases, bare):
        drawn = embed_svg(draw(make_report(given), name), name, "t", "w")
        assert drawn.startswith("<svg ")
        assert "style=" not in drawn


def test_plots_do_not_heed_the_readers_own_settings(report: Report) -> None:
    import matplotlib

    before = draw(report, "costs")
    with matplotlib.rc_context({"svg.fonttype": "path", "font.size": 30, "axes.facecolor": "black"}):
        assert draw(report, "costs") == before
        assert matplotlib.rcParams["font.size"] == 30


def test_an_element_escapes_all_but_markup() -> None:
    made = element("p", "<b>", element("i", "&"), Markup("<u></u>"), title='"x"', class_="", tabindex=0)
    assert made == '<p title="&quot;x&quot;" tabindex="0">&lt;b&gt;<i>&amp;</i><u></u></p>'
