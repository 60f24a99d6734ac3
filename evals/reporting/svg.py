"""SVG as part of a page: without inline styles, with ids of its own, and words for those who cannot see it."""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree

from evals.reporting.markup import Markup
from evals.reporting.words import show_line

_REFERENCE: Final = re.compile(r"url\(#([^)]+)\)")
_DROPPED: Final = frozenset({"metadata", "style"})
_KEPT: Final = frozenset({"viewBox", "version"})
_SCALE: Final = 1.3
"""Pixels of the page a point of the drawing."""


def embed_svg(drawn: str, name: str, title: str, words: str) -> Markup:
    """The drawing as an element of an HTML page.

    Style attributes become presentation attributes, so that a page may forbid inline styles; ids get ``name`` in front,
    so that two plots do not share any; ``title`` and ``words`` are what a screen reader says.
    """
    root = _plain(ElementTree.fromstring(drawn), name)
    root.attrib = {key: value for key, value in root.attrib.items() if key in _KEPT}
    width = float(root.attrib["viewBox"].split()[2])
    root.attrib |= {
        "xmlns": "http://www.w3.org/2000/svg",
        "width": f"{width * _SCALE:.0f}",
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-words",
    }
    for tag, text in (("desc", words), ("title", title)):
        told = ElementTree.Element(tag, id=f"{name}-{'words' if tag == 'desc' else tag}")
        told.text = show_line(text)
        root.insert(0, told)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _plain(node: ElementTree.Element, name: str) -> ElementTree.Element:
    """The node without namespaces, styles and foreign ids; lines are joined, as white space means nothing in SVG."""
    made = ElementTree.Element(_local(node.tag))
    for key, value in node.attrib.items():
        short = _local(key)
        if short == "style":
            made.attrib |= _present(value, name)
        elif short == "id":
            made.set("id", f"{name}-{value}")
        elif short == "href":
            made.set("href", value.replace("#", f"#{name}-", 1))
        else:
            made.set(short, _rename(" ".join(value.split()), name))
    made.text = node.text if node.text and node.text.strip() else None
    for child in node:
        if _local(child.tag) not in _DROPPED:
            made.append(_plain(child, name))
    return made


def _present(style: str, name: str) -> dict[str, str]:
    """Declarations as attributes; the page's own font is used for all letters."""
    declared = (part.partition(":")[::2] for part in style.split(";") if ":" in part)
    named = {key.strip(): _rename(value.strip(), name) for key, value in declared}
    return {key: value for key, value in named.items() if key != "font-family"}


def _rename(value: str, name: str) -> str:
    return _REFERENCE.sub(rf"url(#{name}-\1)", value)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
