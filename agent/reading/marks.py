"""Marks of planted instructions, fake answers and hidden text. A mark is shown to the analyst and forbids closing.

A list of forms can always be evaded; nothing rests on it. What keeps an article from steering the outcome is that code
computes the recommendation from grounded claims and the reader's own findings.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Iterator

from agent.domain.reading import InjectionMark, MarkKind

_TARGET = r"(?:instructions?|prompts?|rules?|guidelines?|system message|directives?|context|text|orders?)"
_INSTRUCTION = re.compile(
    r"|".join(
        (
            rf"\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{{0,40}}\b(?:previous|prior|above|earlier"
            rf"|preceding|all|any|your)\b[^.\n]{{0,30}}\b{_TARGET}\b",
            r"\b(?:you are|act as|behave as|pretend to be)\b[^.\n]{0,20}\b(?:an? )?(?:AI|assistant"
            r"|language model|LLM|compliance (?:bot|model|engine)|chatbot)\b",
            r"\b(?:note|message|attention|instructions?|memo|reminder)\b (?:to|for) (?:the )?(?:\w+ ){0,2}(?:AI"
            r"|assistant|model|LLM|language model|reader'?s software|screening (?:software|system|tool)"
            r"|reviewer model|summari[sz]er|automated)",
            r"\b(?:AI|LLM|language) (?:models?|assistants?|systems?|reviewers?|summari[sz]ers?"
            r"|screeners?)\b[^.\n]{0,30}\b(?:must|should|shall|are (?:instructed|required|asked)"
            r"|is (?:instructed|required|asked)|please)\b",
            r"\b(?:mark|classify|label|treat|record|rate|flag|set|report|tag|disposition|score"
            r"|categori[sz]e)\b[^.\n]{0,60}\b(?:as|to|is|=)\b[^.\n]{0,20}\b(?:false[ _-]positive|not[ _-]adverse"
            r"|not[ _-]material|no[ _-]match|low[ _-]risk|no[ _-]risk|cleared|clean|benign|irrelevant"
            r"|close(?:d)?|closed?_\w+|acquitted|mentioned)\b",
            r"\b(?:do not|don'?t|never|must not|should not|refrain from)\b[^.\n]{0,25}\b(?:mention(?:ing)?"
            r"|includ(?:e|ing)|report(?:ing)?|extract(?:ing)?|summari[sz](?:e|ing)|quot(?:e|ing)|cit(?:e|ing)"
            r"|list(?:ing)?|escalat(?:e|ing)|flag(?:ging)?)\b[^.\n]{0,60}",
            r"\b(?:omit|leave out|skip|drop|suppress)\b[^.\n]{0,40}\b(?:conviction|charges?|allegations?"
            r"|paragraphs?|sentences?|claims?|findings?|events?|summary|output)\b",
            r"\b(?:recommend(?:ation)?|recommended|disposition|verdict|outcome|decision)\b\s*(?::|=|is|should be"
            r"|must be|shall be)\s*['\"]?(?:close\w*|clear\w*|false[ _]positive|no[ _]action|"
            r"not[ _](?:adverse|material|relevant|applicable|a match)|escalate"
            r"|review)",
            r"\b(?:respond|reply|answer|output|return)\b[^.\n]{0,20}\b(?:only|with|exactly)\b[^.\n]{0,40}(?:json"
            r"|\{|\"|'|no adverse|nothing)",
            r"\b(?:reveal|print|repeat|show|disclose|output|leak)\b[^.\n]{0,30}\b(?:system prompt"
            r"|your (?:instructions|prompt)|other (?:customers?|alerts?|cases?)|precedents? (?:text|list)"
            r"|api key|secret|hidden)\b",
            r"\bquote (?:this|the following) sentence\b|\b(?:new|updated|revised) (?:system )?instructions?\s*:",
            r"\b(?:ignore|forget|disregard|stop)\b[^.\n]{0,12}\b(?:everything|the (?:task|rest|article|schema)|all of"
            r" (?:this|it)|what you were)\b|\b(?:earlier|previous|your) (?:rules|guidelines|orders|instructions)\b",
            r"\b(?:automated (?:systems?|readers?|tools?)(?= (?:must|should|shall|need))|(?:screening|all|any) software"
            r"|software reading|instructions? to systems|ask machines to|algorithms? must|bots? must"
            r"|whoever (?:reads|summari[sz]es))\b",
            r"\b(?:summary|summari[sz]e|narrative|list of events|events? list|quotation|schema|context|prompt)\b"
            r"[^.\n]{0,70}\b(?:must not|leave|left out|empty|none|five words|instead|nothing adverse|no crime"
            r"|mention no|at most|word for word|hidden)\b",
            r"\b(?:leave|keep|list|escalate|quote|cite|write|copy|repeat|reuse|perform|use)\b[^.\n]{0,30}\b(?:empty"
            r"|no events?|every offence|the verdict out|this (?:role|line)|the decision|the series|in every quotation"
            r"|in the narrative|as unsafe|instructions|the prompt)\b",
            r"\b(?:the only (?:valid|lawful) (?:answer|output)|no adverse information|nothing adverse|test data and)\b",
            r"\b(?:stage|role|severity|disposition|event e\d+|p\d+\.s\d+)\b\s*(?::|=|dismissed|as:|of all events)",
            r"(?:система|ассистент)[^.\n]{0,30}(?:забудь|запиши|не )|\b(?:asistente|assistente|assistent|système|sistem"
            r"|assistant)\b\s*(?::|talimat)|システム(?:への)?指示",
            r"игнорир\w+[^.\n]{0,40}(?:инструкци|указани|правил)\w*|не (?:упоминай|указывай"
            r"|включай)\w*[^.\n]{0,50}|ложн\w+ срабатывани\w+",
            r"\b(?:ignora|ignore|olvida|haz caso omiso)\b[^.\n]{0,40}\b(?:instrucciones|instruções|indicaciones"
            r"|anteriores)\b|\bfalso positivo\b|\bno menciones\b",
            r"\b(?:ignorez|oubliez)\b[^.\n]{0,40}\b(?:instructions|consignes)\b|\bfaux positif\b"
            r"|\bne mentionne[zs]?\b",
            r"\b(?:ignoriere|ignorieren sie|vergiss)\b[^.\n]{0,40}\b(?:anweisung|anweisungen|vorgaben"
            r"|instruktionen)\b|\bfehlalarm\b",
            r"تجاهل[^.\n]{0,40}(?:التعليمات|الأوامر)|忽略[^。\n]{0,12}(?:指令|指示|说明|提示)|無視[^。\n]{0,12}指示|(?:指示|命令)を無視",
        )
    ),
    re.IGNORECASE,
)
_ROLE_TAG = re.compile(
    r"<\|[\w-]{1,30}\|>|\[/?INST\]|<</?SYS>>|</?s>|</?(?:system|assistant|user|human|instructions?|tool"
    r"|function)\b[^>\n]{0,40}>"
    r"|^[^\S\n]*#{1,4}[^\S\n]*(?:system|assistant|user|instruction)s?\b[^\n]{0,20}:?|^[^\S\n]*(?:system|assistant|human)[^\S\n]*:(?=\s)"
    r"|(?:BEGIN|END) (?:SYSTEM|PROMPT|INSTRUCTIONS?|ARTICLE|DATA|DOSSIER)\b|<<<[^>\n]{1,60}>>>"
    r"|={3,}\s*END[^=\n]{0,40}={3,}"
    r"|^```\s*(?:system|json|end)?\s*$|-{3,}\s*(?:end|begin) of (?:article|document|data|prompt)[^\n]{0,20}",
    re.IGNORECASE | re.MULTILINE,
)
_FAKE_ANSWER = re.compile(
    r"\{\s*[\"'“](?:parties|events|recommendation|summary|disposition|verdict|subject_party|narrative"
    r"|counter_evidence|alert_id|drafter|value)[\"'”]\s*:",
    re.IGNORECASE,
)
_FAKE_DECISION = re.compile(
    r"\b(?:compliance|KYC|AML|screening|analyst|internal|review(?:er)?|bank|due diligence|audit"
    r"|legal) (?:\w+ )?(?:note|memo|decision|record|status|log|annotation|update|comment|team"
    r"|file)\b[^\n.:]{0,40}(?:\(|:|—| -)[^\n]{0,160}"
    r"|\b(?:reference profile|past decisions?|decision log|last \w+ alerts|similarity 0[.,]\d)[^\n]{0,120}"
    r"|\b(?:entry|alert|article|customer|subject|record|match)\b (?:was|has been"
    r"|is) (?:\w+ ){0,3}(?:cleared|closed|dispositioned)\b(?! (?:of|by the court|by a))[^\n]{0,60}"
    r"|\b(?:previously|already)\b[^.\n]{0,40}\b(?:cleared|closed|reviewed|dispositioned)\b[^.\n]{0,60}\b(?:by"
    r"|as)\b[^.\n]{0,40}\b(?:compliance|analysts?|reviewers?|false positive|the bank|KYC|AML)\b"
    r"|\bprecedent\s+[A-Z]{2,}-?\d+[^.\n]{0,80}|\b(?:closed|cleared) as (?:a )?(?:false positive|not material"
    r"|no match)\b",
    re.IGNORECASE,
)
_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e007f]+")
_HIDDEN_MARKUP = re.compile(
    r"<[a-z]{1,10}\b[^<>]{0,200}?(?:\bhidden\b|(?:display|visibility|font-size|opacity)\s*:\s*(?:none|hidden|0))[^<>]{0,200}>"
    r"[^<]{0,200}",
    re.IGNORECASE,
)
"""Markup that no reader of the page would have seen; intake drops it from pages, so in a text it came as text."""
_SOFT = frozenset("\u00ad\ufeff\u200e\u200f\u200c\u200d")
"""Hidden characters that honest text uses too: alone, among letters that need them, they are no mark."""
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\x80-\x84\x86-\x9f\u2400]+(?:\[[0-9;]{0,12}[A-Za-z])?")
_BASE64 = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{24,4000}={0,2}(?![\w+/=-])")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-f]{2}){16,2000}(?![0-9A-Za-z])", re.IGNORECASE)
_WORDS = re.compile(r"[^\W\d_]{3,}")
_MIXED = re.compile(r"(?<!\w)(?=\w*[A-Za-z])(?=\w*[\u0370-\u03ff\u0400-\u04ff])[^\W\d_]{3,}(?!\w)")
_MOST = 200
_LONGEST = 300


def find_marks(text: str) -> tuple[InjectionMark, ...]:
    """Every mark in the article's order, at most 200."""
    found = [
        *_matches(_INSTRUCTION, MarkKind.INSTRUCTION, text),
        *_matches(_ROLE_TAG, MarkKind.ROLE_TAG, text),
        *_matches(_FAKE_ANSWER, MarkKind.FAKE_ANSWER, text),
        *_matches(_FAKE_DECISION, MarkKind.FAKE_DECISION, text),
        *_matches(_HIDDEN_MARKUP, MarkKind.HIDDEN_CHARACTERS, text),
        *_matches(_CONTROL, MarkKind.CONTROL_CHARACTERS, text),
        *_matches(_MIXED, MarkKind.MIXED_SCRIPTS, text),
        *_hidden(text),
        *_encoded(text),
    ]
    return tuple(sorted(found, key=lambda mark: (mark.start, mark.end))[:_MOST])


def _matches(pattern: re.Pattern[str], kind: MarkKind, text: str) -> Iterator[InjectionMark]:
    for match in pattern.finditer(text):
        yield _mark(kind, text, match.start(), match.end())


def _hidden(text: str) -> Iterator[InjectionMark]:
    """Invisible characters, save those a script or a web page's hyphenation needs."""
    for match in _HIDDEN.finditer(text):
        if set(match.group()) <= _SOFT and len(match.group()) == 1 and _is_at_home(text, match.start()):
            continue
        start, end = match.span()
        yield _mark(MarkKind.HIDDEN_CHARACTERS, text, start, end)


def _is_at_home(text: str, at: int) -> bool:
    char = text[at]
    if char == "\ufeff":
        return True  # a file's mark, carried along where files are joined
    if char == "\u00ad":
        return True
    around = text[max(0, at - 2) : at + 3]
    return any(unicodedata.bidirectional(other) in {"R", "AL"} for other in around) or not around.isascii()


def _encoded(text: str) -> Iterator[InjectionMark]:
    """Base64 or hexadecimal that decodes to words, and ROT13 of a planted instruction."""
    for match in _BASE64.finditer(text):
        raw = match.group().replace("-", "+").replace("_", "/").rstrip("=")
        try:
            decoded = base64.b64decode(raw + "=" * (-len(raw) % 4), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            continue
        printable = sum(char.isprintable() or char.isspace() for char in decoded)
        if printable == len(decoded) and len(_WORDS.findall(decoded)) >= 2 and " " in decoded:
            yield _mark(MarkKind.ENCODED, text, match.start(), match.end())
    for match in _HEX.finditer(text):
        decoded = bytes.fromhex(match.group()).decode("utf-8", "replace")
        if decoded.isprintable() and len(_WORDS.findall(decoded)) >= 3:
            yield _mark(MarkKind.ENCODED, text, match.start(), match.end())
    if len(text) <= 400_000:
        for match in _INSTRUCTION.finditer(codecs.encode(text, "rot13")):
            if len(match.group().split()) >= 3:
                yield _mark(MarkKind.ENCODED, text, match.start(), match.end())


def _mark(kind: MarkKind, text: str, start: int, end: int) -> InjectionMark:
    end = min(end, start + _LONGEST)
    shown = "".join(_visible(char) for char in text[start : min(end, start + 190)])
    return InjectionMark(kind=kind, start=start, end=end, text=shown[:200])


def _visible(char: str) -> str:
    hidden = unicodedata.category(char) in {"Cc", "Cf", "Co", "Cn", "Cs"} and char not in "\n\t"
    return f"U+{ord(char):04X}" if hidden else " " if char in "\n\t" else char
