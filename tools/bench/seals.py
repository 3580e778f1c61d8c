"""Signatures and verification, as ratios of what openssl or the bare operations cost; medians of interleaved runs."""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from seal_core import (
    Certificate,
    Placement,
    PrivateKey,
    TrialCA,
    TrustStore,
    build_csr,
    make_seal,
    sign_ofd,
    sign_pdf,
    verify,
    write_images,
)
from seal_core.algorithms import certificate_holds
from tools.bench.figures import Figure

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROUNDS = 5


def _each(work: Callable[[], object], seconds: float = 0.6) -> float:
    """Processor seconds of one run."""
    start, count = time.process_time(), 0
    while (spent := time.process_time() - start) < seconds:
        work()
        count += 1
    return spent / count


def _openssl() -> tuple[float, float]:
    """Processor seconds of one signature and one verification by `openssl speed`."""
    done = subprocess.run(["openssl", "speed", "-seconds", "1", "sm2"], capture_output=True, text=True, check=True)
    found = re.search(r"SM2.*?\s([\d.]+)\s+([\d.]+)\s*$", done.stdout)
    if found is None:
        raise RuntimeError("openssl speed gave no figures for SM2")
    return 1 / float(found[1]), 1 / float(found[2])


def _curve() -> Iterator[Figure]:
    key = PrivateKey.generate()
    value = key.sign(b"message")
    signs, verifies, slow = [], [], []
    for _ in range(ROUNDS):
        sign, verify_ = _openssl()
        signs.append(sign / _each(lambda: key.sign(b"message")))
        own = _each(lambda: key.public_key.verify(b"message", value))
        verifies.append(verify_ / own)
        slow.append(_each(lambda: key.public_key.verify(b"message", value, backend="gmssl")) / own)
    yield Figure("seals: SM2 sign, as a share of openssl speed", median(signs), at_least=0.8)
    yield Figure("seals: SM2 verify, as a share of openssl speed", median(verifies), at_least=0.8)
    yield Figure("seals: SM2 verify, times as fast as pure gmssl", median(slow))


def _world() -> tuple[TrustStore, bytes, PrivateKey, Certificate]:
    """Whom to trust, a sealed OFD of 14 files whose chains end at the root, and its signer."""
    from PIL import Image

    ca = TrialCA.create("bench", now=NOW)
    maker, unit = PrivateKey.generate(), PrivateKey.generate()
    maker_certificate, certificate = (ca.issue_signing(build_csr(k, {"CN": n}), now=NOW) for k, n in (
        (maker, "maker"), (unit, "unit")))
    seal = make_seal(id="1", name="bench", picture=b"x" * 15_000, picture_type="PNG", width_mm=40, height_mm=40,
                     holders=[certificate], maker=maker, maker_certificate=maker_certificate, created=NOW,
                     valid_from=NOW, valid_to=certificate.not_after)
    out = io.BytesIO()
    Image.effect_noise((60, 60), 50).save(out, "PNG")
    data = sign_ofd(write_images([out.getvalue()] * 4, now=NOW), signer=unit, certificate=certificate, now=NOW,
                    seal=seal, placements=[Placement(1, 100, 100)])
    return TrustStore((ca.root,), (ca.certificate,)), data, unit, certificate


def _cold(data: bytes, trust: TrustStore) -> None:
    certificate_holds.cache_clear()
    verify(data, trust, NOW)


def _document(trust: TrustStore, data: bytes, key: PrivateKey) -> Iterator[Figure]:
    value = key.sign(b"message")
    # The document's signature, the seal's, two leaves and the authority that issued both.
    must = 5
    ratios = [_each(lambda: _cold(data, trust)) / (must * _each(lambda: key.public_key.verify(b"message", value)))
              for _ in range(ROUNDS)]
    yield Figure("seals: a sealed OFD, times its bare SM2 verifications", median(ratios), at_most=3)


_SHARED: list[object] = []


def _share(trust: TrustStore) -> None:
    _SHARED[:] = [trust]


def _one(path: Path) -> str:
    trust = _SHARED[0]
    assert isinstance(trust, TrustStore)
    return verify(path.read_bytes(), trust, NOW).verdict.value


def _folder(trust: TrustStore, data: bytes) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{i}.ofd" for i in range(1000)]
        for path in paths:
            path.write_bytes(data)
        ratios = []
        for _ in range(3):
            spent = []
            for workers in (1, 2):
                with multiprocessing.Pool(workers, _share, (trust,)) as pool:
                    pool.map(_one, paths[:4])
                    start = time.perf_counter()
                    answers = pool.map(_one, paths, chunksize=20)
                    spent.append(time.perf_counter() - start)
                if set(answers) != {"VALID"}:
                    raise RuntimeError(f"not all documents were valid: {set(answers)}")
            ratios.append(spent[0] / spent[1])
    yield Figure("seals: 1,000 documents, 2 processes against 1", median(ratios), at_least=1.7)


def _large_pdf(key: PrivateKey, certificate: Certificate) -> bytes:
    """A signed PDF of 200 MB: comments before the objects of a small one."""
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, invariant=1)
    canvas.drawString(72, 72, "large")
    canvas.save()
    head, _, tail = out.getvalue().partition(b"\n")
    filler = b"\n".join(b"%" + bytes([65 + i % 26]) * 999_998 for i in range(200))
    by = len(filler) + 1
    tail = re.sub(rb"(\d{10}) (\d{5}) n", lambda m: b"%010d %s n" % (int(m[1]) + by, m[2]), tail)
    tail = re.sub(rb"startxref\s+(\d+)", lambda m: b"startxref\n%d" % (int(m[1]) + by), tail)
    return sign_pdf(b"\n".join((head, filler, tail)), signer=key, certificate=certificate, now=NOW)


def _grown(path: Path, trust: TrustStore) -> float:
    """MiB by which a process of its own grows while it reads and verifies a file."""
    (path.parent / "root.pem").write_bytes(b"".join(c.to_pem() for c in trust.anchors + trust.pool))
    code = (
        "import re, sys; from datetime import datetime, UTC; from pathlib import Path; import seal_core\n"
        "import seal_core.pdf.check\n"
        "m = lambda k: int(re.search(k + r':\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
        "f = Path(sys.argv[1]); t = seal_core.TrustStore.load([f.parent / 'root.pem'])\n"
        # A started process inherits its parent's peak: forget it.
        "Path('/proc/self/clear_refs').write_text('5'); before = m('VmRSS')\n"
        "r = seal_core.verify(f.read_bytes(), t, datetime(2026, 1, 1, tzinfo=UTC)); assert r.verdict == 'VALID', r\n"
        "print((m('VmHWM') - before) / 1024)")
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    return float(done.stdout)


def _large(trust: TrustStore, key: PrivateKey, certificate: Certificate) -> Iterator[Figure]:
    data = _large_pdf(key, certificate)
    ratios = []
    for _ in range(ROUNDS):
        bare = _once(lambda: hashlib.new("sm3", data).digest())
        ratios.append(_once(lambda: verify(data, trust, NOW)) / bare)
    yield Figure("seals: a 200 MB PDF, times the SM3 of its bytes", median(ratios), at_most=1.5)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.pdf"
        path.write_bytes(data)
        yield Figure("seals: memory growth while reading and verifying it", _grown(path, trust), "MiB", at_most=300)


def _once(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _import() -> Iterator[Figure]:
    def spent(what: str) -> float:
        code = f"import time; s = time.process_time(); import {what}; print(time.process_time() - s)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return float(done.stdout)

    ratios = [spent("seal_core") / spent("ssl, zipfile, xml.etree.ElementTree") for _ in range(9)]
    yield Figure("seals: import seal_core, times ssl + zipfile + xml.etree", median(ratios), at_most=4)


def measure() -> Iterator[Figure]:
    """The figures of the library of seals."""
    trust, data, key, certificate = _world()
    yield from _curve()
    yield from _document(trust, data, key)
    yield from _folder(trust, data)
    yield from _large(trust, key, certificate)
    yield from _import()
