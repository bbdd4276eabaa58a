"""The desk's commands against a core that speaks the protocol: output, exit codes, questions."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from core.cli import root, watch
from core.cli.output import banner
from tests.support_session import TOKEN, FakeCore

type Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    def invoke(*words: str, code: int = 0, **given: Any) -> Result:
        result = CliRunner().invoke(root, words, **given)
        assert result.exit_code == code, result.output
        return result

    return invoke


def told(result: Result) -> Any:
    return json.loads(result.stdout)


def test_a_market_order(core: FakeCore, run: Run) -> None:
    result = run("order", "buy", "AAPL", "100")
    assert "SIM" in result.stdout
    assert "filled" in result.stdout
    assert "buy 100 AAPL" in result.stdout
    assert result.stderr == ""
    assert core.said[0]["name"] == "desk"
    assert core.said[0]["cancel_on_disconnect"] is False


def test_a_limit_order_with_everything(core: FakeCore, run: Run) -> None:
    words = "order sell --short AAPL 100 --limit 190.02 --venue XV1 --tif ioc --account A1 --strategy alpha"
    value = told(run(*words.split(), "--post-only", "--id", "own-1", "-o", "json"))
    assert (value["live"], value["accepted"], value["cl_ord_id"]) == (False, True, "own-1")
    assert [event["exec_type"] for event in value["events"]] == ["pending_new", "new"]
    assert value["events"][1]["price"] == "190.02"
    _, request = core.requests[0]
    assert (request["side"], request["time_in_force"], request["strategy"], request["venue"]) == (2, 2, 0, 0)


def test_waiting_for_the_end(core: FakeCore, run: Run) -> None:
    value = told(run("order", "buy", "AAPL", "100", "--wait", "5", "-o", "json"))
    assert value["events"][-1]["ord_status"] == "filled"


def test_a_denied_order(core: FakeCore, run: Run) -> None:
    result = run("order", "buy", "AAPL", "2000", code=1)
    assert "denied: max_order_qty" in result.stderr
    value = told(run("order", "buy", "AAPL", "2000", "-o", "json", code=1))
    assert (value["accepted"], value["events"][0]["reason"]) == (False, "max_order_qty")


def test_no_answer(core: FakeCore, run: Run) -> None:
    core.paused = True
    result = run("order", "buy", "AAPL", "1", "--wait", "0.05", "--id", "own-1", code=1)
    assert "No answer in time; what became of it: nacre order show own-1" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("order", "buy", "APPL", "1"), 'did you mean "AAPL"'),
        (("order", "buy", "AAPL", "1.5"), "AAPL takes none"),
        (("order", "buy", "AAPL", "1", "--account", "OTHER"), "no right to it"),
        (("order", "replace", "x"), "nothing to change"),
        (("order", "replace", "x", "--qty", "1"), "isn't known to the core"),
        (("kill", "account", "--by", "ann"), "which account"),
        (("kill", "all", "A1", "--by", "ann"), "scope all has no key"),
    ],
)
def test_bad_input_is_exit_2(core: FakeCore, run: Run, words: tuple[str, ...], said: str) -> None:
    result = run(*words, code=2)
    assert said in result.stderr
    assert result.stdout == ""


def test_no_core_is_exit_3(run: Run, tmp_path: Path) -> None:
    result = run("order", "list", "--socket", str(tmp_path / "none.sock"), code=3)
    assert "start one with `nacre core run`" in result.stderr


def test_the_token_file(core: FakeCore, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NACRE_TOKEN")
    assert "A token goes into" in run("order", "list", code=3).stderr
    file = tmp_path / "secret"
    assert "No such file" in run("order", "list", "--token-file", str(file), code=2).stderr
    file.write_text(TOKEN)
    run("order", "list", "--token-file", str(file))


def test_replace_and_cancel(core: FakeCore, run: Run) -> None:
    run("order", "buy", "AAPL", "100", "--limit", "190", "--id", "own-1")
    value = told(run("order", "replace", "own-1", "--qty", "200", "-o", "json"))
    assert (value["accepted"], value["order"]["order_qty"]) == (True, "200")
    assert told(run("order", "show", "own-1", "-o", "json"))["order"]["cl_ord_id"] == value["cl_ord_id"]
    sent = value["cl_ord_id"]
    assert "canceled" in run("order", "cancel", sent).stdout
    result = run("order", "cancel", sent, "-o", "json", code=1)
    assert (told(result)["denied"], result.stderr) == ("unknown_order", "denied: unknown_order\n")


def test_a_cancel_without_an_answer(core: FakeCore, run: Run) -> None:
    run("order", "buy", "AAPL", "100", "--limit", "190", "--id", "own-1")
    core.paused = True
    assert "No answer in time" in run("order", "cancel", "own-1", "--wait", "0.05", code=1).stderr


def test_list_and_show(core: FakeCore, run: Run) -> None:
    run("order", "buy", "AAPL", "1000", "--limit", "190", "--id", "own-1")
    run("order", "buy", "AAPL", "7", "--id", "own-2")
    assert [row["cl_ord_id"] for row in told(run("order", "list", "-o", "json"))["orders"]] == ["own-1"]
    table = run("order", "list", "--all").stdout
    assert "2 orders" in table
    assert "own-2" in table
    assert "1,000" in table
    shown = run("order", "show", "own-1").stdout
    assert "own-1.1" in shown
    assert "own-1: buy 1000 AAPL, new" in shown
    assert "1 child order" in shown
    assert told(run("order", "show", "own-2", "-o", "json"))["order"]["ord_status"] == "filled"
    assert "no order own-3" in run("order", "show", "own-3", code=1).stderr


def test_positions_and_limits(core: FakeCore, run: Run) -> None:
    assert "-100" in run("position", "list").stdout
    assert told(run("position", "list", "-o", "json"))["accounts"][0]["equity"] == "1000"
    assert "max_order_qty" in run("risk", "limits").stdout
    assert told(run("risk", "limits", "-o", "json"))["limits"][0]["value"] == "1000"


def test_setting_a_limit(core: FakeCore, run: Run) -> None:
    words = ("risk", "set", "max_position", "5", "--account", "A1", "--by", "ann")
    assert "max_position of account A1 is 5" in run(*words).stderr
    limit = {"check": "max_position", "value": "5", "account": "A1", "by": "ann"}
    assert core.said[-1]["limit"] == limit
    assert told(run(*words, "-o", "json"))["limit"] == limit
    assert "unknown check nonsense" in run("risk", "set", "nonsense", "5", code=1).stderr


def test_kill_asks_with_scope_and_count(core: FakeCore, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("order", "buy", "AAPL", "100", "--limit", "190")
    words = ("kill", "account", "A1", "--by", "ann")
    assert "No terminal to ask on: say --yes" in run(*words, code=2).stderr
    asked: list[str] = []
    monkeypatch.setattr("periphery.cli.kill.confirm", lambda question, yes: asked.append(question))
    assert "killed account A1, 1 order cancelled (epochs 5)" in run(*words).stdout
    assert asked == ["SIM: kill account A1 and cancel 1 working order?"]
    assert told(run(*words, "--yes", "-o", "json"))["epochs"] == [5]
    assert core.said[-1]["by"] == "ann"


def test_kill_counts_by_scope(core: FakeCore) -> None:
    from periphery.cli.kill import in_scope

    row = {"account": "A1", "symbol": "AAPL", "session": "desk", "children": [{"venue": "XV1"}]}
    scopes = [("all", ""), ("account", "A1"), ("symbol", "AAPL"), ("session", "desk"), ("venue", "XV1")]
    assert all(in_scope(row, *scope) for scope in scopes)
    assert not any(
        in_scope(row, *scope) for scope in (("account", "A2"), ("strategy", "x"), ("venue", "XV2"))
    )


def test_kill_without_the_core_is_put_on_the_page(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[object, ...]] = []

    def kill_directly(*given: object) -> int:
        done.append(given)
        return 9

    monkeypatch.setattr("periphery.cli.kill.load", lambda module, name: kill_directly)
    words = ("kill", "all", "--by", "ann", "--socket", str(tmp_path / "core.sock"))
    assert "say --yes" in run(*words, code=2).stderr
    result = run(*words, "--yes")
    assert "killed ALL trading on the kill page (epoch 9)" in result.stderr
    assert told(run(*words, "--yes", "-o", "json"))["epochs"] == [9]
    assert done[0] == (tmp_path / "core.sock", "all", None, "ann")


def test_rearm(core: FakeCore, run: Run) -> None:
    assert "--yes" in run("rearm", "all", "--by", "ann", code=2).stderr
    assert "re-armed ALL trading (epochs 5)" in run("rearm", "all", "--by", "ann", "--yes").stdout
    core.killed = []
    assert "ALL trading was not killed" in run("rearm", "all", "--by", "ann", "--yes").stdout


def test_a_live_core_says_so(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NACRE_TOKEN", TOKEN)
    with FakeCore(tmp_path, live=True) as core:
        assert "LIVE" in run("order", "list", "--socket", str(core.address)).stdout
    assert "on red" in banner(True)
    assert "on blue" in banner(False)


def test_watch_prints_what_changes(core: FakeCore, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter(range(3))

    def sleep(_seconds: float) -> None:
        if next(looks) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(watch.time, "sleep", sleep)
    result = run("position", "list", "--watch", "-o", "json")
    assert len(result.stdout.splitlines()) == 1
    assert json.loads(result.stdout)["live"] is False


def test_a_command_imports_nothing_heavy(core: FakeCore) -> None:
    code = (
        "import sys; from core.cli import root\n"
        "root(['order', 'list', '-o', 'json'], standalone_mode=False)\n"
        "heavy = {'numpy', 'asyncio', 'rich', 'zmq'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_help_lists_every_noun(run: Run) -> None:
    listed = run("--help").stdout
    for noun in ("completion", "demo", "doctor", "journal", "kill", "order", "position", "rearm", "risk"):
        assert f"\n  {noun} " in listed
        run(noun, "--help")
