"""How a name may stand in a text: its words in Latin letters, their stems, and what may follow a stem."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from evals.cases.desk.invented_names import UNSEGMENTED, script_of
from evals.cases.files import SHIPPED
from retrieval.names.transliteration import latinise

_MARKS: Final = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f"
    "\u00ad\u200b-\u200f\u2060\ufeff"
)
"""Signs inside a word that are no letters: combining marks, vowel signs, and characters nobody sees."""
_WORD: Final = re.compile(rf"[^\W\d_](?:[^\W\d_{_MARKS}]|[{_MARKS}]|['’ʼ](?=[^\W\d_]))*")
_POSSESSIVE: Final = re.compile(r"['’ʼ]s$", re.IGNORECASE)
_APOSTROPHE: Final = re.compile(r"['’ʼ]")
SHORTEST_STEM: Final = 3

PARTICLES: Final = frozenset(
    """de da do dos das du di del della der den des la le las los lo van von ter ten zu zur zum y e i et und and of the
    al el bin ibn ben bint abu abd ould af av jr sr ii iii iv mr mrs ms miss dr prof sir dame herr frau von""".split()
)
LEGAL_FORMS: Final = frozenset(
    """ltd limited inc incorporated llc llp lp plc corp corporation co company gmbh ag kg ohg ug se sa sas sarl srl spa
    bv nv ab oy oyj as asa aps sl slu ltda lda pte pty sdn bhd doo dd ad ao oao ooo zao pao kft zrt spzoo sro""".split()
)
PUBLIC_WORDS: Final = frozenset(
    """court courts tribunal ministry police prosecutor prosecutors attorney department bureau authority commission
    parliament senate congress government cabinet council treasury customs army navy state federal district republic
    gericht landgericht amtsgericht oberlandesgericht bundesgericht bundesgerichtshof staatsanwaltschaft polizei
    ministerium bundesamt landeskriminalamt bundeskriminalamt finanzamt zoll cour parquet procureur ministère
    gendarmerie juzgado audiencia fiscalía policía guardia ministerio procuradoria ministério polícia tribunal senado
    суд суда прокуратура прокуратуры полиция полиции министерство министерства комитет""".split()
)
PUBLIC_BODIES: Final = frozenset(
    """fbi doj sec ofac cftc fincen irs dea nsa cia finma bafin fca sfo hmrc nca amf fatf interpol europol eurojust olaf
    eppo nato oecd osce unodc imf ecb bka fsb gru cbi acfe who icc icj echr un eu uk us usa""".split()
)
"""Public bodies that keep their names: a listing by OFAC is no longer one when somebody else lists."""

_ENDINGS: Final = frozenset(
    """ a u e i y o om em oi oj oy ou ie iem owi ovi ego iego ogo oho omu emu iemu im ym ami ymi imi ach akh ykh ikh ich
    ii iy ij yi yy aya aia aja uyu uiu uju oyu oiu ya yu ja ju iya iyu iyey iei ei ey ej eya eyu eem s es n en ns nak
    nek val vel t ot et nal nel ban ben in un nin nun da dan den lla lle sta ssa lta ksi os as is us ia io""".split()
) | {""}
_BASES: Final = tuple(
    sorted(
        """ov ev yov iov ow ew sk ck tsk zk in yn enk ovich evich ovic evic owicz ewicz icz wicz ovn evn ich ic ec ets
        ek ok ik ak uk chuk yuk c ts k el l sson son sen sdottir mann stein berg burg bach feld ez oglu zade zadeh
        opoulos idis akis esc ean ait auskas in ell ett yan ian shvil dz""".split(),
        key=len,
        reverse=True,
    )
)
_SUFFIXES: Final = tuple(
    sorted(
        """ovich evich ovic evic owicz ewicz icz ovna evna ova eva owa ewa ov ev ow ew skiy skij skyi skii ski sky skaya
        skaia skaja ska cki cka ckij ckiy enko shvili dze yan ian oglu zadeh zade opoulos idis akis escu eanu aite aitis
        auskas sson son sen sdottir mann stein berg burg bach feld ez ini elli etti ina in ec ets ek ok ik ak uk chuk el
        er ey ej ei iya iia ia ie io os as es is us a o e i y u etz""".split(),
        key=len,
        reverse=True,
    )
)
_PREFIXES: Final = re.compile("^(?:[وفبكل]?ال|لل|[وفبكل]|[והבלמשכ])(?=..)")
"""What Arabic and Hebrew write in one with the word it belongs to."""
_FLEETING: Final = {"ec": ("c", "cov"), "ets": ("ts",), "ek": ("k", "kov"), "ok": ("k",), "el": ("l", "lov")}


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text, its key (Latin, small, without marks) and how many letters of the key each character gives."""

    start: int
    text: str
    key: str
    widths: tuple[int, ...]

    @property
    def end(self) -> int:
        """Where it ends in the text."""
        return self.start + len(self.text)

    @property
    def script(self) -> str:
        """The script of its first letter."""
        return script_of(self.text)

    def cut_at(self, length: int) -> int | None:
        """Where in ``text`` the first ``length`` letters of the key end; None inside a character."""
        so_far = 0
        for place, width in enumerate(self.widths):
            if so_far == length:
                return place
            so_far += width
        return len(self.text) if so_far == length else None

    def parts(self) -> Iterator[Word]:
        """What may stand as a word of its own inside: between apostrophes, behind an Arabic or Hebrew prefix."""
        if (prefix := _PREFIXES.match(self.text)) is not None:
            yield make_word(self.start + prefix.end(), self.text[prefix.end() :])
        place = 0
        for piece in _APOSTROPHE.split(self.text):
            if piece and piece != self.text:
                yield make_word(self.start + place, piece)
            place += len(piece) + 1


def find_words(text: str) -> list[Word]:
    """The words of a text, possessives cut off; unsegmented scripts are left out."""
    return [word for word in _find_any(text) if word.script not in UNSEGMENTED]


def find_unsegmented(name: str) -> list[Word]:
    """The words of a name that are written in an unsegmented script."""
    return [word for word in _find_any(name) if word.script in UNSEGMENTED]


def _find_any(text: str) -> list[Word]:
    return [make_word(match.start(), _POSSESSIVE.sub("", match.group())) for match in _WORD.finditer(text)]


def make_word(start: int, text: str) -> Word:
    """A word with its key."""
    letters = [latin_of(char) for char in text]
    return Word(start, text, "".join(letters), tuple(map(len, letters)))


@cache
def latin_of(char: str) -> str:
    """One character in small Latin letters, empty for marks and apostrophes."""
    if not char.isalpha():
        return ""
    lower = "е" if char in "ёЁ" else char.lower()
    return "".join(part for letter in lower for part in latinise(letter))


def split_stem(key: str) -> tuple[str, str]:
    """A key's stem and its suffix: ``moravcova`` → ``moravc``, ``ova``. The stem keeps three letters at least."""
    for suffix in _SUFFIXES:
        if key.endswith(suffix) and len(key) - len(suffix) >= SHORTEST_STEM:
            return key[: -len(suffix)], suffix
    return key, ""


def may_follow(tail: str, stem: str, suffixes: frozenset[str]) -> bool:
    """Whether the letters can follow the stem in a form of the name; a short stem takes only its own suffixes."""
    own = {base for suffix in suffixes for base in (suffix, suffix.rstrip("aeiouy"), *_FLEETING.get(suffix, ()))}
    bases = (*own, *_BASES, "") if len(stem) > SHORTEST_STEM else (*own, "")
    return any(tail.startswith(base) and tail[len(base) :] in _ENDINGS for base in bases)


@cache
def common_words() -> frozenset[str]:
    """Small-lettered words of seventeen languages that are no names, whatever name is spelled like them."""
    text = (SHIPPED / "common_words.txt").read_text(encoding="utf-8")
    return frozenset(text.split()) | LEGAL_FORMS | PUBLIC_WORDS | PARTICLES


def is_common(word: str) -> bool:
    """Whether a word is one that anybody's text may hold."""
    return word.casefold() in common_words()
