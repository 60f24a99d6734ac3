"""Name swaps: the subject of an alert gets an invented name of another origin, and nothing else changes.

Only what can be swapped word by word is swapped: a person of two to four names, each of which stands for nobody and
nothing else in the text. What cannot is left out with the reason, never swapped by halves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from agent.domain.taxonomy import PartyKind
from evals.cases.case import Case
from evals.cases.files import read_case
from evals.cases.gold import GoldParty
from evals.probes.files import InventedName, Sex
from retrieval.names.tokens import fold_tokens

_WORD: Final = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_HE: Final = re.compile(r"\b(?:he|him|his|himself)\b", re.IGNORECASE)
_SHE: Final = re.compile(r"\b(?:she|her|hers|herself)\b", re.IGNORECASE)
_FEWEST, _MOST = 2, 4
_SHORTEST_STEM: Final = 4


class NotSwappable(Exception):
    """A name that cannot be swapped word by word; ``why`` says so without the name, so that reasons can be counted."""

    def __init__(self, why: str, word: str = "") -> None:
        super().__init__(f"{why}: {word}" if word else why)
        self.why = why


@dataclass(frozen=True, slots=True)
class NameSwap:
    """Old word → new word, one for each of a person's names."""

    words: Mapping[str, str]

    def apply(self, text: str) -> str:
        """The text with every name swapped, in capitals where it stood in capitals."""
        forms = {old.upper(): new.upper() for old, new in self.words.items()} | dict(self.words)
        found = "|".join(map(re.escape, sorted(forms, key=len, reverse=True)))
        return re.sub(rf"(?<![\w-])(?:{found})(?![\w-])", lambda match: forms[match[0]], text)

    def apply_folded(self, name: str) -> str:
        """The same for a name written in another order, with fewer accents or in capitals, as headers are."""
        forms = {" ".join(fold_tokens(old)): new for old, new in self.words.items()}

        def swap(match: re.Match[str]) -> str:
            new = forms.get(" ".join(fold_tokens(match[0])))
            if new is None:
                return match[0]
            return new.upper() if match[0].isupper() else new

        return _WORD.sub(swap, name)

    @property
    def inverse(self) -> NameSwap:
        """The swap that undoes this one."""
        return NameSwap({new: old for old, new in self.words.items()})


def plan_swap(party: GoldParty, invented: InventedName) -> NameSwap:
    """The swap of a person's names for invented ones: the name used alone is the surname, else the last is.

    Raises NotSwappable.
    """
    if party.kind is not PartyKind.PERSON:
        raise NotSwappable("the subject is no person")
    names = [word for word in party.name.split() if len(word.strip(".")) > 1]
    if not _FEWEST <= len(names) <= _MOST or any(not name[0].isupper() or not _WORD.fullmatch(name) for name in names):
        raise NotSwappable("the name is not two to four plain words", party.name)
    alone = [alias for alias in party.aliases if alias in names]
    surnames = alone[:1] or names[-1:]
    if len(names) - len(surnames) > len(invented.given):
        raise NotSwappable("the name has more given names than the table", party.name)
    given = [name for name in names if name not in surnames]
    if len(given) + len(surnames) != len(names):
        raise NotSwappable("the name has one word twice", party.name)
    return NameSwap(
        dict(zip(given, invented.given, strict=False)) | dict(zip(surnames, invented.surnames, strict=False))
    )


def swap_case(case: Case, invented: InventedName, suffix: str) -> Case:
    """The case with its subject's name swapped; the gold keeps the parties alone. Raises NotSwappable."""
    party = find_subject(case)
    swap = plan_swap(party, invented)
    article = case.alert.article
    whole = f"{article.title or ''}\n{article.text}"
    _check_words(case, party, swap, whole)
    changed = swap.apply(whole)
    if swap.inverse.apply(changed) != whole:
        raise NotSwappable("the swap could not be undone")
    _check_survivors(swap, changed)
    row = _neutral_row(case)
    row["id"] = f"{case.id}--{suffix}".replace("_", "-")
    alert = row["alert"]
    alert["article"]["text"] = swap.apply(article.text)
    if article.title is not None:
        alert["article"]["title"] = swap.apply(article.title)
    if alert["subject"] is not None:
        _swap_header(alert["subject"], swap)
    for one in row["gold"]["parties"]:
        if one["id"] == party.id:
            one["name"] = swap.apply(one["name"])
            one["aliases"] = [swap.apply(alias) for alias in one["aliases"]]
    return read_case(row, case.split, f"probe {row['id']}")


def make_neutral(case: Case) -> Case:
    """The case as swaps are compared with it: the article as intake read it, without its address, parties as gold."""
    row = _neutral_row(case)
    row["id"] = f"{case.id}--as-is"
    return read_case(row, case.split, f"probe {row['id']}")


def find_subject(case: Case) -> GoldParty:
    """The gold party that the alert is about. Raises NotSwappable."""
    party = next((one for one in case.gold.parties or () if one.id == case.gold.subject_party), None)
    if party is None:
        raise NotSwappable("the alert is about no one party")
    return party


def tell_sex(text: str) -> Sex:
    """The gender that all pronouns of an English text share; a text without any may be told of either.

    Raises NotSwappable where they are of both.
    """
    he, she = bool(_HE.search(text)), bool(_SHE.search(text))
    if he and she:
        raise NotSwappable("the pronouns of the text are of both genders")
    return "f" if she else "m"


def _neutral_row(case: Case) -> dict[str, Any]:
    entry = case.entry.model_dump(mode="json")
    alert = case.alert.model_dump(mode="json", exclude={"alert_id", "notes"})
    alert["article"]["url"] = None
    parties = [party.model_dump(mode="json") for party in case.gold.parties or ()]
    gold = {"parties": parties, "subject_party": case.gold.subject_party}
    return entry | {"twin_of": None, "alert": alert, "gold": gold}


def _check_words(case: Case, party: GoldParty, swap: NameSwap, text: str) -> None:
    """Each word stands for the subject alone, and no new word is in the text. Raises NotSwappable."""
    old = {token for word in swap.words for token in fold_tokens(word)}
    new = {token for word in swap.words.values() for token in fold_tokens(word)}
    others = [name for one in case.gold.parties or () if one is not party for name in (one.name, *one.aliases)]
    if shared := old.intersection(token for name in others for token in fold_tokens(name)):
        raise NotSwappable("another party bears a part of the name", sorted(shared)[0])
    lowered = {word for word in _WORD.findall(text) if word.islower()}
    if common := old & lowered:
        raise NotSwappable("a part of the name is a common word of the text", sorted(common)[0])
    if standing := new & set(fold_tokens(text)):
        raise NotSwappable("the new name stands in the text already", sorted(standing)[0])
    subject = case.alert.subject
    for name in (subject.name, *subject.aliases) if subject is not None else ():
        words = {token for token in fold_tokens(name) if len(token) > 1}
        if not words <= old:
            raise NotSwappable("the header writes the name with other words than the article")


def _check_survivors(swap: NameSwap, changed: str) -> None:
    """No old name is left, not in another spelling and not with an ending. Raises NotSwappable."""
    tokens = set(fold_tokens(changed))
    for word in swap.words:
        for old in fold_tokens(word):
            if any(token == old or (len(old) >= _SHORTEST_STEM and token.startswith(old)) for token in tokens):
                raise NotSwappable("a form of the name would be left in the text", old)


def _swap_header(subject: dict[str, Any], swap: NameSwap) -> None:
    subject["name"] = swap.apply_folded(subject["name"])
    subject["aliases"] = [swap.apply_folded(alias) for alias in subject["aliases"]]
