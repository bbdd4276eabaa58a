"""What a form takes."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from pydantic import TypeAdapter, ValidationError

from periphery.backend.schemas.forms import Date


def days(year: int) -> list[str]:
    """Of each month one more than the longest has, and one before the first."""
    return [f"{year}-{month:02}-{day:02}" for month in range(14) for day in range(33)]


def real(text: str) -> bool:
    with suppress(ValueError):
        return date.fromisoformat(text).year > 0
    return False


@pytest.mark.parametrize("year", [2000, 2024, 2025, 2026, 2028, 2099])
def test_a_date_is_any_day_that_there_is(year: int) -> None:
    form = TypeAdapter(Date)
    for text in days(year):
        if real(text):
            assert form.validate_python(text) == text
        else:
            with pytest.raises(ValidationError):
                form.validate_python(text)


@pytest.mark.parametrize("text", ["", "2026-1-01", "2026-01-01T00", "20260101", "1999-12-31", "2100-01-01"])
def test_what_is_no_day_of_this_century_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Date).validate_python(text)
