"""JSON, JSONL and CSV: every fault has a sentence with its line, and stays in its row."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.alert import Alert
from agent.domain.record import TriageFailure
from agent.errors import AlertInvalid, AlertTooLarge
from agent.intake import IntakeLimits, read_alert_payload
from tests.unit.intake_samples import feed, feed_file, only_alert, only_failure, payload, refusal, row

FULL = {
    "alert_id": "A-1",
    "subject": {
        "name": "Lina Ortvald",
        "kind": "person",
        "aliases": ["L. Ortvald", "Lina O."],
        "birth_date": "1970-05",
        "nationalities": ["PT"],
        "countries": ["PT", "CV"],
        "occupation": "harbour master",
        "identifiers": {"passport": "P-1", "tax": "9"},
    },
    "article": {
        "text": 'The firm, "Ortvald", was fined.\nIt will appeal.',
        "title": "Fined",
        "source": "Coast Daily",
        "url": "https://daily.example/1",
        "published_at": "2024-02-29",
        "language": "en",
    },
    "received_at": "2024-03-01T10:00:00+00:00",
    "due_at": "2024-03-08",
}


def write_csv(rows: list[list[str]], delimiter: str = ",") -> str:
    target = io.StringIO(newline="")
    csv.writer(target, delimiter=delimiter).writerows(rows)
    return target.getvalue()


def test_one_object_a_list_a_line_and_a_row_give_the_same_alert() -> None:
    subject, article = FULL["subject"], FULL["article"]
    assert isinstance(subject, dict)
    assert isinstance(article, dict)
    flat = {"alert_id": "A-1", "received_at": FULL["received_at"], "due_at": FULL["due_at"]}
    flat |= {f"subject.{k}": "|".join(v) if isinstance(v, list) else v for k, v in subject.items()}
    flat |= {f"article.{k}": v for k, v in article.items()} | {"subject.identifiers": "passport=P-1|tax=9"}
    table = write_csv([[str(k) for k in flat], [str(v) for v in flat.values()]])
    forms = [(json.dumps(FULL, indent=2), "json"), (json.dumps([FULL]), "json"), (json.dumps(FULL), "jsonl")]
    alerts = [only_alert(feed(*form)) for form in [*forms, (table, "csv")]]
    assert alerts == [Alert.model_validate(FULL)] * 4


def test_an_alert_survives_its_own_json() -> None:
    alert = Alert.model_validate(FULL)
    assert only_alert(feed(alert.model_dump_json(exclude={"notes"}), "json")) == alert


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"subject": {"name": "B", "birth_date": "1970-13"}}, "subject.birth_date '1970-13' is not an ISO date."),
        ({"subject": {"name": "B", "birth_date": "2023-02-30"}}, "subject.birth_date '2023-02-30' is not an ISO date."),
        ({"subject": {"name": "B", "birth_date": 1970}}, "subject.birth_date must be text, not a number."),
        ({"subject": {"name": "B", "kind": "ship"}}, "subject.kind 'ship' is not one of 'person', 'organisation' or"),
        ({"subject": {"name": "B", "shoe": 1}}, "'subject.shoe' is not a known field"),
        ({"subject": {"name": "B", "aliases": "C"}}, "subject.aliases must be a list, not text."),
        ({"subject": {"name": "B", "aliases": [1]}}, "subject.aliases[0] must be text, not a number."),
        ({"subject": {"name": "B", "countries": ["Portugal"]}}, "subject.countries[0] 'Portugal' is not an ISO 3166-1"),
        ({"subject": {"name": "B" * 301}}, "subject.name has more than 300 characters."),
        ({"subject": {"name": "B", "identifiers": {"a": 1}}}, "subject.identifiers.a must be text, not a number."),
        ({"subject": ["B"]}, "subject must be an object, not a list."),
        ({"article": "text"}, "article must be an object, not text."),
        ({"article": {"text": 5}}, "article.text must be text, not a number."),
        (
            {"article": {"text": "x", "published_at": "yesterday"}},
            "article.published_at 'yesterday' is not an ISO date.",
        ),
        ({"article": {"text": "x", "html": "<p>y"}}, "article has both text and html; give one of them."),
        ({"received_at": 1700000000}, "received_at a number is not an ISO date and time."),
        ({"due_at": "2024-02-30"}, "due_at '2024-02-30' is not an ISO date and time."),
        ({"score": 0.9}, "'score' is not a known field"),
        ({"notes": ["cleared"]}, "'notes' is not a known field"),
        ({"subject": {"name": 1, "shoe": 1}}, "subject.name must be text, not a number (1 more after it)."),
    ],
)
def test_wrong_fields_are_one_sentence_with_line_and_alert(changes: dict[str, Any], sentence: str) -> None:
    lines = "\n".join([row(alert_id="A-1"), "", row(**changes), row(alert_id="A-3")])
    first, failure, last = feed(lines, "jsonl")
    assert isinstance(failure, TriageFailure)
    assert failure.alert_id == "A-7"
    assert failure.source == "standard input:3"
    assert failure.failure.error == "AlertInvalid"
    assert failure.failure.message.startswith(f"Alert A-7 (standard input:3): {sentence}")
    assert "pydantic" not in failure.failure.message
    assert "\n" not in failure.failure.message
    assert [first.alert_id, last.alert_id] == ["A-1", "A-3"]


@pytest.mark.parametrize(
    ("line", "sentence", "alert_id"),
    [
        ('{"alert_id": "A-7", "article": {"text": "x"', "standard input:1: not valid JSON (column", "A-7"),
        ('{"alert_id": "A-7", "article": {"text": "x", "text": "y"}}', "the key 'text' occurs twice", "A-7"),
        ('{"alert_id": "A-7", "due_at": null, "due_at": null}', "the key 'due_at' occurs twice", "A-7"),
        ('{"alert_id": "A-7", "alert_id": "A-8"}', "the key 'alert_id' occurs twice", None),
        ('{"alert_id": "A-7", "article": {"text": NaN}}', "NaN is not a JSON number", "A-7"),
        ('{"alert_id": "A-7", "article": {"text": -Infinity}}', "-Infinity is not a JSON number", "A-7"),
        ('{"article": {"text": "x"}}', "standard input:1: there is no alert id", None),
        ('{"alert_id": "", "article": {"text": "x"}}', "standard input:1: there is no alert id", None),
        ('{"alert_id": null, "article": {"text": "x"}}', "standard input:1: there is no alert id", None),
        ('{"alert_id": 7, "article": {"text": "x"}}', "alert_id must be text, not a number.", None),
        ('{"alert_id": " A", "article": {"text": "x"}}', "begins or ends with a space.", None),
        ("[1]", "an alert must be an object, not a list.", None),
        ("null", "an alert must be an object, not null.", None),
        ("[" * 200_000, "nested too deeply", None),
        ('{"a":' * 200_000, "nested too deeply", None),
        ('{"alert_id": "A-7", "x": ' + "[" * 700 + "]" * 700 + "}", "A-7", "A-7"),
        ("9" * 5_000, "a number is too long", None),
        ('{"alert_id": "A-7"}', "Alert A-7 has no text.", "A-7"),
        ('{"alert_id": "A-7", "article": {}}', "Alert A-7 has no text.", "A-7"),
        ('{"alert_id": "A-7", "article": {"text": " \\u200b\\n"}}', "Alert A-7 has no text.", "A-7"),
        ('{"alert_id": "A-7", "article": {"html": "<p> </p>"}}', "Alert A-7 has no text.", "A-7"),
    ],
)
def test_broken_lines(line: str, sentence: str, alert_id: str | None) -> None:
    failure, after = feed(f"{line}\n{row(alert_id='next')}\n", "jsonl")
    assert isinstance(failure, TriageFailure)
    assert sentence in failure.failure.message
    assert failure.alert_id == alert_id
    assert after.alert_id == "next"


def test_a_json_list_names_the_index_and_keeps_its_sound_entries(tmp_path: Path) -> None:
    path = tmp_path / "batch.json"
    bad = '{"alert_id": "A-8", "article": {"text": "x", "text": "y"}}'
    outcomes = feed_file(path, f"[{row(alert_id='A-1')}, 3, {bad}, {row(alert_id='A-4')}]")
    assert [outcome.alert_id for outcome in outcomes] == ["A-1", None, "A-8", "A-4"]
    assert isinstance(outcomes[1], TriageFailure)
    assert outcomes[1].source == f"{path}[1]"
    assert isinstance(outcomes[2], TriageFailure)
    assert f"Alert A-8 ({path}[2])" in outcomes[2].failure.message


def test_broken_json_names_the_line() -> None:
    assert "(line 3, column 1: " in refusal(feed('{"alert_id": "A",\n\n]', "json"))


def test_nothing_in_a_batch_is_said_aloud() -> None:
    assert "empty list" in refusal(feed(" [] ", "json"))
    assert "is empty" in refusal(feed("\n \n", "jsonl"))
    assert "is empty" in refusal(feed("", "csv"))
    assert "no rows" in refusal(feed("alert_id,article.text\n\n", "csv"))


def test_two_alerts_of_one_id_are_both_yielded() -> None:
    assert [x.alert_id for x in feed(row() + "\n" + row(), "jsonl")] == ["A-7", "A-7"]


def test_lone_surrogates_and_nul_are_replaced_with_a_note() -> None:
    line = '{"alert_id": "A-7", "subject": {"name": "L\\u0000"}, "article": {"text": "a\\ud800b\\ud83d\\ude00\\u0000"}}'
    alert = only_alert(feed(line, "jsonl"))
    assert alert.article.text == "a\ufffdb😀␀"
    assert alert.notes == (
        "NUL characters (U+0000) are stored as ␀: 2.",
        "Lone surrogates are stored as U+FFFD: 1.",
    )
    direct = read_alert_payload(payload(article={"text": "\ud83d\ude00\udc00 ok"}), "request")
    assert direct.article.text == "😀\ufffd ok"


@pytest.mark.parametrize("subject", [None, {}, {"name": ""}, {"name": " \u200b", "kind": "person"}, {"name": None}])
def test_a_blank_name_is_no_subject(subject: Any) -> None:
    alert = only_alert(feed(row(subject=subject), "jsonl"))
    assert alert.subject is None
    assert alert.notes == ()


def test_what_a_nameless_subject_carries_is_not_lost_in_silence() -> None:
    alert = only_alert(feed(row(subject={"name": "", "birth_date": "1970"}), "jsonl"))
    assert alert.notes == ("The subject has no name; left aside: birth_date.",)


def test_lenient_readings_that_lose_nothing() -> None:
    article = {"text": "x", "published_at": "2024-02-29T23:30:00+02:00", "language": "pt-BR", "title": None}
    alert = only_alert(feed(row(article=article, due_at=None), "jsonl"))
    assert alert.article.published_at == "2024-02-29"
    assert alert.article.language == "pt"


def test_row_23_a_large_line_is_refused_and_the_next_is_read() -> None:
    limits = IntakeLimits(max_article_bytes=1_000)
    large = row(alert_id="big", article={"text": "x" * 5_000})
    middle = row(alert_id="mid", article={"text": "x" * 1_001})
    outcomes = feed(f"{large}\n{middle}\n{row()}", "jsonl", limits)
    assert [outcome.alert_id for outcome in outcomes] == ["big", "mid", "A-7"]
    assert isinstance(outcomes[0], TriageFailure)
    assert f"the line has {len(large) + 1:,} bytes; the limit for one alert is 4,000" in outcomes[0].failure.message
    assert isinstance(outcomes[1], TriageFailure)
    assert "the article has 1,001 bytes; the limit is 1,000 bytes." in outcomes[1].failure.message
    assert "JSONL" in refusal(feed("[" + row() + "]", "json", IntakeLimits(max_array_bytes=20)))
    assert "the limit for one alert" in refusal(feed(large, "json", limits))


def test_the_payload_route_raises() -> None:
    with pytest.raises(AlertInvalid, match=r"request: Alert A-7 has no text\."):
        read_alert_payload(payload(article=None), "request")
    with pytest.raises(AlertTooLarge, match="limit is 10 bytes"):
        read_alert_payload(payload(), "request", IntakeLimits(max_article_bytes=10))
    with pytest.raises(AlertInvalid, match=r"Alert A-7 \(request\): a value of type bytes"):
        read_alert_payload(payload(due_at=b"x"), "request")
    with pytest.raises(AlertInvalid, match="a field name must be text"):
        read_alert_payload(payload(subject={1: "x"}), "request")


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1), st.booleans())
def test_any_text_survives_json_jsonl_and_csv(text: str, ascii_only: bool) -> None:
    article = f"The firm was fined.{text}"
    line = json.dumps(payload(article={"text": article}), ensure_ascii=ascii_only)
    assert only_alert(feed(line, "json")).article.text == article
    assert only_alert(feed(line, "jsonl")).article.text == article
    table = write_csv([["alert_id", "article.text"], ["A-7", article]])
    assert only_alert(feed(table, "csv")).article.text == article


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_separators_lists_and_identifiers(delimiter: str) -> None:
    columns = ["subject.name", "alert_id", "subject.aliases", "subject.identifiers", "article.text"]
    table = write_csv(
        [columns, [" Bo ", " A-1 ", "B; C |D|", '{"a": "b, c"}', " kept "], ["", "A-2", "", "", "t"]], delimiter
    )
    first, second = feed("\ufeff" + table, "csv")
    assert isinstance(first, Alert)
    assert first.alert_id == "A-1"
    assert first.subject is not None
    assert first.subject.name == "Bo"
    assert first.subject.aliases == ("B", "C", "D")
    assert first.subject.identifiers == {"a": "b, c"}
    assert first.article.text == " kept "
    assert isinstance(second, Alert)
    assert second.subject is None
    assert second.notes == ()


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("alert_id,article.text,score", "column 'score' is not known"),
        ("alert_id,article.text,alert_id", "the column alert_id occurs twice"),
        ("alert_id,subject.name", "no column article.text or article.html"),
        ("id,article.text", "must name the columns, alert_id among them"),
    ],
)
def test_csv_headers_that_cannot_work(header: str, sentence: str) -> None:
    failure = only_failure(feed(f"\n{header}\n1,2,3\n", "csv"))
    assert sentence in failure.failure.message
    assert failure.source == "standard input:2"


def test_csv_faults_stay_in_their_row() -> None:
    table = (
        "alert_id,subject.birth_date,subject.name,subject.identifiers,article.text\n"
        'A-1,,,,"two\nlines"\n'
        "\n"
        "A-2,x\n"
        "A-3,1970-13,Bo,,t\n"
        "A-4,,Bo,nonsense,t\n"
        'A-5,,Bo,"{""k"": ""v"", ""k"": ""w""}",t\n'
        ",,,,t\n"
        'A-6,,,,"a"b\n'
        "A-7,,,,\n"
        "A-8,,,,last"
    )
    outcomes = feed(table, "csv")
    told = [(x.alert_id, x.source, x.failure.message) for x in outcomes if isinstance(x, TriageFailure)]
    assert [x.alert_id for x in outcomes if isinstance(x, Alert)] == ["A-1", "A-8"]
    expected = [
        ("A-2", 5, "the row has 2 cells and the header 5"),
        ("A-3", 6, "subject.birth_date '1970-13' is not an ISO date."),
        ("A-4", 7, "subject.identifiers 'nonsense' is neither JSON nor key=value"),
        ("A-5", 8, "the key 'k' occurs twice"),
        (None, 9, "there is no alert id"),
        (None, 10, "not a CSV row"),
        ("A-7", 11, "Alert A-7 has no text."),
    ]
    assert [(alert_id, source) for alert_id, source, _ in told] == [(i, f"standard input:{n}") for i, n, _ in expected]
    assert all(sentence in message for (_, _, message), (_, _, sentence) in zip(told, expected, strict=True))


def test_an_unclosed_csv_quote_names_the_rows_it_takes() -> None:
    outcomes = feed('alert_id,article.text\nA-1,t\nA-2,"open\nA-3,t\nA-4,t\n', "csv")
    assert [outcome.alert_id for outcome in outcomes] == ["A-1", None]
    assert isinstance(outcomes[1], TriageFailure)
    assert "standard input:3" in outcomes[1].failure.message
    assert "down to line 5" in outcomes[1].failure.message


def test_a_quote_inside_an_unquoted_cell_swallows_nothing() -> None:
    outcomes = feed('alert_id,article.text\nA-1,a 5" pipe\nA-2,b\nA-3,a 6" pipe\n', "csv")
    assert [outcome.alert_id for outcome in outcomes] == ["A-1", "A-2", "A-3"]


def test_row_23_a_large_csv_row_is_one_refusal() -> None:
    table = write_csv([["alert_id", "article.text"], ["A-1", "line, A-9\n" * 1_000], ["A-2", "t"]])
    outcomes = feed(table, "csv", IntakeLimits(max_article_bytes=1_000))
    assert len(outcomes) == 2
    assert isinstance(outcomes[0], TriageFailure)
    assert outcomes[0].source == "standard input:2"
    assert outcomes[0].failure.error == "AlertTooLarge"
    assert "down to line 1002" in outcomes[0].failure.message
    assert outcomes[1].alert_id == "A-2"
    cell = "y" * 500_000  # above the csv module's own default
    assert only_alert(feed(write_csv([["alert_id", "article.text"], ["A", cell]]), "csv")).article.text == cell
