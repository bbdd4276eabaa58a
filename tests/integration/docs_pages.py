"""The pages with commands, and what each needs to be run in a folder that has nothing but the checkout.

A command that can't be run there names, under `elsewhere`, the test or make target that runs it:
docs_elsewhere.py holds it to that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """Each command is found by words of it.

    fails: must end with 1 there.
    may_fail: their check needs a machine that does nothing else: exit 1 will do.
    elsewhere: run by that file, or by that function of it (`FILE::NAME`).
    not_run: by no test, and why.
    goes_on: in the foreground until SIGTERM; what its log says once it is there, or a test `[ ... ]`.
    at_once: of those, what ends before the next command.
    typed: what is typed into it. stands: what stands for the reader's own names, in commands and in files.
    files_of: the pages whose files it speaks of. before: commands that make what it begins with.
    """

    fails: tuple[str, ...] = ()
    may_fail: tuple[str, ...] = ()
    elsewhere: Words = field(default_factory=dict)
    not_run: Words = field(default_factory=dict)
    goes_on: Words = field(default_factory=dict)
    at_once: tuple[str, ...] = ()
    typed: Words = field(default_factory=dict)
    stands: Words = field(default_factory=dict)
    files_of: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


THERE = r'"ready": true|"message": "begins"|"rest": "http'
"""What a process says in its log once it is there."""

TUTORIAL = ("docs/tutorial.md",)
RECORDING = ("python3 walk.py",)
TRADES = (
    "echo time,symbol,px,qty > trades.csv",  # one a minute, from 13:30 to 20:00 of a day
    "for n in $(seq 0 389); do echo $((1700055000 + 60 * n))000000000,AAPL,1.5,$((9 + n)); done >>trades.csv",
)
JOURNAL = (*RECORDING, ".venv/bin/nacre backtest mine.py --data walk.csv --journal journal")
README = ("README.md",)
DESK = ("head -5 route.jsonl >desk.jsonl",)  # as the README says
CORE = (*DESK, ".venv/bin/nacre core run --declare desk.jsonl --journal journal &")

KRAKEN = "../shared/data/crypto/cryptofeed_KRAKEN.ws.50.0.gz"
KRAKEN_PAIRS = json.dumps(
    {
        "error": [],
        "result": {
            name: {"wsname": name, "base": name[:3], "quote": name[4:], "status": "online", **digits}
            for name, digits in {
                "XMR/USD": {"pair_decimals": 2, "lot_decimals": 8},
                "ADA/XBT": {"pair_decimals": 8, "lot_decimals": 8},
            }.items()
        },
    }
)

STREET = '{"type":"venue","venue":"STREET","mode":"manual","symbols":["AAPL"]}'
PASSWORD = "correct horse battery"
TWO = "XDG_RUNTIME_DIR=$PWD/two"
WEIGHED = """cat >desk.py <<'END'
import csv, gzip, json
rows = list(csv.reader(gzip.open("../shared/data/daily/sp500_dataset.csv.gz", "rt")))
px = dict(zip(rows[0][1:], rows[-1][1:]))
usd = {"type": "instrument", "kind": "equity", "price_precision": 2, "qty_precision": 0, "tick": "0.01",
       "lot": "1", "currency": "USD"}
lines = [usd | {"symbol": name} for name in px]
lines.append({"type": "venue", "venue": "V1", "mode": "match", "symbols": list(px)})
lines.append({"type": "account", "account": "A1", "currency": "USD", "cash": "1000000"})
open("desk.jsonl", "w").write("".join(json.dumps(line) + "\\n" for line in lines))
END
cat >quotes.py <<'END'
from desk import px
from periphery.client import connect
with connect(name="feed") as core:
    for name, last in px.items():
        bid, ask = f"{float(last) - 0.01:.2f}", f"{float(last) + 0.01:.2f}"
        sizes = {"bid_qty": "1000000", "ask_qty": "1000000"}
        core.market({"type": "quote", "venue": "V1", "symbol": name, "bid_px": bid, "ask_px": ask, **sizes})
END
python3 desk.py"""

CONTAINERS = "tests/containers/test_live.py"
IN_CONTAINERS = "tests/containers/test_command.py"  # those of the two pages as they stand
COMPOSE = "tests/unit/core/cli/test_compose_command.py"  # what compose is told; tests/containers have it done
NAUTILUS = "tests/nt/run.py"

PAGES = {
    "docs/journal.md": Page(fails=("verify bad", "verify torn")),
    "docs/tutorial.md": Page(
        fails=("EURUSD 600000",),
        elsewhere={
            "git clone": "deploy/setup/fresh.py",
            "make demo": "deploy/setup/fresh.py",
            "make images": "deploy/containers/test.sh",
            "nacre up": IN_CONTAINERS,
            "nacre ps": IN_CONTAINERS,
            "docker exec": IN_CONTAINERS,
            "nacre logs": IN_CONTAINERS,
            "nacre down": IN_CONTAINERS,
        },
    ),
    "docs/how-to-desk.md": Page(files_of=TUTORIAL),
    "docs/how-to-strategies.md": Page(files_of=TUTORIAL, before=RECORDING),
    "docs/how-to-operations.md": Page(files_of=TUTORIAL, before=JOURNAL),
    "docs/how-to-performance.md": Page(may_fail=("bench hop",)),
    "docs/algos.md": Page(before=TRADES, stands={"FILE...": "trades.csv"}),
    "docs/analytics.md": Page(
        files_of=TUTORIAL, before=JOURNAL, goes_on={"--follow": "[ tca.html -nt background.$count.log ]"}
    ),
    "docs/command.md": Page(),
    "docs/data.md": Page(files_of=TUTORIAL, before=RECORDING, stands={"FILE...": "walk.csv"}),
    "docs/performance.md": Page(files_of=TUTORIAL, before=JOURNAL, goes_on={"engine run": THERE}),
    "docs/stream.md": Page(files_of=README, before=CORE, goes_on={"bridge run": "orders at"}),
    "docs/websocket.md": Page(files_of=README, before=CORE),
    "README.md": Page(
        elsewhere={
            "make demo": "deploy/setup/fresh.py",
            "make test": "deploy/setup/fresh.py",
            "strategy run": "tests/integration/test_live_strategy.py",
            "--from-journal": "tests/integration/test_live_strategy.py",
            "nacre up --local": "tests/integration/test_local.py",
            "fix accept": "tests/unit/periphery/cli/test_fix.py",
            "backend user": "tests/integration/test_backend_process.py",
            "backend run": "tests/integration/test_backend_process.py",
            "metrics run": "tests/integration/monitored.py",
            "nacre top": "tests/unit/periphery/monitoring/test_live_view.py",
            "nacre trace": "tests/integration/test_trace.py",
            "market-data instruments": "tests/unit/periphery/cli/test_market_data_commands.py",
            "market-data run": "tests/integration/test_market_data.py",
            "make images": "deploy/containers/test.sh",
            "nacre up --placement": CONTAINERS,
            "nacre up --with": COMPOSE,
            "nacre ps": CONTAINERS,
            "nacre down": CONTAINERS,
        },
        files_of=TUTORIAL,
        before=(*RECORDING, *DESK),
        stands={
            "FILE...": "walk.csv",
            "FILE -o": "walk.csv -o",
            "kill account A1 --by anna": "kill account A1 --by anna --yes",
            "rearm account A1 --by anna": "rearm account A1 --by anna --yes",
        },
    ),
    "docs/scenarios.md": Page(files_of=README),
    "docs/core.md": Page(files_of=README, before=DESK, goes_on={"core run": THERE}),
    "docs/strategies.md": Page(files_of=README, before=DESK),
    "docs/risk.md": Page(
        files_of=README,
        before=(*DESK, "grep limit desk.jsonl >limits.jsonl"),
        goes_on={"core run --day": THERE},
    ),
    "docs/positions.md": Page(files_of=README, before=DESK, fails=("reconcile broker.csv --journal",)),
    "docs/operations.md": Page(
        files_of=("docs/backend.md", "docs/fix.md"),
        before=(
            "cp deploy/engines.toml deploy/alertmanager/act.toml .",
            "echo 0123456789abcdef >alerts.token; chmod 600 alerts.token; mkdir days",
            f"echo '{PASSWORD}' | nacre backend user add anna --scope admin --config backend.toml",
            "nacre bridge keys server --folder keys",
        ),
        goes_on={"backup run": "[ $(ls -d backups/backup-* | wc -l) -ge 2 ]"},
        stands={
            "/backups/backup-20261126T181500.000000Z": "backups/backup-*",
            "/backups": "backups",
            "--journal DIR": "--journal journal",
            "--backend STATE": "--backend backend",
            "--keys KEYS": "--keys keys",
            "postgresql://nacre@/empty": "sqlite:///new.db",
            "/var/lib/nacre/days": "days",
            "--every 3600": "--every 1",  # one that is younger counts
        },
    ),
    "docs/runbook.md": Page(
        files_of=README,
        before=(*CORE, "J=journal"),
        stands={
            "--socket S": "--socket nacre-$UID/core.sock",
            "kill account A1 --by anna": "kill account A1 --by anna --yes",
            "--second ben": "--second ben --yes",
        },
    ),
    "docs/market-data.md": Page(
        before=(  # a venue on this host in Kraken's place, with what it has of instruments
            "export NACRE_MARKET_DATA_URL=ws://127.0.0.1:9000 NACRE_MARKET_DATA_REST=http://127.0.0.1:9000",
            f"nacre market-data serve {KRAKEN} --port ${{NACRE_MARKET_DATA_URL##*:}} &",
            f"echo '{KRAKEN_PAIRS}' >kraken.json",
        ),
        stands={
            "XBT/USD,ETH/USD": "XMR/USD,ADA/XBT",
            "instruments kraken": "instruments kraken --from kraken.json",
            "RECORDING": KRAKEN,
        },
        elsewhere={"aeron:udp": "tests/conformance/multicast/hall.py"},  # three hosts, as root
        goes_on={
            "market-data run": "[ $(curl -s -o x -w %{http_code} 127.0.0.1:9102/ready) = 200 ]",
            "market-data serve": THERE,
        },
    ),
    "docs/features.md": Page(goes_on={"engine run": "[ -s features/outputs ]"}),
    "docs/ml.md": Page(goes_on={"engine run": "[ -s ml/outputs ]"}),
    "docs/factor.md": Page(),
    "docs/portfolio.md": Page(
        before=(WEIGHED, ".venv/bin/nacre core run --declare desk.jsonl &", "python3 quotes.py"),
        stands={"send proposal.json": "send proposal.json --yes"},
    ),
    "docs/recorder.md": Page(
        files_of=TUTORIAL, before=JOURNAL, stands={"purge 2023-01-01": "purge 2023-01-01 --yes"}
    ),
    "docs/backend.md": Page(
        files_of=README,
        before=CORE,
        goes_on={"backend run": THERE},
        typed={"user add": PASSWORD, "auth/token": PASSWORD},
        stands={
            "backend run --config backend.toml": "backend run --config backend.toml --listen 127.0.0.1:8440"
        },
    ),
    "docs/fix.md": Page(
        files_of=README,
        before=(*DESK, f"echo '{STREET}' >>desk.jsonl", CORE[-1]),
        goes_on={"fix accept": "FIX at", "fix drop-copy": "FIX at", "fix initiate": "FIX, calling"},
        at_once=("fix drop-copy",),
    ),
    "docs/standby.md": Page(  # three hosts of the loopback: a folder for the second
        files_of=README,
        before=(*DESK, "mkdir two"),
        goes_on={
            "core run --fenced": THERE,
            "standby serve": "[ -S nacre-$UID/core.standby ]",
            "standby run": "[ -S two/nacre-$UID/core.standby ]",
            "standby witness": f"[ $({TWO} nacre standby status -o json | grep -c 'behind\": 0') = 1 ]",
        },
        stands={
            "10.0.0.": "127.0.0.",
            "nacre standby run --name two --journal J": f"{TWO} nacre standby run --name two --journal J2",
            "-- --config core.toml": "-- --placement fused",
            "nacre standby promote": f"{TWO} nacre standby promote --yes",
        },
    ),
    "docs/bench.md": Page(
        elsewhere={
            "run --all": "tests/unit/bench/test_suite.py",
            "compare ../before": "tests/unit/bench/test_compare.py",
        },
        not_run={"with_engine.sh": "a container engine, and half an hour; it writes docs/results"},
        stands={
            "run hop path": "run positions --results runs",
            "bench report": "bench report --results runs --to report.html",
            "RUN.json OTHER.json": "runs runs",
        },
    ),
    "docs/containers.md": Page(
        elsewhere={
            "make images": "deploy/containers/test.sh",
            "nacre up": COMPOSE,
            "nacre ps": CONTAINERS,
            "nacre logs": COMPOSE,
            "nacre down": CONTAINERS,
            "docker": IN_CONTAINERS,
            "position list --socket": IN_CONTAINERS,
        },
        stands={"make_secrets.py": "make_secrets.py secrets"},
    ),
    "docs/from-nautilustrader.md": Page(
        elsewhere={
            "nt env": NAUTILUS,
            "nt compare": "tests/unit/periphery/nautilus_trader/test_compare.py",
            "nt convert": "tests/unit/periphery/nautilus_trader/test_catalogue.py",
            "--data btc.csv": "tests/integration/test_backtest.py",
            "make test-nautilus": NAUTILUS,
        },
    ),
    "docs/frontend.md": Page(
        files_of=(*README, "docs/backend.md"),
        before=CORE,
        goes_on={"backend run": THERE},
        typed={"user add": PASSWORD},
        elsewhere={"make browser-load": "tests/browser/test_load.py"},
        not_run={
            "make frontend": "Node; its bundle is held to the sources by tests/unit/periphery/frontend",
            "npx vite": "Node; it serves while one works",
            "make picture": "it draws for a person to look at, with the browser of tests/browser",
        },
        stands={
            "backend run --config backend.toml": "backend run --config backend.toml --listen 127.0.0.1:8440"
        },
    ),
    "docs/kubernetes.md": Page(
        elsewhere={"kubectl kustomize": "tests/unit/deploy/test_kubernetes.py"},
    ),
    "docs/licences.md": Page(stands={"PYTHON": ".venv/bin/python"}),
    "docs/monitoring.md": Page(
        files_of=README,
        before=(*CORE, "mkdir nacre-local"),
        elsewhere={
            "prometheus --config": "tests/support_prometheus.py",
            "deploy/pgadmin/run.sh": "tests/integration/pgadmin.py",
        },
        stands={
            "--targets deploy/prometheus/targets/services.json": "--targets here.json --http 127.0.0.1:9464"
        },
    ),
}
