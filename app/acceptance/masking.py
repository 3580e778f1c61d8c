"""Data of market entities belong to the organiser (plan, 数据及隐私): masked wherever the purpose doesn't need them."""

from __future__ import annotations

import re

#: The longest first: a number is masked once, by what it most likely is.
_IDENTITY = re.compile(r"(?<![0-9A-Za-z])(\d{3})\d{11}(\d{3}[0-9Xx])(?![0-9A-Za-z])")
_ACCOUNT = re.compile(r"(?<!\d)\d{12,15}(\d{4})(?!\d)")
_MOBILE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")
_PHONE = re.compile(r"(?<!\d)(0\d{2,3})([- ]?)\d{4}(\d{3,4})(?!\d)")
_MAIL = re.compile(r"(?<![\w.])([\w])[\w.+-]*(@[\w-]+(?:\.[\w-]+)+)")


def mask_text(text: str) -> str:
    """Identity numbers, phones, accounts and mail addresses in free text, with enough left to compare."""
    text = _IDENTITY.sub(r"\1***********\2", text)
    text = _ACCOUNT.sub(r"************\1", text)
    text = _MOBILE.sub(r"\1****\2", text)
    text = _PHONE.sub(r"\1\2****\3", text)
    return _MAIL.sub(r"\1***\2", text)


def mask_person(name: str) -> str:
    """张三 → 张*; the family name stays."""
    name = name.strip()
    return name[:1] + "*" * max(1, len(name) - 1) if name else ""


def mask_company(name: str) -> str:
    """海南某某科技有限公司 → 海南****有限公司: place and form stay."""
    name = name.strip()
    if len(name) <= 4:
        return mask_person(name)
    tail = 4 if len(name) >= 9 else 2
    return f"{name[:2]}{'*' * (len(name) - 2 - tail)}{name[-tail:]}"


def mask_contact(contact: str) -> str:
    """A phone number or address as people write it; what has no known form keeps its first sign only."""
    contact = contact.strip()
    masked = mask_text(contact)
    return masked if masked != contact or not contact else contact[:1] + "***"


#: How each part of a record's market entity is shown.
MASKS = {"company": mask_company, "person": mask_person, "contact": mask_contact}


def mask_entity(entity: dict[str, str]) -> dict[str, str]:
    """A market entity's name, person and contact, each masked by its kind."""
    return {key: MASKS[key](str(value)) for key, value in entity.items() if key in MASKS and value}
