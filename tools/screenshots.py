"""`make screenshots`: the pictures of README and manuals, taken from the running product and its samples.

Works on a copy of a data folder with the sample recruitments, so that nothing in it changes.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from app.rehearsal.people import PASSWORD

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
WIDTH, MOST_HEIGHT, MOST_BYTES = 1280, 1400, 250 * 1024
#: Samples by the end of their titles.
ACCEPTING, SCORING, INTEGRATION, FINISHED = "样例·响应接收中", "样例·综合评分", "样例·对接验收", "演练样例"
REVIEW = "/recruitments/{recruitment}/review/"


@dataclass(frozen=True)
class Shot:
    """One picture: who looks, at which sample, which tab of it, and what is done first."""

    name: str
    login: str
    sample: str
    tab: str
    first: Callable[[Page], None] | None = None
    height: int = MOST_HEIGHT


def _link(pattern: str, which: int = 0) -> Callable[[Page], None]:
    def follow(page: Page) -> None:
        page.locator(f"main a[href*='{pattern}']").nth(which).click()
        page.wait_for_load_state()

    return follow


def _button(text: str) -> Callable[[Page], None]:
    def press(page: Page) -> None:
        page.locator("a, button").filter(has_text=text).first.click()
        page.wait_for_load_state()

    return press


def _begin_and_upload(page: Page) -> None:
    """Begin a response and hand in two of the required files, so that the list shows both states."""
    begin = page.get_by_role("button", name="开始编制响应文件")
    if begin.count():
        begin.click()
        page.wait_for_load_state()
    if page.get_by_text("已上传").count():
        return
    for place, name in enumerate(("企业概况介绍（样例）", "营业执照副本（样例）")):
        picture = io.BytesIO()
        Image.new("RGB", (1240, 1754), "white").save(picture, "PDF", resolution=150)
        chooser = page.locator("input[type=file]").nth(place)
        chooser.set_input_files(
            {"name": f"{name}.pdf", "mimeType": "application/pdf", "buffer": picture.getvalue()}
        )
        chooser.locator("xpath=ancestor::form").get_by_role("button", name="上传").click()
        page.get_by_text(f"{name}.pdf").first.wait_for()
        page.wait_for_load_state()
        page.wait_for_timeout(1500)


def _new_plan(page: Page) -> None:
    """A draft from the shipped plan, as staff sees it before anything is confirmed."""
    page.goto(page.url.split("/r/")[0] + "/recruitments/new")
    page.fill("input[type=text]", "海南省电子印章服务商招募（样例·编制中）")
    page.get_by_role("button", name="建立").click()
    page.wait_for_load_state()


def _verify_notice(page: Page) -> None:
    """The organiser's own sealed notice, downloaded and handed to the verification portal."""
    base = page.url.split("/r/")[0]
    for link in page.locator("main a[href^='/documents/']").all():
        name = f"{link.inner_text().strip()}.pdf"
        data = page.request.get(base + str(link.get_attribute("href"))).body()
        if data.startswith(b"%PDF"):
            break
    else:
        raise SystemExit("no public document has been issued yet: let the server run for a minute")
    page.goto(f"{base}/verify")
    page.set_input_files("#file", {"name": name, "mimeType": "application/pdf", "buffer": data})
    page.get_by_role("button", name="验证", exact=True).click()
    page.wait_for_load_state()


SHOTS = (
    Shot("notice", "", ACCEPTING, "公告"),
    Shot("result", "", FINISHED, "结果公示"),
    Shot("golive", "", FINISHED, "上线"),
    Shot("verification", "", FINISHED, "公告", _verify_notice),
    Shot("vendor-workspace", "vendor6", ACCEPTING, "响应文件", _begin_and_upload),
    Shot("vendor-check", "vendor1", ACCEPTING, "响应文件", _button("检查并重新递交")),
    Shot("vendor-integration", "vendor1", INTEGRATION, "对接工作台"),
    Shot("vendor-certificates", "vendor1", INTEGRATION, "试用证书"),
    Shot("expert-desk", "{unsigned}", SCORING, "评审桌面"),
    Shot("expert-score", "{unsigned}", SCORING, "评审桌面", _link("/review/score/"), 1000),
    Shot("expert-vote", "{unsigned}", "", REVIEW + "disputes/{dispute}"),
    Shot("expert-form", "{unsigned}", "", REVIEW + "qualification/{form}", None, 1000),
    Shot("staff-dashboard", "staff", SCORING, "项目看板"),
    Shot("staff-progress", "staff", SCORING, "评审进度"),
    Shot("panel-draw", "staff", SCORING, "专家抽取"),
    Shot("plan-editor", "staff", ACCEPTING, "公告", _new_plan),
    Shot("supervisor-opening", "supervisor", SCORING, "启封"),
    Shot("integration-board", "operator", INTEGRATION, "对接看板"),
    Shot("admin-pool", "admin", "", "/experts"),
    Shot("admin-accounts", "admin", "", "/admin/accounts"),
)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(data: Path) -> Iterator[str]:
    """The product on a copy of a data folder; gives its address and ends it afterwards."""
    with tempfile.TemporaryDirectory(prefix="yinzhao-screens-") as folder:
        copy = Path(folder) / "data"
        shutil.copytree(data, copy)
        port = _free_port()
        settings = {**os.environ, "YINZHAO_DATA": str(copy), "PORT": str(port), "DATABASE_URL": ""}
        yinzhao = Path(sys.executable).with_name("yinzhao")
        with subprocess.Popen(
            [str(yinzhao), "serve"], env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                base = f"http://127.0.0.1:{port}"
                _wait_for(base)
                yield base
            finally:
                process.terminate()
                process.wait(timeout=30)


def _wait_for(base: str, seconds: int = 60) -> None:
    for _ in range(seconds * 2):
        try:
            with urllib.request.urlopen(f"{base}/api/v1/health", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
    raise SystemExit("The server did not start; are the samples loaded (`make run`)?")


def _log_in(page: Page, base: str, login: str) -> None:
    page.goto(f"{base}/login")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", PASSWORD)
    page.locator("main button[type=submit]").first.click()
    page.wait_for_load_state()


def _recruitments(page: Page, base: str) -> dict[str, str]:
    """Addresses of the samples by title, from the public list."""
    page.goto(f"{base}/notices")
    links = page.locator("main a[href^='/r/']").evaluate_all("all => all.map(a => [a.innerText, a.pathname])")
    return {text.strip(): path for text, path in links}


def _scoring(data: Path) -> dict[str, str]:
    """Of the scoring sample: an expert who has not signed, a settled dispute, and a form of that expert."""
    query = """
        SELECT user_account.login AS unsigned, recruitment.public_id AS recruitment,
               dispute.public_id AS dispute, qualification_sheet.public_id AS form
        FROM recruitment
        JOIN panel_seat ON panel_seat.review_id = recruitment.review_id
        JOIN user_account ON user_account.expert_id = panel_seat.expert_id
        JOIN score_sheet ON score_sheet.seat_id = panel_seat.id AND score_sheet.stage = 'open'
        JOIN dispute ON dispute.review_id = recruitment.review_id AND dispute.passed
        JOIN qualification_sheet ON qualification_sheet.seat_id = panel_seat.id
        WHERE recruitment.stage = 'scoring' AND recruitment.is_sample
        ORDER BY panel_seat.seat_no, qualification_sheet.id LIMIT 1
    """
    with sqlite3.connect(f"file:{data / 'yinzhao.sqlite3'}?mode=ro", uri=True) as connection:
        connection.row_factory = sqlite3.Row
        row = connection.execute(query).fetchone()
    if row is None:
        raise SystemExit("No sample is in the scoring; load the samples anew (`yinzhao samples load`).")
    return dict(row)


def _save(page: Page, shot: Shot) -> Path:
    """One PNG of the page from its top, reduced to a palette so that the folder stays small."""
    height = min(shot.height, page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": WIDTH, "height": int(height)})
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_timeout(800)
    picture: Any = Image.open(io.BytesIO(page.screenshot()))
    path = IMAGES / f"{shot.name}.png"
    for colours in (256, 128, 64, 32):
        picture.convert("RGB").quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= MOST_BYTES:
            return path
    raise SystemExit(f"{path.name} is larger than {MOST_BYTES // 1024} KiB")


def _open_tab(page: Page, tab: str) -> None:
    """Follow the link of this text in the recruitment's bar, which shows the links of one part at a time."""
    parts = page.get_by_label("项目导航").get_by_role("link")
    for address in [part.get_attribute("href") for part in parts.all()]:
        found = page.locator(".recruitment-bar nav").get_by_role("link", name=tab, exact=True)
        if found.count():
            found.last.click()
            page.wait_for_load_state()
            return
        page.goto(urllib.parse.urljoin(page.url, address or ""))
    raise SystemExit(f"no link {tab} at {page.url}")


def _take(browser: Browser, base: str, shot: Shot, names: dict[str, str]) -> Path:
    context = browser.new_context(viewport={"width": WIDTH, "height": 900}, locale="zh-CN")
    try:
        page = context.new_page()
        if login := shot.login.format(**names):
            _log_in(page, base, login)
        if shot.sample:
            found = [path for title, path in _recruitments(page, base).items() if shot.sample in title]
            page.goto(base + found[0])
            _open_tab(page, shot.tab)
        else:
            page.goto(base + shot.tab.format(**names))
        if shot.first is not None:
            shot.first(page)
        return _save(page, shot)
    finally:
        context.close()


def main() -> None:
    """Take all pictures, or those named on the command line."""
    from tests.harness.browser import launch_arguments

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="pictures to take; all without any")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("YINZHAO_DATA") or "var"))
    options = parser.parse_args()
    IMAGES.mkdir(parents=True, exist_ok=True)
    names = _scoring(options.data)
    with served(options.data) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_arguments())
        for shot in SHOTS:
            if not options.names or shot.name in options.names:
                path = _take(browser, base, shot, names)
                print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} KiB", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
