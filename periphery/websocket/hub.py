"""All topics and who follows them.

```
journal ─► source ─► view ─► logs, one a topic ◄── cursors, one a client and topic ─► client ─► socket
                                   ▲
                 engines' outputs ─┘
```

A change is put into its topic's log once. Each client has a place in the log of each of its topics, as the
core's engines have on the spine, and reads on from there whenever its socket takes more: so a slow client
holds nobody up, costs no memory, and finds of each key the newest value only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from periphery.service.mark import digest_of
from periphery.view.topics import KINDS, Topic
from periphery.view.view import Change, Source, View
from periphery.websocket.log import Log
from periphery.websocket.outputs import Outputs
from periphery.websocket.settings import Settings

if TYPE_CHECKING:
    from periphery.websocket.client import Client


class MakeSource(Protocol):
    def __call__(self, on_page: Callable[[bytes], object], /) -> Source: ...


class Unknown(ValueError):
    """There is nothing by that name."""


class Hub:
    """make_source: pages from the first event on."""

    def __init__(self, make_source: MakeSource, settings: Settings) -> None:
        self.settings = settings
        self.stream = ""
        self.logs: dict[Topic, Log] = {}
        self.clients: set[Client] = set()
        self.watchers: dict[str, set[Client]] = {kind: set() for kind in KINDS}
        self.changes = 0
        self._changed: dict[Log, None] = {}
        self.source = make_source(self._page)
        self.view = View(self.source.book, self.change)
        self.outputs = [
            Outputs(name, Path(path), self.change) for name, path in sorted(settings.engines.items())
        ]

    def poll(self) -> int:
        """Reads some events and outputs; how many. What the source raises."""
        return self.source.poll() + sum(each.poll() for each in self.outputs)

    def flush(self) -> dict[bytes, list[Client]]:
        """Tells clients of topics that have changed since. Gives messages that can be sent at once, each with
        all that it is for: most clients are at the same place, and follow the same.
        """
        changed, self._changed = self._changed, {}
        told: dict[Client, None] = {}
        for log in changed:
            for client in log.clients:
                client.tell(log)
                told[client] = None
        found: dict[bytes, list[Client]] = {}
        for client in told:
            message = client.take()
            if message is not None:
                found.setdefault(message, []).append(client)
        return found

    def _page(self, raw: bytes) -> None:
        if not self.stream:
            self.stream = digest_of(raw).hex()
        self.view.page(raw)

    def change(self, change: Change) -> None:
        self.changes += 1
        log = self.logs.get(change.topic) or self._begin(change.topic)
        log.add(change)
        self._changed[log] = None

    # ---- topics --------------------------------------------------------------------------------------------

    def log(self, topic: Topic) -> Log:
        """The topic's, begun where nothing was said on it yet. Unknown: no such symbol or account."""
        if topic not in self.logs:
            self._check(topic)
            return self._begin(topic)
        return self.logs[topic]

    def _check(self, topic: Topic) -> None:
        d, what = self.view.book.directory, KINDS[topic.kind].of
        known: Collection[str] = {
            "symbol": set(d.symbols),
            "account": set(d.accounts),
            "scope": {"", *d.accounts},
            "engine": set(self.settings.engines),
        }[what]
        of = topic.of.partition(":")[0] if what == "engine" else topic.of
        if of not in known:
            raise Unknown(f"topic {topic}: no {what} {topic.of!r} is declared")

    def _begin(self, topic: Topic) -> Log:
        if topic.kind == "engine":
            about = next(each.now for each in self.outputs if each.name == topic.of.partition(":")[0])
            known = about.setdefault(topic, {})
            log = Log(
                topic,
                self.settings.retained,
                known.__getitem__,
                lambda: [(*row, None) for row in known.items()],
            )
        else:
            view, retained = self.view, self.settings.retained
            log = Log(topic, retained, lambda key: view.now(topic, key), lambda: view.dated(topic))
        self.logs[topic] = log
        for client in self.watchers[topic.kind]:
            client.begun(log)
        return log
