"""QuickFIX's side, on its own: `python quickfix_side.py client|broker FOLDER PORT DICTIONARY`.

One JSON object a line. In: {"do": "send", "fields": [[tag, value], ...]}, {"do": "fill", "id", "px"}
(a broker's), {"do": "numbers"}; the end of the input ends it in order. Out: {"event": "logon" | "logout"},
{"event": "message" | "admin", "fields": [[tag, value], ...]}, {"event": "numbers", "out": ..., "in_": ...}.
"""

import json
import sys
import threading
from pathlib import Path

import quickfix as fix

SETTINGS = """[DEFAULT]
ConnectionType={kind}
ReconnectInterval=1
HeartBtInt=30
StartTime=00:00:00
EndTime=00:00:00
FileStorePath={folder}/store
UseDataDictionary=Y
DataDictionary={dictionary}
SocketConnectHost=127.0.0.1
SocketConnectPort={port}
SocketAcceptPort={port}
SocketReuseAddress=Y
[SESSION]
BeginString=FIX.4.4
SenderCompID={sender}
TargetCompID={target}
"""
SOH = "\x01"


class Side(fix.Application):
    """Tells what comes; a broker answers too."""

    def __init__(self, broker):
        super().__init__()
        self.broker = broker
        self.lock = threading.Lock()
        self.orders = {}
        self.count = 0
        self.session_id = None

    def tell(self, **event):
        with self.lock:
            print(json.dumps(event), flush=True)

    def onCreate(self, session_id):
        self.session_id = session_id

    def onLogon(self, session_id):
        self.tell(event="logon")

    def onLogout(self, session_id):
        self.tell(event="logout")

    def toAdmin(self, message, session_id):
        pass

    def fromAdmin(self, message, session_id):
        self.tell(event="admin", fields=_fields(message))

    def toApp(self, message, session_id):
        pass

    def fromApp(self, message, session_id):
        fields = _fields(message)
        self.tell(event="message", fields=fields)
        if self.broker:
            self.answer(dict(fields))

    # ---- a broker ----

    def answer(self, asked):
        kind, name, orig = asked["35"], asked.get("11"), asked.get("41")
        if kind == "D":
            again = name in self.orders
            self.orders[name] = {"qty": asked["38"], "status": "8" if again else "0"}
            self.report(name, "8" if again else "0")
        elif kind in ("F", "G") and self.orders.get(orig, {}).get("status") == "0":
            status = "4" if kind == "F" else "0"
            self.orders[name] = {"qty": asked.get("38", "0"), "status": status}
            self.orders[orig]["status"] = status
            self.report(name, "4" if kind == "F" else "5", ("41", orig), ("44", asked.get("44", "0")))
        elif kind in ("F", "G"):
            to = "1" if kind == "F" else "2"
            self.send(
                ("35", "9"), ("37", "S"), ("11", name), ("41", orig), ("39", "8"), ("434", to), ("102", "1")
            )
        elif kind == "H":
            self.report(name, "I")

    def report(self, name, exec_type, *more):
        self.count += 1
        order = self.orders.get(name, {"qty": "0", "status": "8"})
        self.send(
            ("35", "8"), ("37", f"S-{name}"), ("11", name), ("17", f"Q{self.count}"), ("150", exec_type),
            ("39", order["status"]), ("55", "EURUSD"), ("54", "1"), ("38", order["qty"]),
            ("151", order["qty"]), ("14", "0"), ("6", "0"), *more,
        )  # fmt: skip

    def fill(self, name, px):
        self.orders[name]["status"] = "2"
        self.report(name, "F", ("32", self.orders[name]["qty"]), ("31", px))

    def send(self, *fields):
        message = fix.Message()
        for tag, value in fields:
            part = message.getHeader() if tag == "35" else message
            part.setField(int(tag), str(value))
        fix.Session.sendToTarget(message, self.session_id)


def _fields(message):
    pairs = (field.partition("=") for field in message.toString().strip(SOH).split(SOH))
    return [(tag, value) for tag, _, value in pairs]


def main(kind, folder, port, dictionary):
    names = {"client": ("OMS", "NACRE", "initiator"), "broker": ("STREET", "DESK", "acceptor")}[kind]
    path = Path(folder) / "quickfix.cfg"
    path.write_text(
        SETTINGS.format(
            kind=names[2], folder=folder, dictionary=dictionary, port=port, sender=names[0], target=names[1]
        )
    )
    side = Side(kind == "broker")
    settings = fix.SessionSettings(str(path))
    made = fix.SocketInitiator if kind == "client" else fix.SocketAcceptor
    engine = made(side, fix.FileStoreFactory(settings), settings)
    engine.start()
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["do"] == "send":
            side.send(*asked["fields"])
        elif asked["do"] == "fill":
            side.fill(asked["id"], asked["px"])
        elif asked["do"] == "numbers":
            session = fix.Session.lookupSession(side.session_id)
            side.tell(event="numbers", out=session.getExpectedSenderNum(), in_=session.getExpectedTargetNum())
    engine.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
