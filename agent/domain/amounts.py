"""Amounts of money in running text, in six languages, with value and currency when a rule makes them certain.

The rules:

- An amount is a number with a currency beside it: a sign, an ISO 4217 code or a word, before or after.
- A bare ``$`` or "dollars" is USD only when nothing beside it says otherwise (``A$``, ``Canadian dollars``, ``MXN``).
  ``¥``, "rupees", "francs", "pesos", "crowns" and "dinars" alone belong to several countries: no currency is given.
- Two kinds of separator: the last is the decimal one. One separator repeated, or an apostrophe or space: thousands.
  One dot or comma before exactly three digits: thousands, since money has no three decimals; before a magnitude word
  it depends on the word's language, and where that does not tell the value is None.
- "billion" is 10⁹ in English and in Brazil; Spanish "billón" and capitalised German "Billion(en)" are 10¹².
- A range ("$5-7 million") and a magnitude without a number ("millions of dollars") have no single value: None.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple


class AmountSpan(NamedTuple):
    """``text[start:end]`` is an amount; ``value`` in units of ``currency`` (ISO 4217), each None when not certain."""

    start: int
    end: int
    value: float | None
    currency: str | None


_SIGNS: Final = {
    "US$": "USD", "U.S.$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "HK$": "HKD",
    "S$": "SGD", "NT$": "TWD", "R$": "BRL", "$": "USD", "£": "GBP", "€": "EUR", "¥": None, "₽": "RUB", "₸": "KZT",
    "₴": "UAH", "₹": "INR", "₩": "KRW", "₺": "TRY", "₪": "ILS", "₦": "NGN", "₫": "VND", "₱": "PHP", "₼": "AZN",
    "₾": "GEL", "zł": "PLN", "Kč": "CZK",
}  # fmt: skip
_CODES: Final = frozenset(
    {
        "USD", "EUR", "GBP", "JPY", "CNY", "RUB", "KZT", "UAH", "INR", "KRW", "TRY", "ILS", "NGN", "VND", "PHP", "AZN",
        "GEL", "PLN", "CZK", "CHF", "AUD", "CAD", "NZD", "HKD", "SGD", "TWD", "BRL", "MXN", "ARS", "CLP", "COP", "PEN",
        "AED", "SAR", "QAR", "KWD", "BHD", "OMR", "EGP", "ZAR", "KES", "GHS", "MAD", "TND", "DZD", "SEK", "NOK", "DKK",
        "ISK", "HUF", "RON", "BGN", "RSD", "MDL", "BYN", "UZS", "KGS", "TJS", "TMT", "AMD", "PKR", "BDT", "LKR", "IDR",
        "MYR", "THB", "IRR", "IQD", "LBP", "JOD", "VES", "UYU", "BOB", "DOP", "GTQ",
    }
)  # fmt: skip
# Word (a regular expression, any case) → currency; None where several countries use the word.
_WORDS: Final = {
    r"(?:us|u\.s\.|american)[- ]dollars?|d[óo]lares (?:estadounidenses|americanos)": "USD",
    r"dollars? am[ée]ricains?|us-dollars?|доллар\w{0,3} сша": "USD",
    r"australian dollars?": "AUD",
    r"canadian dollars?|dollars? canadiens?": "CAD",
    r"new zealand dollars?": "NZD",
    r"hong kong dollars?": "HKD",
    r"singapore dollars?": "SGD",
    r"euros?|евро": "EUR",
    r"pounds sterling|british pounds|sterling|libras esterlinas|livres sterling|pfund sterling": "GBP",
    r"фунт\w{0,3} стерлингов": "GBP",
    r"(?:russian )?r(?:o)?ubles?|rublos?|roubles?|rubel|российск\w{2,3} рубл\w{1,3}|рубл\w{1,3}|руб\.": "RUB",
    r"tenges?|тенге": "KZT",
    r"hryvnias?|hryvnas?|grivnas?|griwna|гривен|гривн\w{1,2}": "UAH",
    r"yuan|renminbi|юан\w{1,3}": "CNY",
    r"(?:japanese )?yen|иен\w?": "JPY",
    r"swiss francs?|francs suisses|schweizer franken|швейцарск\w{2,3} франк\w{0,3}": "CHF",
    r"indian rupees?": "INR",
    r"reais|real brasileño|reales brasileños": "BRL",
    r"mexican pesos?|pesos mexicanos": "MXN",
    r"argentine pesos?|pesos argentinos": "ARS",
    r"colombian pesos?|pesos colombianos": "COP",
    r"z[łl]oty\w{0,2}|злот\w{2}": "PLN",
    r"turkish lira\w?": "TRY",
    r"rands?": "ZAR",
    r"shekels?": "ILS",
    r"naira": "NGN",
    r"uae dirhams?|emirati dirhams?": "AED",
    r"rupees?|francs?|pesos?|kron(?:or|er|a|e)|crowns?|dinars?|dirhams?|riyals?|lira|pounds|франк\w{0,3}": None,
    r"dollars?|d[óo]lar(?:es)?|доллар\w{0,3}": "USD",
}
_LONG, _SHORT = "long", "short"
# Magnitude (a regular expression) → factor, and what a lone "." or "," before three digits means ahead of it:
# the decimal separator of its language, or None when its spelling is shared by several.
_MAGNITUDES: Final[dict[str, tuple[Decimal | None, str | None]]] = {
    r"mil millones|mil milh[õo]es": (Decimal(10) ** 9, ","),
    r"тысяч\w{0,2}|тыс\.?": (Decimal(10) ** 3, ","),
    r"миллион\w{0,3}|млн\.?": (Decimal(10) ** 6, ","),
    r"миллиард\w{0,3}|млрд\.?": (Decimal(10) ** 9, ","),
    r"триллион\w{0,3}|трлн\.?": (Decimal(10) ** 12, ","),
    r"mill[óo]n(?:es)?|milh(?:ão|ao|ões|oes)": (Decimal(10) ** 6, ","),
    r"billón|bill[óo]nes": (Decimal(10) ** 12, ","),
    r"bilh(?:ão|ao|ões|oes)": (Decimal(10) ** 9, ","),
    r"trilh(?:ão|ao|ões|oes)": (Decimal(10) ** 12, ","),
    r"millionen|mio\.?": (Decimal(10) ** 6, ","),
    r"milliarden?|mrd\.?": (Decimal(10) ** 9, ","),
    r"billionen": (Decimal(10) ** 12, ","),
    r"tausend|tsd\.?|mille": (Decimal(10) ** 3, ","),
    r"milliards?|mds?": (Decimal(10) ** 9, ","),
    r"millions": (Decimal(10) ** 6, None),
    r"million|mln\.?|mn|mm": (Decimal(10) ** 6, "."),
    r"billions?|bln|bn": (Decimal(10) ** 9, "."),
    r"trillions?|trn|tn": (Decimal(10) ** 12, "."),
    r"thousand": (Decimal(10) ** 3, "."),
    r"mil": (Decimal(10) ** 3, ","),
}
# Letters that are magnitudes only when they touch the number: $14.2m, $5b, €300k.
_LETTERS: Final = {"k": Decimal(10) ** 3, "m": Decimal(10) ** 6, "b": Decimal(10) ** 9, "t": Decimal(10) ** 12}

_LONGEST_NUMBER: Final = 18
"""Longer strings of digits are account numbers or mischief, not money."""
_GAP: Final = r"[ \u00a0\u202f\u2009]"
_NUMBER: Final = rf"\d{{1,3}}(?:(?:{_GAP}|['’.,])\d{{3}})+(?!\d)(?:[.,]\d{{1,2}}(?!\d))?|\d+(?:[.,]\d+)?"


@lru_cache(maxsize=1)
def _amount_pattern() -> re.Pattern[str]:
    signs = "|".join(re.escape(sign) for sign in sorted(_SIGNS, key=len, reverse=True))
    codes = "|".join(sorted(_CODES))
    words = rf"(?i:{'|'.join(_WORDS)})\b"
    magnitude = rf"(?i:{'|'.join(_MAGNITUDES)})(?!\w)"
    after = rf"(?:{_GAP}?(?:{signs})(?![\w$])|{_GAP}?(?:{codes})\b|{_GAP}?-?(?:(?:of|de|d['’])?{_GAP}*)?{words})"
    return re.compile(
        rf"(?:(?:(?<![\w$])(?P<before>{signs}|{codes}){_GAP}?|(?<![\w.,]))(?P<number>{_NUMBER})"
        rf"(?:(?P<letter>(?i:[kmbt]))(?!\w)|(?:{_GAP}|-)?(?P<magnitude>{magnitude}))?"
        rf"|\b(?P<bare>(?i:millions|billions|thousands|millones|milliards|milhões|bilhões|миллионы|миллиарды))\b)"
        rf"(?P<after>{after})?"
    )


_RANGE: Final = re.compile(rf"{_GAP}?(?:[-–—]|to\b|bis\b|до\b|à\b){_GAP}?[^\s\d]{{0,3}}\d")


def find_amounts(text: str) -> list[AmountSpan]:
    """Every amount of money in the text, in order, without overlaps."""
    return [
        AmountSpan(match.start(), match.end(), _value_of(match, text), _currency_of(match))
        for match in _amount_pattern().finditer(text)
        if match["before"] or match["after"]
    ]


def parse_number(written: str) -> float | None:
    """The value of a number as written with any thousands and decimal separators; None when that is not certain."""
    exact = _exact(written, None, has_magnitude=False)
    return None if exact is None else float(exact)


def _value_of(match: re.Match[str], text: str) -> float | None:
    if match["bare"] or not match["number"]:
        return None
    factor, decimal = Decimal(1), None
    if match["letter"]:
        factor, decimal = _LETTERS[match["letter"].lower()], "."
    elif match["magnitude"]:
        found = _magnitude(match["magnitude"], match["after"] or "")
        if found is None:
            return None
        factor, decimal = found
    if _RANGE.match(text, match.end()):
        return None
    exact = _exact(match["number"], decimal, has_magnitude=bool(match["letter"] or match["magnitude"]))
    return None if exact is None else float(exact * factor)


def _magnitude(word: str, after: str) -> tuple[Decimal, str | None] | None:
    if word == "Billion" and after.strip()[:1].isupper() and not after.strip().isupper():
        return None  # "1 Billion Euro": German nouns are capitalised and mean 10¹², a headline means 10⁹
    for pattern, (factor, decimal) in _MAGNITUDES.items():
        if factor is not None and re.fullmatch(pattern, word, re.IGNORECASE):
            return factor, decimal
    return None


def _exact(written: str, decimal: str | None, *, has_magnitude: bool) -> Decimal | None:
    """The number; ``decimal`` is the decimal separator of the magnitude's language, None when unknown."""
    bare = re.sub(rf"{_GAP}|['’]", "", written)
    if len(bare) > _LONGEST_NUMBER:
        return None
    dots, commas = bare.count("."), bare.count(",")
    if dots and commas:
        last = "." if bare.rindex(".") > bare.rindex(",") else ","
        if bare.count(last) > 1:
            return None
        bare = bare.replace("," if last == "." else ".", "").replace(last, ".")
    elif dots + commas > 1:
        bare = bare.replace(".", "").replace(",", "")
    elif dots + commas == 1:
        sign = "." if dots else ","
        whole, _, rest = bare.partition(sign)
        if len(rest) != 3 or whole in {"", "0"} or len(whole) > 3:
            bare = f"{whole}.{rest}"
        elif not has_magnitude:
            bare = whole + rest
        elif decimal is None:
            return None
        else:
            bare = f"{whole}.{rest}" if sign == decimal else whole + rest
    return Decimal(bare)


def _currency_of(match: re.Match[str]) -> str | None:
    """The currency written beside the number; a code or word after it is more exact than a bare ``$`` before it."""
    before, after = match["before"], (match["after"] or "").strip(" \u00a0\u202f\u2009-")
    named = _currency_named(after) if after else None
    if before and before != "$":
        return _currency_named(before)
    return named if named or not before else ("USD" if not after else None)


def _currency_named(written: str) -> str | None:
    if written in _SIGNS:
        return _SIGNS[written]
    if written in _CODES:
        return written
    word = re.sub(r"^(?:of|de|d['’])\s*", "", written, flags=re.IGNORECASE)
    return next((code for pattern, code in _WORDS.items() if re.fullmatch(pattern, word, re.IGNORECASE)), None)
