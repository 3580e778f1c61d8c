"""Numbers as plans write them: 10, 十, 三十, 壹, and fractions such as 三分之二."""

from __future__ import annotations

from fractions import Fraction

#: A number in a pattern.
NUMBER = r"(?:[0-9]+|[〇零一二两三四五六七八九十百壹贰叁肆伍陆柒捌玖拾]+)"
_DIGITS = {sign: value for value, signs in enumerate(
    ("〇零", "一壹", "二两贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
) for sign in signs}
_UNITS = {"十": 10, "拾": 10, "百": 100}


def read(text: str) -> int | None:
    """The whole number a text writes, up to 999; None if it writes none."""
    if text.isascii() and text.isdigit():
        return int(text[:9])
    total, digit, any_sign = 0, 0, False
    for sign in text:
        if sign in _DIGITS:
            digit, any_sign = _DIGITS[sign], True
        elif sign in _UNITS:
            total += (digit or 1) * _UNITS[sign]
            digit, any_sign = 0, True
        else:
            return None
    return total + digit if any_sign else None


def read_fraction(text: str) -> Fraction | None:
    """三分之二 or 2/3 as a fraction."""
    for mark, swapped in (("分之", True), ("/", False)):
        if mark in text:
            first, second = (read(part.strip()) for part in text.split(mark, 1))
            if first is None or second is None:
                return None
            top, bottom = (second, first) if swapped else (first, second)
            return Fraction(top, bottom) if bottom else None
    return None
