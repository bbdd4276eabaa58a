"""The lines of a scenario and of a file of declarations, from the table that reads them."""

from __future__ import annotations

from core.scenario.schema import TYPES, Form, Key, SameAs, Sign

HEAD = """# Lines

What may stand in a [scenario](../scenarios.md), a JSON object a line, and, for declarations, in a core's
`--declare` file. Every line takes `type` and `at` besides.
"""


def page() -> str:
    parts = [HEAD]
    for name, keys in TYPES.items():
        parts.append(f"## {name}\n\n| key | value | | default |\n| --- | --- | --- | --- |")
        parts += [_row(key, told) for key, told in keys.items()]
        parts.append("")
    return "\n".join(parts)


def _row(name: str, key: Key) -> str:
    asked = "must be given" if key.required else ""
    return f"| `{name}` | {_value(key)} | {asked} | {_default(key)} |"


def _value(key: Key) -> str:
    kind = key.kind
    if kind.form is Form.ENUM:
        return ", ".join(f"`{choice}`" for choice in kind.choices)
    words = [kind.form.name.lower()]
    words += [f"of a declared {kind.declared}"] if kind.declared else []
    words += [f"digits: {kind.digits.name.lower()}"] if kind.digits else []
    words += [f"at most {kind.digits_max} digits"] if kind.digits_max is not None else []
    words += [kind.sign.name.lower().replace("_", " ")] if kind.sign is not Sign.ANY else []
    words += [f"{kind.least} to {kind.most}"] if kind.most else []
    return ", ".join(words)


def _default(key: Key) -> str:
    if isinstance(key.default, SameAs):
        return f"as `{key.default.key}`"
    return "" if key.required or key.default is None else f"`{key.default}`"
