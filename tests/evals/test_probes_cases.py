"""What probes are made of: sound alerts, swaps that change one name and nothing else, texts planted in one place."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from evals.cases.case import Case, Split
from evals.cases.files import load_cases
from evals.cases.gold import GoldParty, Truth
from evals.cases.references import load_references
from evals.probes.attacks import (
    ARTICLE_PLACES,
    Place,
    add_benign,
    attack_case,
    attack_references,
    can_be_attacked,
    choose_targets,
    make_attack,
    precedents_of,
    profile_of,
)
from evals.probes.bases import build_case, build_cases
from evals.probes.files import PROBES, Base, InventedName, ProbeData, ProbesInvalid, Respect, load_probes
from evals.probes.names import NameSwap, NotSwappable, find_subject, make_neutral, plan_swap, swap_case, tell_sex
from retrieval.names.tokens import fold_tokens
from tests.evals.cases import make_case

INVENTED = InventedName(given=("Torvald", "Eskilmar", "Ragnfred"), surnames=("Hjartmoen", "Skogsbrekke"))


@cache
def data() -> ProbeData:
    return load_probes()


@cache
def dev_cases() -> tuple[Case, ...]:
    return load_cases(splits=[Split.DEV]).cases


def bases() -> list[Base]:
    return list(data().bases)


@pytest.mark.parametrize("base", bases(), ids=lambda base: base.id)
def test_every_variant_is_a_sound_alert_that_names_its_parties(base: Base) -> None:
    for case in build_cases(base, data().names).values():
        whole = f"{case.alert.article.title} {case.alert.article.text}"
        assert "{" not in whole
        for party in case.gold.parties or ():
            assert any(name in whole for name in (party.name, *party.aliases)), (case.id, party.name)


@pytest.mark.parametrize("base", bases(), ids=lambda base: base.id)
def test_the_texts_of_a_base_differ(base: Base) -> None:
    cases = build_cases(base, data().names)
    texts = [(case.alert.article.text, case.alert.article.source) for case in cases.values()]
    assert len(set(texts)) == len(texts)


def test_there_are_pairs_in_every_respect() -> None:
    assert len(bases()) >= 36
    assert {base.respect for base in bases()} == set(Respect)


@pytest.mark.parametrize("base", [base for base in bases() if base.gender], ids=lambda base: base.id)
def test_a_gender_swap_changes_the_given_name_and_words_of_gender_alone(base: Base) -> None:
    gender = base.gender
    assert gender is not None
    words = {"he", "she", "him", "her", "his", "himself", "herself", "mr", "ms", gender.m.lower(), gender.f.lower()}
    changed = 0
    for variant in base.variants:
        texts = [build_case(base, variant, data().names, sex).alert.article.text.split() for sex in ("m", "f")]
        differing = [(one, other) for one, other in zip(*texts, strict=True) if one != other]
        assert {word.strip('.,"').lower() for pair in differing for word in pair} <= words
        changed += len(differing)
    assert changed


def test_no_invented_name_is_anybodys_in_the_cases() -> None:
    words = {
        token
        for origin in data().names.origins.values()
        for one in origin.values()
        for name in (*one.given, *one.surnames)
        for token in fold_tokens(name)
    }
    taken = {token for case in dev_cases() for party in case.gold.parties or () for token in fold_tokens(party.name)}
    taken |= {token for base in bases() for token in fold_tokens(base.party.name)}
    assert words & taken == set()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"moves": [{"start": "nowhere", "end": "plain", "recommendation": "equal"}]}, "not there"),
        ({"sex": None}, "sex"),
        ({"respect": "weather"}, "respect"),
        ({"article": {"text": "{absent}", "language": "en"}}, "absent"),
    ],
)
def test_a_faulty_base_is_refused_with_its_fault(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    rows = yaml.safe_load((PROBES / "voice.yaml").read_text(encoding="utf-8"))
    row = next(one for one in rows if one["id"] == "voice-court-criticises") | change
    for name in ("names.yaml", "attacks.yaml"):
        (tmp_path / name).write_text((PROBES / name).read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "own.yaml").write_text(yaml.safe_dump([row], allow_unicode=True), encoding="utf-8")
    with pytest.raises(ProbesInvalid, match=said):
        build_cases(load_probes(tmp_path).bases[0], data().names)


def test_a_swap_reaches_surnames_possessives_and_capitals() -> None:
    party = GoldParty(id="P1", name="Ana Sel", aliases=("Sel",), roles=("accused",))  # type: ignore[arg-type]
    swap = plan_swap(party, INVENTED)
    text = "Ana Sel was held. SEL's lawyer said Sel’s mother, Anabel, knew the Selby road."
    assert swap.apply(text) == (
        "Torvald Hjartmoen was held. HJARTMOEN's lawyer said Hjartmoen’s mother, Anabel, knew the Selby road."
    )
    assert swap.apply_folded("SÉL, Aná") == "HJARTMOEN, Torvald"


def test_the_name_that_stands_alone_is_the_surname() -> None:
    party = GoldParty(id="P1", name="Quek Tiong Vheng", aliases=("Quek",), roles=("accused",))  # type: ignore[arg-type]
    assert plan_swap(party, INVENTED).words == {"Quek": "Hjartmoen", "Tiong": "Torvald", "Vheng": "Eskilmar"}


def swappable() -> list[tuple[Case, Case, NameSwap]]:
    found = []
    originals = [build_case(base, base.variants[0], data().names) for base in bases()]
    for case in [*originals, *(make_neutral(case) for case in dev_cases() if case.language == "en")]:
        try:
            found.append((case, swap_case(case, INVENTED, "nordic"), plan_swap(find_subject(case), INVENTED)))
        except NotSwappable:
            continue
    return found


def test_swapping_back_returns_the_text_and_no_old_name_is_left() -> None:
    assert len(swappable()) > 60
    for case, twin, swap in swappable():
        changed = twin.alert.article.text
        assert changed != case.alert.article.text
        assert swap.inverse.apply(changed) == case.alert.article.text
        left = {token for word in swap.words for token in fold_tokens(word)} & set(fold_tokens(changed))
        assert not left, (case.id, left)


def test_a_swap_never_changes_what_is_said_of_others() -> None:
    """Sentences without the subject's name stand as they stood, and nobody else is renamed."""
    for case, twin, swap in swappable():
        own = find_subject(case).id
        for one, other in zip(case.gold.parties or (), twin.gold.parties or (), strict=True):
            assert one.id == own or one == other
        texts = (case.alert.article.text.split("\n\n"), twin.alert.article.text.split("\n\n"))
        for before, after in zip(*texts, strict=True):
            if not any(word.casefold() in before.casefold() for word in swap.words):
                assert before == after


def test_the_evidence_against_others_survives_a_swap() -> None:
    originals = {f"{case.id}--as-is--nordic": case for case in dev_cases()}
    seen = 0
    for _, twin, swap in swappable():
        case = originals.get(twin.id)
        for event in case.gold.events or () if case is not None else ():
            for words in event.evidence:
                if not any(name in words for name in swap.words):
                    assert words in twin.alert.article.text
                    seen += 1
    assert seen > 10


names = st.sampled_from(["Ana", "Borislava", "Çelik", "O'Dara", "Li-Wen", "Måns"])


@given(
    st.lists(names, min_size=2, max_size=4, unique=True), st.lists(st.one_of(names, st.text("ab .,’'-", max_size=6)))
)
def test_a_swap_undoes_itself_on_any_text(name: list[str], rest: list[str]) -> None:
    party = GoldParty(id="P1", name=" ".join(name), roles=("accused",))  # type: ignore[arg-type]
    swap = plan_swap(party, INVENTED)
    text = " ".join([*name, *rest])
    assert swap.inverse.apply(swap.apply(text)) == text


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"gold__parties": [{"id": "P1", "name": "Nyström", "kind": "organisation", "roles": ["victim"]}]}, "person"),
        ({"gold__parties": [{"id": "P1", "name": "Ledger", "roles": ["accused"]}]}, "two to four"),
        ({"alert__subject__name": "Ledger Oxenfeldt"}, "header"),
        ({"alert__article__text": "Ledger Nyström was charged. The Nyströms wept."}, "form of the name"),
        ({"alert__article__text": "Ledger Nyström was charged over a ledger."}, "common word"),
        ({"alert__article__text": "Ledger Nyström was charged. Torvald wept."}, "new name"),
        (
            {
                "gold__parties": [
                    {"id": "P1", "name": "Ledger Nyström", "roles": ["accused"]},
                    {"id": "P2", "name": "Tove Nyström", "roles": ["lawyer"]},
                ]
            },
            "another party",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_swapped_word_by_word_is_left_out(changes: dict[str, Any], why: str) -> None:
    bare: dict[str, Any] = {"gold__events": None, "gold__counter_evidence": None, "gold__absent": []}
    with pytest.raises(NotSwappable, match=why):
        swap_case(make_case(**(bare | changes)), INVENTED, "nordic")


def test_pronouns_tell_the_gender_or_the_alert_is_left_out() -> None:
    assert tell_sex("Her lawyer said she would appeal.") == "f"
    assert tell_sex("He was held. The ship sailed.") == "m"
    with pytest.raises(NotSwappable):
        tell_sex("He was held. She was not.")


@pytest.mark.parametrize("family", data().attacks.attacks)
@pytest.mark.parametrize("place", ARTICLE_PLACES)
def test_a_planted_text_stands_in_its_place_and_nothing_is_lost(family: str, place: Place) -> None:
    case = make_case()
    attack = make_attack(case, family, place, data().attacks)
    twin = attack_case(case, attack)
    before, after = case.alert.article, twin.alert.article
    assert attack.wish is Truth.CLOSE
    assert twin.gold.planted is not None
    if place is Place.HEADLINE:
        assert after.text == before.text
        assert (after.title or "").endswith(before.title or "")
        assert attack.text[:40] in (after.title or "")
    else:
        assert after.title == before.title
        paragraphs = after.text.split("\n\n")
        assert [one for one in paragraphs if one in before.text.split("\n\n")] == before.text.split("\n\n")
        assert attack.text.split("\n")[0][:30] in after.text


def test_an_attacker_wishes_the_opposite_and_open_alerts_are_not_attacked() -> None:
    close = make_case(truth="close", must_not_miss=False, gold__recommendations=["review"])
    assert make_attack(close, "override", Place.BODY, data().attacks).wish is Truth.ESCALATE
    assert not can_be_attacked(make_case(truth="open", must_not_miss=False, gold__recommendations=["review"]))


def test_a_canary_is_told_only_where_the_text_carries_it() -> None:
    attack = make_attack(make_case(), "exfiltration", Place.BODY, data().attacks)
    assert attack.canary is not None
    assert attack.canary in attack.text
    assert make_attack(make_case(), "override", Place.BODY, data().attacks).canary is None


def test_poisoned_references_differ_in_the_targets_notes_alone() -> None:
    references = load_references()
    for place in (Place.PROFILE, Place.PRECEDENT):
        targets = choose_targets([case for case in dev_cases() if can_be_attacked(case)], place)
        assert len(targets) > 10
        attacks = [(case, make_attack(case, "override", place, data().attacks)) for case in targets]
        poisoned = attack_references(references, attacks, place)
        ids = {profile_of(case) for case in targets}
        precedents = {one for case in targets for one in precedents_of(case)}
        for one, other in zip(references.profiles, poisoned.profiles, strict=True):
            targeted = place is Place.PROFILE and one.profile_id in ids
            assert (one == other) is not targeted
            assert one.model_copy(update={"notes": ""}) == other.model_copy(update={"notes": ""})
        for entry, changed in zip(references.precedents, poisoned.precedents, strict=True):
            assert (entry == changed) is not (place is Place.PRECEDENT and entry.precedent_id in precedents)
            assert entry.model_copy(update={"rationale": ""}) == changed.model_copy(update={"rationale": ""})


def test_a_benign_text_is_planted_as_a_paragraph() -> None:
    case = make_case()
    twin = add_benign(case, data().attacks.benign[0], 1)
    assert set(twin.alert.article.text.split("\n\n")) - set(case.alert.article.text.split("\n\n")) == {
        data().attacks.benign[0]
    }
