"""Words of the public interface."""

from __future__ import annotations

REFUSALS = {
    "api_state_unknown": "参数 state 只能是 open、running 或 ended。",
    "api_page_unknown": "参数 page 须为 1 至 100000 的整数。",
}

LABELS = {"action": {"api.read": "读取公开接口"}}
