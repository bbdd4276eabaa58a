"""`nacre completion`: the script that completes nacre's commands in a shell."""

from __future__ import annotations

import click

from core.cli.output import BadInput


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def command(shell: str) -> None:
    """Print the script that completes nacre's commands in SHELL.

    \b
    bash:  eval "$(nacre completion bash)"       in ~/.bashrc
    zsh:   eval "$(nacre completion zsh)"        in ~/.zshrc
    fish:  nacre completion fish > ~/.config/fish/completions/nacre.fish
    """
    from click.shell_completion import get_completion_class

    from core.cli import root

    kind = get_completion_class(shell)
    if kind is None:
        raise BadInput(f"no completion for {shell}: bash, zsh or fish")
    click.echo(kind(root, {}, "nacre", "_NACRE_COMPLETE").source())
