"""The checks of pages must see what they are there to see."""

from __future__ import annotations

import pytest

from tests.e2e.checks import problems

GOOD = """<!doctype html><html lang="zh-CN"><head><title>公告 · 印招</title>
<link rel="stylesheet" href="/static/theme.css"></head><body><a href="#main">跳到正文</a><main id="main"><h1>公告</h1>
<a href="/notices">招募公告</a><form method="post" action="/x"><input type="hidden" name="csrf_token" value="t">
<button type="submit">提交</button></form></main><script src="/static/app.js" defer></script></body></html>"""


def _routes(method: str, path: str) -> bool:
    return (method, path) == ("POST", "/x")


def test_a_good_page_has_no_problem() -> None:
    assert problems(GOOD, routes=_routes) == []


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ('lang="zh-CN"', 'lang="en"', "lang"),
        ("公告 · 印招", "· 印招", "no title"),
        ("<h1>公告</h1>", "", "first headings"),
        ("<h1>公告</h1>", "<h1>公告</h1><h1>二</h1>", "first headings"),
        ("<main", "<script>alert(1)</script><main", "inline"),
        ("<main", '<p style="color:red">红</p><main', "inline"),
        ("<main", '<p onclick="x()">点</p><main', "inline"),
        ('href="/notices"', 'href="https://elsewhere.example/"', "outside"),
        ('href="/notices"', 'href="//elsewhere.example/"', "outside"),
        ('action="/x"', 'action="/y"', "form to nowhere"),
        ('name="csrf_token"', 'name="other"', "without its token"),
        ('href="/notices"', 'href="#nowhere"', "link into nothing"),
        ('href="/notices"', 'href="#"', "leads nowhere"),
        ('href="/notices"', 'class="btn"', "link without an address"),
        ("<h1>公告</h1>", "<h1>公告</h1><button>点</button>", "button outside a form"),
        ("招募公告", "late_sheets", "left over"),
        ("招募公告", "None", "left over"),
        ('<a href="/notices"', '<a id="main" href="/notices"', "twice"),
    ],
)
def test_a_bad_page_is_seen(before: str, after: str, word: str) -> None:
    assert before in GOOD
    found = problems(GOOD.replace(before, after, 1), routes=_routes)
    assert any(word in one for one in found), found
