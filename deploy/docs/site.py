"""What the documentation's site has beside docs/: pages made of the code itself, and the project's own files.

mkdocs calls the `on_` functions (`hooks` in mkdocs.yml). Nothing that is made is kept in the tree.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from deploy.docs import commands, events, lines, services

ROOT = Path(__file__).resolve().parents[2]
CLIENT = """# The client library

::: periphery.client
    options: {members: false, show_root_heading: false}

::: periphery.client.client.connect

::: periphery.client.client.Client

::: periphery.client.events

::: periphery.client.errors
"""
STRATEGY = """# The strategy library

::: periphery.strategy.strategy.Strategy

::: periphery.strategy.strategy.Parameters

::: periphery.strategy.market
"""
_OUTSIDE = re.compile(r"\[([^]]+)\]\(\.\./[^)]*\)")


def pages() -> dict[str, dict[str, str]]:
    """Title: path: Markdown."""
    return {
        "Every command": commands.pages(),
        "Python": {"reference/client.md": CLIENT, "reference/strategy.md": STRATEGY},
        "Formats": {
            "reference/lines.md": lines.page(),
            "reference/events.md": events.page(),
            "reference/services.md": services.page(),
        },
    }


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The made pages are in the navigation, under Reference."""
    nav: Any = config.nav
    reference = next(part["Reference"] for part in nav if isinstance(part, dict) and "Reference" in part)
    reference += [{title: list(made)} for title, made in pages().items()]
    nav.append({"Changes": "CHANGELOG.md"})
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    made = {path: text for group in pages().values() for path, text in group.items()}
    made["CHANGELOG.md"] = (ROOT / "CHANGELOG.md").read_text().replace("](docs/", "](")
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """What a page links to beside docs/ is in no site: its name stays."""
    return markdown if "/" in page.file.src_uri else _OUTSIDE.sub(r"\1", markdown)
