"""Capital and small letters in English and in Turkish, where i and ı are two letters."""

from __future__ import annotations

import pytest

from mmrec_engine.locales.letters import capitalised, folded, uncapitalised


@pytest.mark.parametrize(
    ("language", "small", "capital"),
    [
        ("tr", "istem uzunluğu", "İstem uzunluğu"),
        ("tr", "ısınma adımları", "Isınma adımları"),
        ("tr", "öğrenme oranı", "Öğrenme oranı"),
        ("en", "initial weights", "Initial weights"),
        ("en", "", ""),
    ],
)
def test_first_letter_has_the_capital_of_its_language(language: str, small: str, capital: str) -> None:
    assert capitalised(small, language) == capital
    assert uncapitalised(capital, language) == small


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("bitti", "BİTTİ"),
        ("isinma", "Isınma"),
        ("ISINMA", "ısınma"),
        ("ogren", "Öğren"),
        ("İŞÇİ", "isci"),
        ("resume", "Résumé"),
    ],
)
def test_search_finds_words_in_any_case_with_and_without_accents(typed: str, text: str) -> None:
    assert folded(typed) == folded(text)
