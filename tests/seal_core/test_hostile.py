"""Bytes from strangers: a report or one MalformedInput, never another exception, never long, never large."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seal_core import MalformedInput, der, sign_data, sign_ofd, sign_pdf, sm3, verify, verify_data, write_text
from seal_core.limits import DEFAULT, Budget, Limits
from seal_core.ofd.package import Package
from seal_core.ofd.write import pack
from seal_core.pdf import PdfProfile, pdf_text
from seal_core.placement import Placement
from seal_core.report import Verdict
from seal_core.seal import read_seal, read_signature, sign_with_seal
from tests.seal_core.making import LATER, NOW, world

SIGNED = NOW + timedelta(hours=1)
CONTENT = b"content"


@cache
def valid(kind: str) -> bytes:
    """One valid input of each format."""
    w = world()
    who = {"signer": w.unit.key, "certificate": w.unit.certificate}
    if kind == "esl":
        return w.seal().raw
    if kind == "ses":
        return sign_with_seal(w.seal(), sm3(CONTENT), "/a", w.unit.key, w.unit.certificate, now=SIGNED).raw
    if kind == "p7":
        return sign_data(CONTENT, w.unit.key, w.unit.certificate, signed_at=SIGNED)
    if kind == "ofd":
        return sign_ofd(write_text("样例\n" * 3, now=NOW), **who, seal=w.seal(), now=SIGNED,  # type: ignore[arg-type]
                        placements=[Placement(1, 50, 50)])
    return sign_pdf(pdf_text("sample"), **who, seal=w.seal(), now=SIGNED, profile=PdfProfile.SEAL,  # type: ignore[arg-type]
                    placements=[Placement(1, 50, 50)])


def meaning(kind: str, data: bytes) -> object:
    """What may not differ where an input is answered VALID: everything that a signature speaks for."""
    if kind == "esl":
        return read_seal(data).signed
    if kind == "ses":
        return read_signature(data).signed
    if kind == "p7":
        return verify_data(data).content
    if kind == "ofd":
        package = Package.open(data)
        files = {n: package.read(n) for n in package.names() if not n.endswith("Signatures.xml")}
        value = next(n for n in files if n.endswith("SignedValue.dat"))
        return {**files, value: read_signature(files[value]).signed}
    start = data.index(b"/Contents <") + 11
    return data[:start], data[data.index(b">", start):]


Edit = tuple[str, float, int, bytes]
EDITS = st.lists(st.tuples(st.sampled_from(["flip", "cut", "put", "end", "swap", "zero"]), st.floats(0, 1),
                           st.integers(1, 64), st.binary(min_size=1, max_size=8)), min_size=1, max_size=4)


def edited(data: bytes, edits: list[Edit]) -> bytes:
    out = bytearray(data)
    for what, where, count, put in edits:
        at = int(where * max(0, len(out) - 1))
        if what == "flip" and out:
            out[at] ^= count & 0xFF or 1
        elif what == "cut":
            del out[at : at + count]
        elif what == "put":
            out[at:at] = put
        elif what == "end":
            del out[at:]
        elif what == "swap":
            out[at : at + len(put)] = put
        else:
            out[at : at + count] = bytes(min(count, max(0, len(out) - at)))
    return bytes(out)


def check(kind: str, data: bytes) -> None:
    try:
        report = verify(data, world().trust, LATER, content=CONTENT if kind == "ses" else None)
    except MalformedInput as wrong:
        assert wrong.place
        return
    json.dumps(report.to_json())
    if report.verdict is Verdict.VALID and data != valid(kind):
        assert meaning(kind, data) == meaning(kind, valid(kind))


@pytest.mark.parametrize("kind", ["esl", "ses", "p7", "ofd", "pdf"])
def test_the_samples_are_valid(kind: str) -> None:
    report = verify(valid(kind), world().trust, LATER, content=CONTENT if kind == "ses" else None)
    assert report.verdict is Verdict.VALID
    check(kind, valid(kind))


@given(EDITS)
def test_any_edit_of_a_seal_is_answered(edits: list[Edit]) -> None:
    check("esl", edited(valid("esl"), edits))


@given(EDITS)
def test_any_edit_of_a_seal_signature_is_answered(edits: list[Edit]) -> None:
    check("ses", edited(valid("ses"), edits))


@given(EDITS)
def test_any_edit_of_a_message_is_answered(edits: list[Edit]) -> None:
    check("p7", edited(valid("p7"), edits))


@given(EDITS)
def test_any_edit_of_an_ofd_package_is_answered(edits: list[Edit]) -> None:
    check("ofd", edited(valid("ofd"), edits))


@given(EDITS, st.integers(0, 30))
def test_any_edit_of_a_file_within_an_ofd_is_answered(edits: list[Edit], place: int) -> None:
    with zipfile.ZipFile(io.BytesIO(valid("ofd"))) as archive:
        files = {n: archive.read(n) for n in archive.namelist()}
    name = sorted(files)[place % len(files)]
    files[name] = edited(files[name], edits)
    check("ofd", pack(files))


@given(EDITS)
def test_any_edit_of_a_pdf_is_answered(edits: list[Edit]) -> None:
    check("pdf", edited(valid("pdf"), edits))


HEADS = [b"", b"PK\x03\x04", b"%PDF-1.7\n", b"0\x82", b"-----BEGIN CMS-----\n"]


@given(st.binary(max_size=400), st.sampled_from(HEADS))
def test_any_bytes_are_answered(data: bytes, head: bytes) -> None:
    try:
        verify(head + data, [], LATER)
    except MalformedInput as wrong:
        assert wrong.place


# What follows is hostile on purpose.


def ofd(**files: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(valid("ofd"))) as archive:
        inside = {n: archive.read(n) for n in archive.namelist()}
    inside.update({k.replace("__", "/").replace("_xml", ".xml"): v for k, v in files.items()})
    return pack(inside)


def zip_bomb() -> bytes:
    return pack({"OFD.xml": b"<a/>", **{f"b{i}": bytes(40 << 20) for i in range(4)}})


def lying_zip() -> bytes:
    data = bytearray(pack({"OFD.xml": b" " * (30 << 20)}))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.index(mark) + offset
        data[at : at + 4] = struct.pack("<I", 100)
    return bytes(data)


def many_entries() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for i in range(12_000):
            archive.writestr(zipfile.ZipInfo(f"{i}"), b"")
    return out.getvalue()


def signatures(count: int) -> bytes:
    line = b'<ofd:Signature ID="%d" BaseLoc="/Doc_0/Signs/Sign_0/Signature.xml"/>'
    body = b"".join(line % i for i in range(count))
    return ofd(Doc_0__Signs__Signatures_xml=b'<ofd:Signatures xmlns:ofd="x">' + body + b"</ofd:Signatures>")


def references() -> bytes:
    line = b'<R:Reference FileRef="/OFD.xml"><R:CheckValue>AAAA</R:CheckValue></R:Reference>'
    body = line * 30_000
    return ofd(Doc_0__Signs__Sign_0__Signature_xml=(
        b'<R:Signature xmlns:R="x"><R:SignedInfo><R:References CheckMethod="SM3">' + body
        + b"</R:References></R:SignedInfo><R:SignedValue>/a</R:SignedValue></R:Signature>"))


def laughs() -> bytes:
    entities = b"".join(b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10) for i in range(1, 12))
    return pack({"OFD.xml": b'<!DOCTYPE x [<!ENTITY a0 "ha">' + entities + b"]><x>&a11;</x>"})


def external() -> bytes:
    return pack({"OFD.xml": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>&e;</x>'})


def wide_laughs() -> bytes:
    return pack({"OFD.xml": '<!DOCTYPE x [<!ENTITY a "b">]><x/>'.encode("utf-16")})


def deep_der() -> bytes:
    data = b""
    for _ in range(3000):
        data = der.seq(data)
    return data


def pdf_with(body: bytes, root: bytes = b"1 0 R", *, extra: bytes = b"") -> bytes:
    """Objects 1, 2 … in ``body`` under a cross-reference table that finds them."""
    out = b"%PDF-1.7\n" + body
    places = []
    number = 1
    while (at := out.find(b"\n%d 0 obj" % number)) >= 0:
        places.append(at + 1)
        number += 1
    table = b"".join(b"%010d 00000 n \n" % p for p in places)
    start = len(out)
    return (out + b"xref\n0 %d\n0000000000 65535 f \n" % number + table + b"trailer\n<</Size %d/Root %s%s>>\n" % (
        number, root, extra) + b"startxref\n%d\n%%%%EOF\n" % start)


def pdf_cycle() -> bytes:
    return pdf_with(b"\n1 0 obj\n<</Type/Catalog/Pages 2 0 R/AcroForm 3 0 R>>\nendobj"
                    b"\n2 0 obj\n<</Type/Pages/Kids[2 0 R 2 0 R]/Parent 2 0 R/Count 2>>\nendobj"
                    b"\n3 0 obj\n<</Fields[4 0 R]>>\nendobj"
                    b"\n4 0 obj\n<</T(a)/Kids[4 0 R]/Parent 4 0 R/V 4 0 R>>\nendobj\n")


def pdf_deep() -> bytes:
    return pdf_with(b"\n1 0 obj\n<</Type/Catalog/Pages " + b"[" * 200_000 + b"]" * 200_000 + b">>\nendobj\n")


def pdf_self() -> bytes:
    data = pdf_with(b"\n1 0 obj\n1 0 R\nendobj\n")
    return data


def pdf_many() -> bytes:
    fields = b"".join(b"<</FT/Sig/T(%d)/V<</Type/Sig/ByteRange[0 1 2 3]/Contents<00>>>>>" % i
                      for i in range(10_000))
    return pdf_with(b"\n1 0 obj\n<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[" + fields + b"]>>>>\nendobj"
                    b"\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n")


def pdf_loop() -> bytes:
    data = pdf_with(b"\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj"
                    b"\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n", extra=b"/Prev 9")
    start = int(data.split(b"startxref\n")[1].split(b"\n")[0])
    return data.replace(b"/Prev 9", b"/Prev %d" % start)


def pdf_bomb() -> bytes:
    """A cross-reference stream that inflates a thousandfold, twice over."""
    packed = zlib.compress(zlib.compress(bytes(200 << 20)))
    return (b"%PDF-1.7\n1 0 obj\n<</Type/XRef/Size 3/W[1 2 1]/Root 2 0 R/Filter[/FlateDecode/FlateDecode]/Length "
            + b"%d>>\nstream\n" % len(packed) + packed + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n")


def pdf_hex() -> bytes:
    return pdf_with(b"\n1 0 obj\n<</Type/Catalog/Pages 2 0 R/Junk<" + b"0a" * (5 << 20) + b">>>\nendobj"
                    b"\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n")


def pdf_comments() -> bytes:
    return b"%PDF-1.7\n" + b"%\n" * (5 << 20) + b"startxref\n9\n%%EOF\n"


def pdf_xref() -> bytes:
    return (b"%PDF-1.7\nxref\n0 500000\n" + b"0000000009 00000 n \n" * 500_000
            + b"trailer\n<</Size 500000/Root 1 0 R>>\nstartxref\n9\n%%EOF\n")


HOSTILE: dict[str, Callable[[], bytes]] = {
    f.__name__: f for f in (
        zip_bomb, lying_zip, many_entries, references, laughs, external, wide_laughs, deep_der, pdf_cycle, pdf_deep,
        pdf_self, pdf_many, pdf_loop, pdf_bomb, pdf_hex, pdf_comments, pdf_xref)
} | {
    "signatures_101": lambda: signatures(101), "signatures_10000": lambda: signatures(10_000),
    "xml_wide": lambda: pack({"OFD.xml": b"<x>" + b"<a/>" * 2_000_000 + b"</x>"}),
    "xml_deep": lambda: pack({"OFD.xml": b"<a>" * 100_000}),
    "xml_attributes": lambda: pack({"OFD.xml": b"<a " + b" ".join(b'a%d=""' % i for i in range(200_000)) + b"/>"}),
    "xml_text": lambda: pack({"OFD.xml": b"<a>" + b"&lt;" * 1_000_000 + b"</a>"}),
    "der_wide": lambda: der.seq(der.seq(b"\x05\x00" * 3_000_000)),
    "der_lying": lambda: b"\x30\x84\x7f\xff\xff\xff" + bytes(10 << 20),
    "der_integer": lambda: der.seq(der.seq(der.integer(1 << 8_000_000)), der.seq()),
    "p7_certificates": lambda: der.seq(der.oid("1.2.156.10197.6.1.4.2.2"), der.tlv(0xA0, der.seq(
        der.integer(1), der.tlv(0x31, b""), der.seq(der.oid("1.2.3")),
        der.tlv(0xA0, world().unit.certificate.der * 20_000), der.tlv(0x31, b"")))),
    "pem_long": lambda: b"-----BEGIN CMS-----\n" + b"MAAA\n" * 2_000_000,
    "zeros": lambda: bytes(10 << 20), "zip_zeros": lambda: b"PK\x03\x04" + bytes(10 << 20),
    "zip_ends": lambda: b"PK\x03\x04" + b"PK\x05\x06" * (2 << 20),
    "pdf_ends": lambda: b"%PDF-1.7\n" + b"%%EOF\n" * (1 << 20),
}


def run_all() -> None:
    """In a process of its own: each hostile input, its seconds and the growth of memory (MiB), as JSON lines."""
    import resource
    import time

    for kind in ("ofd", "pdf", "p7"):
        verify(valid(kind), world().trust, LATER)
    for name, make in HOSTILE.items():
        data = make()
        assert len(data) <= 24 << 20, name
        # A child each, so that the peak of making the input is not counted.
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            base = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() >> 20
            start = time.process_time()
            try:
                answer = verify(data, world().trust, LATER).verdict.value
            except MalformedInput as wrong:
                answer = f"MalformedInput {wrong.place}"
            except BaseException as other:
                answer = f"{type(other).__name__}: {other}"[:200]
            spent = time.process_time() - start
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
            os.write(writing, json.dumps([name, answer, spent, max(0, peak - base)]).encode())
            os._exit(0)
        os.waitpid(child, 0)
        os.close(writing)
        sys.stdout.write(os.read(reading, 10_000).decode() + "\n")
        os.close(reading)


def test_hostile_inputs_are_answered_quickly_and_small() -> None:
    done = subprocess.run([sys.executable, "-c", "from tests.seal_core.test_hostile import run_all; run_all()"],
                          capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=280)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {r[0] for r in rows} == HOSTILE.keys()
    for name, answer, seconds, grown in rows:
        assert answer.split()[0] in ("MalformedInput", "INVALID", "INDETERMINATE", "UNSIGNED"), (name, answer)
        assert seconds < 2.5, (name, answer, seconds)
        assert grown < 200, (name, answer, grown)


def test_each_limit_is_a_setting() -> None:
    w = world()
    data = valid("ofd")
    for tight in (Limits(size=100), Limits(entries=3), Limits(xml_bytes=100), Limits(xml_nodes=5), Limits(xml_depth=2),
                  Limits(signatures=0), Limits(seconds=-1, seconds_per_mib=0), Limits(name=4),
                  Limits(inflated_floor=10, inflated_ratio=0)):
        with pytest.raises(MalformedInput):
            verify(data, w.trust, LATER, limits=tight)
    assert verify(data, w.trust, LATER, limits=Limits(references=1)).verdict is Verdict.INVALID
    with pytest.raises(MalformedInput):
        verify(valid("pdf"), w.trust, LATER, limits=Limits(revisions=0))
    Budget(DEFAULT, 0).check("somewhere")
