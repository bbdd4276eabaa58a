"""The desk's command `nacre`: a noun, then a verb, one noun a module.

Data goes to standard output, chatter and progress to standard error. Exit codes of every command:

    0  done, and all that it checks held (a denied order is no failure)
    1  a check failed: a journal that doesn't verify, hashes that differ
    2  wrong usage or bad input: an unknown option, a file that isn't there or can't be read

Only click is imported here. A noun's module is imported when its command is run or asked for help, and what
is heavy (numpy, rich, the engines) only inside the function that needs it.
"""

from __future__ import annotations

import importlib

import click

NOUNS: dict[str, str] = {
    "bench": "Measure this machine: hop, throughput, check.",
    "demo": "Run a recorded trading day through the core.",
    "journal": "Look into a journal: info, verify, replay, export.",
    "scenario": "Feed a file of events to the core and print what it does.",
}
"""Each noun, which is its module's name in this package, and its line in the help of `nacre`.

A noun's module has its click command under the name `command`.
"""


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports a command's module when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(NOUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in NOUNS:
            return None
        command = importlib.import_module(f"{__name__}.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from NOUNS alone: help imports none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, NOUNS[name]) for name in self.list_commands(ctx)])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done and all checks held, 1 a check failed, 2 wrong usage or bad input.",
)
@click.version_option(package_name="nacre", prog_name="nacre")
def root() -> None:
    """A trading platform in two speeds: the desk's command."""


def main() -> None:
    """Run the command line; never returns."""
    root(prog_name="nacre")
