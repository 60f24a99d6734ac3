"""LlmDrafter: one call an alert (one a part for a long article), at most one repair turn each, a fallback behind it."""

from __future__ import annotations

import inspect
import json
from collections import deque
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Protocol

from langchain_core.messages import AIMessage, BaseMessage

from agent.domain.record import Draft, Grounding
from agent.domain.reference import Dossier
from agent.domain.summary import RiskSummary, draft_schema
from agent.errors import ContextTooLong, ModelError, ReplyInvalid, ReplyTruncated
from agent.llm.client import ModelReply
from agent.llm.replies import parse_reply
from agent.triage.article_parts import Part, halve_part, part_label
from agent.triage.call_log import CallLog, clip_line
from agent.triage.draft_prompt import DraftPrompt, as_chat
from agent.triage.ground import ground_summary
from agent.triage.prices import PriceTable
from agent.triage.summary_merge import INCOMPLETE, merge_summaries
from prompts.fence import neutralise
from prompts.library import PromptLibrary

MOST_PARTS = 20
"""Parts of one article that are asked about; more would cost more than a person reading it."""

_MOST_PROBLEMS = 20


class ChatClient(Protocol):
    """Whoever puts a question to a chat model; ``agent.llm.client.ModelClient`` does."""

    async def ask(self, messages: Sequence[BaseMessage], schema: Mapping[str, Any], *, sample: int = 0) -> ModelReply:
        """The model's raw reply; raises ModelError."""


class Drafter(Protocol):
    """Whoever turns a dossier into a draft, now or when awaited."""

    def draft(self, dossier: Dossier) -> Draft | Awaitable[Draft]:
        """The draft; raises ModelError."""


def is_incomplete(draft: Draft) -> bool:
    """Whether part of the article, or an entry found in it, is not in the draft."""
    return any(note.startswith(INCOMPLETE) for note in draft.notes)


class LlmDrafter:
    """Drafts with a chat model. Code checks the quotes and owns ids, ties, identity and everything after the draft."""

    def __init__(
        self,
        client: ChatClient,
        prompts: PromptLibrary,
        *,
        secret: bytes,
        max_input_tokens: int,
        prices: PriceTable,
        version: int | None = None,
        fallback: Drafter | None = None,
        sample: int = 0,
    ) -> None:
        """``version`` names one of the prompt ``summary``, the newest unless given. Raises PromptNotFound."""
        self._client = client
        self._prompt = prompts.get("summary", version)
        self._repair = prompts.get("repair")
        self._schema = draft_schema()
        self._secret = secret
        self._limit = max_input_tokens
        self._prices = prices
        self._fallback = fallback
        self._sample = sample

    async def draft(self, dossier: Dossier) -> Draft:
        """A draft of the dossier, with the raw replies, what they cost, and notes on parts, repairs and losses.

        When the model gives no usable draft the fallback's is returned, with ``fallback_reason`` saying why; without a
        fallback the ModelError is raised.
        """
        log = CallLog(self._prices)
        try:
            return await self._draft_with_model(dossier, log)
        except ModelError as error:
            if self._fallback is None:
                raise
            fallen = self._fallback.draft(dossier)
            draft = await fallen if inspect.isawaitable(fallen) else fallen
            reason = f"The model gave no usable draft. {type(error).__name__}: {error}"
            stamped = log.stamp(draft, self._prompt.reference, ())
            return stamped.model_copy(update={"fallback_reason": clip_line(reason)})

    async def _draft_with_model(self, dossier: Dossier, log: CallLog) -> Draft:
        asked = DraftPrompt(self._prompt, dossier, secret=self._secret)
        read, failed = await self._read_parts(asked, dossier, log)
        if not read:
            raise failed[0][1]
        precedents = [match.precedent.precedent_id for match in dossier.precedents]
        summary, losses = merge_summaries([summary for _, summary in read], precedents)
        gaps = [
            f"{INCOMPLETE} {part_label(part)} was not read by the model ({type(error).__name__}: {error})"
            for part, error in failed
        ]
        if failed:
            unread = (
                f"What the article says in {', '.join(part_label(part) for part, _ in failed)}: not read by the model."
            )
            kept = summary.missing_information[:11]
            summary = summary.model_copy(update={"missing_information": (clip_line(unread), *kept)})
        labels = ", ".join(part_label(part) for part, _ in read)
        parts = f"{len(read)} of {len(read) + len(failed)} parts" if failed else f"{len(read)} parts"
        extent = [f"Read in {parts}: {labels}."] if len(read) + len(failed) > 1 else []
        losses = tuple(sorted(losses, key=lambda note: not note.startswith(INCOMPLETE)))
        draft = Draft(summary=summary, drafter="llm")
        return log.stamp(draft, self._prompt.reference, (*gaps, *extent, *losses, *log.notes))

    async def _read_parts(
        self, asked: DraftPrompt, dossier: Dossier, log: CallLog
    ) -> tuple[list[tuple[Part, RiskSummary]], list[tuple[Part, ModelError]]]:
        """Every part's summary in the article's order, and the parts without one. Errors that stop a queue escape."""
        read: list[tuple[Part, RiskSummary]] = []
        failed: list[tuple[Part, ModelError]] = []
        pending = deque((part, False) for part in asked.plan(self._limit))
        tried = 0
        while pending:
            if tried + len(pending) > MOST_PARTS:
                raise ContextTooLong(
                    f"alert {dossier.alert.alert_id!r}: at {self._limit} input tokens a call the article needs more "
                    f"than {MOST_PARTS} parts. Raise the limit of input tokens, or work the alert without a model."
                )
            part, was_cut = pending.popleft()
            tried += 1
            try:
                read.append((part, await self._read_part(asked, part, dossier, log)))
            except ModelError as error:
                if error.stops_queue:
                    raise
                halves = halve_part(part) if self._may_split(error, was_cut) else None
                if halves is None:
                    failed.append((part, error))
                else:
                    was_cut = was_cut or isinstance(error, ReplyTruncated)
                    pending.extendleft((half, was_cut) for half in reversed(halves))
        return read, failed

    @staticmethod
    def _may_split(error: ModelError, was_cut: bool) -> bool:
        """A prompt that is too long is split as far as it goes, a reply that was cut only once."""
        return isinstance(error, ContextTooLong) or (isinstance(error, ReplyTruncated) and not was_cut)

    async def _read_part(self, asked: DraftPrompt, part: Part, dossier: Dossier, log: CallLog) -> RiskSummary:
        """One call and at most one repair turn. The first valid summary stays unless the repair is better."""
        messages = asked.messages(part)
        reply = await self._ask(messages, log)
        try:
            first = parse_reply(reply.text, RiskSummary)
        except ReplyInvalid as error:
            return await self._repair_part(asked, messages, reply, str(error).splitlines(), log)
        checked = _check(first, dossier)
        problems = _list_problems(first, checked)
        if not problems:
            return first
        try:
            second = await self._repair_part(asked, messages, reply, problems, log)
        except ModelError as error:
            log.notes.append(f"{part_label(part)}: the repair turn failed ({type(error).__name__}); first answer kept.")
            return first
        if _is_better(second, _check(second, dossier), first, checked):
            return second
        log.notes.append(f"{part_label(part)}: the repair turn was no better; first answer kept, faults shown.")
        return first

    async def _repair_part(
        self,
        asked: DraftPrompt,
        messages: Sequence[BaseMessage],
        reply: ModelReply,
        problems: Sequence[str],
        log: CallLog,
    ) -> RiskSummary:
        listed = "\n".join(f"- {problem}" for problem in problems[:_MOST_PROBLEMS])
        turn = as_chat(self._repair.render({"problems": listed}, asked.nonce))
        again = (*messages, AIMessage(content=neutralise(reply.text)), *turn)
        return parse_reply((await self._ask(again, log)).text, RiskSummary)

    async def _ask(self, messages: Sequence[BaseMessage], log: CallLog) -> ModelReply:
        try:
            reply = await self._client.ask(messages, self._schema, sample=self._sample)
        except ModelError as error:
            words = getattr(error, "raw", "")
            if words:
                log.add_failed(words)
            raise
        log.add(reply)
        return reply


def _check(summary: RiskSummary, dossier: Dossier) -> Grounding:
    """What grounding finds in one answer, which is then drafted on as the model gave it."""
    _, grounding = ground_summary(summary, dossier.alert.article, dossier.reading, _reference_texts(summary, dossier))
    return grounding


def _reference_texts(summary: RiskSummary, dossier: Dossier) -> tuple[str, ...]:
    """What a narrative may draw on beside the article: the subject's name and the precedents the answer names."""
    subject, named = dossier.alert.subject, {note.id for note in summary.precedents}
    cited = (match.precedent for match in dossier.precedents if match.precedent.precedent_id in named)
    return (*((subject.name, *subject.aliases) if subject else ()), *(precedent.summary for precedent in cited))


def _list_problems(summary: RiskSummary, grounding: Grounding) -> list[str]:
    """What a repair turn is asked to mend; empty when every quote was found and there is a narrative."""
    problems = [
        f"{lost.claim}: {lost.reason}: {json.dumps(lost.text, ensure_ascii=False)}" for lost in grounding.ungrounded
    ]
    if not summary.narrative.strip():
        problems.append("narrative: it is empty; the fields of the object must be filled as the task says.")
    if problems:
        problems += [f"not in the article: {phrase}" for phrase in grounding.unsupported]
        problems += grounding.lowered
    return problems


def _is_better(second: RiskSummary, after: Grounding, first: RiskSummary, before: Grounding) -> bool:
    """Fewer faults and no evidence lost: a repair that drops what was proven is worse, whatever else it mends."""
    if after.found < before.found or len(second.events) < _grounded_events(first, before):
        return False
    return _faults(second, after) < _faults(first, before)


def _faults(summary: RiskSummary, grounding: Grounding) -> int:
    return len(grounding.ungrounded) + (not summary.narrative.strip())


def _grounded_events(summary: RiskSummary, grounding: Grounding) -> int:
    lost = {entry.claim for entry in grounding.ungrounded}
    return sum(event.id not in lost for event in summary.events)
