"""From a dossier to the messages a model is sent, and what sending them would cost."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from agent.domain.fingerprint import alert_fingerprint
from agent.domain.record import Usage
from agent.domain.reference import Dossier, PrecedentMatch, Profile, ProfileMatch
from agent.domain.summary import draft_schema
from agent.errors import ContextTooLong
from agent.triage.article_parts import Part, article_block, number_sentences, part_label, split_article
from agent.triage.names import kind_of
from agent.triage.prices import PriceTable, estimate_tokens
from prompts.fence import fence_nonce
from prompts.library import Prompt, PromptLibrary, PromptMessage
from retrieval.names.comparison import explain_parts

ASSUMED_OUTPUT_TOKENS = 1_500
"""Length of an answer that a cost estimate assumes."""

LEAST_ARTICLE_TOKENS = 200
"""A limit that leaves less than this for the article is refused."""

_LABEL_TOKENS = 32
_NOTE_CHARS = 600
_PROFILE_NOTE_CHARS = 300
_SHOWN = 12
_MOST_ALIASES = 6
_MOST_POSITIONS = 4
_MOST_NAMES = 60


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """What would be sent for one alert: one list of messages a call. Tokens and cost are estimates."""

    prompt: str
    calls: tuple[tuple[BaseMessage, ...], ...]
    tokens_estimate: int
    """Input of all calls, schema included."""
    cost_estimate: float | None
    """US dollars with an answer of ``ASSUMED_OUTPUT_TOKENS`` a call and nothing cached; None for an unlisted model."""

    @property
    def messages(self) -> tuple[BaseMessage, ...]:
        """The messages of the first call."""
        return self.calls[0]


class DraftPrompt:
    """The summary prompt for one dossier: the fence's code and the blocks that are the same in every part."""

    def __init__(self, prompt: Prompt, dossier: Dossier, *, secret: bytes) -> None:
        self.prompt = prompt
        self.nonce = fence_nonce(secret, alert_fingerprint(dossier.alert))
        self.sentences = number_sentences(dossier.alert.article, dossier.reading)
        self._dossier = dossier
        self._blocks = {
            "profiles": profiles_block(dossier.profiles),
            "precedents": precedents_block(dossier.precedents),
            "alert": alert_block(dossier),
        }

    def messages(self, part: Part) -> tuple[BaseMessage, ...]:
        """The messages of the call for one part of the article."""
        extent = extent_block(part, part == self.sentences, self._dossier)
        values = {**self._blocks, "part": extent, "article": article_block(part)}
        return as_chat(self.prompt.render(values, self.nonce))

    def plan(self, max_input_tokens: int) -> tuple[Part, ...]:
        """The article whole, or in parts that keep each call within the limit (both estimated).

        Raises ContextTooLong when the limit leaves no room for an article beside the prompt.
        """
        if estimate_messages(self.messages(self.sentences)) <= max_input_tokens:
            return (self.sentences,)
        extent = extent_block(self.sentences, False, self._dossier)
        bare = as_chat(self.prompt.render({**self._blocks, "part": extent, "article": ""}, self.nonce))
        fixed = estimate_messages(bare) + _LABEL_TOKENS
        budget = max_input_tokens - fixed
        if budget < LEAST_ARTICLE_TOKENS:
            raise ContextTooLong(
                f"alert {self._dossier.alert.alert_id!r}: prompt, schema, profiles and precedents take about {fixed} "
                f"of {max_input_tokens} input tokens; too little is left for the article. Raise the limit."
            )
        return split_article(self.sentences, budget)


def render_for_display(
    dossier: Dossier,
    prompts: PromptLibrary,
    *,
    secret: bytes,
    max_input_tokens: int,
    prices: PriceTable,
    model: str | None = None,
) -> RenderedPrompt:
    """What a draft of this dossier would send, without sending it, and about what it would cost."""
    draft_prompt = DraftPrompt(prompts.get("summary"), dossier, secret=secret)
    calls = tuple(draft_prompt.messages(part) for part in draft_prompt.plan(max_input_tokens))
    tokens = [estimate_messages(messages) for messages in calls]
    costs = [prices.cost(model, Usage(input_tokens=count, output_tokens=ASSUMED_OUTPUT_TOKENS)) for count in tokens]
    known = [cost for cost in costs if cost is not None]
    cost = sum(known) if len(known) == len(costs) else None
    return RenderedPrompt(draft_prompt.prompt.reference, calls, sum(tokens), cost)


def as_chat(messages: Iterable[PromptMessage]) -> tuple[BaseMessage, ...]:
    """Rendered messages as LangChain's."""
    return tuple(
        SystemMessage(content=message.text) if message.role == "system" else HumanMessage(content=message.text)
        for message in messages
    )


def estimate_messages(messages: Sequence[BaseMessage]) -> int:
    """Estimated input tokens of a call, the schema that goes with it included."""
    return _schema_tokens() + sum(8 + estimate_tokens(str(message.content)) for message in messages)


@cache
def _schema_tokens() -> int:
    return estimate_tokens(json.dumps(draft_schema(), separators=(",", ":")))


def profiles_block(matches: Sequence[ProfileMatch]) -> str:
    """The profiles as data, each once, with the mentions it met and how. Numbers of documents stay at home."""
    if not matches:
        return "none"
    grouped: dict[str, list[ProfileMatch]] = {}
    for match in matches:
        grouped.setdefault(match.profile.profile_id, []).append(match)
    return "\n\n".join(_profile_fields(group[0].profile, group) for group in grouped.values())


def _profile_fields(profile: Profile, matches: Sequence[ProfileMatch]) -> str:
    shown = [name for name in (*profile.aliases, *profile.weak_aliases) if name != profile.name]
    return _fields(
        {
            "profile": profile.profile_id,
            "found for": _listed([_met(match) for match in matches], 3),
            "name": profile.name,
            "kind": profile.kind,
            "aliases": _listed(shown, _MOST_ALIASES),
            "birth date": profile.birth_date,
            "death date": profile.death_date,
            "nationalities": _listed(profile.nationalities),
            "countries": _listed(profile.countries),
            "positions": _listed(profile.positions, _MOST_POSITIONS),
            "employer": profile.employer,
            "topics": _listed(profile.topics),
            "notes": _shortened(profile.notes, _PROFILE_NOTE_CHARS),
            "source": profile.source,
        }
    )


def _met(match: ProfileMatch) -> str:
    words = explain_parts(match.parts, kind_of(match.profile.kind), given_place="on the profile")
    how = words if match.parts else f"by the name {match.matched_name}"
    return f"{match.mention or match.matched_name} ({how}{', a weak alias' if match.weak else ''})"


def precedents_block(matches: Sequence[PrecedentMatch]) -> str:
    """The precedents in the order given, by their categories and what code found alike and different.

    Neither how they ended nor any text that people wrote of them: measured with a model that obeys what it is shown,
    poisoned outcomes and reasons talked a draft out of findings. The analyst sees both, beside the draft.
    """
    entries = [
        _fields(
            {
                "precedent": match.precedent.precedent_id,
                "offences": _listed(match.precedent.offences),
                "stages": _listed(match.precedent.stages),
                "role": match.precedent.role,
                "jurisdiction": match.precedent.jurisdiction,
                "source": match.precedent.source_kind,
                "similarity": f"{match.similarity:.2f}",
                "alike": _listed(match.alike),
                "differs": _listed(match.differs),
            }
        )
        for match in matches
    ]
    return "\n\n".join(entries) or "none"


def alert_block(dossier: Dossier) -> str:
    """Subject and source of the alert. Its id, its dates and numbers of documents play no part in a draft."""
    subject, article = dossier.alert.subject, dossier.alert.article
    about = (
        {
            "subject": subject.name,
            "kind": subject.kind,
            "aliases": _listed(subject.aliases),
            "birth date": subject.birth_date,
            "nationalities": _listed(subject.nationalities),
            "countries": _listed(subject.countries),
            "occupation": subject.occupation,
            "employer": subject.employer,
        }
        if subject is not None
        else {"subject": "not given"}
    )
    return _fields(
        {
            **about,
            "article title": article.title,
            "article source": article.source,
            "article address": article.url,
            "article date": article.published_at or "not given",
            "article language": article.language or dossier.reading.language,
        }
    )


def extent_block(part: Part, whole: bool, dossier: Dossier) -> str:
    """Which passages the call shows; for a part of an article also the full names used elsewhere in it."""
    if whole:
        return f"the whole article: {part_label(part)}"
    names = [party.name for party in dossier.reading.parties][:_MOST_NAMES]
    elsewhere = (
        f"\nnames used elsewhere in it, so that the same party gets the same name: {_listed(names, _MOST_NAMES)}"
    )
    return (
        f"a part of a longer article: {part_label(part)}; the other parts are read separately, "
        f"so report this part alone{elsewhere if names else ''}"
    )


def _fields(fields: Mapping[str, object]) -> str:
    return "\n".join(f"{name}: {_one_line(value)}" for name, value in fields.items() if value not in (None, ""))


def _one_line(value: object) -> str:
    return " ".join(str(value).split())


def _listed(values: Sequence[str], most: int = _SHOWN) -> str:
    more = f"; and {len(values) - most} more" if len(values) > most else ""
    return "; ".join(_one_line(value) for value in values[:most]) + more


def _shortened(text: str, most: int = _NOTE_CHARS) -> str:
    line = _one_line(text)
    return line if len(line) <= most else f"{line[:most].rstrip()} [shortened]"
