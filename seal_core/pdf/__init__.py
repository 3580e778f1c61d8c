"""PDF with SM2 signatures: reading the profiles in use, verifying, and signing with a visible seal."""

from __future__ import annotations
