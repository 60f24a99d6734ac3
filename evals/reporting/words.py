"""Numbers and foreign text as a reader sees them: fixed places, no NaN, nothing invisible."""

from __future__ import annotations

import unicodedata
from math import isfinite
from typing import Final

NOTHING: Final = "–"
"""What stands where there is no number."""


def show_text(text: object) -> str:
    """Text with control, invisible and direction-turning characters written out, so that none can steer a reader."""
    return "".join(_visible(char) for char in str(text).replace("\r\n", "\n"))


def show_line(text: object) -> str:
    """The same on one line, white space single."""
    return " ".join(show_text(text).split())


def show_number(value: float | None, places: int = 3) -> str:
    """A number with fixed places; a dash where there is none."""
    if value is None or not isfinite(value):
        return NOTHING
    return f"{value + 0.0:.{places}f}" if round(value, places) else f"{0:.{places}f}"


def show_signed(value: float | None, places: int = 3) -> str:
    """A difference with its sign."""
    if value is None or not isfinite(value):
        return NOTHING
    return f"{value:+.{places}f}" if round(value, places) else f"{0:.{places}f}"


def show_count(value: float) -> str:
    """A count; half a case, where epochs share one, keeps its half."""
    return f"{round(value, 2):g}" if value < 1e6 else f"{value:,.0f}"


def show_percent(share: float) -> str:
    """A share as a whole percentage."""
    return f"{share * 100:.0f} %"


def show_interval(low: float | None, high: float | None, places: int = 3, *, signed: bool = False) -> str:
    """Both limits in brackets; a dash where one is lacking."""
    if low is None or high is None or not (isfinite(low) and isfinite(high)):
        return NOTHING
    show = show_signed if signed else show_number
    return f"[{show(low, places)}, {show(high, places)}]"


def show_label(name: object) -> str:
    """A name of the vocabulary in plain words: ``asset_seizure`` as ``asset seizure``."""
    return show_line(name).replace("_", " ")


def _visible(char: str) -> str:
    if char.isprintable() or char == "\n":
        return char
    return " " if char == "\t" or unicodedata.category(char) == "Zs" else f"<U+{ord(char):04X}>"
