"""Passwords never stand in arguments, where everybody on a host reads them, and never in what is shown."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click
from click.core import ParameterSource

from core.cli.output import BadInput

_PASSWORD = re.compile(r"(://[^:/@\s]*):([^@/\s]+)@|(\bpassword=)[^&\s]+")


def apart(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A callback of options that take an address: from the file that $VARIABLE_FILE names, where it wasn't
    typed. BadInput: it has a password, and was typed; or that file can't be read.
    """
    typed = parameter.name and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
    file = os.environ.get(f"{parameter.envvar}_FILE") if isinstance(parameter.envvar, str) else None
    if file and not typed:
        try:
            return Path(file).read_text().strip()
        except OSError as error:
            raise BadInput(f"{parameter.envvar}_FILE: {file}: {error.strerror}") from error
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
