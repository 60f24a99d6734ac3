"""What sort of text an article is, by its own words: a report, an official statement, satire, a paywall stub."""

from __future__ import annotations

import re

from agent.domain.alert import Article
from agent.domain.taxonomy import SourceKind

SHORTEST_REPORT = 40
"""Letters below which a text is too little to read anything from."""

_NOT_A_REPORT = re.compile(
    r"(?:404|page)[^.\n]{0,20}not found|(?:this|we use) (?:web)?(?:site uses )?cookies|accept (?:all )?cookies"
    r"|cookie (?:policy|settings|preferences)"
    r"|subscribe (?:now )?to (?:continue|read)|(?:to|please) (?:continue reading|log ?in|sign in|subscribe)"
    r"|already a subscriber|enable javascript|access denied|are you a robot|captcha"
    r"|this (?:content|article) is (?:for|only available to) (?:subscribers|members)",
    re.IGNORECASE,
)
_SATIRE = re.compile(
    r"\b(?:satire|satirical|parody|spoof (?:news|article)|humou?r column|not a real news|fake news for (?:fun"
    r"|laughs)|none of this (?:has |ever |has ever |actually )?happened|any resemblance to (?:real "
    r"|living )?persons)\b",
    re.IGNORECASE,
)
_OPINION = re.compile(
    r"^\s*(?:opinion|editorial|op-?ed|commentary|letter to the editor|comment)\b\s*[:|–—-]|\b(?:opinions"
    r"|views) expressed (?:in this|are|here)"
    r"|^\s*(?:by .{3,60}, )?guest columnist",
    re.IGNORECASE | re.MULTILINE,
)
_FICTION = re.compile(
    r"\b(?:plays?|stars? as|portrays?|starring|played by|cast as)\b[^.\n]{0,60}\b(?:in the (?:film|movie|series"
    r"|show|drama|play)|film|movie|series|thriller|drama)\b"
    r"|\b(?:new|debut|latest|bestselling|crime|his|her) (?:\w+ )?(?:novel|thriller|film|movie|series|play"
    r"|album)\b|\bbox office\b|\b(?:film|book|theatre|tv) review\b|\bepisode \d+\b|\bseason (?:one|two|three"
    r"|finale|\d)\b",
    re.IGNORECASE,
)
_STAGED = re.compile(
    r"\b(?:the series|the film|the movie|the novel|the play|flashbacks?|episodes?|(?:the|his|her) role|was shot in"
    r"|was filmed in|screenplay|premi[eè]re|the screen|first half-hour|the director|director [A-Z]\w+|the plot|the cast"
    r"|the script|her performance|his performance)\b"
)
_REAL = re.compile(
    r"\b(?:prosecut\w+|indict\w+|pleaded|police (?:said|say)|court (?:heard|ruled|documents|papers)"
    r"|according to police)\b",
    re.IGNORECASE,
)
_MANY_STAGED = 4
"""Different words of a review that make one where no court or police is reported."""
_ADVERTISEMENT = re.compile(
    r"\b(?:sponsored (?:content|post|article)|advertisement|advertorial|paid (?:content|promotion|partnership)"
    r"|promoted content)\b",
    re.IGNORECASE,
)
_OFFICIAL = re.compile(
    r"\b(?:for immediate release|press release|the (?:u\.?s\.? )?(?:department of justice|justice department"
    r"|treasury department|attorney'?s office) (?:said|announced|today)|office of public affairs"
    r"|announced (?:today )?by (?:the )?(?:u\.?s\.? )?attorney)",
    re.IGNORECASE,
)
_ATTRIBUTION = re.compile(
    r"(?:according to|reported by|told|citing|quoted by)\s+(?:the\s+)?((?:[A-Z][\w’'.&-]*)(?:\s+(?:of|the|de|du"
    r"|[A-Z][\w’'.&-]*)){0,4})"
    r"|\b((?:[A-Z][\w’'&-]*)(?:\s+[A-Z][\w’'&-]*){0,3})\s+(?:reported|reports)\b"
)


def judge_source(article: Article) -> tuple[SourceKind, str | None]:
    """The kind of text, and a sentence on why it is not to be read as a report (None when it may be)."""
    text = article.text
    opening = text[:3_000] if article.title is None else f"{article.title}\n{text[:3_000]}"
    letters = sum(char.isalpha() for char in text[:2_000])
    if letters < SHORTEST_REPORT:
        return SourceKind.NOT_A_REPORT, f"The text has {letters} letters: too little to read a report from."
    if letters < 900 and len(text) < 2_000 and _NOT_A_REPORT.search(text):
        return SourceKind.NOT_A_REPORT, "The text is a web page's notice (cookies, paywall, error), not a report."
    if _SATIRE.search(opening):
        return SourceKind.SATIRE, "The text calls itself satire or parody."
    if _ADVERTISEMENT.search(opening[:600]):
        return SourceKind.ADVERTISEMENT, "The text is marked as advertising."
    if _OPINION.search(opening[:600]):
        return SourceKind.OPINION, "The text is marked as opinion."
    staged = {match.lower() for match in _STAGED.findall(text[:6_000])}
    if len(_FICTION.findall(text[:6_000])) >= 3 or (len(staged) >= _MANY_STAGED and not _REAL.search(text)):
        return SourceKind.FICTION_OR_REVIEW, "The text reads as fiction or a review: roles in it may be invented."
    if _OFFICIAL.search(opening):
        return SourceKind.OFFICIAL_STATEMENT, None
    return SourceKind.NEWS_REPORT, None


def find_source_names(text: str) -> tuple[str, ...]:
    """Whom the article attributes its report to, as far as it says so in so many words."""
    names: dict[str, None] = {}
    for match in _ATTRIBUTION.finditer(text[:20_000]):
        name = next(group for group in match.groups() if group)
        if len(name) > 2:
            names[name[:200]] = None
    return tuple(names)[:10]
