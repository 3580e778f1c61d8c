"""Copy what the server serves, and the fonts of its documents, from node_modules to app/static/vendor.

Refuses a style sheet that would make a browser ask another host: the users' network has no internet.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "app" / "static" / "vendor"

FILES = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "echarts.min.js": "echarts/dist/echarts.min.js",
    "icons/bootstrap-icons.min.css": "bootstrap-icons/font/bootstrap-icons.min.css",
    "icons/fonts/bootstrap-icons.woff2": "bootstrap-icons/font/fonts/bootstrap-icons.woff2",
    "icons/fonts/bootstrap-icons.woff": "bootstrap-icons/font/fonts/bootstrap-icons.woff",
    "fonts/NotoSerifSC-Regular.ttf": "@expo-google-fonts/noto-serif-sc/400Regular/NotoSerifSC_400Regular.ttf",
    "fonts/NotoSerifSC-Bold.ttf": "@expo-google-fonts/noto-serif-sc/700Bold/NotoSerifSC_700Bold.ttf",
    "fonts/NotoSansSC-Regular.ttf": "@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf",
    "fonts/NotoSansSC-Bold.ttf": "@expo-google-fonts/noto-sans-sc/700Bold/NotoSansSC_700Bold.ttf",
    "licenses/htmx": "htmx.org/LICENSE",
    "licenses/echarts": "echarts/LICENSE",
    "licenses/echarts-notice": "echarts/NOTICE",
    "licenses/bootstrap-icons": "bootstrap-icons/LICENSE",
    "licenses/noto-serif-sc": "@expo-google-fonts/noto-serif-sc/LICENSE_FONT",
    "licenses/noto-sans-sc": "@expo-google-fonts/noto-sans-sc/LICENSE_FONT",
}

# Maps are not served, so naming them would only make developer tools ask for what is not there.
SOURCE_MAP = re.compile(r"/\*# sourceMappingURL=\S+ \*/|//# sourceMappingURL=\S+")
OUTSIDE = re.compile(r"(?:url\(\s*|@import\s+)[\"']?(?:https?:)?//", re.IGNORECASE)


def copy_assets() -> None:
    """Write the whole folder anew, so that a file that is no longer served does not linger."""
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for name, source in FILES.items():
        target = fresh / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix in {".css", ".js"}:
            text = SOURCE_MAP.sub("", (MODULES / source).read_text(encoding="utf-8"))
            if target.suffix == ".css" and OUTSIDE.search(text):
                sys.exit(f"{source} refers to another host")
            target.write_text(text, encoding="utf-8")
        else:
            shutil.copyfile(MODULES / source, target)
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)


if __name__ == "__main__":
    copy_assets()
