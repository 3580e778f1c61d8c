"""Electronic seals of GB/T 38540-2020 (v4), GM/T 0031-2014 (v1) and GM/T 0031-2025 (v5)."""

from __future__ import annotations

from .check import SealAnswer, check_seal, check_seal_signature
from .forms import Form, Seal, SealInfo, SealSignature, read_seal, read_signature
from .make import make_seal, sign_with_seal

__all__ = ["Form", "Seal", "SealAnswer", "SealInfo", "SealSignature", "check_seal", "check_seal_signature",
           "make_seal", "read_seal", "read_signature", "sign_with_seal"]
