"""The seed alert, right in both modes. Alert and expectations lie in TRIAGE_DATA_DIR; nothing of them stands here.

The model's scripted reply is cut from the alert's file, so that what is asserted is the article's own words.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from agent.llm.behaviours import answer
from agent.llm.scripted_server import ScriptedServer

pytestmark = pytest.mark.needs_data

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DAY_WITHOUT_YEAR = re.compile(rf"\b(?:{_MONTHS}) \d{{1,2}}\b(?!,? (?:18|19|20)\d\d)")
_PRESENT_STATUS = re.compile(r"\b(?:is|are|remains?) (?:\w+ )?(?:convicted|wanted|charged|accused|suspected|guilty)\b")
_MONEY = re.compile(r"\$\d+(?:\.\d+)? \w+")


@pytest.fixture(scope="module")
def folder(data_dir: Path) -> Path:
    if not (data_dir / "seed_alert.txt").exists():
        pytest.skip(f"{data_dir} holds no seed_alert.txt: the seed alert is not tested")
    return data_dir


@pytest.fixture(scope="module")
def expected(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / "seed_expected.json").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def article(folder: Path) -> str:
    """The stored text: what stands below the header line."""
    return (folder / "seed_alert.txt").read_text(encoding="utf-8").split("\n", 1)[1].strip("\n")


def run_draft(folder: Path, home: Path, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """`triage draft FILE --json` in a process of its own, with no settings but these."""
    command = [sys.executable, "-c", "from agent.cli.main import main; main()", "draft"]
    return subprocess.run(
        [*command, str(folder / "seed_alert.txt"), "--json"],
        env={**os.environ, "TRIAGE_HOME": str(home), **settings},
        cwd=home,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def only_record(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    record: dict[str, Any] = json.loads(line)
    assert "summary" in record, record
    return record


@pytest.fixture(scope="module")
def extractive(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    record = only_record(run_draft(folder, tmp_path_factory.mktemp("home"), {}))
    assert record["drafter"] == "extractive"
    assert record["provenance"]["fallback_reason"] is None
    return record


@pytest.fixture(scope="module")
def reply(article: str, expected: dict[str, Any]) -> dict[str, Any]:
    return scripted_reply(article, expected)


@pytest.fixture(scope="module")
def drafted_by_model(folder: Path, reply: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with ScriptedServer([answer(reply)]) as server:
        settings = {"TRIAGE_MODEL": "openai:scripted", "TRIAGE_BASE_URL": server.base_url}
        record = only_record(run_draft(folder, tmp_path_factory.mktemp("home"), settings))
        assert len(server.requests) == 1, "a sound reply needs no repair turn"
    assert record["drafter"] == "llm"
    assert record["provenance"]["model"] == "scripted-http"
    return record


@pytest.fixture(params=["extractive", "drafted_by_model"])
def record(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.getfixturevalue(request.param)
    return found


# --- the scripted reply, cut from the file


def line_with(article: str, *words: str) -> str:
    """The first line of the article that holds all the words."""
    return next(line for line in article.split("\n") if all(word in line for word in words))


def quote(text: str) -> list[dict[str, Any]]:
    return [{"text": text, "sentence": None}]


def scripted_reply(article: str, expected: dict[str, Any]) -> dict[str, Any]:
    subject = expected["subject"]
    others = expected["other_parties"].items()
    lawyer = next(name for name, roles in others if "lawyer" in roles)
    events = [cut_event(article, event, number) for number, event in enumerate(expected["events"], start=1)]
    return {
        "parties": [
            cut_party(article, "P1", subject["name"], subject["role"][0], events[0]["quotes"][0]["text"]),
            *(cut_party(article, f"P{n}", name, roles[0]) for n, (name, roles) in enumerate(others, start=2)),
        ],
        "subject_party": "P1",
        "events": events,
        "counter_evidence": [
            {
                "id": f"C{number}",
                "kind": entry["kind_any"][-1],
                "by": f"his {entry['by']}, {lawyer} (interested party)" if "by" in entry else "the court",
                "claim": line_with(article, entry["contains"])[:500],
                "quotes": quote(line_with(article, entry["contains"])),
            }
            for number, entry in enumerate(expected["counter_evidence"], start=1)
        ],
        "source_assessment": {"kind": "news_report", "attributed_to": [], "note": ""},
        "narrative": " ".join(
            f"The article reported that {subject['name']} was {event['stage']} in a matter of "
            f"{event['offences'][0].replace('_', ' ')} ({event['id']})."
            for event in events
        ),
        "missing_information": [],
        "next_steps": [],
        "precedents": [],
    }


def cut_party(article: str, party_id: str, name: str, role: str, words: str | None = None) -> dict[str, Any]:
    quotes = quote(words or line_with(article, name.split()[-1]))
    named = {"id": party_id, "name": name, "kind": "person", "role": role}
    return {**named, "aliases": [], "identifiers": [], "quotes": quotes}


def cut_event(article: str, event: dict[str, Any], number: int) -> dict[str, Any]:
    line = line_with(article, *event["contains"])
    dated = next((words for words in event["contains"] if re.search(r"(?:19|20)\d\d$", words)), None)
    month = bool(dated and not dated.isdigit())
    iso = datetime.strptime(dated, "%B %Y" if month else "%Y").strftime("%Y-%m" if month else "%Y") if dated else None
    return {
        "id": f"E{number}",
        "offences": [*event["offences_any"], *event.get("also", [])],
        "stage": event["stage"],
        "in_absentia": event.get("in_absentia", False),
        "final": False,
        "parties": ["P1"],
        "claim": line[:500],
        "date": {"text": dated, "iso": iso} if dated else None,
        "jurisdiction": event.get("jurisdiction"),
        "authority": None,
        "amounts": [
            {"text": money[0], "value": None, "currency": None}
            for words in event["contains"]
            if (money := _MONEY.search(words))
        ],
        "quotes": quote(line),
    }


# --- what is asserted of both drafts


def words_of(claim: dict[str, Any]) -> str:
    """All that a claim says: its own words, its quotes, date and amounts."""
    parts = [claim["claim"], *(one["text"] for one in claim["quotes"])]
    parts += [one["text"] for one in claim.get("amounts", [])]
    parts += [claim["date"]["text"]] if claim.get("date") else []
    return " ".join(parts)


def party_named(record: dict[str, Any], name: str) -> dict[str, Any]:
    found = [party for party in record["summary"]["parties"] if name in party["name"]]
    assert len(found) == 1, f"{name}: {[party['name'] for party in record['summary']['parties']]}"
    return dict(found[0])


def quotes_in(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        for name, part in node.items():
            if name == "quotes" and isinstance(part, list):
                yield from part
            else:
                yield from quotes_in(part)
    elif isinstance(node, list):
        for part in node:
            yield from quotes_in(part)


def test_the_subject_is_inferred(record: dict[str, Any], expected: dict[str, Any]) -> None:
    subject = party_named(record, expected["subject"]["name"])
    assert record["alert_id"] == expected["alert_id"]
    assert record["summary"]["subject_party"] == subject["id"]
    assert subject["role"] in expected["subject"]["role"]
    assert record["provenance"]["subject_basis"] == "inferred"


def test_every_event_is_there_with_its_stage(record: dict[str, Any], expected: dict[str, Any]) -> None:
    subject = record["summary"]["subject_party"]
    for wanted in expected["events"]:
        found = [
            event
            for event in record["summary"]["events"]
            if event["stage"] == wanted["stage"]
            and set(wanted["offences_any"]) & set(event["offences"])
            and set(wanted.get("also", [])) <= set(event["offences"])
            and all(words in words_of(event) for words in wanted["contains"])
        ]
        assert len(found) == 1, f"{wanted}: {[event['stage'] for event in record['summary']['events']]}"
        (event,) = found
        assert event["in_absentia"] is wanted.get("in_absentia", False)
        assert event["parties"] == [subject]
        if "jurisdiction" in wanted:
            assert event["jurisdiction"] == wanted["jurisdiction"]
        assert event["quotes"]


def test_nothing_is_held_against_anybody_else(record: dict[str, Any]) -> None:
    subject = record["summary"]["subject_party"]
    for event in record["summary"]["events"]:
        assert event["parties"] == [subject]


def test_amounts_and_dates_are_as_written(record: dict[str, Any], expected: dict[str, Any]) -> None:
    for wanted in expected["events"]:
        event = next(
            event
            for event in record["summary"]["events"]
            if event["stage"] == wanted["stage"] and all(words in words_of(event) for words in wanted["contains"])
        )
        money = [match[0] for words in wanted["contains"] if (match := _MONEY.search(words))]
        assert [amount["text"] for amount in event["amounts"]] == money
        years = [words for words in wanted["contains"] if re.search(r"(?:19|20)\d\d$", words)]
        if years:
            assert event["date"]["text"] in years
            assert event["date"]["iso"].startswith(re.findall(r"\d{4}", event["date"]["text"])[0])


def test_the_other_side_is_heard_and_named(record: dict[str, Any], expected: dict[str, Any]) -> None:
    for wanted in expected["counter_evidence"]:
        found = [
            entry
            for entry in record["summary"]["counter_evidence"]
            if entry["kind"] in wanted["kind_any"] and wanted["contains"] in words_of(entry)
        ]
        assert found, wanted
        if "by" in wanted:
            assert any(wanted["by"] in entry["by"] and "interested" in entry["by"] for entry in found)


def test_political_opposition_is_told(extractive: dict[str, Any]) -> None:
    assert any(entry["kind"] == "political_motivation" for entry in extractive["summary"]["counter_evidence"])


def test_the_others_play_their_own_parts(record: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, roles in expected["other_parties"].items():
        assert party_named(record, name)["role"] in roles


def test_no_year_is_invented(record: dict[str, Any], article: str) -> None:
    bare = _DAY_WITHOUT_YEAR.findall(article)
    assert bare
    summary = json.dumps(record["summary"], ensure_ascii=False)
    for day in bare:
        assert not re.search(rf"{day},? \d{{4}}", summary)
    for event in record["summary"]["events"]:
        if event["date"] and any(day in event["date"]["text"] for day in bare):
            assert event["date"]["iso"] is None


def test_nothing_comes_from_outside_the_text(record: dict[str, Any], expected: dict[str, Any]) -> None:
    summary = json.dumps(record["summary"], ensure_ascii=False)
    for words in expected["must_not_appear"]:
        assert words not in summary
    assert record["grounding"]["unsupported"] == []


def test_it_is_never_closed(record: dict[str, Any], expected: dict[str, Any]) -> None:
    assert record["recommendation"]["value"] in expected["recommendation_any"]


def test_every_quote_is_the_articles_slice(record: dict[str, Any], article: str) -> None:
    quotes = list(quotes_in(record["summary"]))
    assert quotes
    for one in quotes:
        assert article[one["start"] : one["end"]] == one["text"]
    assert record["grounding"]["quotes"] == record["grounding"]["found"] == len(quotes)
    assert record["grounding"]["ungrounded"] == []
    assert record["grounding"]["lowered"] == []


def test_no_risk_sentence_is_left_out(extractive: dict[str, Any]) -> None:
    assert extractive["omissions"] == []


def test_what_the_models_draft_leaves_out_is_listed(drafted_by_model: dict[str, Any], article: str) -> None:
    quoted = " ".join(one["text"] for one in quotes_in(drafted_by_model["summary"]))
    for omission in drafted_by_model["omissions"]:
        assert omission["text"] in article
        assert omission["text"] not in quoted


def test_the_narrative_is_short_past_and_cites_its_events(record: dict[str, Any]) -> None:
    narrative = record["summary"]["narrative"]
    assert 0 < len(narrative.split()) <= 200
    assert not _PRESENT_STATUS.search(narrative)
    assert {event["id"] for event in record["summary"]["events"]} <= set(re.findall(r"E\d+", narrative))


# --- only where a model drafts


def test_a_year_the_model_invents_is_taken_out_again(
    folder: Path, article: str, reply: dict[str, Any], tmp_path: Path
) -> None:
    day = _DAY_WITHOUT_YEAR.findall(article)[-1]
    line = line_with(article, day)
    invented = datetime.strptime(f"{day} 2020", "%B %d %Y").date().isoformat()
    event = {**reply["events"][0], "id": "E9", "date": {"text": day, "iso": invented}, "quotes": quote(line)}
    spoiled = {**reply, "events": [*reply["events"], event]}
    with ScriptedServer([answer(spoiled)]) as server:
        settings = {"TRIAGE_MODEL": "openai:scripted", "TRIAGE_BASE_URL": server.base_url}
        record = only_record(run_draft(folder, tmp_path, settings))
    assert record["drafter"] == "llm"
    dated = [one for one in record["summary"]["events"] if one["date"] and one["date"]["text"] == day]
    assert dated
    assert all(one["date"]["iso"] is None for one in dated)
    assert invented not in json.dumps(record["summary"])


def test_with_the_endpoint_down_the_extractive_draft_stands_and_says_why(
    folder: Path, expected: dict[str, Any], extractive: dict[str, Any], tmp_path: Path
) -> None:
    settings = {
        "TRIAGE_MODEL": "openai:scripted",
        "TRIAGE_BASE_URL": "http://127.0.0.1:9/v1",
        "TRIAGE_ATTEMPTS": "1",
    }
    done = run_draft(folder, tmp_path, settings)
    record = only_record(done)
    assert record["drafter"] == "extractive"
    assert "ModelUnavailable" in record["provenance"]["fallback_reason"]
    assert record["provenance"]["prompt"].startswith("summary@")
    (complaint,) = [line for line in done.stderr.splitlines() if line.startswith("triage:")]
    assert expected["alert_id"] in complaint
    assert "ModelUnavailable" in complaint
    assert record["summary"] == extractive["summary"]
    assert record["recommendation"] == extractive["recommendation"]
