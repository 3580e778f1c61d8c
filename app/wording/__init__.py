"""The Chinese words for every code, stage, role and kind: one catalogue, one room per feature.

Each room is a module with any of the dictionaries REFUSALS, STAGES, EVENTS, LABELS. Sentences are
`str.format` templates over the error's facts and say what is wrong and how to mend it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import defaultdict
from typing import Any

REFUSALS: dict[str, str] = {}
STAGES: dict[str, dict[str, str]] = {}
EVENTS: dict[str, str] = {}
LABELS: dict[str, dict[str, str]] = {}

for _module in sorted(pkgutil.iter_modules(__path__), key=lambda found: found.name):
    _room = importlib.import_module(f"{__name__}.{_module.name}")
    for _target, _name in ((REFUSALS, "REFUSALS"), (EVENTS, "EVENTS")):
        for _key, _value in getattr(_room, _name, {}).items():
            if _key in _target:
                raise RuntimeError(f"{_name} says {_key!r} twice (second time in {_room.__name__})")
            _target[_key] = _value
    for _target2, _name in ((STAGES, "STAGES"), (LABELS, "LABELS")):
        for _group, _words in getattr(_room, _name, {}).items():
            _target2.setdefault(_group, {}).update(_words)


def stage_word(kind: str, stage: str) -> str:
    """The Chinese name of a stage of one kind of thing (`recruitment`, `response`, `seat` …)."""
    return STAGES.get(kind, {}).get(stage, stage)


def label(group: str, key: str) -> str:
    """The Chinese word for a code of a group, e.g. `label("role", "staff")`."""
    return LABELS.get(group, {}).get(key, key)


def sentence_for(error: Any) -> str:
    """The sentence for a refusal or a lower package's error: by its code, filled with its facts."""
    code = str(getattr(error.code, "value", error.code))
    template = REFUSALS.get(code)
    if template is None:
        return f"这一步没有完成（{code}）。请返回上一页核对后重试；如仍不行，请联系数据产品超市工作人员并告知此代码。"
    facts: dict[str, Any] = defaultdict(str)
    facts.update(getattr(error, "facts", {}))
    return template.format_map(facts)
