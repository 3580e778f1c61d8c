"""What was changed in a PDF after a signature: told by comparing the signed revision with the last one.

Every object that existed when it was signed and differs now must be explained by its role. A new object can only
be reached through one that changed, so nothing else needs to be read.
"""

from __future__ import annotations

from typing import Any

from ..report import Reason, Remark, remark
from .reader import Pdf, Signature, at, is_signature, library

_CATALOG_FREE = {"/AcroForm", "/DSS", "/Metadata", "/Extensions", "/Version", "/Perms", "/ModDate"}
_PAGE_FREE = {"/Annots", "/Tabs", "/StructParents", "/LastModified", "/PieceInfo"}
_FORM_FREE = {"/Fields", "/SigFlags", "/DR", "/DA", "/NeedAppearances"}
# What filling a field changes; its place and visibility it does not.
_FIELD_FREE = {"/V", "/AP", "/AS", "/M", "/I", "/MK", "/DA", "/RV"}
_SIGNED_FREE = _FIELD_FREE | {"/F", "/Lock", "/SV", "/Ff"}
_INVISIBLE = {"/XRef", "/ObjStm", "/Metadata"}


def _same(one: Any, two: Any, depth: int = 0) -> bool:
    """Deep equality; references are equal when they name the same object."""
    g = library("pdf_utils.generic")
    if depth > 60:
        return False
    if isinstance(one, g.IndirectObject) or isinstance(two, g.IndirectObject):
        return (isinstance(one, g.IndirectObject) and isinstance(two, g.IndirectObject)
                and (one.idnum, one.generation) == (two.idnum, two.generation))
    if isinstance(one, g.StreamObject) and (
            not isinstance(two, g.StreamObject) or one.encoded_data != two.encoded_data):
        return False
    if isinstance(one, g.DictionaryObject):
        return (isinstance(two, g.DictionaryObject) and set(one) == set(two)
                and all(_same(one.raw_get(k), two.raw_get(k), depth + 1) for k in one))
    if isinstance(one, g.ArrayObject):
        return (isinstance(two, g.ArrayObject) and len(one) == len(two)
                and all(_same(one.raw_get(i), two.raw_get(i), depth + 1) for i in range(len(one))))
    first, second = getattr(one, "original_bytes", None), getattr(two, "original_bytes", None)
    if first is not None or second is not None:
        return first == second
    return type(one) is type(two) and bool(one == two)


def _is_array(node: Any) -> bool:
    return isinstance(node, list)


def _key(raw: Any) -> tuple[int, int] | None:
    reference = getattr(raw, "reference", None)
    return (reference.idnum, reference.generation) if reference is not None else None


def _differing(old: Any, new: Any) -> set[str]:
    """The keys in which two dictionaries differ."""
    return {k for k in {*old, *new} if k not in old or k not in new or not _same(old.raw_get(k), new.raw_get(k))}


class _State:
    """One revision as far as roles go: pages, their content, annotations, fields and their appearances."""

    def __init__(self, pdf: Pdf, root: Any) -> None:
        self.root, self._budget = root, pdf.budget
        self.pages = pdf.pages(root)
        self.page_of = {_key(p): i for i, p in enumerate(self.pages, start=1) if _key(p)}
        self.annotations: list[dict[tuple[int, int] | int, Any]] = []
        self.containers: set[tuple[int, int]] = set()
        self.content: dict[tuple[int, int], int] = {}
        self.roles: dict[tuple[int, int], tuple[str, str]] = {}
        for number, raw in enumerate(self.pages, start=1):
            self._page(number, raw.get_object())
        form = root.raw_get("/AcroForm") if "/AcroForm" in root else None
        if form is not None and _key(form):
            self.roles[_key(form) or (0, 0)] = ("form", "")
        inner: Any = form.get_object() if form is not None else None
        if hasattr(inner, "raw_get") and "/Fields" in inner and _key(inner.raw_get("/Fields")):
            self.containers.add(_key(inner.raw_get("/Fields")) or (0, 0))
        self.fields = dict(pdf.fields(root))
        for name, raw in self.fields.items():
            self._field(name, raw)
        for key in ("/DSS", "/Metadata", "/Extensions"):
            if key in root and _key(root.raw_get(key)):
                self.roles[_key(root.raw_get(key)) or (0, 0)] = ("free", "")

    @classmethod
    def of(cls, pdf: Pdf, revision: int) -> _State:
        if revision not in pdf.states:
            pdf.states[revision] = cls(pdf, pdf.reader.get_historical_resolver(revision).root)
        state: _State = pdf.states[revision]
        return state

    def _page(self, number: int, page: Any) -> None:
        self._budget.check("pdf.changes")
        contents = page.raw_get("/Contents") if "/Contents" in page else None
        parts = [contents] if contents is not None else []
        inner: Any = contents.get_object() if contents is not None else None
        if isinstance(inner, list):
            parts += [inner.raw_get(i) for i in range(len(inner))]  # type: ignore[attr-defined]
        self.content |= {k: number for k in map(_key, parts) if k}
        found: dict[tuple[int, int] | int, Any] = {}
        raw = page.raw_get("/Annots") if "/Annots" in page else None
        if raw is not None:
            if _key(raw):
                self.containers.add(_key(raw) or (0, 0))
            listed: Any = raw.get_object()
            for place in range(len(listed) if _is_array(listed) else 0):
                one = listed.raw_get(place)
                found[_key(one) or -1 - place] = one
                self._annotation(number, one)
        self.annotations.append(found)

    def _annotation(self, number: int, raw: Any) -> None:
        node = raw.get_object()
        widget = hasattr(node, "raw_get") and at(node, "/Subtype") == "/Widget"
        role = ("widget" if widget else "annotation", str(number))
        if _key(raw):
            self.roles.setdefault(_key(raw) or (0, 0), role)
        for one in _appearances(node):
            self.roles.setdefault(one, role)

    def _field(self, name: str, raw: Any) -> None:
        node = raw.get_object()
        role = ("signed" if is_signature(node) else "field", name)
        if _key(raw):
            self.roles[_key(raw) or (0, 0)] = ("field", name)
        kids: Any = at(node, "/Kids")
        for place in range(len(kids) if _is_array(kids) else 0):
            kid = kids.raw_get(place)
            if _key(kid):
                self.roles[_key(kid) or (0, 0)] = role
            for one in _appearances(kid.get_object()):
                self.roles[one] = role
        for one in _appearances(node):
            self.roles[one] = role


def _appearances(node: Any) -> list[tuple[int, int]]:
    """The references among an annotation's appearances."""
    if not hasattr(node, "raw_get") or "/AP" not in node:
        return []
    found = []
    stack, steps = [node.raw_get("/AP")], 0
    while stack and steps < 200:
        steps += 1
        raw = stack.pop()
        key = _key(raw)
        if key:
            found.append(key)
        inner: Any = raw.get_object()
        if hasattr(inner, "encoded_data"):
            continue
        if hasattr(inner, "raw_get") and not _is_array(inner):
            stack += [inner.raw_get(k) for k in inner]
    return found


def _dangling(resolver: Any, pdf: Pdf) -> set[tuple[int, int]]:
    """References of a revision to objects that it does not have: a later one could fill them unseen."""
    g = library("pdf_utils.generic")
    found: set[tuple[int, int]] = set()
    seen: set[tuple[int, int]] = set()
    stack = [resolver.root]
    while stack:
        node = stack.pop()
        if isinstance(node, g.IndirectObject):
            key = node.idnum, node.generation
            if key in seen:
                continue
            seen.add(key)
            pdf.budget.check("pdf.changes")
            reference = g.Reference(*key, pdf=None)
            if not _exists(pdf, reference, resolver.revision):
                found.add(key)
                continue
            node = resolver.get_object(reference)
        if isinstance(node, g.DictionaryObject):
            stack += [node.raw_get(k) for k in node]
        elif _is_array(node):
            stack += [node.raw_get(i) for i in range(len(node))]
    return found


def _exists(pdf: Pdf, reference: Any, revision: int) -> bool:
    try:
        return pdf.reader.xrefs.get_historical_ref(reference, revision) is not None
    except KeyError:
        return False


def _written_later(pdf: Pdf, signed: int) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """Objects that existed in the signed revision and were written or freed again later, and wholly new ones."""
    xrefs = pdf.reader.xrefs
    found: set[tuple[int, int]] = set()
    new: set[tuple[int, int]] = set()
    for revision in range(signed + 1, pdf.reader.total_revisions):
        for ref in xrefs.explicit_refs_in_revision(revision) | xrefs.refs_freed_in_revision(revision):
            (found if _exists(pdf, ref, signed) else new).add((ref.idnum, ref.generation))
    return found, new


def changes_after(pdf: Pdf, one: Signature, later: list[Signature]) -> list[Remark]:
    """Remarks PAGE_CHANGED, ANNOTATION_CHANGED, STAMPED_LATER, FORM_FILLED, OBJECTS_CHANGED."""
    g = library("pdf_utils.generic")
    reader = pdf.reader
    before = reader.get_historical_resolver(one.revision)
    after = reader.get_historical_resolver(reader.total_revisions - 1)
    old, new = _State.of(pdf, one.revision), _State.of(pdf, reader.total_revisions - 1)
    told: list[Remark] = []
    if _key_of_root(before) != _key_of_root(after):
        told.append(remark(Reason.OBJECTS_CHANGED, what="catalog"))
    if [_key(p) for p in old.pages] != [_key(p) for p in new.pages]:
        told.append(remark(Reason.PAGE_CHANGED, what="pages added, removed or reordered"))
    info = _key(reader.trailer.raw_get("/Info")) if "/Info" in reader.trailer else None
    overwritten, added = _written_later(pdf, one.revision)
    told += [remark(Reason.OBJECTS_CHANGED, what=f"object {n} was missing") for n, _ in
             sorted(added & _dangling(before, pdf))]
    for key in sorted(overwritten):
        pdf.budget.check("pdf.changes")
        reference = g.Reference(key[0], key[1], pdf=None)
        was, now = before.get_object(reference), after.get_object(reference)
        if key == info or _same(was, now):
            continue
        told += _explain(key, was, now, old, new, before)
    told += _annotations(pdf, old, new, later)
    for name in sorted(new.fields.keys() - old.fields.keys()):
        if not is_signature(new.fields[name].get_object()):
            told.append(remark(Reason.ANNOTATION_CHANGED, what=f"field {name} added"))
    for name in sorted(old.fields.keys() - new.fields.keys()):
        if not is_signature(old.fields[name].get_object()):
            told.append(remark(Reason.ANNOTATION_CHANGED, what=f"field {name} removed"))
    return list(dict.fromkeys(told))


def _key_of_root(resolver: Any) -> tuple[int, int]:
    return resolver.root_ref.idnum, resolver.root_ref.generation


def _explain(key: tuple[int, int], was: Any, now: Any, old: _State, new: _State, before: Any) -> list[Remark]:
    kind = str(at(was, "/Type", "")) if hasattr(was, "raw_get") else ""
    if kind in _INVISIBLE or key in old.containers:
        return []  # what a list of annotations or fields holds is compared by itself
    if key == _key_of_root(before):
        odd = _differing(was, now) - _CATALOG_FREE if hasattr(now, "raw_get") else {"/Root"}
        return [remark(Reason.OBJECTS_CHANGED, what=f"catalog {k}") for k in sorted(odd)] + _form(old, new)
    if key in old.page_of:
        odd = _differing(was, now) - _PAGE_FREE if hasattr(now, "raw_get") else {"/Page"}
        return [remark(Reason.PAGE_CHANGED, page=old.page_of[key], what=k) for k in sorted(odd)]
    if key in old.content:
        return [remark(Reason.PAGE_CHANGED, page=old.content[key], what="content")]
    role, name = old.roles.get(key, ("", ""))
    if role == "free":
        return []
    if role == "form":
        return _form(old, new)
    if role == "field":
        return _field(name, was, now)
    if role == "signed":
        return [remark(Reason.OBJECTS_CHANGED, what=f"appearance of signature {name}")]
    if role in ("widget", "annotation"):
        return [remark(Reason.ANNOTATION_CHANGED, page=name)]
    return [remark(Reason.OBJECTS_CHANGED, what=f"object {key[0]}")]


def _form(old: _State, new: _State) -> list[Remark]:
    first, second = at(old.root, "/AcroForm"), at(new.root, "/AcroForm")
    if first is None or second is None:
        return [] if first is None else [remark(Reason.OBJECTS_CHANGED, what="form removed")]
    return [remark(Reason.OBJECTS_CHANGED, what=f"form {k}") for k in sorted(_differing(first, second) - _FORM_FREE)]


def _field(name: str, was: Any, now: Any) -> list[Remark]:
    if hasattr(was, "raw_get") and is_signature(was):
        changed = _differing(was, now) if hasattr(now, "raw_get") else {"/V"}
        return [remark(Reason.OBJECTS_CHANGED, what=f"signature field {name}")] if changed else []
    both = hasattr(was, "raw_get") and hasattr(now, "raw_get")
    filled = both and is_signature(now)
    if not hasattr(was, "encoded_data") and (
            not both or _differing(was, now) - (_SIGNED_FREE if filled else _FIELD_FREE)):
        return [remark(Reason.ANNOTATION_CHANGED, what=f"field {name}")]
    # An empty signature field that was signed is told by SIGNED_LATER.
    return [] if filled else [remark(Reason.FORM_FILLED, field=name)]


def _annotations(pdf: Pdf, old: _State, new: _State, later: list[Signature]) -> list[Remark]:
    g = library("pdf_utils.generic")
    told: list[Remark] = []
    last = max((s.revision for s in later), default=-1)
    for number, (was, now) in enumerate(zip(old.annotations, new.annotations, strict=False), start=1):
        for key in was.keys() - now.keys():
            if isinstance(key, tuple):
                told.append(remark(Reason.ANNOTATION_CHANGED, page=number, what="removed"))
        inline_was = [was[k] for k in was if not isinstance(k, tuple)]
        if len(inline_was) > sum(not isinstance(k, tuple) for k in now):
            told.append(remark(Reason.ANNOTATION_CHANGED, page=number, what="removed"))
        for key in now.keys() - (was.keys() if not inline_was else {k for k in was if isinstance(k, tuple)}):
            if not isinstance(key, tuple) and any(_same(now[key], w) for w in inline_was):
                continue
            node = now[key].get_object()
            subtype = at(node, "/Subtype") if hasattr(node, "raw_get") else None
            if subtype == "/Widget" and isinstance(key, tuple) and new.roles[key][0] in ("field", "signed"):
                continue  # told as form or signature
            stamped = (subtype == "/Stamp" and isinstance(key, tuple)
                       and pdf.reader.xrefs.get_introducing_revision(g.Reference(*key, pdf=None)) <= last)
            told.append(remark(Reason.STAMPED_LATER if stamped else Reason.ANNOTATION_CHANGED, page=number,
                               what="added"))
    return told
