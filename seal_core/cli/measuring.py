"""``bench``: how fast this machine signs and verifies, by backend."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from .. import sm
from ..backends import get
from ..errors import SealError
from ..keys import PrivateKey
from . import VALID, add, say

if TYPE_CHECKING:
    from . import Commands


def rate(work: Callable[[], object], seconds: float) -> float:
    """Runs per second: the median of five rounds that share ``seconds``."""
    rounds = []
    for _ in range(5):
        start, count = time.perf_counter(), 0
        while (spent := time.perf_counter() - start) < seconds / 5:
            work()
            count += 1
        rounds.append(count / spent)
    return median(rounds)


def _bench(args: argparse.Namespace) -> int:
    figures: dict[str, float] = {}
    key, block = PrivateKey.generate(), bytes(1 << 20)
    for name in ("openssl", "gmssl"):
        try:
            get(name)
        except (SealError, OSError):
            continue
        value = key.sign(b"message", backend=name)
        figures[f"sm2_sign_{name}_per_s"] = rate(partial(key.sign, b"message", backend=name), args.seconds)
        figures[f"sm2_verify_{name}_per_s"] = rate(
            partial(key.public_key.verify, b"message", value, backend=name), args.seconds)
    if {"sm2_verify_openssl_per_s", "sm2_verify_gmssl_per_s"} <= figures.keys():
        for what in ("sign", "verify"):
            figures[f"{what}_openssl_by_gmssl"] = (
                figures[f"sm2_{what}_openssl_per_s"] / figures[f"sm2_{what}_gmssl_per_s"])
    figures["sm3_mib_per_s"] = rate(lambda: sm.sm3(block), args.seconds)
    figures["sealed_ofd_verified_per_s"] = rate(_sealed_ofd(), args.seconds)
    say(args, "\n".join(f"{k:<32} {v:>12.1f}" for k, v in figures.items()), **figures)
    return VALID


def _sealed_ofd() -> Callable[[], object]:
    """Verifying one sealed OFD of this machine's own making."""
    from ..authority import TrialCA
    from ..certificates import build_csr
    from ..ofd import sign_ofd, write_text
    from ..placement import Placement
    from ..seal import make_seal
    from ..verify import verify

    now = datetime(2026, 1, 1, tzinfo=UTC)
    ca, key = TrialCA.create("bench", now=now), PrivateKey.generate()
    own = ca.issue_signing(build_csr(key, {"CN": "bench"}), now=now)
    seal = make_seal(id="1", name="bench", picture=b"x" * 15_000, picture_type="PNG", width_mm=40, height_mm=40,
                     holders=[own], maker=key, maker_certificate=own, created=now, valid_from=now,
                     valid_to=own.not_after)
    data = sign_ofd(write_text("bench\n" * 400, now=now), signer=key, certificate=own, now=now, seal=seal,
                    placements=[Placement(1, 100, 100)])
    return lambda: verify(data, ca.chain, now)


def register(commands: Commands) -> None:
    bench = add(commands, "bench", _bench, "Measure signing and verifying on this machine")
    bench.add_argument("--seconds", type=float, default=1.0, help="per figure")
