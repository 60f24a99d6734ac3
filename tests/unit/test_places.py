"""Countries named in running text."""

from __future__ import annotations

import pytest

from agent.reading.places import country_codes, find_countries


@pytest.mark.parametrize(
    ("text", "language", "codes"),
    [
        ("is wanted by Kazakhstan, Russia, and Ukraine on suspicion", "en", ["KZ", "RU", "UA"]),
        ("Kazakh President and the French court", "en", ["KZ", "FR"]),
        ("France’s National Court", "en", ["FR"]),
        ("a court in the United States", "en", ["US"]),
        ("U.S. prosecutors told us that US law", "en", ["US", "US"]),
        ("a UK judge and Britain's police", "en", ["GB", "GB"]),
        ("South Korean prosecutors, not North Korea's", "en", ["KR", "KP"]),
        ("Hong Kong police", "en", ["HK"]),
        ("the Democratic Republic of the Congo", "en", ["CD"]),
        ("Bosnia and Herzegovina", "en", ["BA"]),
        ("Turkey and Türkiye", "en", ["TR", "TR"]),
        ("a court in Jordan convicted Michael Jordan and Chad Reed", "en", ["JO"]),
        ("born in Georgia, near Atlanta", "en", []),
        ("born in Georgia, tried in Tbilisi", "en", ["GE", "GE"]),
        ("polish the turkey, he told us", "en", []),
        ("Nigeria, not Niger", "en", ["NG", "NE"]),
        ("tribunal español y la justicia estadounidense", "es", ["ES", "US"]),
        ("un juez en México", "es", ["MX"]),
        ("la justice française et le parquet suisse", "fr", ["FR", "CH"]),
        ("das Landgericht in Österreich, kasachische Behörden", "de", ["AT", "KZ"]),
        ("deutsche Staatsanwälte", "de", ["DE"]),
        ("a polícia brasileira em Portugal", "pt", ["BR", "PT"]),
        ("суд в Казахстане и российский следователь", "ru", ["KZ", "RU"]),
        ("гражданин Украины, власти США, жил в Германии", "ru", ["UA", "US", "DE"]),
        ("Kazakhstan", "xx", ["KZ"]),
    ],
)
def test_countries_are_found(text: str, language: str, codes: list[str]) -> None:
    assert [code for _, _, code in find_countries(text, language)] == codes


def test_offsets_are_those_of_the_text() -> None:
    text = "He fled to the United Arab Emirates in May."
    ((start, end, code),) = find_countries(text)
    assert (text[start:end], code) == ("United Arab Emirates", "AE")


def test_codes_are_a_set() -> None:
    assert country_codes("Spain and the Spanish police; Portugal") == {"ES", "PT"}
