"""Salted references: who stands behind a number can be shown later, and can't be guessed before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from evaluation._sm3 import sm3
from evaluation.panel_entropy import canonical, joined


def vendor_ref(salt: str, *, name: str, credit_code: str) -> str:
    """A salted commitment (SM3, hex) to one vendor's name and credit code.

    Signed sheets and ballots name a vendor by its number and this value, so that they verify where names
    are withheld, and whoever gets salt, name and code can check whose sheet it is.
    """
    return joined("vendor", salt.encode(), canonical({"credit_code": credit_code, "name": name})).hex()


class Vendor(Protocol):
    """What a reference is made of."""

    @property
    def salt(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def credit_code(self) -> str: ...


def ref_of(vendor: Vendor) -> str:
    """The reference under which signed sheets and the ranking name this vendor."""
    return vendor_ref(vendor.salt, name=vendor.name, credit_code=vendor.credit_code)


def ranking_digest(lines: Iterable[tuple[int, str, str, int]]) -> str:
    """SM3 (hex) over a ranking: rank, vendor's reference, sum over the seats as text, seats; first rank first."""
    return sm3(canonical([list(line) for line in lines])).hex()


def record_digest(digests: Iterable[str]) -> str:
    """SM3 (hex) over the digests of everything signed before the report, in whatever order they come.

    Who signs the report signs with it that no sheet, ballot or declaration was left out or exchanged.
    """
    return sm3(canonical(sorted(digests))).hex()


#: Texts that a person wrote, wherever they stand in a payload.
_TEXTS = ("remark", "reason", "detail", "cited_file", "cited_page")


def with_salts(payload: dict[str, Any], secret: str) -> dict[str, Any]:
    """The payload with a salt beside every text that a person wrote, so that the text can be withheld later.

    The salts follow from the review's secret and the text: the same rows always give the same payload.
    """
    found: dict[str, Any] = _salted(payload, secret)
    return found


def _salted(value: Any, secret: str) -> Any:
    if isinstance(value, list):
        return [_salted(entry, secret) for entry in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _told(entry, secret)
        if key in _TEXTS and isinstance(entry, str)
        else [_told(case, secret) for case in entry]
        if key == "cases" and isinstance(entry, list)
        else _salted(entry, secret)
        for key, entry in value.items()
    }


def _told(text: str, secret: str) -> Any:
    if not text:
        return text
    return {"salt": joined("text-salt", secret.encode(), text.encode("utf-8")).hex()[:32], "text": text}


def signed_form(value: Any) -> Any:
    """What is digested and signed of a payload: its texts as salted digests, all else as it stands.

    A payload whose texts are withheld has this form already, and keeps it.
    """
    if isinstance(value, list):
        return [signed_form(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"salt", "text"}:
        return "sm3:" + joined("text", value["salt"].encode(), value["text"].encode("utf-8")).hex()
    return {key: signed_form(entry) for key, entry in value.items()}
