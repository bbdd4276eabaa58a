-- Rows are only added; (source, seq, n) is the order in which things happened. A table has a partition a UTC day,
-- made when the day's first row comes, so that days are dropped whole.

CREATE TABLE progress (source text PRIMARY KEY, seq bigint NOT NULL, digest bytea NOT NULL);

CREATE TABLE order_events (
    source text NOT NULL,
    seq bigint NOT NULL,
    n integer NOT NULL,
    time_ns bigint NOT NULL,
    order_index bigint,
    account text,
    strategy text,
    symbol text,
    side text,
    cl_ord_id text,
    orig_cl_ord_id text,
    exec_type text,
    ord_status text,
    order_qty numeric,
    cum_qty numeric,
    leaves_qty numeric,
    avg_px numeric,
    price numeric,
    reason text,
    PRIMARY KEY (source, seq, n, time_ns)
) PARTITION BY RANGE (time_ns);

CREATE TABLE child_events (
    source text NOT NULL,
    seq bigint NOT NULL,
    n integer NOT NULL,
    time_ns bigint NOT NULL,
    order_index bigint,
    venue text,
    child_id text,
    exec_type text,
    ord_status text,
    order_qty numeric,
    cum_qty numeric,
    leaves_qty numeric,
    PRIMARY KEY (source, seq, n, time_ns)
) PARTITION BY RANGE (time_ns);

CREATE TABLE fills (
    source text NOT NULL,
    seq bigint NOT NULL,
    n integer NOT NULL,
    time_ns bigint NOT NULL,
    order_index bigint,
    account text,
    strategy text,
    symbol text,
    venue text,
    exec_id text,
    exec_ref_id text,
    exec_type text,
    qty numeric,
    px numeric,
    fee numeric,
    currency text,
    liquidity text,
    PRIMARY KEY (source, seq, n, time_ns)
) PARTITION BY RANGE (time_ns);

CREATE TABLE position_events (
    source text NOT NULL,
    seq bigint NOT NULL,
    n integer NOT NULL,
    time_ns bigint NOT NULL,
    account text,
    symbol text,
    currency text,
    qty numeric,
    avg_cost numeric,
    realized_pnl numeric,
    unrealized_pnl numeric,
    fees numeric,
    PRIMARY KEY (source, seq, n, time_ns)
) PARTITION BY RANGE (time_ns);

CREATE TABLE denials (
    source text NOT NULL,
    seq bigint NOT NULL,
    n integer NOT NULL,
    time_ns bigint NOT NULL,
    request text,
    cl_ord_id text,
    orig_cl_ord_id text,
    reason text,
    limit_value text,
    value text,
    scope text,
    words text,
    PRIMARY KEY (source, seq, n, time_ns)
) PARTITION BY RANGE (time_ns);

CREATE TABLE risk_events (
    source text NOT NULL,
    seq bigint NOT NULL,
    n integer NOT NULL,
    time_ns bigint NOT NULL,
    kind text,
    level text,
    state text,
    reason text,
    check_name text,
    scope text,
    limit_value text,
    value text,
    by_person text,
    PRIMARY KEY (source, seq, n, time_ns)
) PARTITION BY RANGE (time_ns);

CREATE TABLE venue_events (
    source text NOT NULL,
    seq bigint NOT NULL,
    n integer NOT NULL,
    time_ns bigint NOT NULL,
    kind text,
    venue text,
    child_id text,
    exec_id text,
    exec_type text,
    PRIMARY KEY (source, seq, n, time_ns)
) PARTITION BY RANGE (time_ns);

CREATE TABLE audit (
    source text NOT NULL,
    seq bigint NOT NULL,
    n integer NOT NULL,
    time_ns bigint NOT NULL,
    kind text,
    by_person text,
    session text,
    request text,
    PRIMARY KEY (source, seq, n, time_ns)
) PARTITION BY RANGE (time_ns);

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
