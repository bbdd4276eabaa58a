"""Writes the PrometheusRule of the overlay `monitored` from the rules that promtool tests."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).resolve().parent
RULES = HERE.parent / "prometheus" / "rules"
FILE = HERE / "overlays" / "monitored" / "rules.yaml"
HEAD = """\
# Written by `python -m deploy.kubernetes.rules` from deploy/prometheus/rules.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: nacre}
spec:
  groups:
"""


def build() -> str:
    """The groups of each file, two steps further in."""
    lines = [HEAD]
    for file in sorted(RULES.glob("*.yml")):
        groups = file.read_text().partition("groups:\n")[2].splitlines()
        lines += [f"  {line}".rstrip() + "\n" for line in groups]
    return "".join(lines)


if __name__ == "__main__":
    FILE.write_text(build())
