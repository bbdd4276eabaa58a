"""Runs the application until SIGTERM or SIGINT: what is under way is answered, then all ends in order."""

from __future__ import annotations

from collections.abc import Callable

import uvicorn

from periphery.backend.app import make_app
from periphery.backend.config import Config, split_listen
from periphery.service.addresses import check_free

GRACE_S = 10
PEERS_MOST = 512
HEAD_BYTES = 32_768


class Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[int], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.started and self.servers:
            self._listening(int(self.servers[0].sockets[0].getsockname()[1]))


def make_server(config: Config, listening: Callable[[int], None]) -> Server:
    """listening: told of the port. BadConfig, Refusal, OSError; ValueError: the address can't be had."""
    host, port = split_listen(config.listen)
    check_free("listen", host, port)
    return Server(
        uvicorn.Config(
            make_app(config),
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=PEERS_MOST,
            h11_max_incomplete_event_size=HEAD_BYTES,
            ws_max_size=1 << 16,
            ws="websockets-sansio",
            http="h11",
            loop="asyncio",
            timeout_graceful_shutdown=GRACE_S,
            ssl_certfile=config.certificate or None,
            ssl_keyfile=config.certificate_key or None,
        ),
        listening,
    )
