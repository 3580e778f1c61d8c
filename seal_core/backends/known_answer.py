"""The known answer every backend must give before it is used."""

from __future__ import annotations

import hashlib

from ..errors import Code, SealError
from . import Backend

D = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
PUBLIC = (
    0x09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020,
    0xCCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13,
)
E = bytes.fromhex("F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640")
R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA


def check(backend: Backend) -> None:
    """GB/T 32918.5 A.2: public key, a signature that holds, and one that must not."""
    made = backend.sign(D, PUBLIC, E)
    good = (
        backend.public_of(D) == PUBLIC
        and backend.verify(PUBLIC, E, R, S)
        and not backend.verify(PUBLIC, E, R, S ^ 1)
        and not backend.verify(PUBLIC, hashlib.sha256(E).digest(), R, S)
        and backend.verify(PUBLIC, E, *made)
    )
    if not good:
        raise SealError(Code.BACKEND_FAILED, backend=backend.name)
