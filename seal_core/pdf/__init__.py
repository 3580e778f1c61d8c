"""PDF with SM2 signatures: reading the profiles in use, verifying, and signing with a visible seal."""

from __future__ import annotations

from .sign import PdfProfile, pdf_page_sizes, sign_pdf
from .write import pdf_text

__all__ = ["PdfProfile", "pdf_page_sizes", "pdf_text", "sign_pdf"]
