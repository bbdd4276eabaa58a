"""Passwords never stand in arguments, where everybody on a host reads them, and never in what is shown."""

from __future__ import annotations

import re

import click
from click.core import ParameterSource

from core.cli.output import BadInput

_PASSWORD = re.compile(r"(://[^:/@\s]*):([^@/\s]+)@|(\bpassword=)[^&\s]+")


def apart(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A callback of options that take an address. BadInput: it has a password, and was typed."""
    typed = parameter.name and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
    if value and typed and _PASSWORD.search(value):
        variable = getattr(parameter, "envvar", None)
        where = f"give the address in ${variable}" if variable else "name a passfile (PGPASSFILE)"
        raise BadInput(
            f"{parameter.opts[0]}: everybody on this host reads a password in an argument: {where}"
        )
    return value


def without_password(address: str) -> str:
    """What may be shown of an address."""
    return _PASSWORD.sub(lambda found: f"{found[1]}:***@" if found[1] else f"{found[3]}***", address)
