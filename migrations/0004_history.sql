-- Owner: services/logger.

-- One quantity of one sensor. The newest value is kept here as of the last closed 5-minute bucket;
-- newer ones are found in `reading`.
CREATE TABLE series (
    id         INTEGER NOT NULL PRIMARY KEY,
    sensor     TEXT    NOT NULL,
    quantity   TEXT    NOT NULL,
    area       TEXT,
    last_at    INTEGER,
    last_value REAL,
    UNIQUE (sensor, quantity)
) STRICT;

-- Raw readings. `id` is the time in milliseconds × 2^20 plus a counter, so the table is its own
-- time index: rows are appended at its end, a time range is an id range, old rows go in one range
-- delete, and no other index is written.
CREATE TABLE reading (
    id     INTEGER NOT NULL PRIMARY KEY,
    series INTEGER NOT NULL,
    value  REAL    NOT NULL
) STRICT;

-- Closed 5-minute buckets, keyed by time first: written side by side. `bucket` is its start in ms.
CREATE TABLE reading_5min (
    bucket INTEGER NOT NULL,
    series INTEGER NOT NULL,
    min    REAL    NOT NULL,
    max    REAL    NOT NULL,
    mean   REAL    NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (bucket, series)
) STRICT, WITHOUT ROWID;

-- Closed hours, keyed by series first: what a graph of years reads side by side.
CREATE TABLE reading_1h (
    series INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    min    REAL    NOT NULL,
    max    REAL    NOT NULL,
    mean   REAL    NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (series, bucket)
) STRICT, WITHOUT ROWID;

-- How far aggregation has come; written in the same transaction as the aggregates.
-- `batch` counts those transactions, so that a reader can tell whether an answer from memory is
-- already in what it read from disk.
CREATE TABLE aggregation (
    id                INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    batch             INTEGER NOT NULL,
    closed_until      INTEGER NOT NULL,
    hour_closed_until INTEGER NOT NULL
) STRICT;
INSERT INTO aggregation (id, batch, closed_until, hour_closed_until) VALUES (1, 0, 0, 0);

-- The logbook. `id` as in `reading`; `detail` is the JSON payload that the entry was made from.
CREATE TABLE event (
    id     INTEGER NOT NULL PRIMARY KEY,
    kind   TEXT    NOT NULL,
    area   TEXT,
    device TEXT,
    text   TEXT    NOT NULL,
    detail TEXT    NOT NULL
) STRICT;
