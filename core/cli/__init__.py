"""The desk's command `nacre`: a noun, then a verb, one noun a module.

Data goes to standard output, chatter and progress to standard error. Exit codes: docs/command.md, which a
test holds against `EXIT_CODES` of core/cli/output.py.

Only click is imported here. A noun's module is imported when its command is run or asked for help, and what
is heavy (numpy, rich, the engines) only inside the function that needs it.
"""

from __future__ import annotations

import importlib

import click

from core.cli.output import EXIT_CODES

NOUNS: dict[str, str] = {
    "algo": "Params for algorithms: volume curves, schedules.",
    "core": "Run a core, ask how it is, watch it, stop it.",
    "bench": "Measure this machine: hops, the path, throughput, readers, a strategy.",
    "data": "Recorded market data: info, check, convert, replay.",
    "demo": "Run a recorded trading day through the core.",
    "doctor": "Look at this machine: what costs latency here, and how to mend it.",
    "journal": "Look into a journal: info, verify, replay, export.",
    "scenario": "Feed a file of events to the core and print what it does.",
    "tca": "What executions cost: report, and what the router may learn.",
    "torture": "Kill a core's processes, fail its disk, damage its journal.",
    "completion": "Print the script that completes nacre's commands in a shell.",
    "up": "Start a core in containers.",
    "down": "Stop the containers in order, and remove them.",
    "ps": "List the containers and how they are.",
    "logs": "Print what the containers say.",
}
"""Each noun, which is its module's name in this package, and its line in the help of `nacre`.

A noun's module has its click command under the name `command`.
"""

_TOGETHER = dict.fromkeys(("up", "down", "ps", "logs"), "compose")
"""Nouns that share a module: their commands have their names there."""

ELSEWHERE: dict[str, tuple[str, str]] = {
    "analytics": ("periphery.cli.analytics", "How accounts do: returns, drawdowns, what they come from."),
    "audit": ("periphery.cli.audit", "Whether the record of who changed what is as it was written."),
    "backend": ("periphery.cli.backend", "Serve a core over HTTP, and add its users."),
    "backtest": ("periphery.cli.backtest", "Run a strategy's file over recordings."),
    "backup": ("periphery.cli.backup", "Copy journal, stores and audit; check them, bring them back."),
    "bridge": ("periphery.cli.bridge", "Carry feed and orders over ZeroMQ."),
    "cache": ("periphery.cli.cache", "Keep in Redis what is true now."),
    "config": ("periphery.cli.config", "What a part is run with, where each word came from, what is wrong."),
    "day": ("periphery.cli.day", "Begin and end a trading day."),
    "engine": ("periphery.cli.engine", "Run the engines that work beside a core."),
    "factor": ("periphery.cli.factor", "Exposures to factors, what they earn, scores and how they foretell."),
    "features": ("periphery.cli.features", "Features of markets, over recordings and as of a time."),
    "fix": ("periphery.cli.fix", "Let an OMS trade over FIX, and copy executions to others."),
    "kill": ("periphery.cli.kill", "Stop all trading in a scope and cancel its orders."),
    "market-data": ("periphery.cli.market_data", "Take market data from venues, into a core and into files."),
    "metrics": ("periphery.cli.metrics", "Metrics for Prometheus; alerts that act."),
    "ml": ("periphery.cli.ml", "Models of features: train, compare, promote."),
    "nt": ("periphery.cli.nt", "Works with NautilusTrader: environments, comparison, conversion."),
    "order": ("periphery.cli.order", "Send, change and look at orders."),
    "portfolio": ("periphery.cli.portfolio", "Weights, and the orders that bring them about."),
    "position": ("periphery.cli.position", "Look at positions."),
    "rearm": ("periphery.cli.rearm", "Let a killed scope trade again."),
    "recorder": ("periphery.cli.recorder", "Keep what a core did in a database."),
    "risk": ("periphery.cli.risk", "Look at risk limits and set them."),
    "standby": ("periphery.cli.standby", "A second host, ready to trade: serve, run, promote, status."),
    "strategy": ("periphery.cli.strategy", "Run a strategy's file beside a core, and speak to it."),
    "top": ("periphery.cli.top", "Watch the core in a terminal, with keys."),
    "trace": ("periphery.cli.trace", "Show one event's way through every engine."),
    "websocket": ("periphery.cli.websocket", "Serve browsers and programs: what a core does, as it does it."),
}
"""Nouns of layers above this one, as (module, line): those that need the client library.

They are plug-ins: the core neither imports these modules nor needs them, it only passes the command line on
to what is installed beside it. So `nacre` is one command and imports still point one way.
"""


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports a command's module when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(NOUNS | ELSEWHERE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in NOUNS:
            module = f"{__name__}.{_TOGETHER.get(cmd_name, cmd_name)}"
        elif cmd_name in ELSEWHERE:
            module = ELSEWHERE[cmd_name][0]
        else:
            return None
        command = getattr(importlib.import_module(module), cmd_name if cmd_name in _TOGETHER else "command")
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's; of a noun that isn't there it names those that are spelt nearly so."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            near = get_close_matches(args[0], self.list_commands(ctx))
            if not near:
                raise
            raise click.UsageError(f"{error.message} Did you mean {' or '.join(near)}?", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the two tables alone: help imports none of them."""
        lines = NOUNS | {noun: line for noun, (_, line) in ELSEWHERE.items()}
        with formatter.section("Commands"):
            formatter.write_dl([(name, lines[name]) for name in self.list_commands(ctx)])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items()) + ".",
)
@click.version_option(package_name="nacre", prog_name="nacre")
def root() -> None:
    """A trading platform in two speeds: the desk's command."""


def main() -> None:
    """Run the command line; never returns."""
    root(prog_name="nacre")
