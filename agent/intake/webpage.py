"""A saved article page becomes text: the main article, and what the page says of itself. Nothing is fetched."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agent.errors import AlertInvalid, AlertTooLarge

_DATE_NAMES = frozenset(
    {"article:published_time", "datepublished", "date", "dc.date", "dc.date.issued", "dcterms.issued", "pubdate"}
)
_HAS_BODY = re.compile(r"<(?:html|head|body)\b", re.IGNORECASE)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")


@dataclass(frozen=True)
class Webpage:
    """What a saved page holds; a field the page does not state is None."""

    text: str
    title: str | None = None
    site: str | None = None
    published_at: str | None = None
    language: str | None = None
    url: str | None = None
    alert_id: str | None = None
    subject_name: str | None = None
    whole_page: bool = False
    """True when no main article stood out and all visible text was taken."""


def read_webpage(html: str, source: str, max_tags: int) -> Webpage:
    """Extract the article of an HTML text. Paragraphs become lines; scripts, menus and comments are left out.

    Raises AlertTooLarge above ``max_tags`` and AlertInvalid when the markup cannot be parsed at all.
    """
    if (tags := html.count("<")) > max_tags:
        raise AlertTooLarge(
            f"{source}: the page has {tags:,} tags; the limit is {max_tags:,} (max_page_tags). Send its text instead."
        )
    if not _HAS_BODY.search(html):  # the extractor finds nothing in a lone paragraph
        html = f"<html><body>{html}</body></html>"
    # Imported here: half a second that only HTML input needs.
    from trafilatura import bare_extraction, html2txt, load_html

    try:
        tree = load_html(html)
        if tree is None:
            return Webpage(text="")
        stated = _read_statements(tree)
        document = bare_extraction(html, include_comments=False, include_tables=True, with_metadata=True)
        text, title, site = _read_document(document)
        whole_page = not text
        if whole_page:
            text = html2txt(html).strip()
    except Exception as error:  # markup is hostile, and lxml and trafilatura raise many kinds
        raise AlertInvalid(f"{source}: the HTML could not be read ({type(error).__name__}).") from error
    return Webpage(text=text, title=title, site=site, whole_page=whole_page, **stated)


def _read_document(document: Any) -> tuple[str, str | None, str | None]:
    if document is None:
        return "", None, None
    return (document.text or "").strip(), document.title, document.sitename


def _read_statements(tree: Any) -> dict[str, str | None]:
    """Metadata in the page's own words only: extractors that search the text for a date may find another event's."""
    metas: dict[str, str] = {}
    for meta in tree.iter("meta"):
        name = meta.get("name") or meta.get("property") or meta.get("itemprop")
        if name and meta.get("content"):
            metas.setdefault(name.strip().lower(), meta.get("content").strip())
    canonical = tree.xpath('//link[@rel="canonical"]/@href')
    root = tree.getroottree().getroot()
    return {
        "published_at": _find_date(tree, metas),
        "language": root.get("lang") or metas.get("og:locale"),
        "url": metas.get("og:url") or (canonical[0] if canonical else None),
        "alert_id": metas.get("alert-id"),
        "subject_name": metas.get("subject-name"),
    }


def _find_date(tree: Any, metas: dict[str, str]) -> str | None:
    declared = [content for name, content in metas.items() if name in _DATE_NAMES]
    declared += tree.xpath('//time[@itemprop="datePublished" or @pubdate]/@datetime')
    for block in tree.xpath('//script[@type="application/ld+json"]/text()'):
        declared += _iterate_published(block)
    found = (_DATE.match(value.strip()) for value in declared)
    return next((match[0] for match in found if match), None)


def _iterate_published(block: str) -> Iterator[str]:
    """``datePublished`` of the objects in a JSON-LD block; a block that is no JSON states nothing."""
    try:
        content = json.loads(block)
    except (ValueError, RecursionError):
        return
    objects = content if isinstance(content, list) else [content]
    for thing in objects:
        if isinstance(thing, dict):
            graph = thing.get("@graph")
            for part in [thing, *(graph if isinstance(graph, list) else [])]:
                if isinstance(part, dict) and isinstance(part.get("datePublished"), str):
                    yield part["datePublished"]
