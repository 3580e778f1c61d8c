"""XML from strangers: no document type, no entities, bounded depth and count; elements by local name.

Namespaces are not looked at when elements are found: vendors write several for OFD.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from ..errors import MalformedInput
from ..limits import DEFAULT, Limits

NAMESPACE = "http://www.ofdspec.org/2016"
_NATIONAL = re.compile(rb"""^<\?xml[^>]*encoding=["'](gb[\w-]*)["'][^>]*\?>""", re.IGNORECASE)


@dataclass(slots=True)
class Element:
    """One element. ``end`` is the offset of its end tag in the bytes that were parsed."""

    name: str
    namespace: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    text: str = ""
    start: int = 0
    end: int = 0

    def all(self, name: str) -> list[Element]:
        return [c for c in self.children if c.name == name]

    def first(self, name: str) -> Element | None:
        return next((c for c in self.children if c.name == name), None)

    def value(self, name: str) -> str | None:
        """The trimmed text of a child, or the attribute of that name (vendors write either)."""
        child = self.first(name)
        found = child.text if child is not None else self.attributes.get(name)
        return found.strip() if found is not None and found.strip() else None

    def walk(self) -> Iterator[Element]:
        stack = [self]
        while stack:
            one = stack.pop()
            yield one
            stack.extend(reversed(one.children))


class _Builder:
    def __init__(self, place: str, limits: Limits) -> None:
        self.place, self.limits = place, limits
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text, self.parser.buffer_size = True, 1 << 20
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.finish
        self.parser.CharacterDataHandler = self.text
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.stack: list[Element] = []
        self.root: Element | None = None
        self.count = 0

    def doctype(self, *_: object) -> None:
        raise MalformedInput(self.place, "document type declaration")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1 + len(attributes)
        if self.count > self.limits.xml_nodes or len(self.stack) >= self.limits.xml_depth:
            raise MalformedInput(self.place, "too many or too deep elements")
        namespace, _, local = name.rpartition(" ")
        element = Element(local, namespace, {k.rpartition(" ")[2]: v for k, v in attributes.items()},
                          start=self.parser.CurrentByteIndex)
        if self.stack:
            self.stack[-1].children.append(element)
        else:
            self.root = element
        self.stack.append(element)

    def finish(self, _: str) -> None:
        self.stack.pop().end = self.parser.CurrentByteIndex

    def text(self, data: str) -> None:
        if self.stack:
            self.stack[-1].text += data


def parse(data: bytes, place: str, limits: Limits = DEFAULT) -> Element:
    """The root element; MalformedInput with ``place`` for anything that is not plain well-formed XML."""
    if len(data) > limits.xml_bytes:
        raise MalformedInput(place, "XML too large", size=len(data))
    national = _NATIONAL.match(data)
    if national:
        try:
            data = data[national.end():].decode("gb18030").encode()
        except UnicodeDecodeError as wrong:
            raise MalformedInput(place, "encoding") from wrong
    builder = _Builder(place, limits)
    try:
        builder.parser.Parse(data.lstrip(b" \t\r\n"), True)  # seen before the declaration
    except (expat.ExpatError, ValueError, LookupError) as wrong:
        raise MalformedInput(place, "not well-formed XML") from wrong
    if builder.root is None:
        raise MalformedInput(place, "empty XML")
    return builder.root


def element(name: str, *children: str, text: str | None = None, **attributes: str | None) -> str:
    """One element of the OFD namespace as text; attributes that are None are left out."""
    inner = escape(text) if text is not None else "".join(children)
    given = "".join(f" {k}={quoteattr(v)}" for k, v in attributes.items() if v is not None)
    return f"<ofd:{name}{given}>{inner}</ofd:{name}>" if inner else f"<ofd:{name}{given}/>"


def document(name: str, *children: str, **attributes: str | None) -> bytes:
    """A whole XML file with this root."""
    made = element(name, *children, text=None, **attributes)
    head, rest = made[: len(name) + 5], made[len(name) + 5:]
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head} xmlns:ofd="{NAMESPACE}"{rest}'.encode()
