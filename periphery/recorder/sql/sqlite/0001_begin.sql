-- Rows are only added; (source, seq, n) is the order in which things happened.

CREATE TABLE progress (source TEXT PRIMARY KEY, seq INTEGER NOT NULL, digest BLOB NOT NULL) STRICT;

CREATE TABLE order_events (
    source TEXT NOT NULL,
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    order_index INTEGER,
    account TEXT,
    strategy TEXT,
    symbol TEXT,
    side TEXT,
    cl_ord_id TEXT,
    orig_cl_ord_id TEXT,
    exec_type TEXT,
    ord_status TEXT,
    order_qty TEXT,
    cum_qty TEXT,
    leaves_qty TEXT,
    avg_px TEXT,
    price TEXT,
    reason TEXT,
    PRIMARY KEY (source, seq, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE child_events (
    source TEXT NOT NULL,
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    order_index INTEGER,
    venue TEXT,
    child_id TEXT,
    exec_type TEXT,
    ord_status TEXT,
    order_qty TEXT,
    cum_qty TEXT,
    leaves_qty TEXT,
    PRIMARY KEY (source, seq, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE fills (
    source TEXT NOT NULL,
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    order_index INTEGER,
    account TEXT,
    strategy TEXT,
    symbol TEXT,
    venue TEXT,
    exec_id TEXT,
    exec_ref_id TEXT,
    exec_type TEXT,
    qty TEXT,
    px TEXT,
    fee TEXT,
    currency TEXT,
    liquidity TEXT,
    PRIMARY KEY (source, seq, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE position_events (
    source TEXT NOT NULL,
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    account TEXT,
    symbol TEXT,
    currency TEXT,
    qty TEXT,
    avg_cost TEXT,
    realized_pnl TEXT,
    unrealized_pnl TEXT,
    fees TEXT,
    PRIMARY KEY (source, seq, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE denials (
    source TEXT NOT NULL,
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    request TEXT,
    cl_ord_id TEXT,
    orig_cl_ord_id TEXT,
    reason TEXT,
    limit_value TEXT,
    value TEXT,
    scope TEXT,
    words TEXT,
    PRIMARY KEY (source, seq, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE risk_events (
    source TEXT NOT NULL,
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    kind TEXT,
    level TEXT,
    state TEXT,
    reason TEXT,
    check_name TEXT,
    scope TEXT,
    limit_value TEXT,
    value TEXT,
    by_person TEXT,
    PRIMARY KEY (source, seq, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE venue_events (
    source TEXT NOT NULL,
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    kind TEXT,
    venue TEXT,
    child_id TEXT,
    exec_id TEXT,
    exec_type TEXT,
    PRIMARY KEY (source, seq, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    source TEXT NOT NULL,
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    kind TEXT,
    by_person TEXT,
    session TEXT,
    request TEXT,
    PRIMARY KEY (source, seq, n)
) STRICT, WITHOUT ROWID;

CREATE INDEX order_events_order ON order_events (source, order_index, seq, n);
CREATE INDEX position_events_place ON position_events (source, account, symbol, seq, n);
CREATE INDEX fills_reference ON fills (source, venue, exec_ref_id) WHERE exec_ref_id IS NOT NULL;

CREATE VIEW orders AS
SELECT source, seq, n, time_ns, order_index, account, strategy, symbol, side, cl_ord_id, orig_cl_ord_id,
       exec_type, ord_status, order_qty, cum_qty, leaves_qty, avg_px, price, reason
FROM (SELECT *, row_number() OVER (PARTITION BY source, order_index ORDER BY seq DESC, n DESC) AS back
      FROM order_events) AS e
WHERE back = 1;

CREATE VIEW positions AS
SELECT source, seq, n, time_ns, account, symbol, currency, qty, avg_cost, realized_pnl, unrealized_pnl, fees
FROM (SELECT *, row_number() OVER (PARTITION BY source, account, symbol ORDER BY seq DESC, n DESC) AS back
      FROM position_events) AS e
WHERE back = 1;

CREATE VIEW executions AS
SELECT source, seq, n, time_ns, order_index, account, strategy, symbol, venue, exec_id, exec_ref_id, exec_type, qty,
       px, fee, currency, liquidity
FROM fills AS f
WHERE exec_type <> 'trade_cancel'
  AND NOT EXISTS (SELECT 1 FROM fills AS g
                  WHERE g.source = f.source AND g.venue = f.venue AND g.exec_ref_id = f.exec_id);
