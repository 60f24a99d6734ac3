"""Keeping data apart from instructions: the fence's code, and what is taken out of a text before it is sent.

Only what is sent is changed; the stored text never is. The hidden characters that are dropped are those that quote
folding ignores, so a quote of the words around them is still found. Control characters, fence markers and chat-template
tokens are taken out for good, the last two leaving ``[removed]``: a quote that reaches across such a place is not found
in the article, which is right, since the stretch was planted and is no evidence.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

from agent.domain.folding import REMOVED as HIDDEN_RANGES

REMOVED: Final = "[removed]"
"""Stands where a fence marker or a chat-template token was."""

_HIDDEN: Final = re.compile(
    "[\u0000-\u0008\u000e-\u001b\u007f\ud800-\udfff" + "".join(f"{first}-{last}" for first, last in HIDDEN_RANGES) + "]"
)
_LT, _GT, _BAR, _GAP = "[<＜‹]", "[>＞›]", "[|｜∣]", r"\s{0,3}"
_TAGS: Final = (
    "s|bos|eos|pad|unk|sep|cls|mask|system|assistant|user|human|developer|instructions?|think|thinking|tool_call|"
    "tool_response|function_calls?|start_of_turn|end_of_turn"
)
_SPEAKERS: Final = "system|assistant|user|human|developer|instructions?|input|response|output"
# Every repetition is bounded or possessive and cannot start twice on the same run: a hostile text costs linear time.
_PLANTED: Final = re.compile(
    rf"{_LT}{{3,}}+|{_GT}{{3,}}+"  # our own markers, whatever name or code they carry
    rf"|{_LT}{_GAP}{_BAR}[^<>＜＞\n]{{0,60}}?{_BAR}{_GAP}{_GT}"  # <|im_start|> and its kin
    rf"|{_LT}{{2}}{_GAP}/?{_GAP}SYS{_GAP}{_GT}{{2}}"
    rf"|\[{_GAP}/?{_GAP}(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS){_GAP}\]"
    rf"|{_LT}{_GAP}/?{_GAP}(?:{_TAGS}){_GAP}{_GT}"
    rf"|(?<!#)#{{2,}}+{_GAP}(?:{_SPEAKERS})(?:{_GAP}(?:prompt|message))?{_GAP}(?::|(?=\W|$))"
    r"|(?:\A|(?<=\n))[ \t]{0,8}(?:system|assistant|human|developer)[ \t]{0,3}:(?=\s|\Z)",
    re.IGNORECASE,
)


def fence_nonce(secret: bytes, fingerprint: str) -> str:
    """The code of an alert's fence: HMAC-SHA256 over the alert's fingerprint, 128 bits in hex.

    The same alert always gets the same code, so recorded calls can be replayed; whoever writes an article cannot know
    it, because the fingerprint covers the article and the secret stays with the deployment.
    """
    return hmac.new(secret, f"fence:{fingerprint}".encode(), hashlib.sha256).hexdigest()[:32]


def neutralise(text: str) -> str:
    """The text as it may be sent: nothing hidden, no control character, no fence marker, no chat-template token.

    One pass suffices: a find gives way to a word that cannot complete another token, and what might split one is gone.
    """
    return _PLANTED.sub(REMOVED, _HIDDEN.sub("", text))
