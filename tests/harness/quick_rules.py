"""Three hundred routes are compiled anew for the application of every test; here each is compiled once."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import Rule


def remember_compiled_rules() -> None:
    """Let equal rules share the function that builds their addresses: it reads all else from the rule."""
    compile_builder = Rule._compile_builder
    known: dict[tuple[Any, ...], Any] = {}

    def remembered(self: Rule, append_unknown: bool = True) -> Any:
        key = (
            tuple(self._trace),
            repr(sorted((self.defaults or {}).items())),
            tuple(sorted(self.arguments)),
            append_unknown,
        )
        if key not in known:
            known[key] = compile_builder(self, append_unknown)
        return known[key]

    Rule._compile_builder = remembered  # type: ignore[method-assign]
