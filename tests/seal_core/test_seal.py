"""Seals and their signatures: each standard, each reason of its list, each with its forged twin."""

from __future__ import annotations

from datetime import timedelta

import pytest

from seal_core import (
    Certificate,
    MalformedInput,
    PrivateKey,
    Profile,
    SealError,
    TrialCA,
    build_csr,
    der,
    names,
    sm3,
)
from seal_core.certificates import RevocationList
from seal_core.report import Reason, SignatureReport, Verdict
from seal_core.seal import Form, make_seal, read_seal, read_signature, sign_with_seal
from seal_core.trust import TrustStore
from seal_core.verify import verify
from tests.seal_core.making import (
    LATER,
    NOW,
    World,
    flip,
    holder,
    old_seal,
    old_signature,
    png,
    world,
)

CONTENT = b"the signed file"


@pytest.fixture
def w() -> World:
    return world()


def ask(data: bytes, w: World, *, at=LATER, content: bytes | None = CONTENT, trust=None, **more) -> SignatureReport:  # type: ignore[no-untyped-def]
    report = verify(data, w.trust if trust is None else trust, at, content=content, **more)
    assert len(report.signatures) == 1
    return report.signatures[0]


def reasons(one: SignatureReport) -> list[Reason]:
    return [r.code for r in one.reasons]


def signed(w: World, form: Form = Form.V4, **more) -> bytes:  # type: ignore[no-untyped-def]
    now = more.pop("now", NOW + timedelta(hours=1))
    stamper = more.pop("stamper", None)
    return sign_with_seal(w.seal(form, **more), sm3(CONTENT), "/a.xml", w.unit.key, w.unit.certificate, now=now,
                          stamper=stamper).raw


@pytest.mark.parametrize("form", [Form.V4, Form.V5])
def test_a_seal_reads_back_as_it_was_made(w: World, form: Form) -> None:
    made = w.seal(form, stamped=form is Form.V5)
    read = read_seal(made.raw)
    assert read == made and read.form is form and read.deviations == ()
    assert (read.info.id, read.info.name, read.info.width_mm) == ("46010000000001", "样例数据有限公司", 40)
    assert read.info.certificates == (w.unit.certificate.der,) and read.info.picture == png()
    one = ask(made.raw, w, content=None)
    assert (one.intact, one.trusted, one.time_valid, one.verdict) == (True, True, True, Verdict.VALID)
    assert one.trial and one.seal is not None and one.seal.picture == png()
    assert one.time_proven is (form is Form.V5)
    # S4: the seal's own time; and nobody who does not trust the authority is told VALID.
    assert reasons(ask(made.raw, w, at=NOW - timedelta(days=1), content=None))[-1] is Reason.SEAL_NOT_YET
    late = ask(made.raw, w, at=NOW + timedelta(days=301), content=None)
    assert Reason.SEAL_EXPIRED in reasons(late) and late.verdict is Verdict.INVALID and late.intact
    strange = ask(made.raw, w, trust=[], content=None)
    assert strange.verdict is Verdict.INDETERMINATE and strange.intact and Reason.SEAL_MAKER_CHAIN in reasons(strange)


def test_a_changed_seal_is_told_apart_from_an_unreadable_one(w: World) -> None:
    raw = w.seal().raw
    place = raw.index("样例数据".encode())
    assert reasons(ask(flip(raw, place + 2), w, content=None)) == [Reason.SEAL_SIGNATURE]
    assert reasons(ask(raw.replace(b"\x16\x02ES", b"\x16\x02EX"), w, content=None)) == [Reason.SEAL_FORMAT]
    with pytest.raises(MalformedInput):
        verify(raw[:-1], w.trust, LATER)


@pytest.mark.parametrize("form", [Form.V4, Form.V5])
def test_a_seal_signature_and_its_forged_twins(w: World, form: Form) -> None:
    raw = signed(w, form)
    one = ask(raw, w)
    assert one.verdict is Verdict.VALID and one.standard == form.value and one.signed_at == NOW + timedelta(hours=1)
    assert one.signer is not None and one.signer.credit_code == "91460000MA5T00000F" and not one.time_proven
    assert reasons(ask(raw, w, content=b"another file")) == [Reason.DOC_HASH]
    assert reasons(ask(flip(raw), w)) == [Reason.SIG_VALUE]
    without = ask(raw, w, content=None)
    assert without.intact is None and without.verdict is Verdict.INDETERMINATE
    # The seal inside is the maker's word: a changed one fails there too, not only in the outer signature.
    place = raw.index("样例数据".encode())
    assert reasons(ask(flip(raw, place + 2), w)) == [Reason.SIG_VALUE, Reason.SEAL_SIGNATURE]


def test_another_ones_certificate_cannot_use_the_seal(w: World) -> None:
    """The seal out of a public document, signed with a certificate of the same authority."""
    seal = w.seal()
    with pytest.raises(SealError):
        sign_with_seal(seal, sm3(CONTENT), "/a.xml", w.other.key, w.other.certificate, now=NOW)
    tbs = der.seq(der.integer(4), seal.raw, der.generalized(NOW), der.bits(sm3(CONTENT)), der.tlv(der.IA5, b"/a.xml"))
    forged = der.seq(tbs, der.octets(w.other.certificate.der), der.oid(names.SM2_SM3), der.bits(w.other.key.sign(tbs)))
    one = ask(forged, w)
    assert reasons(one) == [Reason.SIGNER_NOT_IN_SEAL] and one.intact and one.verdict is Verdict.INVALID


def test_the_list_may_hold_digests(w: World) -> None:
    made = w.seal()
    info = der.parse(made.signed)
    parts = info.children()
    prop = parts[2].children()

    def seal_naming(certificate: Certificate) -> bytes:
        listed = der.seq(der.seq(der.tlv(der.PRINTABLE, b"SM3"), der.octets(sm3(certificate.der))))
        changed = der.seq(*(p.raw for p in parts[:2]),
                          der.seq(prop[0].raw, prop[1].raw, der.integer(2), listed, *(p.raw for p in prop[4:])),
                          parts[3].raw)
        return der.seq(changed, der.octets(w.maker.certificate.der), der.oid(names.SM2_SM3),
                       der.bits(w.maker.key.sign(changed)))

    def sign(seal: bytes) -> bytes:
        tbs = der.seq(der.integer(4), seal, der.generalized(NOW), der.bits(sm3(CONTENT)), der.tlv(der.IA5, b"/a"))
        return der.seq(tbs, der.octets(w.unit.certificate.der), der.oid(names.SM2_SM3), der.bits(w.unit.key.sign(tbs)))

    assert ask(sign(seal_naming(w.unit.certificate)), w).verdict is Verdict.VALID
    assert reasons(ask(sign(seal_naming(w.other.certificate)), w)) == [Reason.SIGNER_NOT_IN_SEAL]


def test_the_old_standard_signs_over_its_certificate_too(w: World) -> None:
    assert ask(old_seal(w), w, content=None).verdict is Verdict.VALID
    assert reasons(ask(old_seal(w, over_info_alone=True), w, content=None)) == [Reason.SEAL_SIGNATURE]
    one = ask(old_signature(w, sm3(CONTENT)), w)
    assert one.verdict is Verdict.VALID and one.standard == Form.V1.value and one.signed_at == NOW
    for text in (b"2026-06-01T02:30:00.377Z", b"260601023000Z", b"20260601023000Z", b"20260601103000+0800"):
        assert ask(old_signature(w, sm3(CONTENT), moment=text), w).signed_at == NOW
    # There the list is compared when a signature is made, so a stranger's use is told and not by itself fatal.
    stranger = ask(old_signature(w, sm3(CONTENT), signer=w.other), w)
    assert stranger.reasons == () and Reason.SIGNER_NOT_IN_SEAL in [f.code for f in stranger.findings]
    assert reasons(ask(flip(old_signature(w, sm3(CONTENT))), w)) == [Reason.SIG_VALUE]


def test_vendors_raw_values_and_swapped_types_are_read_and_told(w: World) -> None:
    tbs = read_signature(signed(w)).signed
    raw = der.seq(tbs, der.octets(w.unit.certificate.der), der.oid(names.SM2_SM3),
                  der.bits(w.unit.key.sign(tbs, raw=True)))
    one = ask(raw, w)
    assert one.verdict is Verdict.VALID and [f.code for f in one.findings if f.code is Reason.RAW_VALUE]
    assert reasons(ask(flip(raw), w)) == [Reason.SIG_VALUE]
    parts = [p.raw for p in der.parse(tbs).children()]
    parts[2] = der.utc_time(NOW + timedelta(hours=1))
    swapped = der.seq(*parts)
    loose = der.seq(swapped, w.unit.certificate.der, der.seq(der.oid(names.SM2_SM3), der.null()),
                    der.octets(w.unit.key.sign(swapped)))
    one = ask(loose, w)
    told = {v for f in one.findings if f.code is Reason.VENDOR_ENCODING for _, v in f.facts}
    assert one.verdict is Verdict.VALID and told == {"timeInfo", "cert", "signatureAlgID", "signature"}


def test_times_and_revocations_of_the_signer(w: World) -> None:
    ca = TrialCA.create("样例二", now=NOW)
    short = holder(ca, "样例短期", days=10)
    seal = make_seal(id="1", name="样例", picture=png(), picture_type="png", width_mm=40, height_mm=40,
                     holders=[short.certificate], maker=short.key, maker_certificate=short.certificate, created=NOW,
                     valid_from=NOW, valid_to=NOW + timedelta(days=20))
    store = TrustStore((ca.root, ca.certificate))
    good = sign_with_seal(seal, sm3(CONTENT), "/a", short.key, short.certificate, now=NOW + timedelta(days=1)).raw
    one = ask(good, w, trust=store, at=NOW + timedelta(days=30))
    assert one.verdict is Verdict.VALID
    assert {f.code for f in one.findings} >= {Reason.EXPIRED_AFTER_SIGNING, Reason.SEAL_EXPIRED_AFTER_SIGNING}
    assert reasons(ask(good, w, trust=store, at=NOW)) == [Reason.SIGN_TIME_IN_FUTURE]
    with pytest.raises(SealError):
        sign_with_seal(seal, sm3(CONTENT), "/a", short.key, short.certificate, now=NOW + timedelta(days=11))

    def at(moment) -> bytes:  # type: ignore[no-untyped-def]
        tbs = der.seq(der.integer(4), seal.raw, der.generalized(moment), der.bits(sm3(CONTENT)),
                      der.tlv(der.IA5, b"/a"))
        return der.seq(tbs, der.octets(short.certificate.der), der.oid(names.SM2_SM3), der.bits(short.key.sign(tbs)))

    late = ask(at(NOW + timedelta(days=25)), w, trust=store, at=NOW + timedelta(days=30))
    assert reasons(late) == [Reason.SIGN_TIME_OUT_OF_CERT, Reason.SEAL_MAKER_EXPIRED, Reason.SIGN_TIME_OUT_OF_SEAL]
    assert late.verdict is Verdict.INVALID and late.intact and not late.time_valid
    ca.revoke(short.certificate.serial, now=NOW + timedelta(days=2), reason=1)
    crl = RevocationList.from_der(ca.crl(now=NOW + timedelta(days=3)))
    revoked = TrustStore(store.anchors, (), (crl,))
    one = ask(good, w, trust=revoked, at=NOW + timedelta(days=4))
    assert one.verdict is Verdict.VALID and Reason.REVOKED_AFTER_SIGNING in [f.code for f in one.findings]
    after = ask(at(NOW + timedelta(days=3)), w, trust=revoked, at=NOW + timedelta(days=4))
    assert reasons(after)[0] is Reason.SIGNER_REVOKED_BEFORE_SIGN and after.verdict is Verdict.INVALID
    assert not after.trusted


def test_a_certificate_not_for_signing_is_fatal(w: World) -> None:
    key = PrivateKey.generate()
    wrong = w.ca.issue_signing(build_csr(key, {"CN": "样例加密"}), now=NOW, profile=Profile.UNIT_ENCRYPTION)
    with pytest.raises(SealError):
        make_seal(id="1", name="样例", picture=png(), picture_type="png", width_mm=40, height_mm=40,
                  holders=[wrong], maker=key, maker_certificate=wrong, created=NOW, valid_from=NOW, valid_to=LATER)
    seal = w.seal(holder=type(w.unit)(key, wrong))
    tbs = der.seq(der.integer(4), seal.raw, der.generalized(NOW), der.bits(sm3(CONTENT)), der.tlv(der.IA5, b"/a"))
    one = ask(der.seq(tbs, der.octets(wrong.der), der.oid(names.SM2_SM3), der.bits(key.sign(tbs))), w)
    assert reasons(one) == [Reason.SIGNER_KEYUSAGE] and one.verdict is Verdict.INVALID


def test_a_timestamp_proves_the_time_or_breaks(w: World) -> None:
    now = NOW + timedelta(hours=2)
    raw = signed(w, now=now, stamper=w.stamper(now + timedelta(minutes=1)))
    one = ask(raw, w)
    assert one.verdict is Verdict.VALID and one.time_proven and one.signed_at == now + timedelta(minutes=1)
    foreign = signed(w, now=now, stamper=lambda _: w.stamper(now)(b"other"))
    assert reasons(ask(foreign, w)) == [Reason.TIMESTAMP_VALUE]
    assert ask(foreign, w).verdict is Verdict.INVALID and ask(foreign, w).intact
    nonsense = signed(w, now=now, stamper=lambda _: b"123")
    assert reasons(ask(nonsense, w)) == [Reason.TIMESTAMP_FORMAT]
    assert ask(nonsense, w).verdict is Verdict.INDETERMINATE


def test_the_second_backend_is_asked(w: World) -> None:
    assert ask(signed(w), w, second_backend="gmssl").verdict is Verdict.VALID
    assert reasons(ask(flip(signed(w)), w, second_backend="gmssl")) == [Reason.SIG_VALUE]


def test_a_production_store_is_told_apart_from_a_trial_one(w: World) -> None:
    report = verify(signed(w), w.trust, LATER, content=CONTENT)
    assert report.trial and report.verdict is Verdict.VALID
    assert Reason.TRIAL_CHAIN in report.codes
    assert not verify(signed(w), [], LATER, content=CONTENT).trial
