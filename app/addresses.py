"""Addresses of pages for messages: jobs, the command line and the rehearsal have no request to ask."""

from __future__ import annotations

from flask import current_app


def path_to(endpoint: str, **params: str) -> str:
    """The path of a page, without a host."""
    return str(current_app.url_map.bind("localhost").build(endpoint, params))
