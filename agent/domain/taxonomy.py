"""The closed vocabularies of the product and their mappings to FATF, EU 2018/1673 and FollowTheMoney.

FATF: the 21 designated categories of offences in the glossary of the FATF Recommendations.
EU 2018/1673 ("6AMLD"): Article 2(1), points (a) to (v).
FollowTheMoney: the ``topics`` property as published by OpenSanctions.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Offence(StrEnum):
    """What somebody is said to have done; an event carries one or more."""

    ORGANISED_CRIME = "organised_crime"
    TERRORISM = "terrorism"
    TERRORIST_FINANCING = "terrorist_financing"
    PROLIFERATION_FINANCING = "proliferation_financing"
    HUMAN_TRAFFICKING = "human_trafficking"
    SEXUAL_EXPLOITATION = "sexual_exploitation"
    DRUG_TRAFFICKING = "drug_trafficking"
    ARMS_TRAFFICKING = "arms_trafficking"
    STOLEN_GOODS = "stolen_goods"
    CORRUPTION = "corruption"
    FRAUD = "fraud"
    EMBEZZLEMENT = "embezzlement"
    ABUSE_OF_OFFICE = "abuse_of_office"
    COUNTERFEITING_CURRENCY = "counterfeiting_currency"
    PRODUCT_PIRACY = "product_piracy"
    ENVIRONMENTAL_CRIME = "environmental_crime"
    MURDER_VIOLENCE = "murder_violence"
    KIDNAPPING = "kidnapping"
    ROBBERY_THEFT = "robbery_theft"
    SMUGGLING = "smuggling"
    TAX_CRIME = "tax_crime"
    EXTORTION = "extortion"
    FORGERY = "forgery"
    MARITIME_PIRACY = "maritime_piracy"
    INSIDER_DEALING_MARKET_ABUSE = "insider_dealing_market_abuse"
    CYBERCRIME = "cybercrime"
    MONEY_LAUNDERING = "money_laundering"
    SANCTIONS_EVASION = "sanctions_evasion"
    WAR_CRIMES = "war_crimes"
    REGULATORY_BREACH = "regulatory_breach"
    INSOLVENCY_MISCONDUCT = "insolvency_misconduct"
    OTHER = "other"


class Stage(StrEnum):
    """How far an event got in law, as the article says it."""

    ALLEGATION = "allegation"
    INVESTIGATION = "investigation"
    WANTED = "wanted"
    ARRESTED = "arrested"
    CHARGED = "charged"
    TRIAL = "trial"
    CONVICTED = "convicted"
    APPEAL = "appeal"
    ACQUITTED = "acquitted"
    DISMISSED = "dismissed"
    OVERTURNED = "overturned"
    SETTLED = "settled"
    PENALTY = "penalty"
    SANCTIONED = "sanctioned"
    ASSET_SEIZURE = "asset_seizure"
    PARDONED = "pardoned"
    UNDETERMINED = "undetermined"


STAGE_CHAIN: Final = MappingProxyType(
    {
        Stage.ALLEGATION: 1,
        Stage.INVESTIGATION: 2,
        Stage.WANTED: 3,
        Stage.ARRESTED: 3,
        Stage.CHARGED: 4,
        Stage.TRIAL: 5,
        Stage.CONVICTED: 6,
    }
)
"""Order for over- and under-statement; stages that are absent here stand off the chain."""

CLEARING_STAGES: Final = frozenset({Stage.ACQUITTED, Stage.DISMISSED, Stage.OVERTURNED, Stage.PARDONED})
"""Stages that end an accusation in the party's favour."""


class Role(StrEnum):
    """What part a party plays in what the article reports."""

    OFFENDER = "offender"
    ACCUSED = "accused"
    SUSPECT = "suspect"
    ASSOCIATE = "associate"
    VICTIM = "victim"
    WITNESS = "witness"
    PLAINTIFF = "plaintiff"
    WHISTLEBLOWER = "whistleblower"
    OFFICIAL = "official"
    LAWYER = "lawyer"
    JOURNALIST = "journalist"
    EXONERATED = "exonerated"
    NAMESAKE = "namesake"
    MENTIONED = "mentioned"
    UNDETERMINED = "undetermined"


ADVERSE_ROLES: Final = frozenset({Role.OFFENDER, Role.ACCUSED, Role.SUSPECT, Role.ASSOCIATE})
"""Roles under which an event may be held against a party."""


class CounterEvidenceKind(StrEnum):
    """What speaks for the other side."""

    DENIAL = "denial"
    ACQUITTAL = "acquittal"
    DISMISSAL = "dismissal"
    OVERTURNED = "overturned"
    CORRECTION = "correction"
    COURT_CRITICISM = "court_criticism"
    ASYLUM_OR_REFUGEE_STATUS = "asylum_or_refugee_status"
    NOTICE_WITHDRAWN = "notice_withdrawn"
    POLITICAL_MOTIVATION = "political_motivation"
    CREDIBILITY_CHALLENGE = "credibility_challenge"
    DECEASED = "deceased"
    OTHER = "other"


CONTESTING_KINDS: Final = frozenset(
    {
        CounterEvidenceKind.DENIAL,
        CounterEvidenceKind.CREDIBILITY_CHALLENGE,
        CounterEvidenceKind.POLITICAL_MOTIVATION,
        CounterEvidenceKind.OTHER,
    }
)
"""Kinds that contest an accusation (an interested party's word); the rest mitigate it."""


class PartyKind(StrEnum):
    """What a party is; ``unknown`` when the text does not tell."""

    PERSON = "person"
    ORGANISATION = "organisation"
    UNKNOWN = "unknown"


class IdentityVerdict(StrEnum):
    """Whether the article's party is the alert's subject."""

    CONFIRMED = "confirmed"
    PROBABLE = "probable"
    POSSIBLE = "possible"
    MISMATCH = "mismatch"
    UNKNOWN_SUBJECT = "unknown_subject"
    CANNOT_ASSESS = "cannot_assess"


class FeatureName(StrEnum):
    """An attribute that identity is compared on."""

    NAME = "name"
    BIRTH_DATE = "birth_date"
    BIRTH_YEAR = "birth_year"
    AGE = "age"
    NATIONALITY = "nationality"
    COUNTRY = "country"
    OCCUPATION = "occupation"
    EMPLOYER = "employer"
    IDENTIFIER = "identifier"


class NamePartRelation(StrEnum):
    """How one part of a name stands to its counterpart in another."""

    SAME = "same"
    TRANSLITERATED = "transliterated"
    """The same once both are in Latin letters."""
    SPELLING = "spelling"
    """Another spelling of it."""
    KNOWN_VARIANT = "known_variant"
    """A nickname or another language's form."""
    INITIAL = "initial"
    MISSING = "missing"
    """Only one of the names has it: an omission, no contradiction."""
    DIFFERENT = "different"


class FeatureVerdict(StrEnum):
    """The outcome of comparing one attribute; unknown never counts for a match."""

    SAME = "same"
    VARIANT = "variant"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"


class RecommendationValue(StrEnum):
    """What the machine recommends; a person decides."""

    ESCALATE = "escalate"
    REVIEW = "review"
    CLOSE_NOT_MATERIAL = "close_not_material"
    CLOSE_FALSE_POSITIVE = "close_false_positive"
    CANNOT_ASSESS = "cannot_assess"


class Disposition(StrEnum):
    """What a person decided."""

    FALSE_POSITIVE = "false_positive"
    NOT_ADVERSE = "not_adverse"
    TRUE_MATCH_NOT_MATERIAL = "true_match_not_material"
    TRUE_MATCH_MATERIAL = "true_match_material"
    NEEDS_INFORMATION = "needs_information"
    DUPLICATE = "duplicate"


class PrecedentOutcome(StrEnum):
    """How a precedent ended, as the index knows it."""

    MATERIAL = "material"
    NOT_MATERIAL = "not_material"
    NOT_THE_SUBJECT = "not_the_subject"


PRECEDENT_OUTCOMES: Final = MappingProxyType(
    {
        Disposition.TRUE_MATCH_MATERIAL: PrecedentOutcome.MATERIAL,
        Disposition.TRUE_MATCH_NOT_MATERIAL: PrecedentOutcome.NOT_MATERIAL,
        Disposition.NOT_ADVERSE: PrecedentOutcome.NOT_MATERIAL,
        Disposition.FALSE_POSITIVE: PrecedentOutcome.NOT_THE_SUBJECT,
    }
)
"""Dispositions that become precedents; the others never enter the index."""


class SourceKind(StrEnum):
    """What sort of text an article is, as far as its own words tell."""

    OFFICIAL_STATEMENT = "official_statement"
    NEWS_REPORT = "news_report"
    OPINION = "opinion"
    SATIRE = "satire"
    FICTION_OR_REVIEW = "fiction_or_review"
    ADVERTISEMENT = "advertisement"
    SOCIAL_MEDIA = "social_media"
    NOT_A_REPORT = "not_a_report"
    UNKNOWN = "unknown"


class FatfCategory(StrEnum):
    """The FATF's 21 designated categories of offences."""

    ORGANISED_CRIME = "participation in an organised criminal group and racketeering"
    TERRORISM = "terrorism, including terrorist financing"
    HUMAN_TRAFFICKING = "trafficking in human beings and migrant smuggling"
    SEXUAL_EXPLOITATION = "sexual exploitation, including sexual exploitation of children"
    DRUGS = "illicit trafficking in narcotic drugs and psychotropic substances"
    ARMS = "illicit arms trafficking"
    STOLEN_GOODS = "illicit trafficking in stolen and other goods"
    CORRUPTION = "corruption and bribery"
    FRAUD = "fraud"
    COUNTERFEITING_CURRENCY = "counterfeiting currency"
    PRODUCT_PIRACY = "counterfeiting and piracy of products"
    ENVIRONMENTAL_CRIME = "environmental crime"
    MURDER = "murder, grievous bodily injury"
    KIDNAPPING = "kidnapping, illegal restraint and hostage-taking"
    ROBBERY_THEFT = "robbery or theft"
    SMUGGLING = "smuggling (including in relation to customs and excise duties and taxes)"
    TAX_CRIMES = "tax crimes (related to direct taxes and indirect taxes)"
    EXTORTION = "extortion"
    FORGERY = "forgery"
    PIRACY = "piracy"
    INSIDER_TRADING = "insider trading and market manipulation"


_O = Offence
_F = FatfCategory

FATF_CATEGORIES: Final = MappingProxyType(
    {
        _O.ORGANISED_CRIME: (_F.ORGANISED_CRIME,),
        _O.TERRORISM: (_F.TERRORISM,),
        _O.TERRORIST_FINANCING: (_F.TERRORISM,),
        _O.PROLIFERATION_FINANCING: (),
        _O.HUMAN_TRAFFICKING: (_F.HUMAN_TRAFFICKING,),
        _O.SEXUAL_EXPLOITATION: (_F.SEXUAL_EXPLOITATION,),
        _O.DRUG_TRAFFICKING: (_F.DRUGS,),
        _O.ARMS_TRAFFICKING: (_F.ARMS,),
        _O.STOLEN_GOODS: (_F.STOLEN_GOODS,),
        _O.CORRUPTION: (_F.CORRUPTION,),
        _O.FRAUD: (_F.FRAUD,),
        _O.EMBEZZLEMENT: (_F.ROBBERY_THEFT, _F.CORRUPTION),
        _O.ABUSE_OF_OFFICE: (_F.CORRUPTION,),
        _O.COUNTERFEITING_CURRENCY: (_F.COUNTERFEITING_CURRENCY,),
        _O.PRODUCT_PIRACY: (_F.PRODUCT_PIRACY,),
        _O.ENVIRONMENTAL_CRIME: (_F.ENVIRONMENTAL_CRIME,),
        _O.MURDER_VIOLENCE: (_F.MURDER,),
        _O.KIDNAPPING: (_F.KIDNAPPING,),
        _O.ROBBERY_THEFT: (_F.ROBBERY_THEFT,),
        _O.SMUGGLING: (_F.SMUGGLING,),
        _O.TAX_CRIME: (_F.TAX_CRIMES,),
        _O.EXTORTION: (_F.EXTORTION,),
        _O.FORGERY: (_F.FORGERY,),
        _O.MARITIME_PIRACY: (_F.PIRACY,),
        _O.INSIDER_DEALING_MARKET_ABUSE: (_F.INSIDER_TRADING,),
        _O.CYBERCRIME: (),
        _O.MONEY_LAUNDERING: (),
        _O.SANCTIONS_EVASION: (),
        _O.WAR_CRIMES: (),
        _O.REGULATORY_BREACH: (),
        _O.INSOLVENCY_MISCONDUCT: (),
        _O.OTHER: (),
    }
)
"""Offence → FATF designated categories. Embezzlement has no line of its own: it is theft, or corruption if public."""

AMLD_LETTERS: Final = MappingProxyType(
    {
        _O.ORGANISED_CRIME: ("a",),
        _O.TERRORISM: ("b",),
        _O.TERRORIST_FINANCING: ("b",),
        _O.PROLIFERATION_FINANCING: (),
        _O.HUMAN_TRAFFICKING: ("c",),
        _O.SEXUAL_EXPLOITATION: ("d",),
        _O.DRUG_TRAFFICKING: ("e",),
        _O.ARMS_TRAFFICKING: ("f",),
        _O.STOLEN_GOODS: ("g",),
        _O.CORRUPTION: ("h",),
        _O.FRAUD: ("i",),
        _O.EMBEZZLEMENT: ("h", "o"),
        _O.ABUSE_OF_OFFICE: ("h",),
        _O.COUNTERFEITING_CURRENCY: ("j",),
        _O.PRODUCT_PIRACY: ("k",),
        _O.ENVIRONMENTAL_CRIME: ("l",),
        _O.MURDER_VIOLENCE: ("m",),
        _O.KIDNAPPING: ("n",),
        _O.ROBBERY_THEFT: ("o",),
        _O.SMUGGLING: ("p",),
        _O.TAX_CRIME: ("q",),
        _O.EXTORTION: ("r",),
        _O.FORGERY: ("s",),
        _O.MARITIME_PIRACY: ("t",),
        _O.INSIDER_DEALING_MARKET_ABUSE: ("u",),
        _O.CYBERCRIME: ("v",),
        _O.MONEY_LAUNDERING: (),
        _O.SANCTIONS_EVASION: (),
        _O.WAR_CRIMES: (),
        _O.REGULATORY_BREACH: (),
        _O.INSOLVENCY_MISCONDUCT: (),
        _O.OTHER: (),
    }
)
"""Offence → points of Directive (EU) 2018/1673, Article 2(1)."""

FTM_TOPICS: Final = MappingProxyType(
    {
        _O.ORGANISED_CRIME: ("crime", "crime.boss"),
        _O.TERRORISM: ("crime.terror",),
        _O.TERRORIST_FINANCING: ("crime.terror", "crime.fin"),
        _O.PROLIFERATION_FINANCING: ("crime.fin", "export.risk"),
        _O.HUMAN_TRAFFICKING: ("crime.traffick.human",),
        _O.SEXUAL_EXPLOITATION: ("crime",),
        _O.DRUG_TRAFFICKING: ("crime.traffick.drug",),
        _O.ARMS_TRAFFICKING: ("crime.traffick",),
        _O.STOLEN_GOODS: ("crime.traffick", "crime.theft"),
        _O.CORRUPTION: ("crime.fin",),
        _O.FRAUD: ("crime.fraud",),
        _O.EMBEZZLEMENT: ("crime.theft", "crime.fin"),
        _O.ABUSE_OF_OFFICE: ("crime.fin",),
        _O.COUNTERFEITING_CURRENCY: ("crime.fraud",),
        _O.PRODUCT_PIRACY: ("crime.fraud",),
        _O.ENVIRONMENTAL_CRIME: ("crime.env",),
        _O.MURDER_VIOLENCE: ("crime",),
        _O.KIDNAPPING: ("crime",),
        _O.ROBBERY_THEFT: ("crime.theft",),
        _O.SMUGGLING: ("crime.traffick",),
        _O.TAX_CRIME: ("crime.fin",),
        _O.EXTORTION: ("crime",),
        _O.FORGERY: ("crime.fraud",),
        _O.MARITIME_PIRACY: ("crime",),
        _O.INSIDER_DEALING_MARKET_ABUSE: ("crime.fin",),
        _O.CYBERCRIME: ("crime.cyber",),
        _O.MONEY_LAUNDERING: ("crime.fin",),
        _O.SANCTIONS_EVASION: ("sanction.linked",),
        _O.WAR_CRIMES: ("crime.war",),
        _O.REGULATORY_BREACH: ("reg.action",),
        _O.INSOLVENCY_MISCONDUCT: ("crime.fin", "corp.disqual"),
        _O.OTHER: (),
    }
)
"""Offence → FollowTheMoney topics."""
