"""Instants as documents write them: ASN.1 times, and the texts that vendors put in their place."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from . import der
from .errors import MalformedInput

# A text without a zone is the time of day in China, where these standards are written and used.
CHINA = timezone(timedelta(hours=8))
_TEXT = re.compile(
    r"(?P<y>\d{4})[-/]?(?P<mo>\d{2})[-/]?(?P<d>\d{2})[T ]?(?P<h>\d{2}):?(?P<mi>\d{2})(?::?(?P<s>\d{2}))?"
    r"(?:[.,]\d{1,9})?(?P<zone>Z|[+-]\d{2}:?\d{2})?")
_SHORT = re.compile(r"(?P<y>\d{2})(?P<mo>\d{2})(?P<d>\d{2})(?P<h>\d{2})(?P<mi>\d{2})(?P<s>\d{2})?"
                    r"(?P<zone>Z|[+-]\d{4})")


def parse_text(text: str, place: str = "time") -> datetime:
    """An instant from UTCTime, GeneralizedTime, ISO 8601 or ``yyyy-MM-dd HH:mm:ss``; MalformedInput otherwise."""
    text = text.strip()
    short = _SHORT.fullmatch(text)
    found = short or _TEXT.fullmatch(text)
    if found is None:
        raise MalformedInput(place, "time")
    year = int(found["y"])
    if short:
        year += 2000 if year < 50 else 1900
    zone = found["zone"]
    try:
        if zone is None:
            where = CHINA
        elif zone == "Z":
            where = UTC
        else:
            minutes = int(zone[1:3]) * 60 + int(zone[-2:])
            where = timezone(timedelta(minutes=-minutes if zone[0] == "-" else minutes))
        local = datetime(year, int(found["mo"]), int(found["d"]), int(found["h"]), int(found["mi"]),
                         int(found["s"] or 0), tzinfo=where)
        return local.astimezone(UTC)
    except (ValueError, OverflowError) as wrong:
        raise MalformedInput(place, "time") from wrong


def read(node: der.Node) -> tuple[datetime, bool]:
    """The instant of a time field, and whether it was written as the standards say (a UTC ASN.1 time)."""
    if node.tag in (der.UTC_TIME, der.GENERALIZED):
        try:
            return node.time(), True
        except MalformedInput:
            return parse_text(node.content.decode("latin-1"), node.place), False
    content = node.content
    if node.tag == der.BIT_STRING:
        content = node.bit_bytes()
    if content[:1] in (b"\x17", b"\x18"):
        return read(der.parse(content, node.place))[0], False
    return parse_text(content.decode("latin-1"), node.place), False
