"""An imperfect scripted model: it drafts from the gold and errs on purpose, at seeded places and known rates.

It stands in where the harness itself is on trial, since it errs the same way every time: the gate must see a prompt
that makes it worse. It follows two orders in a prompt to the letter (``leave counter_evidence empty`` and ``the gravest
stage``), as a real model might. No figure it earns says anything about any real model.

``python -m evals.running.imperfect --port 8001`` serves it until interrupted: name it as ``openai:imperfect`` with
``TRIAGE_BASE_URL=http://127.0.0.1:8001/v1``.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from agent.domain.fingerprint import content_hash
from agent.domain.taxonomy import STAGE_CHAIN, Role, Stage
from agent.llm.behaviours import Behaviour, answer
from agent.llm.scripted_server import LoggedRequest, ScriptedServer
from evals.cases.case import Case
from evals.cases.files import load_cases
from evals.cases.gold import GoldCounterEvidence, GoldEvent, GoldParty, Truth
from prompts.fence import neutralise

RATES: Final = MappingProxyType(
    {
        "counter_evidence_dropped": 0.10,
        "stage_overstated": 0.06,
        "event_missed": 0.05,
        "misquoted": 0.04,
        "victim_blamed": 0.04,
        "cut_short": 0.01,
        "obeyed_planted": 0.25,
    }
)
"""How often it errs in each way, a share of the places where it could."""

_ARTICLE = re.compile(r"<<<article (\w+)>>>\n(.*?)\n<<<end article \1>>>", re.DOTALL)
_TITLE = re.compile(r"^article title: (.*)$", re.MULTILINE)
_SENTENCE_ID = re.compile(r"^\[p\d+\.s\d+\]", re.MULTILINE)
_LEAVE_OUT = re.compile(r"leave counter_evidence empty", re.IGNORECASE)
_GRAVEST = re.compile(r"the gravest stage", re.IGNORECASE)
_HARMLESS: Final = frozenset({Role.VICTIM, Role.WITNESS, Role.WHISTLEBLOWER})


class ImperfectModel:
    """Answers a chat completion as an endpoint would; give it to a ScriptedServer."""

    def __init__(self, cases: Iterable[Case], *, seed: int = 7) -> None:
        self._cases: dict[str, list[Case]] = {}
        for case in cases:
            self._cases.setdefault(_letters(neutralise(case.alert.article.text)), []).append(case)
        self._seed = seed
        self._asked: Counter[str] = Counter()

    def __call__(self, request: LoggedRequest) -> Behaviour:
        """One answer; the second asking of the same thing is another sample and errs elsewhere."""
        asked = content_hash(request.body)
        self._asked[asked] += 1
        messages = request.body["messages"]
        case = self._find_case(messages[1]["content"])
        if case is None:
            return answer(None, refusal="This model only knows the cases of the evaluation.")
        reply = _Reply(case, messages[0]["content"], f"{self._seed}/{self._asked[asked]}", repaired=len(messages) > 2)
        finish = "length" if reply.errs("cut_short", case.id) else "stop"
        tokens = (sum(len(message["content"]) for message in messages) // 4, len(str(reply.draft())) // 4)
        return answer(reply.draft(), finish_reason=finish, tokens=tokens)

    def _find_case(self, prompt: str) -> Case | None:
        block, title = _ARTICLE.search(prompt), _TITLE.search(prompt)
        alike = self._cases.get(_letters(_SENTENCE_ID.sub("", block[2])), []) if block else []
        wanted = _letters(title[1]) if title else ""
        return next((case for case in alike if _letters(neutralise(case.alert.article.title or "")) == wanted), None)


class _Reply:
    """One reply in the making."""

    def __init__(self, case: Case, system: str, seed: str, *, repaired: bool) -> None:
        self._case = case
        self._seed = seed
        self._repaired = repaired
        self._without_counter = bool(_LEAVE_OUT.search(system))
        self._gravest = bool(_GRAVEST.search(system))

    def errs(self, kind: str, place: str) -> bool:
        """Whether it errs in this way at this place: the same on every machine and for every prompt."""
        digest = hashlib.sha256(f"{self._seed}/{kind}/{self._case.id}/{place}".encode()).digest()
        return int.from_bytes(digest[:8]) / 2**64 < RATES[kind]

    def draft(self) -> Mapping[str, Any]:
        """The draft, in the schema that a model is asked to fill."""
        gold = self._case.gold
        planted = gold.planted
        swayed = planted is not None and planted.wish is Truth.CLOSE and self.errs("obeyed_planted", "case")
        events = [] if swayed else [event for event in gold.events or () if not self.errs("event_missed", event.id)]
        counter = [] if self._without_counter else list(gold.counter_evidence or ())
        counter = [entry for entry in counter if not self.errs("counter_evidence_dropped", entry.id)]
        return {
            "parties": [self._party(party) for party in gold.parties or ()],
            "subject_party": gold.subject_party,
            "events": [self._event(event) for event in events],
            "counter_evidence": [self._counter(entry) for entry in counter],
            "source_assessment": {"kind": "news_report", "attributed_to": [], "note": ""},
            "narrative": _narrative(events, counter),
            "missing_information": [],
            "next_steps": [],
            "precedents": [],
        }

    def _party(self, party: GoldParty) -> dict[str, Any]:
        role = party.roles[0]
        if role in _HARMLESS and self.errs("victim_blamed", party.id):
            role = Role.SUSPECT
        return {
            "id": party.id,
            "name": party.name,
            "kind": party.kind,
            "role": role,
            "aliases": list(party.aliases),
            "identifiers": [],
            "quotes": [_quote(self._words_about(party))],
        }

    def _words_about(self, party: GoldParty) -> str:
        """What shows the party's role: the evidence of what it has a part in, else its name."""
        about = [event.evidence[0] for event in self._case.gold.events or () if party.id in event.parties]
        return about[0] if about else party.name

    def _event(self, event: GoldEvent) -> dict[str, Any]:
        stage = event.stages[0]
        if self._gravest or self.errs("stage_overstated", event.id):
            stage = _overstated(stage)
        return {
            "id": event.id,
            "offences": list(event.offences),
            "stage": stage,
            "in_absentia": event.in_absentia,
            "final": event.final,
            "parties": list(event.parties),
            "claim": f"The article reported a matter of {event.offences[0].replace('_', ' ')}.",
            "date": None,
            "jurisdiction": None,
            "authority": None,
            "amounts": [],
            "quotes": [self._evidence(words, event.id) for words in event.evidence],
        }

    def _counter(self, entry: GoldCounterEvidence) -> dict[str, Any]:
        claim = f"The article reported what spoke for the other side, according to {entry.by}."
        quotes = [self._evidence(words, entry.id) for words in entry.evidence]
        return {"id": entry.id, "kind": entry.kinds[0], "by": entry.by, "claim": claim, "quotes": quotes}

    def _evidence(self, words: str, place: str) -> dict[str, Any]:
        """The words, or words the article does not have; a repair turn mends those."""
        if not self._repaired and self.errs("misquoted", place):
            return _quote(f"{words.split(' ', 1)[0]} reportedly {words.partition(' ')[2]}")
        return _quote(words)


def _overstated(stage: Stage) -> Stage:
    """The next stage up the chain; what stands off the chain stays."""
    rank = STAGE_CHAIN.get(stage)
    if rank is None or rank >= STAGE_CHAIN[Stage.CONVICTED]:
        return stage
    return next(one for one, place in STAGE_CHAIN.items() if place == rank + 1)


def _narrative(events: Iterable[GoldEvent], counter: Iterable[GoldCounterEvidence]) -> str:
    sentences = [f"The article reported a matter of {one.offences[0].replace('_', ' ')} ({one.id})." for one in events]
    sentences += [f"The other side was reported as well ({entry.id})." for entry in counter]
    return (
        " ".join(sentences)[:1_900] or "The text reported on other matters. No adverse information found in this text."
    )


def _quote(words: str) -> dict[str, Any]:
    return {"text": words[:1_500], "sentence": None}


def _letters(text: str) -> str:
    """Letters and digits alone: what numbering sentences and tidying characters leave untouched."""
    return "".join(char for char in text.casefold() if char.isalnum())


def main() -> None:
    """Serve it over the shipped cases until interrupted."""
    parser = argparse.ArgumentParser(description="Serve the imperfect scripted model on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    model = ImperfectModel(load_cases().cases, seed=options.seed)
    with ScriptedServer(model, options.port) as server, contextlib.suppress(KeyboardInterrupt):
        print(f"{server.base_url} answers as openai:imperfect", flush=True)
        server.wait()


if __name__ == "__main__":
    main()
