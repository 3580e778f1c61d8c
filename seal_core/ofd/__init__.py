"""OFD packages (GB/T 33190-2016, GM/T 0099-2020): reading, verifying, signing, and writing simple ones."""

from __future__ import annotations
