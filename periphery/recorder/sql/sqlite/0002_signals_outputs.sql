-- Signals of the journal, and what engines said.

CREATE TABLE signals (
    source TEXT NOT NULL,
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    session TEXT,
    name TEXT,
    value TEXT,
    symbol TEXT,
    about_ns INTEGER,
    PRIMARY KEY (source, seq, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE outputs (
    source TEXT NOT NULL,
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    event_seq INTEGER,
    topic TEXT,
    said TEXT,
    PRIMARY KEY (source, seq, n)
) STRICT, WITHOUT ROWID;
