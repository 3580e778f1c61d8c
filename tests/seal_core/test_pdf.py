"""PDF: signed in three profiles, verified, and told what came after each signature."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pypdfium2
import pytest
from PIL import Image
from pyhanko.pdf_utils import generic as g
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfgen.canvas import Canvas

from seal_core import SealError, sign_data
from seal_core.errors import MalformedInput
from seal_core.pdf.sign import PdfProfile, pdf_page_sizes, sign_pdf
from seal_core.placement import Placement, riding
from seal_core.report import Reason, Verdict, VerifyReport
from seal_core.verify import verify
from tests.seal_core.making import LATER, NOW, Holder, World, flip, png, world

SIGNED = NOW + timedelta(hours=1)
name = g.pdf_name


@pytest.fixture
def w() -> World:
    return world()


def blank(pages: int = 3, *, form: bool = False, rotate: int = 0) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1)
    for number in range(pages):
        if number == 1:
            canvas.setPageSize(landscape(A4))
        canvas.drawString(72, 500, f"page {number + 1}")
        if rotate:
            canvas.setPageRotation(rotate)
        if form and number == 0:
            canvas.acroForm.textfield(name="price", value="100", x=72, y=400, width=100, height=20)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def signed(w: World, data: bytes | None = None, *, by: Holder | None = None, now=SIGNED, **more: Any) -> bytes:  # type: ignore[no-untyped-def]
    by = by or w.unit
    if more.get("placements") or more.get("profile") is PdfProfile.SEAL:
        more.setdefault("seal", w.seal(holder=by))
    return sign_pdf(blank() if data is None else data, signer=by.key, certificate=by.certificate, now=now, **more)


def ask(data: bytes, w: World) -> VerifyReport:
    return verify(data, w.trust, LATER)


def codes(report: VerifyReport, place: int = 0) -> list[Reason]:
    return [r.code for r in report.signatures[place].reasons]


def found(report: VerifyReport, place: int = 0) -> set[Reason]:
    return {f.code for f in report.signatures[place].findings} - {Reason.TRIAL_CHAIN}


def append(data: bytes, change: Callable[[IncrementalPdfFileWriter], object]) -> bytes:
    """One more revision in which ``change`` altered something."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data), strict=False)
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(("profile", "standard"), [
    (PdfProfile.STANDARD, "CMS"), (PdfProfile.DIANJU, "GB/T 35275"), (PdfProfile.SEAL, "GB/T 38540-2020")])
def test_each_profile_holds_and_its_twins_do_not(w: World, profile: PdfProfile, standard: str) -> None:
    made = signed(w, profile=profile)
    report = ask(made, w)
    (one,) = report.signatures
    assert report.verdict is Verdict.VALID and report.trial and report.findings == () and found(report) == set()
    assert (one.standard, one.profile, one.signed_at) == (standard, profile.value, SIGNED)
    assert one.name == "Signature1" and one.stamps == () and len(one.covers) == 2
    assert verify(made, [], LATER).verdict is Verdict.INDETERMINATE
    assert codes(ask(flip(made, made.index(b"stream") + 20), w)) == [Reason.DOC_HASH]
    start = made.rindex(b"/Contents <") + 11
    size = len(made) - start
    twin = bytearray(made)
    # The last digit of the value: the contents end where the padding begins.
    end = start + len(made[start : start + size].split(b">")[0].rstrip(b"0"))
    twin[end - 1] = ord("1") if twin[end - 1] != ord("1") else ord("2")
    broken = ask(bytes(twin), w)
    assert broken.verdict is Verdict.INVALID and broken.signatures[0].intact is False


def test_a_changed_range_is_no_signature_of_the_file(w: World) -> None:
    made = signed(w)
    start = made.rindex(b"/ByteRange") + len("/ByteRange ")
    text = made[start : made.index(b"]", start) + 1].decode()
    a, b, c, d = (int(n) for n in text.strip("[]").split())
    for wrong in (f"[{a} {b - 10} {c} {d}]", f"[{a} {b} {c + 2} {d - 2}]", f"[{a} {b} {c} {d + 5}]", f"[1 {b} {c} {d}]",
                  f"[{a} {b} {c - 4} {d}]", "[0 1]", f"[{a} {c} {b} {d}]"):
        twin = made[:start] + wrong.ljust(len(text)).encode() + made[start + len(text):]
        report = ask(twin, w)
        assert report.verdict is Verdict.INVALID and Reason.BYTE_RANGE in codes(report), wrong


def test_bytes_after_the_signature(w: World) -> None:
    made = signed(w)
    assert ask(made + b"\n", w).verdict is Verdict.VALID
    report = ask(made + b"% more bytes\n", w)
    assert report.verdict is Verdict.INDETERMINATE and Reason.NOT_WHOLE_FILE in found(report)


def test_the_seal_is_shown_in_its_true_size(w: World) -> None:
    picture = png(40, 40)
    data = blank()
    sizes = pdf_page_sizes(data)
    assert [tuple(round(n) for n in s) for s in sizes] == [(210, 297), (297, 210), (297, 210)]
    spots = [Placement(1, 100, 50), Placement(2, 20, 30), *riding(sizes, 40, 40, y=150)]
    made = signed(w, data, placements=spots, profile=PdfProfile.SEAL, seal=w.seal(picture=picture))
    report = ask(made, w)
    assert report.verdict is Verdict.VALID and found(report) == set()
    stamp = report.signatures[0].stamps[0]
    assert (stamp.page, stamp.x, stamp.y, stamp.width, stamp.height) == (1, 100.0, 50.0, 40.0, 40.0)
    with pypdfium2.PdfDocument(made) as pdf:
        pdf.init_forms()
        for page, x, y, red in ((0, 102, 52, True), (0, 138, 88, True), (0, 142, 92, False), (1, 22, 32, True),
                                (0, 208, 152, True), (0, 190, 152, False), (2, 295, 152, True), (2, 22, 32, False)):
            image = pdf[page].render(scale=2, may_draw_forms=True).to_pil().convert("RGB")
            pixel = image.getpixel((round(x / 25.4 * 144), round(y / 25.4 * 144)))
            assert isinstance(pixel, tuple) and (pixel[0] > 150 and pixel[1] < 80) is red, (page, x, y, pixel)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_on_a_turned_page_the_seal_stands_upright(w: World, turn: int) -> None:
    half = Image.new("RGBA", (40, 40), (208, 16, 16, 255))
    half.paste((0, 0, 0, 0), (0, 20, 40, 40))  # only the upper half is red
    out = io.BytesIO()
    half.save(out, "PNG")
    data = blank(1, rotate=turn)
    made = signed(w, data, placements=[Placement(1, 30, 60)], seal=w.seal(picture=out.getvalue()))
    report = ask(made, w)
    assert report.verdict is Verdict.VALID
    stamp = report.signatures[0].stamps[0]
    assert (stamp.x, stamp.y, stamp.width) == (30.0, 60.0, 40.0)
    with pypdfium2.PdfDocument(made) as pdf:
        pdf.init_forms()
        image = pdf[0].render(scale=2, may_draw_forms=True).to_pil().convert("RGB")
        for x, y, red in ((50, 65, True), (50, 95, False), (32, 62, True), (68, 78, True), (28, 62, False)):
            pixel = image.getpixel((round(x / 25.4 * 144), round(y / 25.4 * 144)))
            assert isinstance(pixel, tuple) and (pixel[1] < 80) is red, (x, y, pixel)


def test_several_signatures_each_a_revision(w: World) -> None:
    first = signed(w, placements=[Placement(1, 100, 50)])
    second = signed(w, first, by=w.other, placements=[Placement(1, 20, 50), Placement(2, 20, 20)],
                    profile=PdfProfile.SEAL, now=SIGNED + timedelta(hours=1))
    assert second.startswith(first)
    third = signed(w, second, profile=PdfProfile.DIANJU, now=SIGNED + timedelta(hours=2))
    report = ask(third, w)
    assert [s.name for s in report.signatures] == ["Signature1", "Signature2", "Signature3"]
    assert report.verdict is Verdict.VALID
    assert found(report, 0) == {Reason.SIGNED_LATER, Reason.REVISION_ADDED, Reason.STAMPED_LATER}
    assert found(report, 1) == {Reason.SIGNED_LATER, Reason.REVISION_ADDED} and found(report, 2) == set()
    broken = ask(flip(third, third.index(b"stream") + 20), w)
    assert broken.verdict is Verdict.INVALID and [codes(broken, i) for i in range(3)] == [[Reason.DOC_HASH]] * 3


def fill(writer: IncrementalPdfFileWriter) -> None:
    field = writer.root["/AcroForm"]["/Fields"][0]
    field[name("/V")] = g.pdf_string("900")
    writer.update_container(field)


def annotate(writer: IncrementalPdfFileWriter) -> None:
    page = writer.find_page_for_modification(0)[0]
    note = g.DictionaryObject({name("/Type"): name("/Annot"), name("/Subtype"): name("/FreeText"),
                               name("/Rect"): g.ArrayObject(g.NumberObject(n) for n in (0, 0, 600, 800)),
                               name("/Contents"): g.pdf_string("void")})
    writer.register_annotation(page, writer.add_object(note))


def add_content(writer: IncrementalPdfFileWriter) -> None:
    stream = g.StreamObject(stream_data=b"BT (9) Tj ET")
    writer.add_stream_to_page(0, writer.add_object(stream))


def rewrite_content(writer: IncrementalPdfFileWriter) -> None:
    reference = writer.find_page_for_modification(0)[0].get_object().raw_get("/Contents")
    reference = reference[0] if isinstance(reference.get_object(), list) else reference
    writer.objects[(0, reference.idnum)] = g.StreamObject(stream_data=b"BT (other) Tj ET")


def add_page(writer: IncrementalPdfFileWriter) -> None:
    from pyhanko.pdf_utils.writer import PageObject

    writer.insert_page(PageObject(contents=writer.add_object(g.StreamObject(stream_data=b"")),
                                  media_box=(0, 0, 595, 842)))


def open_action(writer: IncrementalPdfFileWriter) -> None:
    writer.root[name("/OpenAction")] = g.DictionaryObject({name("/S"): name("/JavaScript")})
    writer.update_root()


def turn(writer: IncrementalPdfFileWriter) -> None:
    page = writer.find_page_for_modification(0)[0]
    page.get_object()[name("/Rotate")] = g.NumberObject(90)
    writer.mark_update(page)


def font(writer: IncrementalPdfFileWriter) -> None:
    fonts = writer.find_page_for_modification(0)[0].get_object()["/Resources"]["/Font"]
    key = next(iter(fonts))
    fonts[key][name("/BaseFont")] = name("/Symbol")
    writer.update_container(fonts[key])


def move_field(writer: IncrementalPdfFileWriter) -> None:
    field = writer.root["/AcroForm"]["/Fields"][0]
    field[name("/Rect")] = g.ArrayObject(g.NumberObject(n) for n in (0, 0, 600, 800))
    writer.update_container(field)


def stamp_over(writer: IncrementalPdfFileWriter, subtype: str = "/Stamp") -> None:
    page = writer.find_page_for_modification(0)[0]
    form = writer.add_object(g.StreamObject({name("/Subtype"): name("/Form")}, stream_data=b"0 0 600 800 re f"))
    made = g.DictionaryObject({name("/Type"): name("/Annot"), name("/Subtype"): name(subtype),
                               name("/Rect"): g.ArrayObject(g.NumberObject(n) for n in (0, 0, 600, 800)),
                               name("/AP"): g.DictionaryObject({name("/N"): form})})
    writer.register_annotation(page, writer.add_object(made))


def widget_over(writer: IncrementalPdfFileWriter) -> None:
    stamp_over(writer, "/Widget")


def redraw_seal(writer: IncrementalPdfFileWriter) -> None:
    fields = writer.root["/AcroForm"]["/Fields"]
    field = fields[len(fields) - 1]
    reference = field["/AP"].raw_get("/N")
    writer.objects[(0, reference.idnum)] = g.StreamObject(
        {name("/Subtype"): name("/Form")}, stream_data=b"0 0 600 800 re f")


def other_parent(writer: IncrementalPdfFileWriter) -> None:
    page = writer.find_page_for_modification(0)[0]
    tree = g.DictionaryObject({name("/Type"): name("/Pages"), name("/Rotate"): g.NumberObject(90)})
    page.get_object()[name("/Parent")] = writer.add_object(tree)
    writer.mark_update(page)


@pytest.mark.parametrize(("change", "verdict", "finding"), [
    (move_field, Verdict.INDETERMINATE, Reason.ANNOTATION_CHANGED),
    (stamp_over, Verdict.INDETERMINATE, Reason.ANNOTATION_CHANGED),
    (widget_over, Verdict.INDETERMINATE, Reason.ANNOTATION_CHANGED),
    (redraw_seal, Verdict.INVALID, Reason.OBJECTS_CHANGED), (other_parent, Verdict.INVALID, Reason.PAGE_CHANGED),
    (fill, Verdict.VALID, Reason.FORM_FILLED), (annotate, Verdict.INDETERMINATE, Reason.ANNOTATION_CHANGED),
    (add_content, Verdict.INVALID, Reason.PAGE_CHANGED), (rewrite_content, Verdict.INVALID, Reason.PAGE_CHANGED),
    (add_page, Verdict.INVALID, Reason.PAGE_CHANGED), (turn, Verdict.INVALID, Reason.PAGE_CHANGED),
    (open_action, Verdict.INVALID, Reason.OBJECTS_CHANGED), (font, Verdict.INVALID, Reason.OBJECTS_CHANGED),
])
def test_what_was_changed_after_a_signature_is_told(w: World, change: Callable[[IncrementalPdfFileWriter], None],
                                                    verdict: Verdict, finding: Reason) -> None:
    made = signed(w, blank(form=True), placements=[Placement(1, 100, 50)])
    report = ask(append(made, change), w)
    (one,) = report.signatures
    assert one.intact, "the signed bytes are as they were"
    assert finding in found(report) and Reason.REVISION_ADDED in found(report)
    assert report.verdict is verdict
    assert (Reason.CHANGED_AFTER_SIGNING in codes(report)) is (verdict is Verdict.INVALID)


def test_an_object_that_was_missing_cannot_be_filled_unseen(w: World) -> None:
    """The page points to content that does not exist when it is signed, and gets it afterwards."""
    data = blank(1)
    number = int(data.split(b"/Size ")[1].split()[0]) + 40

    def point(writer: IncrementalPdfFileWriter) -> None:
        page = writer.find_page_for_modification(0)[0]
        own = page.get_object().raw_get("/Contents")
        page.get_object()[name("/Contents")] = g.ArrayObject([own, g.IndirectObject(number, 0, writer)])
        writer.mark_update(page)

    def fill_it(writer: IncrementalPdfFileWriter) -> None:
        writer.objects[(0, number)] = g.StreamObject(stream_data=b"BT (shadow) Tj ET")
        writer._lastobj_id = number

    prepared = signed(w, append(data, point))
    assert ask(prepared, w).verdict is Verdict.VALID
    report = ask(append(prepared, fill_it), w)
    assert report.verdict is Verdict.INVALID and Reason.CHANGED_AFTER_SIGNING in codes(report)


def test_a_removed_signature_is_told(w: World) -> None:
    def remove(writer: IncrementalPdfFileWriter) -> None:
        form = writer.root["/AcroForm"]
        form[name("/Fields")] = g.ArrayObject(list(form["/Fields"])[1:])
        writer.update_container(form)

    two = signed(w, signed(w), by=w.other, now=SIGNED + timedelta(hours=1))
    report = ask(append(two, remove), w)
    assert Reason.SIGNATURE_REMOVED in report.codes and report.verdict is not Verdict.VALID
    assert Reason.SIGNATURE_REMOVED in ask(append(signed(w), remove), w).codes


def test_timestamps_and_other_containers(w: World) -> None:
    made = signed(w, stamper=w.stamper(SIGNED))
    (one,) = ask(made, w).signatures
    assert one.verdict is Verdict.VALID and one.time_proven and one.signed_at == SIGNED
    wrong = signed(w, stamper=lambda _: w.stamper(SIGNED)(b"another value"))
    assert codes(ask(wrong, w)) == [Reason.TIMESTAMP_VALUE]
    with pytest.raises(SealError):
        sign_data(b"", w.unit.key, w.unit.certificate, digest=b"x" * 32)


def test_what_cannot_be_signed_is_refused(w: World) -> None:
    spot = Placement(1, 0, 0)
    for wrong in ({"placements": [Placement(4, 0, 0)]}, {"placements": [spot], "seal": w.seal(holder=w.other)},
                  {"now": NOW + timedelta(days=400)}, {"profile": PdfProfile.SEAL, "seal": None}):
        with pytest.raises(SealError):
            signed(w, **wrong)
    for data in (b"%PDF-1.7\nnothing", b"%PDF-1.4\n%%EOF", b"%PDF-1.7" + b"\0" * 2000):
        with pytest.raises(MalformedInput):
            signed(w, data)
        with pytest.raises(MalformedInput):
            ask(data, w)
    assert ask(blank(), w).verdict is Verdict.UNSIGNED
