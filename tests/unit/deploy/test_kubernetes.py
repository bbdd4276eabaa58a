"""The manifests: kustomize builds them, Kubernetes' own schemas hold, and each Pod is as closed as is
said.
"""

from __future__ import annotations

import functools
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from core.live.config import load
from deploy.images.build import IMAGES
from deploy.kubernetes import rules, tools

HERE = tools.LOCK.parent
TREES = ["base", *sorted(f"overlays/{path.name}" for path in (HERE / "overlays").iterdir() if path.is_dir())]
VERSION = "1.37"
CUSTOM = ("ServiceMonitor", "PrometheusRule")

type Manifest = dict[str, Any]


@pytest.fixture(scope="session")
def folder() -> Path:
    """The tools. Where pip can't get them the tests are left out, unless REQUIRE_ALL=1."""
    found = ""
    if platform.machine() != "x86_64":
        found = "the kubectl of the lock is for x86-64"
    try:
        made = tools.prepare()
    except subprocess.CalledProcessError as error:
        found = f"pip can't get the tools of {tools.LOCK}: {error}"
    if found:
        assert os.environ.get("REQUIRE_ALL") != "1", found
        pytest.skip(found)
    return made


@pytest.fixture(scope="session")
def built(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each tree as one file."""
    out = tmp_path_factory.mktemp("kubernetes")
    found = {}
    for tree in TREES:
        command = [folder / "bin" / "kubectl", "kustomize", HERE / tree]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"{tree}: {ran.stderr}"
        assert ran.stderr == "", f"{tree}: {ran.stderr}"
        found[tree] = out / f"{tree.replace('/', '-')}.yaml"
        found[tree].write_text(ran.stdout)
    return found


@functools.cache
def _read(path: Path) -> list[Manifest]:
    return list(yaml.load_all(path.read_text(), yaml.CSafeLoader))


def manifests(built: Mapping[str, Path], tree: str = "base") -> list[Manifest]:
    return _read(built[tree])


def of_kind(found: list[Manifest], kind: str) -> dict[str, Manifest]:
    return {each["metadata"]["name"]: each for each in found if each["kind"] == kind}


def pods(found: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    for each in found:
        if each["kind"] in ("StatefulSet", "Deployment"):
            yield each["metadata"]["name"], each["spec"]["template"]["spec"]


def containers(pod: Manifest) -> list[Manifest]:
    return [*pod.get("initContainers", []), *pod["containers"]]


def test_schemas_hold(folder: Path, built: dict[str, Path], tmp_path: Path) -> None:
    """Strictly: an unknown key is an error. The operator's kinds aren't Kubernetes' own."""
    texts = {text for tree in TREES for text in built[tree].read_text().split("\n---\n")}
    own = [text for text in texts if not any(f"\nkind: {kind}\n" in text for kind in CUSTOM)]
    whole = tmp_path / "all.yaml"
    whole.write_text("\n---\n".join(own))
    command = [sys.executable, "-m", "kubernetes_validate", "--strict", "-k", VERSION, "--quiet", whole]
    environment = os.environ | {"PYTHONPATH": str(folder / "packages")}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("tree", TREES)
def test_every_pod_is_closed(built: dict[str, Path], tree: str) -> None:
    found = dict(pods(manifests(built, tree)))
    assert len(found) >= 9
    for name, pod in found.items():
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys(), name
        for each in containers(pod):
            closed = {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert each["securityContext"] == closed, f"{name} {each['name']}"
            assert {"cpu", "memory"} <= each["resources"]["requests"].keys(), f"{name} {each['name']}"
            assert "memory" in each["resources"]["limits"], f"{name} {each['name']}"
            assert all("secret" not in str(entry).lower() for entry in each.get("env", [])), name


@pytest.mark.parametrize("tree", ["base", "overlays/contained", "overlays/standby"])
def test_the_cores_pod_is_guaranteed_and_has_whole_processors(built: dict[str, Path], tree: str) -> None:
    found = dict(pods(manifests(built, tree)))
    names = ["core", "standby"] if tree == "overlays/standby" else ["core"]
    for name in names:
        for each in containers(found[name]):
            resources = each["resources"]
            assert resources["requests"] == resources["limits"], each["name"]
        core = [each for each in found[name]["containers"] if each["args"][0] == "core"]
        assert all(str(each["resources"]["limits"]["cpu"]).isdigit() for each in core)
        shm = next(volume for volume in found[name]["volumes"] if volume["name"] == "shm")
        assert shm["emptyDir"]["medium"] == "Memory"
        assert all({"name": "shm", "mountPath": "/dev/shm"} in each["volumeMounts"] for each in core)


def test_contained_every_engine_has_a_container(built: dict[str, Path]) -> None:
    pod = dict(pods(manifests(built, "overlays/contained")))["core"]
    engines = {each["name"] for each in pod["containers"] if each["args"][:2] == ["core", "engine"]}
    base = {each["name"] for each in dict(pods(manifests(built)))["core"]["containers"]}
    assert len(engines) == 10
    assert {each["name"] for each in pod["containers"]} == engines | base


def test_nobody_reaches_anybody_unless_it_is_said(built: dict[str, Path]) -> None:
    policies = of_kind(manifests(built), "NetworkPolicy")
    assert policies["nobody"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    reach = [
        (peer, port["port"])
        for rule in policies["core"]["spec"]["ingress"]
        for peer in [rule["from"][0]["podSelector"]["matchLabels"]["nacre.role"]]
        for port in rule["ports"]
    ]
    assert ("service", 7701) not in reach
    assert {("engine", 7701), ("engine", 7703), ("service", 7703)} <= set(reach)
    labels = dict(of_kind(manifests(built), "StatefulSet").items())
    roles = {pod["spec"]["template"]["metadata"]["labels"]["nacre.role"] for pod in labels.values()}
    assert roles == {"core", "engine"}


def test_every_engine_has_the_image_with_what_it_needs(built: dict[str, Path]) -> None:
    made = {f"nacre/{name}:0.1.0" for name in IMAGES}
    used = {}
    for name, pod in pods(manifests(built)):
        assert {each["image"] for each in containers(pod)} <= made, name
        used[name] = pod["containers"][0]["image"]
    assert used["ml-engine"] == "nacre/ml:0.1.0"
    assert used["risk-engine"] == "nacre/core:0.1.0"


def test_budgets_and_scaling_meet_what_is_there(built: dict[str, Path]) -> None:
    found = manifests(built)
    deployments = of_kind(found, "Deployment")
    for name, scaler in of_kind(found, "HorizontalPodAutoscaler").items():
        assert scaler["spec"]["scaleTargetRef"]["name"] in deployments, name
        assert "replicas" not in deployments[name]["spec"], "two would set it"
    labels = [
        each["spec"]["template"]["metadata"]["labels"] for each in found if "template" in each.get("spec", {})
    ]
    for name, budget in of_kind(found, "PodDisruptionBudget").items():
        wanted = budget["spec"]["selector"]["matchLabels"].items()
        assert any(wanted <= each.items() for each in labels), name
    for name, service in of_kind(found, "Service").items():
        assert any(service["spec"]["selector"].items() <= each.items() for each in labels), name


def test_pods_that_are_not_closed_are_refused_by_the_namespace(built: dict[str, Path]) -> None:
    (namespace,) = of_kind(manifests(built), "Namespace").values()
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_a_standby_hears_the_stream_on_another_node(built: dict[str, Path]) -> None:
    found = manifests(built, "overlays/standby")
    sets = of_kind(found, "StatefulSet")
    assert sets["standby"]["spec"]["replicas"] == 1
    apart = sets["standby"]["spec"]["template"]["spec"]["affinity"]["podAntiAffinity"]
    (term,) = apart["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["labelSelector"]["matchLabels"] == {"app": "core"}
    told = {name: _options(sets[name], "standby") for name in ("core", "standby", "witness")}
    assert {each["secret"] for each in told.values()} == {Path("/keys/pair.secret")}
    assert "--fenced" in _args(sets["core"], "core")
    assert told["standby"]["core"] == ("--config=/etc/nacre/core.toml",)
    services = of_kind(found, "Service")
    dialled = [told["standby"]["connect"], *told["core"]["voters"], *told["standby"]["voters"]]
    for address in dialled:
        host, _, port = address.removeprefix("tcp://").rpartition(":")
        assert services[host]["spec"]["publishNotReadyAddresses"], "who isn't ready has a vote"
        app = services[host]["spec"]["selector"]["app"]
        there = _options(sets[app], "standby")
        assert f"tcp://0.0.0.0:{port}" in (there.get("listen"), there["vote"]), address
    assert {address.partition("://")[2].partition(":")[0] for address in dialled} >= {
        "core-pair",
        "standby-pair",
        "witness",
    }
    assert not services["core"]["spec"].get("publishNotReadyAddresses"), (
        "nobody is sent to a core that isn't there"
    )


def test_the_pair_and_its_witness_reach_each_other_and_share_a_secret(built: dict[str, Path]) -> None:
    found = manifests(built, "overlays/standby")
    (selector,) = {str(of_kind(found, "NetworkPolicy")["pair"]["spec"]["podSelector"])}
    assert selector == "{'matchLabels': {'nacre.pair': 'true'}}"
    sets = of_kind(found, "StatefulSet")
    for name in ("core", "standby", "witness"):
        template = sets[name]["spec"]["template"]
        assert template["metadata"]["labels"]["nacre.pair"] == "true", name
        volume = next(each for each in template["spec"]["volumes"] if each["name"] == "given-keys")
        sources = [each["secret"]["name"] for each in volume.get("projected", {}).get("sources", [])]
        assert "pair" in (*sources, volume.get("secret", {}).get("secretName")), name
        assert ("secret" in volume) != ("projected" in volume), name


def _args(one: Manifest, noun: str) -> list[str]:
    """Of the container of a Pod whose command is that noun."""
    (found,) = [
        each["args"] for each in one["spec"]["template"]["spec"]["containers"] if each["args"][0] == noun
    ]
    return list(found)


def _options(one: Manifest, noun: str) -> dict[str, Any]:
    """What the command line says, as the command itself reads it."""
    return read_command(_args(one, noun))


def read_command(words: list[str]) -> dict[str, Any]:
    """click's own reading: an option that isn't there, or is missing, is an error."""
    from core.cli import root

    command: click.Command = root
    while isinstance(command, click.Group):
        with click.Context(command) as context:
            found = command.get_command(context, words[0])
        assert found is not None, words
        command, words = found, words[1:]
    return dict(command.make_context("here", list(words)).params)


def test_the_operator_watches_what_there_is(built: dict[str, Path]) -> None:
    found = manifests(built, "overlays/monitored")
    services = of_kind(found, "Service").values()
    for name, monitor in of_kind(found, "ServiceMonitor").items():
        (endpoint,) = monitor["spec"]["endpoints"]
        ports = [
            port["name"]
            for service in services
            if service["metadata"]["labels"].get("nacre.job") == name
            for port in service["spec"]["ports"]
        ]
        assert endpoint["port"] in ports, name
    (rule,) = of_kind(found, "PrometheusRule").values()
    alerts = [each.get("alert") for group in rule["spec"]["groups"] for each in group["rules"]]
    assert {"NacreCoreDown", "NacreDiskUsed90"} <= set(alerts)


def test_the_rules_are_those_that_promtool_tests() -> None:
    assert rules.build() == rules.FILE.read_text(), "run python -m deploy.kubernetes.rules"


def test_the_cores_configuration_is_one() -> None:
    config = load(str(HERE / "base" / "core.toml"))
    assert (config.durability, config.placement) == ("group", "pinned")
    assert str(config.journal) == "/var/lib/nacre/core/journal"


def test_words_of_every_container_are_commands(built: dict[str, Path]) -> None:
    """Each command line is one that `nacre` takes, but for files that are only there."""
    asked = {
        tuple(each["args"])
        for tree in TREES
        for _, pod in pods(manifests(built, tree))
        for each in containers(pod)
        if "args" in each
    }
    assert len(asked) >= 20
    for words in asked:
        assert not wrong_word(list(words)), words


def wrong_word(words: list[str]) -> str:
    """What click says of a command line; "": nothing, or that a file isn't here."""
    try:
        read_command(words)
    except click.BadParameter as error:
        return "" if "does not exist" in error.message else error.message
    except click.UsageError as error:
        return error.message
    return ""
