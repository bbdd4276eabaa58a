"""What the whole platform in containers is given to do: two recorded venues, a model learned of them,
strategies.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from bench import pipeline_day as day
from tests.containers.composed import DEPLOY
from tests.support_strategy import TAKER

ENGINES = {
    "features": "features",
    "ml": "ml",
    "factor": "factor",
    "portfolio": "portfolio",
    "risk": "portfolio-risk",
    "analytics": "analytics",
}
"""The service of each."""
PERIOD_S = 0.5
NAUTILUS = """
from decimal import Decimal

from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.enums import OrderSide, TimeInForce
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.trading.strategy import Strategy


class TakesConfig(StrategyConfig, frozen=True):
    instrument: str


class Takes(Strategy):
    def on_start(self):
        self.count = 0
        self.of = InstrumentId.from_str(self.config.instrument)
        self.subscribe_quote_ticks(self.of)

    def on_quote_tick(self, tick):
        self.count += 1
        if self.count % 200 == 0:
            side = OrderSide.BUY if self.count % 400 else OrderSide.SELL
            quantity = self.cache.instrument(self.of).make_qty(Decimal("0.02"))
            self.submit_order(self.order_factory.market(self.of, side, quantity, TimeInForce.IOC))
"""


class Day:
    """Everything as files in a folder. lines: of each recording; speed: 1 is as recorded.

    At half of its lines a venue waits until its client goes: the other half is for the one that comes then.
    """

    def __init__(self, place: Path, data: Path, lines: int, speed: float) -> None:
        self.place, self.speed, self.half = place, speed, lines // 2
        self.recordings = day.heads(data, place, lines)
        listing = day.listed(self.recordings)
        self.symbols = day.learn(self.recordings, listing, place / "models.db", PERIOD_S)
        declared = "".join(json.dumps(line) + "\n" for line in day.declarations(listing))
        self.declared = self._file("declared.jsonl", declared)
        self.engines = self._file("engines.toml", self._engines())
        self.taker = self._file("taker.py", TAKER)
        self.nautilus = place / "nautilus"
        self.nautilus.mkdir()
        self._file("nautilus/takes.py", NAUTILUS)
        self.node = self._file("node.json", json.dumps(self._node()))
        self.override = self._file("whole.json", json.dumps({"services": self._services()}))
        for path in (place / "models.db", *self.recordings):
            path.chmod(0o644)

    def _file(self, name: str, text: str) -> Path:
        path = self.place / name
        path.write_text(text)
        path.chmod(0o644)
        return path

    def core(self) -> str:
        """The core's file: the desk's of deploy, with this day's declarations."""
        text = (DEPLOY / "core.toml").read_text()
        kept = re.split(r"\n\[\[", text, maxsplit=1)[0]
        return kept.replace("\n[capacity]", '\ndeclare = "/etc/nacre/declared.jsonl"\n\n[capacity]', 1)

    def _engines(self) -> str:
        features = [each | {"symbols": self.symbols} for each in day.FEATURES]
        periods = {"period_s": PERIOD_S, "periods": 100}
        params: dict[str, dict[str, Any]] = {
            "features": {"period_s": PERIOD_S, "features": features},
            "ml": {
                "registry": str(self.place / "models.db"),
                "model": day.MODEL,
                "champion": 1,
                "signal": "alpha",
            },
            "factor": periods | {"least": 10, "factors": self.symbols[:1]},
            "portfolio": periods | {"least": 10, "every": 4, "signal": "weight", "symbols": self.symbols},
            "risk": periods | {"least": 5, "draws": 200},
            "analytics": periods,
        }
        sections = [f"[{name}.params]\n{_toml(each)}" for name, each in params.items()]
        venues = (
            ("market_data", "binance", "venue", "BTCUSDT"),
            ("market_data_2", "binance_usdm", "venue-2", "BTCUSDT.PERP"),
        )
        for section, venue, host, name in venues:
            taken = {
                "venue": venue,
                "symbols": ["BTCUSDT"],
                "names": {"BTCUSDT": name},
                "silent_after_s": 3600.0,
            }
            taken |= {"url": f"ws://{host}:8080/stream", "rest": f"http://{host}:8080"}
            sections.append(f"[{section}]\n{_toml(taken)}")
        return "\n".join(sections)

    def _node(self) -> dict[str, Any]:
        config = {"instrument": f"{self.symbols[0]}.NACRE"}
        takes = {"strategy_path": "takes:Takes", "config_path": "takes:TakesConfig", "config": config}
        return {"account": day.ACCOUNT, "paths": ["/etc/nautilus/strategies"], "strategies": [takes]}

    def _services(self) -> dict[str, Any]:
        """The venues, and the files that only this day has."""
        models = str(self.place / "models.db")
        second = {"file": str(DEPLOY / "compose.services.yaml"), "service": "market-data"}
        command = ["market-data", "run", "--config=/etc/nacre/engines.toml", "--section=market_data_2"]
        return {
            "core": {"volumes": [f"{self.declared}:/etc/nacre/declared.jsonl:ro"]},
            "ml": {"volumes": [f"{models}:{models}:ro"]},
            "market-data-2": {
                "extends": second,
                "command": [*command, "--core=/run/nacre/core.sock", "--http=0.0.0.0:9101"],
            },
            **{
                name: self._venue(path)
                for name, path in zip(("venue", "venue-2"), self.recordings, strict=True)
            },
        }

    def _venue(self, recording: Path) -> dict[str, Any]:
        inside = f"/data/{recording.name}"
        serve = [
            "market-data",
            "serve",
            inside,
            "--speed",
            str(self.speed),
            "--fault",
            f"{self.half}:silence:86400",
            "--host",
            "0.0.0.0",
            "--port",
            "8080",
        ]
        return {
            "image": "nacre/market-data", "command": serve, "networks": ["outside"], "profiles": ["feed"],
            "volumes": [f"{recording}:{inside}:ro"], "healthcheck": {"disable": True},
            "stop_grace_period": "1s",
        }  # fmt: skip


def _toml(values: dict[str, Any]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in values.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)
