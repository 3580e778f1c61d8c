"""The unified social credit code of a vendor and its check character (GB 32100-2015)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import Enum

from evaluation.errors import EvaluationError

#: 31 characters: I, O, S, V and Z are never used.
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH = 18


class CreditCode(Enum):
    """Why a code is refused."""

    LENGTH = "credit_length"
    CHARACTER = "credit_character"
    REGION = "credit_region"
    CHECK = "credit_check"


class CreditRefused(EvaluationError):
    """It is no unified social credit code. Facts: length, place (from 1), character."""


@dataclass(frozen=True)
class SocialCreditCode:
    """A code whose check character is right, in its parts."""

    text: str

    @property
    def authority(self) -> str:
        """登记管理部门, one character."""
        return self.text[0]

    @property
    def category(self) -> str:
        """机构类别, one character."""
        return self.text[1]

    @property
    def region(self) -> str:
        """登记管理机关行政区划码, six digits."""
        return self.text[2:8]

    @property
    def organisation(self) -> str:
        """主体标识码（组织机构代码）, nine characters."""
        return self.text[8:17]


def normalise(text: str) -> str:
    """As typed or pasted: full-width forms, blanks, hyphens and case make no difference."""
    return "".join(unicodedata.normalize("NFKC", text).split()).replace("-", "").upper()


def check_character(first17: str) -> str:
    """The 18th character over the first seventeen; raises CreditRefused."""
    _require_shape(first17, LENGTH - 1)
    total = sum(ALPHABET.index(sign) * pow(3, place, 31) for place, sign in enumerate(first17))
    return ALPHABET[-total % 31]


def parse(text: str) -> SocialCreditCode:
    """The code in `text`, normalised; raises CreditRefused and never tells which character would be right."""
    code = normalise(text)
    _require_shape(code, LENGTH)
    if check_character(code[:-1]) != code[-1]:
        raise CreditRefused(CreditCode.CHECK)
    return SocialCreditCode(code)


def make_sample(first17: str) -> str:
    """An 18-character code for samples and tests from its first seventeen."""
    return first17 + check_character(first17)


def _require_shape(code: str, length: int) -> None:
    if len(code) != length:
        raise CreditRefused(CreditCode.LENGTH, length=len(code), wanted=length)
    for place, sign in enumerate(code, 1):
        if sign not in ALPHABET:
            raise CreditRefused(CreditCode.CHARACTER, place=place, character=sign)
        if 3 <= place <= 8 and sign not in "0123456789":
            raise CreditRefused(CreditCode.REGION, place=place, character=sign)
