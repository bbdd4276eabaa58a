"""Why an address can't be listened at, by the setting that has it."""

from __future__ import annotations

import errno
import socket


def why_not(setting: str, address: str, error: Exception) -> str:
    """A message: the setting, its value, what is wrong, what to give."""
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return (
            f"{setting} {address!r}: in use, something listens there already: stop that, or give another port"
        )
    return f"{setting} {address!r}: {error}: give HOST:PORT"


def check_free(setting: str, host: str, port: int) -> None:
    """Before who listens there itself, and whose own words name no setting. ValueError: it can't be had."""
    try:
        for family, kind, number, _, place in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            with socket.socket(family, kind, number) as tried:
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    tried.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                tried.bind(place)
    except OSError as error:
        raise ValueError(why_not(setting, f"{host}:{port}", error)) from error
