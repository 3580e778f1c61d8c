"""Impressions: drawn in true size, and found again in a scan of a stamped form."""

from __future__ import annotations

import functools
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont

from seal_core import SealError
from seal_core.errors import MalformedInput
from seal_core.impression import Impression, draw_name, draw_oval, draw_round, extract_impression, find_font

FONTS = Path(__file__).parents[2] / "app" / "static" / "vendor" / "fonts"
FONT = FONTS / "NotoSerifSC-Bold.ttf" if (FONTS / "NotoSerifSC-Bold.ttf").exists() else None
NAME, NUMBER = "海南样例数据市场运营有限公司", "4601000000018"


@functools.cache
def round_seal() -> Impression:
    return draw_round(NAME, number=NUMBER, dpi=300, font=FONT)


def opened(one: Impression) -> Image.Image:
    return Image.open(io.BytesIO(one.png))


def ink(one: Impression, size: int = 300) -> np.ndarray:
    return np.asarray(opened(one).getchannel("A").resize((size, size))) > 127


@pytest.mark.parametrize("dpi", [300, 600])
def test_a_round_seal_in_true_size_on_a_clear_ground(dpi: int) -> None:
    made = draw_round(NAME, number=NUMBER, caption="合同专用章", dpi=dpi, font=FONT)
    picture = opened(made)
    assert picture.mode == "RGBA" and picture.size == (round(40 / 25.4 * dpi),) * 2
    assert (made.width_mm, made.height_mm) == (40.0, 40.0) and round(picture.info["dpi"][0]) == dpi
    mask = ink(made)
    assert not mask[:20, :20].any() and not mask[-20:, -20:].any(), "the corners are clear"
    assert mask[150, 150] and mask[3, 150] and mask[150, 3], "star in the middle, ring at the edge"
    top, bottom = mask[20:70, 110:190].mean(), mask[270:288, 110:190].mean()
    assert top > 0.15 and 0.02 < bottom < top, "the name above, the small number below"
    assert mask[215:232, 80:220].any(), "the caption"
    plain = ink(draw_round(NAME, dpi=dpi, font=FONT))
    assert not plain[215:232, 120:180].any() and not plain[275:285, 110:190].any()


def test_other_forms() -> None:
    oval = draw_oval("样例数据有限公司", caption="发票专用章", number="91460000MA5T00000F", dpi=300, font=FONT)
    assert (oval.width_mm, oval.height_mm) == (45.0, 30.0) and opened(oval).size == (531, 354)
    one = draw_name("张样例", dpi=300, font=FONT)
    assert opened(one).size == (236, 236)
    mask = ink(one)
    assert mask[2, 150] and mask[150, 2] and mask[150, 297] and 0.15 < mask.mean() < 0.6


def test_what_cannot_be_cut_is_refused() -> None:
    for wrong in ({"name": ""}, {"name": NAME * 4}, {"name": NAME, "dpi": 200}, {"name": NAME, "diameter_mm": 300}):
        with pytest.raises(SealError):
            draw_round(**{"font": FONT, **wrong})  # type: ignore[arg-type]
    with pytest.raises(SealError) as lacking:
        draw_round("样例\U0001f600公司", font=FONT)
    assert lacking.value.facts["character"] == "\U0001f600"
    with pytest.raises(SealError):
        find_font(Path("nowhere.ttf"))


def scanned(one: Impression, turn: float, *, text: bool = True) -> bytes:
    """A form at 300 dpi, printed over in black, stamped askew, on yellowish paper with noise, as JPEG."""
    paper = Image.new("RGB", (1400, 1400), (249, 247, 238))
    if text:
        pen, face = ImageDraw.Draw(paper), ImageFont.truetype(str(find_font(FONT)), 40)
        for y in range(60, 1340, 80):
            pen.text((60, y), "样例表格的正文内容" * 4, font=face, fill=(25, 25, 25))
    stamp = opened(one).rotate(-turn, Image.Resampling.BICUBIC, expand=True)
    layer = Image.new("RGB", paper.size, "white")
    layer.paste(stamp.convert("RGB"), (620, 560), stamp.getchannel("A").point(lambda v: int(v * 0.85)))
    noise = np.random.default_rng(7).normal(0, 5, (1400, 1400, 3))
    paper = Image.fromarray(np.clip(np.asarray(ImageChops.multiply(paper, layer)) + noise, 0, 255).astype(np.uint8))
    out = io.BytesIO()
    paper.save(out, "JPEG", quality=88, dpi=(300, 300))
    return out.getvalue()


def alike(one: Impression, two: Impression) -> float:
    """The share of ink that both have, of what either has."""
    a, b = ink(one), ink(two)
    return float((a & b).sum() / (a | b).sum())


@pytest.mark.parametrize("turn", [0, 23, -40, 95])
def test_a_stamp_is_cut_out_of_a_form_and_straightened(turn: float) -> None:
    made = round_seal()
    found = extract_impression(scanned(made, turn))
    assert abs(found.width_mm - 40) < 0.6 and found.height_mm == found.width_mm and found.dpi == 600
    assert abs(found.turned - turn) < 2
    assert alike(made, found) > 0.6
    corner = np.asarray(opened(found).getchannel("A"))[:60, :60]
    assert not corner.any(), "the ground is clear"


def test_straight_forms_are_straightened_too() -> None:
    oval = draw_oval("样例数据有限公司", caption="发票专用章", number=NUMBER, dpi=300, font=FONT)
    found = extract_impression(scanned(oval, 18), size_mm=45)
    assert found.width_mm == 45 and abs(found.height_mm - 30) < 1 and abs(found.turned - 18) < 2
    assert alike(oval, found) > 0.55
    name = draw_name("张样例", dpi=300, font=FONT)
    found = extract_impression(scanned(name, -12, text=False))
    assert abs(found.turned + 12) < 2 and abs(found.width_mm - 20) < 0.6 and alike(name, found) > 0.7


def test_a_form_without_a_stamp_is_told() -> None:
    out = io.BytesIO()
    Image.new("RGB", (800, 800), "white").save(out, "PNG")
    with pytest.raises(SealError) as none:
        extract_impression(out.getvalue())
    assert "no red print" in str(none.value.facts["why"])
    with pytest.raises(MalformedInput):
        extract_impression(b"not a picture")
