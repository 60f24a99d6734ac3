"""Frames: for the verbs and nouns of law and crime, which argument is the accused and which the victim."""

from __future__ import annotations

from typing import Final

PATIENT_ACCUSED: Final = frozenset(
    """convict sentence charge indict accuse arrest detain acquit fine sanction penalise penalize jail
    imprison suspect investigate probe prosecute try clear exonerate pardon extradite seek want
    blacklist designate implicate find sue question apprehend capture nab remand ban disqualify raid
    search name link order censure reprimand bar disbar debar impeach arraign amnesty commute handcuff
    rearrest hold freeze catch punish hit target expel suspend strip condemn slap blame attribute
    incarcerate summon summons rebuke add place absolve commit attach""".split()
) | {"fin"}  # the lemmatizer's slip for *fined*
"""Verbs whose object (active) or subject (passive) it is held against."""

BEFALLING_PEOPLE: Final = frozenset(
    """convict sentence charge indict accuse arrest detain acquit jail imprison extradite arraign remand rearrest
    exonerate apprehend handcuff incarcerate fine fin prosecute""".split()
)
"""Verbs whose patient is never a thing: where the parse finds one, it is lost."""

AGENT_ACCUSED: Final = frozenset(
    """plead admit confess face stand go await serve appeal settle agree forfeit flee remain appear be deny
    reject fight contest receive get undergo evade escape dodge accept enter sign dispute draw resist
    avoid lose win earn have become come pay repay disgorge claim lodge violate breach fail refute acknowledge
    resolve answer spend tender change abscond walk""".split()
)
"""Verbs whose subject it is held against."""

NOUN_OF_ACCUSED: Final = frozenset(
    """conviction arrest trial prosecution indictment detention acquittal extradition sentencing
    imprisonment impeachment arraignment sentence exoneration pardon retrial investigation probe guilt
    jailing capture verdict licence license authorisation authorization term seizure confiscation forfeiture""".split()
)
"""Nouns whose *of* names the accused: ``the arrest of X``."""

GIVING: Final = frozenset("give hand impose mete dole".split())
"""Verbs by which a court's term reaches somebody: the one it is given to, or imposed on."""

INQUIRING: Final = frozenset("investigate probe examine look inquire enquire".split())
"""Verbs of inquiry: whom they look into, or about whom they ask whether, is under investigation."""

AFFAIRS: Final = frozenset(
    """conduct affair dealing finance account role activity business handling purchase sale behaviour behavior
    record spending use relationship link tie involvement action transaction wealth asset""".split()
)
"""What of somebody is looked into: ``the conduct of X``, ``X's finances``."""

TAKING: Final = frozenset("seizure confiscation forfeiture recovery".split())
"""Nouns of taking: ``the seizure of property from X``."""

LIGHT_VERBS: Final = AGENT_ACCUSED | frozenset({"launder", "secure", "be", "carry", "beat"})
"""Verbs that only carry a noun to its subject: ``X faces charges``, ``X is on trial``."""

SOUGHT_VERBS: Final = frozenset(
    "face carry seek demand ask request recommend risk avoid threaten mean call propose consider want expect".split()
)
"""Verbs under which a sentence or term is only possible: ``faces up to ten years in prison``."""

ACT_VERBS: Final = frozenset(
    """embezzle defraud launder bribe steal murder kill rob smuggle traffic extort kidnap swindle forge
    evade counterfeit hack abduct rape assault misappropriate siphon loot scam cheat shoot stab torture
    blackmail plunder divert pocket falsify bilk mislead deceive conspire finance fund rig manipulate
    assassinate strangle batter abuse exploit violate circumvent skirt obstruct poach dump pollute con
    burgle hijack conceal misuse sell import distribute supply breach massacre behead skim spoof ambush
    maim poison bomb execute lynch""".split()
)
"""Verbs of doing: the subject is the one who is said to have done it, a named object the one it was done to."""

HARM_VERBS: Final = frozenset(
    """defraud murder kill rob extort kidnap swindle abduct rape assault scam cheat shoot stab torture
    blackmail bilk mislead deceive assassinate strangle batter abuse con massacre behead injure wound
    attack beat hack victimise victimize loot""".split()
)
"""Acts whose named object is a victim, not a thing or a bribed official."""

HARM_NOUNS: Final = frozenset(
    """murder killing assassination kidnapping abduction rape assault homicide manslaughter shooting
    stabbing torture massacre death robbery attack attempt ambush bombing disappearance hacking
    poisoning beating slaying extortion blackmail defrauding""".split()
)
"""Nouns of harm: ``the murder of X`` and ``X's killing`` make X the victim."""

PERSON_CUES: Final = frozenset(
    """suspect defendant fugitive convict felon criminal fraudster swindler hitman killer murderer hacker
    thief smuggler trafficker terrorist gangster mobster robber launderer embezzler forger kingpin
    conman racketeer counterfeiter extortionist rapist co-defendant kidnapper militant accused""".split()
)
"""Cue words that denote a person: beside a name, or said of one, they tie to that name."""

HOLDINGS: Final = frozenset(
    """home house office residence premises property account asset headquarters flat apartment villa estate
    shop warehouse yacht vessel ship farm ranch land share fund money cash wealth""".split()
)
"""Things whose owner it is that is raided, searched or frozen out of them."""
