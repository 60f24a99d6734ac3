"""Bytes are read in the one encoding that fits, or refused with an offset: never shown as mojibake."""

from __future__ import annotations

import codecs
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.alert import Alert
from agent.domain.record import TriageFailure
from agent.intake.encoding import _Scan, _scan_utf8
from tests.unit.intake_samples import feed, only_alert, only_failure, refusal, row

LEGACY = {
    "ru": "Суд приговорил директора фирмы к пяти годам лишения свободы за мошенничество в особо крупном размере.",
    "uk": "Суд засудив директора фірми до п’яти років за шахрайство. Захист має намір оскаржити вирок.",
    "fr": "Le tribunal a condamné la société à une amende. Les enquêteurs disent que la gérante a détourné des fonds.",
    "de": "Das Landgericht verurteilte den Geschäftsführer wegen Untreue zu fünf Jahren Haft, die Anwälte prüfen das.",
    "es": "El juez condenó al empresario español Íñigo Muñoz a cinco años por corrupción. «No es verdad», dijo.",
    "pt": "O tribunal condenou o empresário a cinco anos de prisão por corrupção e lavagem de dinheiro.",
    "en": "The court’s ruling said that the firm had paid “the bribe” to two officials of the port – no more.",
    "pl": "Sąd skazał prezesa spółki na pięć lat więzienia za oszustwo i pranie brudnych pieniędzy.",
    "cs": "Soud odsoudil ředitele firmy na pět let do vězení za podvod. Obžaloba uvedla, že způsobil škodu milionů.",
    "hu": "A bíróság öt év börtönre ítélte a cég vezetőjét csalás miatt. Az ügyészség szerint sikkasztott.",
    "tr": "Mahkeme şirketin müdürünü dolandırıcılık suçundan beş yıl hapis cezasına çarptırdı. "
    "Savcılık daha ağır bir ceza istemişti ve avukatlar kararı temyiz edeceklerini söyledi.",
    "el": "Το δικαστήριο καταδίκασε τον διευθυντή σε πέντε χρόνια φυλάκιση για απάτη σε βάρος του δημοσίου.",
    "ar": "حكمت المحكمة على مدير الشركة بالسجن خمس سنوات بتهمة الاحتيال وغسل الأموال.",
    "he": "בית המשפט גזר על מנהל החברה חמש שנות מאסר בגין הונאה. הסנגור הודיע כי יגיש ערעור.",
    "ja": "裁判所は会社の社長に詐欺罪で懲役五年の判決を言い渡した。弁護側は控訴する方針である。",
    "ko": "법원은 회사 대표에게 사기 혐의로 징역 5년을 선고했다. 변호인은 항소할 예정이라고 밝혔다.",
    "zh": "法院以诈骗罪判处公司董事长有期徒刑五年。辩护律师表示将提出上诉。",
    "zh-tw": "法院以詐欺罪判處公司董事長有期徒刑五年。辯護律師表示將提出上訴。",
}
CHARSETS = {
    "ru": ["cp1251", "koi8-r", "iso8859-5"],
    "uk": ["cp1251"],
    "en": ["cp1252"],
    "fr": ["cp1252"],
    "de": ["cp1252"],
    "es": ["cp1252"],
    "pt": ["cp1252"],
    "pl": ["cp1250", "iso8859-2"],
    "cs": ["cp1250", "iso8859-2"],
    "hu": ["cp1250"],
    "tr": ["cp1254"],
    "el": ["cp1253"],
    "ar": ["cp1256"],
    "he": ["cp1255"],
    "ja": ["cp932", "euc-jp"],
    "ko": ["cp949"],
    "zh": ["gb18030"],
    "zh-tw": ["big5"],
}
CASES = [(language, charset) for language, charsets in CHARSETS.items() for charset in charsets]
HEADER = "Name: Alert ID: E-1\n"


@pytest.mark.parametrize(("language", "charset"), CASES)
def test_row_07_legacy_encodings_are_read_and_named(language: str, charset: str) -> None:
    alert = only_alert(feed((HEADER + LEGACY[language]).encode(charset), "text"))
    assert alert.article.text == LEGACY[language]
    assert len(alert.notes) == 1
    assert alert.notes[0].startswith("Read as ")


def test_row_07_the_note_names_the_encoding() -> None:
    assert only_alert(feed((HEADER + LEGACY["ru"]).encode("cp1251"), "text")).notes == ("Read as windows-1251.",)
    assert only_alert(feed((HEADER + LEGACY["fr"]).encode("cp1252"), "text")).notes == ("Read as windows-1252.",)


EVERY_CHARSET = ["cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1257", "iso8859-2", "iso8859-5", "koi8-r"]
EVERY_CHARSET += [
    "euc-jp",
    "cp866",
    "cp850",
    "cp852",
    "mac-roman",
    "mac-cyrillic",
    "cp874",
    "gb18030",
    "big5",
    "cp932",
    "cp949",
]


@pytest.mark.parametrize("language", LEGACY)
@pytest.mark.parametrize("charset", EVERY_CHARSET)
def test_row_07_right_or_refused_never_mojibake(language: str, charset: str) -> None:
    for text in (LEGACY[language], LEGACY[language][:40], LEGACY[language].split(".")[0]):
        try:
            raw = (HEADER + text).encode(charset)
        except UnicodeEncodeError:
            continue
        outcome = feed(raw, "text")[0]
        if isinstance(outcome, Alert):
            # A single stray byte in plain English may become U+FFFD with a note; nothing else may change.
            assert outcome.article.text == text or ("\ufffd" in outcome.article.text and outcome.notes)
        else:
            assert outcome.failure.error == "EncodingUnknown"


@pytest.mark.parametrize("codec", ["utf-16", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("format", ["text", "jsonl", "csv", "html"])
def test_row_07_byte_order_marks(codec: str, format: str) -> None:
    forms = {
        "text": f"Name: Alert ID: A-7\n{LEGACY['ru']}",
        "jsonl": row(article={"text": LEGACY["ru"]}),
        "csv": f"alert_id,article.text\nA-7,{LEGACY['ru']}\n",
        "html": f'<html><meta name="alert-id" content="A-7"><p>{LEGACY["ru"]}</p>',
    }
    for chosen in (format, None):  # told, and sniffed
        alert = only_alert(feed(forms[format].encode(codec), chosen))
        assert alert.alert_id == "A-7"
        assert alert.article.text == LEGACY["ru"]
        assert any(note.startswith("Read as UTF-") for note in alert.notes) == (codec != "utf-8-sig")


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_row_07_utf_16_without_a_mark(codec: str) -> None:
    for text in (LEGACY["ru"], LEGACY["en"], "a" * 10_000 + "😀"):
        alert = only_alert(feed((HEADER + text).encode(codec), "text"))
        assert alert.article.text == text
        assert alert.notes == (f"Read as {codec.upper()} without a byte order mark.",)


def test_broken_utf_16_is_refused() -> None:
    raw = codecs.BOM_UTF16_LE + HEADER.encode("utf-16-le") + b"\x00\xd8a\x00"
    failure = only_failure(feed(raw, "text"))
    assert failure.failure.error == "EncodingUnknown"
    assert f"byte offset {2 + len(HEADER) * 2}" in failure.failure.message


def test_row_08_a_few_invalid_bytes_are_marked_with_their_offsets() -> None:
    before, middle = f"{HEADER}{LEGACY['ru']}".encode(), LEGACY["el"].encode()
    raw = codecs.BOM_UTF8 + before + b"\xff\xfe" + middle + b"\xd0"
    alert = only_alert(feed(raw, "text"))
    assert alert.article.text == f"{LEGACY['ru']}\ufffd{LEGACY['el']}\ufffd"
    first, second = 3 + len(before), len(raw) - 1
    note = f"Bytes that are not UTF-8 were replaced by U+FFFD at byte offset {first:,}, {second:,}."
    assert alert.notes == (note,)


def test_row_08_offsets_count_from_the_start_of_the_file_in_rows() -> None:
    sound = row(article={"text": LEGACY["ru"]}).encode()
    raw = sound + b"\n" + sound.replace(b"Lina", b"Li\xffna") + b"\n" + sound
    first, second, third = feed(raw, "jsonl")
    assert isinstance(first, Alert)
    assert isinstance(second, Alert)
    assert isinstance(third, Alert)
    assert first.notes == third.notes == ()
    assert f"at byte offset {raw.index(0xFF)}." in second.notes[0]
    assert second.subject is not None
    assert second.subject.name == "Li\ufffdna Ortvald"


def test_row_08_an_id_that_lost_bytes_is_refused() -> None:
    raw = b"Name: Alert ID: E-\xff\n" + LEGACY["ru"].encode()
    assert "U+FFFD" in refusal(feed(raw, "text"))


def test_bytes_of_no_encoding_are_refused_with_the_first_offset() -> None:
    failure = only_failure(feed(HEADER.encode() + bytes(range(128, 256)) * 3, "text"))
    assert failure.failure.error == "EncodingUnknown"
    assert f"first invalid byte at offset {len(HEADER)}" in failure.failure.message
    assert "standard input" in failure.failure.message


def test_a_byte_with_two_sound_readings_is_refused() -> None:
    # 0xBD is ½ in windows-1252 and œ in ISO-8859-15, and an English text may hold either.
    raw = HEADER.encode() + b"The court said that the firm had paid 1\xbd million to the officials of the port."
    assert only_failure(feed(raw, "text")).failure.error == "EncodingUnknown"


def test_letters_in_capitals_throughout_are_another_script_misread() -> None:
    # DOS Hebrew looks like Cyrillic capitals to a detector.
    raw = (HEADER + "גזר בית ערעור. יגיש הסנגור המשפט כי בגין").encode("cp862")
    assert only_failure(feed(raw, "text")).failure.error == "EncodingUnknown"


@pytest.mark.parametrize("shift", range(3))
def test_a_wide_character_cut_by_a_read_stays_whole(shift: int) -> None:
    text = "x" * ((1 << 19) - len(HEADER) - shift) + "😀" * 3
    assert only_alert(feed((HEADER + text).encode("utf-16"), "text")).article.text == text


def test_one_foreign_row_does_not_stop_the_others() -> None:
    sound = row(article={"text": LEGACY["ru"]}).encode()
    foreign = row(alert_id="A-8", article={"text": LEGACY["ru"]}).encode("cp1251")
    outcomes = feed(b"\n".join([sound, foreign, sound]), "jsonl")
    assert [outcome.alert_id for outcome in outcomes] == ["A-7", "A-8", "A-7"]
    assert isinstance(outcomes[1], TriageFailure)
    assert outcomes[1].source == "standard input:2"
    assert f"offset {len(sound) + 1 + foreign.index('С'.encode('cp1251'))}" in outcomes[1].failure.message


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_a_legacy_table_is_read_in_one_encoding(format: str) -> None:
    if format == "csv":
        table = "alert_id;article.text\nA-1;plain\nA-2;" + LEGACY["fr"] + "\n"
    else:
        table = (
            row(alert_id="A-1", article={"text": "plain"}) + "\n" + row(alert_id="A-2", article={"text": LEGACY["fr"]})
        )
    first, second = feed(table.encode("cp1252"), format)
    assert isinstance(first, Alert)
    assert isinstance(second, Alert)
    assert first.notes == second.notes == ("Read as windows-1252.",)
    assert second.article.text == LEGACY["fr"]


def test_a_large_legacy_file_is_sampled_from_its_first_foreign_line() -> None:
    lines = [json.dumps({"alert_id": f"A-{n}", "article": {"text": "plain " * 200}}) for n in range(1_200)]
    lines.append(row(alert_id="last", article={"text": LEGACY["ru"]}))
    outcomes = feed("\n".join(lines).encode("cp1251"), "jsonl")
    assert isinstance(outcomes[-1], Alert)
    assert outcomes[-1].article.text == LEGACY["ru"]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1))
def test_utf_8_is_always_itself(text: str) -> None:
    alert = only_alert(feed(row(article={"text": f"x{text}"}), "jsonl"))
    assert alert.article.text == f"x{text}"
    assert alert.notes == ()


@pytest.mark.parametrize("character", "é€😀")
def test_a_sequence_cut_by_a_read_is_no_fault(character: str) -> None:
    for shift in range(5):
        raw = b"x" * ((1 << 20) - shift) + character.encode()
        scan = _scan_utf8(io.BytesIO(raw), 0)
        assert scan == _Scan(len(raw), 0, -1, len(character.encode()) - 1)
    assert _scan_utf8(io.BytesIO(b"x" * (1 << 20) + b"\xc3\xa9\xff\xc3"), 0) == _Scan(
        (1 << 20) + 4, 2, (1 << 20) + 2, 1
    )
