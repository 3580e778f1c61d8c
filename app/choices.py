"""The choices of a select or of radio buttons."""

from __future__ import annotations

from collections.abc import Iterable

from wtforms.fields.choices import SelectChoice


def options(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """Value and Chinese words of each choice, as the form library wants them."""
    return [SelectChoice(value, words) for value, words in pairs]
