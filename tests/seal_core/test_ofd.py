"""OFD: written, signed, verified; every promise with its tampered twin."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest

from seal_core import SealError
from seal_core.cms import sign_data
from seal_core.errors import MalformedInput
from seal_core.ofd.document import read_document
from seal_core.ofd.package import Package
from seal_core.ofd.sign import ofd_page_sizes, sign_ofd
from seal_core.ofd.write import pack, write_images, write_text
from seal_core.placement import Placement, riding
from seal_core.report import Reason, Verdict, VerifyReport
from seal_core.seal import Form
from seal_core.sm import sm3
from seal_core.verify import verify
from tests.seal_core.making import LATER, NOW, Holder, World, flip, old_signature, png, world

TEXT = "样例：印章服务机构承诺书\n" + "本单位承诺所提交的材料真实有效。" * 40
SIGNED = NOW + timedelta(hours=1)
Files = dict[str, bytes]


@pytest.fixture
def w() -> World:
    return world()


def sealed(w: World, data: bytes | None = None, *, by: Holder | None = None, form: Form = Form.V4, **more) -> bytes:  # type: ignore[no-untyped-def]
    by = by or w.unit
    more.setdefault("placements", [Placement(1, 140, 230)])
    return sign_ofd(data or write_text(TEXT, now=NOW), signer=by.key, certificate=by.certificate,
                    seal=w.seal(form, holder=by), now=SIGNED, **more)


def unpack(data: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {n: archive.read(n) for n in archive.namelist()}


def changed(data: bytes, change: Callable[[Files], object]) -> bytes:
    files = unpack(data)
    change(files)
    return pack(files)


def ask(data: bytes, w: World) -> VerifyReport:
    return verify(data, w.trust, LATER)


def codes(report: VerifyReport, place: int = 0) -> list[Reason]:
    return [r.code for r in report.signatures[place].reasons]


SIGN0 = "Doc_0/Signs/Sign_0/"


@pytest.mark.parametrize("form", [Form.V4, Form.V5])
def test_a_sealed_document_holds_whole(w: World, form: Form) -> None:
    report = ask(sealed(w, form=form), w)
    (one,) = report.signatures
    assert report.verdict is Verdict.VALID and report.trial and report.findings == ()
    assert one.standard == form.value and one.signed_at == SIGNED
    assert one.stamps[0].page == 1 and (one.stamps[0].x, one.stamps[0].width) == (140.0, 40.0)
    assert set(one.covers) == {"/OFD.xml", "/Doc_0/Document.xml", "/Doc_0/PublicRes.xml",
                               "/Doc_0/Pages/Page_0/Content.xml", "/" + SIGN0 + "Seal.esl"}
    assert verify(sealed(w), [], LATER).verdict is Verdict.INDETERMINATE


@pytest.mark.parametrize(("name", "reason"), [
    ("Doc_0/Pages/Page_0/Content.xml", Reason.FILE_DIGEST), ("OFD.xml", Reason.FILE_DIGEST),
    (SIGN0 + "Seal.esl", Reason.FILE_DIGEST), (SIGN0 + "Signature.xml", Reason.DOC_HASH),
    (SIGN0 + "SignedValue.dat", Reason.SIG_VALUE),
])
def test_any_changed_file_is_found(w: World, name: str, reason: Reason) -> None:
    def change(files: Files) -> None:
        data = files[name]
        # The end of a text where it is XML, so that it still reads; the last byte of a value.
        place = data.index(b"</") - 1 if name.endswith(".xml") else len(data) - 1
        files[name] = flip(data, place)

    report = ask(changed(sealed(w), change), w)
    assert report.verdict is Verdict.INVALID and reason in codes(report)


def test_a_removed_file_and_a_removed_list(w: World) -> None:
    report = ask(changed(sealed(w), lambda f: f.pop("Doc_0/PublicRes.xml")), w)
    assert codes(report) == [Reason.FILE_MISSING] and report.verdict is Verdict.INVALID
    report = ask(changed(sealed(w), lambda f: f.pop(SIGN0 + "SignedValue.dat")), w)
    assert codes(report) == [Reason.FILE_MISSING]

    def unlink(files: Files) -> None:
        root = files["OFD.xml"]
        start, end = root.index(b"<ofd:Signatures>"), root.index(b"</ofd:Signatures>") + 17
        files["OFD.xml"] = root[:start] + root[end:]

    report = ask(changed(sealed(w), unlink), w)
    assert report.verdict is Verdict.UNSIGNED and Reason.SIGNATURES_UNLINKED in report.codes


def test_an_added_file_a_second_copy_and_a_path_outside_are_never_plainly_valid(w: World) -> None:
    report = ask(changed(sealed(w), lambda f: f.update({"Doc_0/Res/evil.xml": b"<a/>"})), w)
    assert report.verdict is Verdict.INDETERMINATE and codes(report) == [] and report.signatures[0].intact
    assert report.findings[0].to_json() == {"code": "UNCOVERED_FILE", "file": "/Doc_0/Res/evil.xml"}

    def twice(second: bytes) -> bytes:
        out = io.BytesIO(sealed(w))
        with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("Doc_0/PublicRes.xml", second)
        return out.getvalue()

    report = ask(twice(unpack(sealed(w))["Doc_0/PublicRes.xml"]), w)
    assert report.verdict is not Verdict.VALID and Reason.DUPLICATE_NAME in report.codes
    report = ask(twice(b"<other/>"), w)
    assert report.verdict is Verdict.INVALID and Reason.FILE_DIGEST in codes(report)
    report = ask(changed(sealed(w), lambda f: f.update({"../outside.xml": b"x"})), w)
    assert report.verdict is Verdict.INDETERMINATE and Reason.PATH_OUTSIDE in report.codes


def test_what_the_directory_of_the_package_hides_is_told(w: World) -> None:
    made = sealed(w)
    hidden = pack({"Doc_0/Pages/Page_0/Content.xml": b"<other/>"})
    entry = hidden[: hidden.index(b"PK\x01\x02")]
    # In front of the real entries: a reader that goes by the entries takes this page.
    report = ask(entry + made, w)
    assert report.signatures[0].intact and report.verdict is Verdict.INDETERMINATE
    assert Reason.HIDDEN_ENTRY in report.codes
    report = ask(made[:-2] + b"\3\0KRC", w)
    assert report.verdict is Verdict.VALID and Reason.FOREIGN_BYTES in report.codes
    overlapping = bytearray(made)
    first, second = (m.start() for m in list(re.finditer(b"PK\x01\x02", made))[:2])
    overlapping[second + 42 : second + 46] = overlapping[first + 42 : first + 46]
    with pytest.raises(MalformedInput):
        ask(bytes(overlapping), w)


def test_a_seal_file_that_is_not_the_seal_inside(w: World) -> None:
    other = w.seal(holder=w.unit, picture=png(9, 9)).raw

    def swap(files: Files) -> None:
        # The signer himself covers another seal's file: every digest holds, and a viewer may show that picture.
        from seal_core.seal import sign_with_seal

        xml = files[SIGN0 + "Signature.xml"]
        old = unpack_digest(files[SIGN0 + "Seal.esl"])
        files[SIGN0 + "Seal.esl"] = other
        xml = files[SIGN0 + "Signature.xml"] = xml.replace(old, unpack_digest(other))
        files[SIGN0 + "SignedValue.dat"] = sign_with_seal(
            w.seal(), sm3(xml), "/" + SIGN0 + "Signature.xml", w.unit.key, w.unit.certificate, now=SIGNED).raw

    report = ask(changed(sealed(w), swap), w)
    assert report.signatures[0].intact and Reason.SEAL_FILE_DIFFERS in report.codes
    assert report.verdict is Verdict.INDETERMINATE


def unpack_digest(data: bytes) -> bytes:
    return base64.b64encode(sm3(data))


def test_later_signatures_stand_on_earlier_ones(w: World) -> None:
    first = sealed(w)
    second = sealed(w, first, by=w.other, placements=[Placement(1, 80, 230)])
    report = ask(second, w)
    assert report.verdict is Verdict.VALID and len(report.signatures) == 2 and report.findings == ()
    assert "/" + SIGN0 + "SignedValue.dat" in report.signatures[1].covers
    # What breaks the first is covered by the second too.
    value = SIGN0 + "SignedValue.dat"
    broken = ask(changed(second, lambda f: f.update({value: flip(f[value])})), w)
    assert codes(broken, 0) == [Reason.SIG_VALUE] and codes(broken, 1) == [Reason.FILE_DIGEST]

    def drop_second(files: Files) -> None:
        xml = files["Doc_0/Signs/Signatures.xml"]
        start = xml.index(b'<ofd:Signature ID="s003"')
        files["Doc_0/Signs/Signatures.xml"] = xml[:start] + xml[xml.index(b"/>", start) + 2:]

    dropped = ask(changed(second, drop_second), w)
    assert dropped.verdict is Verdict.INDETERMINATE and Reason.UNCOVERED_FILE in dropped.codes

    def add_between(files: Files) -> None:
        files["Doc_0/Res/more.xml"] = b"<more/>"

    later = ask(sealed(w, changed(first, add_between), by=w.other), w)
    assert Reason.ADDED_AFTER_SIGNING in [f.code for f in later.signatures[0].findings]


def test_a_locked_package_takes_no_later_signature(w: World) -> None:
    locked = sealed(w, lock=True)
    report = ask(locked, w)
    assert report.verdict is Verdict.VALID and "/Doc_0/Signs/Signatures.xml" in report.signatures[0].covers
    with pytest.raises(SealError):
        sealed(w, locked, by=w.other)


@pytest.mark.parametrize("attributes", [False, True])
def test_signed_without_a_seal(w: World, attributes: bool) -> None:
    made = sign_ofd(write_text(TEXT, now=NOW), signer=w.unit.key, certificate=w.unit.certificate, now=SIGNED,
                    attributes=attributes)
    report = ask(made, w)
    (one,) = report.signatures
    assert report.verdict is Verdict.VALID and one.kind == "signed_data" and one.standard == "GB/T 35275"
    assert one.seal is None and one.signed_at == SIGNED
    twin = changed(made, lambda f: f.update({SIGN0 + "Signature.xml": f[SIGN0 + "Signature.xml"] + b"\n"}))
    assert codes(ask(twin, w)) == [Reason.DOC_HASH]
    value = changed(made, lambda f: f.update({SIGN0 + "SignedValue.dat": flip(f[SIGN0 + "SignedValue.dat"])}))
    assert codes(ask(value, w)) == [Reason.SIG_VALUE]


def test_vendors_ways_are_read_and_told(w: World) -> None:
    made = sign_ofd(write_text(TEXT, now=NOW), signer=w.unit.key, certificate=w.unit.certificate, now=SIGNED)
    signature = SIGN0 + "Signature.xml"

    def rewrite(change: Callable[[bytes], bytes], value: Callable[[bytes], bytes]) -> VerifyReport:
        def work(files: Files) -> None:
            files[signature] = change(files[signature])
            files[SIGN0 + "SignedValue.dat"] = value(files[signature])

        return ask(changed(made, work), w)

    def plain(xml: bytes) -> bytes:
        return sign_data(sm3(xml), w.unit.key, w.unit.certificate)

    def told(report: VerifyReport) -> set[Reason]:
        return {f.code for f in report.signatures[0].findings} - {Reason.TRIAL_CHAIN}

    wrong = rewrite(lambda x: x.replace(b"1.2.156.10197.1.401", b"1.2.156.10197.1.401.2"), plain)
    assert wrong.verdict is Verdict.VALID and told(wrong) == {Reason.WRONG_CHECK_METHOD}
    loose = rewrite(lambda x: x.replace(b'"/Doc_0/PublicRes.xml"', b'"doc_0/publicres.XML"'), plain)
    assert loose.verdict is Verdict.VALID and told(loose) == {Reason.PATH_TOLERATED}
    relative = rewrite(lambda x: x.replace(b'"/Doc_0/PublicRes.xml"', b'"../../PublicRes.xml"'), plain)
    assert relative.verdict is Verdict.VALID and told(relative) == set()
    escaping = rewrite(lambda x: x.replace(b'"/OFD.xml"', b'"../../../../OFD.xml"'), plain)
    assert escaping.verdict is Verdict.INVALID and Reason.PATH_OUTSIDE in escaping.codes
    as_message = rewrite(lambda x: x, lambda x: sign_data(sm3(x), w.unit.key, w.unit.certificate, detached=True))
    assert as_message.verdict is Verdict.VALID
    mislabelled = rewrite(lambda x: x, lambda x: old_signature(w, sm3(x)))
    assert mislabelled.verdict is Verdict.VALID and told(mislabelled) == {Reason.TYPE_DIFFERS}
    bare = rewrite(lambda x: x, lambda x: w.unit.key.sign(x))
    assert codes(bare) == [Reason.SIG_BARE_VALUE] and bare.verdict is Verdict.INVALID
    sha1 = rewrite(lambda x: x.replace(b"1.2.156.10197.1.401", b"MD5"), plain)
    assert codes(sha1) == [Reason.ALGORITHM_UNSUPPORTED] and sha1.verdict is Verdict.INDETERMINATE
    hexadecimal = rewrite(lambda x: re.sub(
        rb"<ofd:CheckValue>([^<]+)", lambda m: b"<ofd:CheckValue>" + base64.b64decode(m[1]).hex().encode(), x), plain)
    assert hexadecimal.verdict is Verdict.VALID and told(hexadecimal) == {Reason.VENDOR_ENCODING}
    as_text = rewrite(lambda x: b"\n" + x, lambda x: base64.encodebytes(plain(x)))
    assert as_text.verdict is Verdict.VALID and told(as_text) == {Reason.VENDOR_ENCODING}
    empty = rewrite(lambda x: x[: x.index(b"<ofd:Reference ")] + x[x.index(b"</ofd:References>"):], plain)
    assert empty.verdict is Verdict.INDETERMINATE and Reason.OFD_XML_UNCOVERED in empty.codes


def test_names_in_national_coding_and_lying_headers(w: World) -> None:
    made = sealed(w, changed(write_text(TEXT, now=NOW), lambda f: f.update({"Doc_0/Res/样例.xml": b"<a/>"})))
    assert ask(made, w).verdict is Verdict.VALID
    # The same package as an old packer writes it: names in GB 18030 (padded to their length), no flag for UTF-8.
    odd = bytearray(made.replace("样例.xml".encode(), "样例xx.xml".encode("gb18030")))
    for mark, offset in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        at = -1
        while (at := odd.find(mark, at + 1)) >= 0:
            odd[at + offset] &= ~8
    assert Package.open(bytes(odd)).read("Doc_0/Res/样例xx.xml") == b"<a/>"
    lying = bytearray(made)
    lying[lying.index(b"Doc_0/Document.xml") + 6] ^= 1
    with pytest.raises(MalformedInput):
        ask(bytes(lying), w)


def test_a_riding_seal_over_pages_of_images(w: World) -> None:
    pages = write_images([png(30, 40)] * 5, now=NOW, title="样例附件")
    sizes = ofd_page_sizes(pages)
    assert sizes == [(210.0, 297.0)] * 5
    spots = [*riding(sizes, 40, 40), Placement(5, 100, 200)]
    report = ask(sealed(w, pages, placements=spots), w)
    stamps = report.signatures[0].stamps
    assert report.verdict is Verdict.VALID and [s.page for s in stamps] == [1, 2, 3, 4, 5, 5]
    assert stamps[1].clip == (8.0, 0.0, 8.0, 40.0) and stamps[1].x == 194.0 and stamps[5].clip is None
    assert report.pages == tuple(sizes)
    many = riding([(210.0, 297.0)] * 45, 40, 40)
    assert [p.page for p in many] == list(range(1, 46)) and all(p.clip and p.clip[2] >= 2 for p in many)
    with pytest.raises(SealError):
        sealed(w, pages, placements=[Placement(6, 0, 0)])
    with pytest.raises(SealError):
        riding([(210.0, 297.0)], 40, 40)


def test_what_is_written_is_well_formed(w: World) -> None:
    data = write_text("一行\n" * 100 + "<&>\"\x07", now=NOW, title="样例 & 标题")
    document = read_document(Package.open(data))
    assert [p.number for p in document.bodies[0].pages] == [1, 2, 3] and document.findings == []
    last = document.package.read(document.bodies[0].pages[2].file)
    assert "&lt;&amp;&gt;" in last.decode() and b"\x07" not in last
    assert verify(data, [], LATER).verdict is Verdict.UNSIGNED
    with pytest.raises(SealError):
        write_images([b"not an image"], now=NOW)


@pytest.mark.parametrize("data", [b"PK\x05\x06" + b"\0" * 18, pack({"other.xml": b"<a/>"}), pack({"OFD.xml": b"<a/>"}),
                                  pack({"OFD.xml": b"<!DOCTYPE a [<!ENTITY x 'y'>]><a/>"})])
def test_what_is_no_ofd_is_refused(w: World, data: bytes) -> None:
    with pytest.raises(MalformedInput):
        ask(data, w)
