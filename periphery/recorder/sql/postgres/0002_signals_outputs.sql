-- Signals of the journal, and what engines said.

CREATE TABLE signals (
    source text NOT NULL,
    seq bigint NOT NULL,
    n integer NOT NULL,
    time_ns bigint NOT NULL,
    session text,
    name text,
    value numeric,
    symbol text,
    about_ns bigint,
    PRIMARY KEY (source, seq, n, time_ns)
) PARTITION BY RANGE (time_ns);

CREATE TABLE outputs (
    source text NOT NULL,
    seq bigint NOT NULL,
    n integer NOT NULL,
    time_ns bigint NOT NULL,
    event_seq bigint,
    topic text,
    said text,
    PRIMARY KEY (source, seq, n, time_ns)
) PARTITION BY RANGE (time_ns);
