"""Saved pages, as files and inside JSON: the article's words, and only what the page itself states."""

from __future__ import annotations

import pytest

from agent.errors import AlertTooLarge
from agent.intake import IntakeLimits, read_alert_payload
from tests.unit.intake_samples import feed, only_alert, only_failure, payload, refusal, row

PAGE = """<!doctype html><html lang="en-GB"><head><meta charset="utf-8">
<title>Harbour firm fined | Coast Daily</title>
<meta name="alert-id" content=" H-1 "><meta name="subject-name" content="Lina Ortvald">
<meta property="og:site_name" content="Coast Daily">
<meta property="article:published_time" content="2021-03-04T10:00:00Z">
<link rel="canonical" href="https://daily.example/harbour">
</head><body><nav><a href="/">Home</a><a href="/shop">Shop</a></nav>
<article><h1>Harbour firm fined</h1>
<p>Ortvald &amp; Sons, a harbour   firm,
was fined on Friday for 3 &lt;script&gt; things.</p>
<p hx-post="/decide" hx-trigger="load">The court in Port Ellery said in 1999 that <b>two officials</b> were paid.</p>
<img src="https://tracker.example/p.png"><svg onload="alert(1)"></svg></article>
<script>alert(document.cookie)</script><style>p { color: red }</style>
<footer>We use cookies. Accept all.</footer></body></html>"""
TEXT = (
    "Harbour firm fined\nOrtvald & Sons, a harbour firm, was fined on Friday for 3 <script> things.\n"
    "The court in Port Ellery said in 1999 that two officials were paid."
)


def test_a_saved_page_becomes_an_alert() -> None:
    alert = only_alert(feed(PAGE, "html"))
    assert alert.alert_id == "H-1"
    assert alert.subject is not None
    assert alert.subject.name == "Lina Ortvald"
    assert alert.article.text == TEXT
    assert alert.article.title == "Harbour firm fined"
    assert alert.article.source == "Coast Daily"
    assert alert.article.published_at == "2021-03-04"
    assert alert.article.language == "en"
    assert alert.article.url == "https://daily.example/harbour"
    assert alert.notes == ("The text was extracted from HTML: the main article.",)


def test_html_inside_json_is_read_the_same_way_and_the_payload_wins() -> None:
    assert only_alert(feed(row(article={"html": PAGE}), "jsonl")).article.text == TEXT
    given = {"html": PAGE, "title": "Given", "published_at": "2020", "language": None}
    alert = only_alert(feed(row(article=given), "jsonl"))
    assert alert.alert_id == "A-7"
    assert alert.article.title == "Given"
    assert alert.article.published_at == "2020"
    assert alert.article.language == "en"


@pytest.mark.parametrize(
    "html",
    ["<p>The firm was fined.</p>", "<p>The firm was fined.", "<div>The firm was fined.</div>", "The firm was fined."],
)
def test_fragments_of_html_have_a_text(html: str) -> None:
    assert only_alert(feed(row(article={"html": html}), "jsonl")).article.text == "The firm was fined."


def test_row_03_no_id_is_invented_for_a_page() -> None:
    message = refusal(feed(PAGE.replace("alert-id", "other"), "html"))
    assert "there is no alert id" in message
    assert '<meta name="alert-id"' in message


def test_row_01_a_page_without_text() -> None:
    failure = only_failure(feed('<html><meta name="alert-id" content="H-2"><body><script>x</script></body>', "html"))
    assert "Alert H-2 has no text." in failure.failure.message
    assert failure.alert_id == "H-2"
    assert "is empty" in refusal(feed(" \n", "html"))


@pytest.mark.parametrize(
    ("statement", "date"),
    [
        ('<meta itemprop="datePublished" content="2020-01-31">', "2020-01-31"),
        (
            '<script type="application/ld+json">{"@graph": [{"datePublished": "2019-12-01T08:00"}]}</script>',
            "2019-12-01",
        ),
        ('<script type="application/ld+json">{"datePublished": [</script>', None),
        ('<meta name="date" content="2020-02-31">', None),
        ("<p>Published on 5 May 2018</p>", None),
        ("", None),
    ],
)
def test_the_date_is_what_the_page_declares_never_one_found_in_the_text(statement: str, date: str | None) -> None:
    html = f"<html><head>{statement}</head><body><article><p>It began on 2001-02-03.</p></article></body></html>"
    assert only_alert(feed(row(article={"html": html}), "jsonl")).article.published_at == date


def test_a_page_in_its_declared_charset() -> None:
    page = '<html><head><meta charset="windows-1251"><meta name="alert-id" content="H"></head><p>Суд, штраф.</p></html>'
    alert = only_alert(feed(page.encode("cp1251"), "html"))
    assert alert.article.text == "Суд, штраф."
    assert alert.notes[0] == "Read as windows-1251, as the page declares."
    lying = page.replace("windows-1251", "utf-7")
    assert only_failure(feed(lying.encode("cp1251"), "html")).failure.error == "EncodingUnknown"


def test_row_23_pages_that_would_take_minutes_are_refused() -> None:
    message = refusal(feed(row(article={"html": "<p>x" * 31_000}), "jsonl"))
    assert "the page has 31,000 tags; the limit is 30,000" in message
    limits = IntakeLimits(max_article_bytes=50)
    with pytest.raises(AlertTooLarge, match=r"article\.html has 208 bytes; the limit is 200"):
        read_alert_payload(payload(article={"html": "<p>x" * 52}), "request", limits)
    assert "the limit for one alert" in refusal(feed(PAGE, "html", limits))
