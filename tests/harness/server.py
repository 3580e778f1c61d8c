"""The application behind a real socket, for browsers and clients that speak HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from waitress import wasyncore
from waitress.server import create_server


@contextmanager
def serve(app: Callable[..., Any], *, threads: int = 8) -> Iterator[str]:
    """Serve a WSGI application on a free loopback port; gives its base address without a final slash."""
    server = create_server(app, host="127.0.0.1", port=0, threads=threads, clear_untrusted_proxy_headers=True)
    thread = threading.Thread(target=server.run, name="live-server", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.task_dispatcher.shutdown(timeout=5)
        # In the server's own thread: a browser's idle connections would otherwise keep its loop alive.
        server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map, ignore_all=True))
        thread.join(timeout=5)
        assert not thread.is_alive(), "the live server did not stop"
