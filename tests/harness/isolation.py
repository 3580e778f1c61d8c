"""No test talks to the world by accident: connections beyond loopback and e-mail are refused."""

from __future__ import annotations

import ipaddress
import smtplib
import socket
from typing import Any

import pytest


class Refused(RuntimeError):
    """A test tried to reach something it did not ask for."""


def _is_local(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).split("%")[0]).is_loopback
    except ValueError:
        return False


def refuse_network(patch: pytest.MonkeyPatch) -> None:
    """Let sockets reach Unix paths and loopback only, and names resolve to nothing else."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def check(sock: socket.socket, address: Any) -> None:
        if sock.family != socket.AF_UNIX and not _is_local(address[0]):
            raise Refused(f"a test may not connect to {address!r}; mark it `network` if it must")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        check(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        check(self, address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_local(host):
            raise Refused(f"a test may not look up {host!r}; mark it `network` if it must")
        return getaddrinfo(host, *args, **kwargs)

    patch.setattr(socket.socket, "connect", guarded_connect)
    patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)


def refuse_mail(patch: pytest.MonkeyPatch) -> None:
    """Refuse every SMTP connection, on loopback too."""

    def refused(self: smtplib.SMTP, host: str = "localhost", port: int = 0, *args: Any) -> None:
        raise Refused(f"a test may not send mail through {host}:{port}; mark it `mail` if it must")

    patch.setattr(smtplib.SMTP, "connect", refused)
