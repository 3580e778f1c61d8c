"""OFD packages (GB/T 33190-2016, GM/T 0099-2020): reading, verifying, signing, and writing simple ones."""

from __future__ import annotations

from .sign import ofd_page_sizes, sign_ofd
from .write import write_images, write_text

__all__ = ["ofd_page_sizes", "sign_ofd", "write_images", "write_text"]
