"""What images are made of: the lock's own entries, the libraries that are loaded, and Compose's promises."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from core.topology import LIVE_CURSORS, REMOTABLE
from deploy.images import base, wheels
from deploy.images.build import ALL, IMAGES, NAUTILUS_LOCK
from periphery.service.registry import PLACES

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
COMPOSE = (DEPLOY / "compose.yaml").read_text()
BESIDE = (DEPLOY / "compose.services.yaml").read_text()
_SERVICE = re.compile(r"\n  ([a-z0-9-]+):\n((?:    .*\n)+)")
SERVICES = dict(_SERVICE.findall(COMPOSE.partition("\nservices:")[2].partition("\nvolumes:")[0]))
SERVICES_BESIDE = dict(_SERVICE.findall(BESIDE.partition("\nservices:")[2].partition("\nvolumes:")[0]))


def test_the_wheels_are_those_of_the_lock() -> None:
    entries = wheels.entries({"numpy", "pyzmq"})
    assert [entry.partition("==")[0] for entry in entries] == ["numpy", "pyzmq"]
    assert all("--hash=sha256:" in entry for entry in entries)
    core = wheels.names(["periphery"])
    assert {"click", "msgspec", "numpy", "pyzmq", "rich", "psycopg-binary", "markdown-it-py"} <= core
    assert not {"pytest", "cython", "pyarrow"} & core
    assert {"lightgbm", "scipy"} <= wheels.names(["periphery", "ml"]) - core
    with pytest.raises(LookupError, match="make lock"):
        wheels.entries({"no-such-package"})


def test_every_name_of_an_image_is_in_the_lock() -> None:
    for extras in IMAGES.values():
        names = wheels.names(extras.split(","))
        assert len(wheels.entries(names)) == len(names)


def test_the_closure_holds_the_c_library() -> None:
    found = {path.name for path in base.closure([Path(sys.executable).resolve()])}
    assert any(name.startswith("libc.so") for name in found)
    assert any(name.startswith("ld-linux") or name.startswith("ld64") for name in found)


def test_the_dockerfile_asks_for_nothing_of_a_newer_builder() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert "# syntax" not in text
    assert "ARG BASE=" in text
    assert not re.search(r"^RUN --|<<|COPY --(?!from|chown)", text, re.MULTILINE)
    assert "USER 10001:10001" in text


def test_each_engine_has_a_service() -> None:
    for engine in ("sequencer", *LIVE_CURSORS):
        assert "<<: *engine" in SERVICES[engine]
        assert f"command: [core, engine, {engine}]" in SERVICES[engine]
    for engine in REMOTABLE:
        assert "<<: *remote" in SERVICES[f"remote-{engine}"]
        assert f"command: [core, remote, {engine}]" in SERVICES[f"remote-{engine}"]


def test_every_service_is_secured_and_watched() -> None:
    assert "read_only: true" in COMPOSE
    assert "cap_drop: [ALL]" in COMPOSE
    for name, text in SERVICES.items():
        assert re.search(r"<<: \*(secured|engine|remote)", text), name
        assert "healthcheck" in text, name


def test_what_works_beside_a_core_has_a_service_without_capabilities() -> None:
    engines = {name for name in PLACES if re.search(rf"command: \[engine, run, {name},", BESIDE)}
    assert engines == PLACES.keys() - {"bars"}  # as market data: where it is wanted
    assert {"recorder", "websocket", "cache", "market-data", "backend"} <= SERVICES_BESIDE.keys()
    assert "--bounding-set=-all" in BESIDE
    assert not SERVICES.keys() & SERVICES_BESIDE.keys() - {"bridge"}
    for name, text in SERVICES_BESIDE.items():
        assert name == "bridge" or re.search(r"<<: \*(secured|service)\n", text), name
        image = re.search(r"image: nacre/(.*)", text)
        assert image is None or image[1] in ALL, name


def test_rights_that_a_kernel_may_not_grant_are_in_an_override_only() -> None:
    for word in ("ulimits", "cpu_rt_runtime"):
        assert word not in COMPOSE
        assert word in (DEPLOY / "compose.realtime.yaml").read_text()


def test_the_dockerfiles_of_services_build_on_the_cores_image() -> None:
    """One layer each; NautilusTrader's and pgAdmin's share nothing with nacre's pins."""
    extra = (DEPLOY / "Dockerfile.extra").read_text()
    assert extra.count("FROM nacre/core") == 1
    assert "COPY --from=packages /added /opt/nacre" in extra
    for name in ("nautilus", "pgadmin"):
        text = (DEPLOY / f"Dockerfile.{name}").read_text()
        assert "nacre/core" not in text
        assert re.search(r"^USER \d+:\d+$", text, re.MULTILINE)
    assert "--hash=sha256:" in NAUTILUS_LOCK.read_text()
