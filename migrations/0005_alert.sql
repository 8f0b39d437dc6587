-- Owner: services/notifier. Alerts as they were raised; at most one of an id is active.
CREATE TABLE alert (
    number          INTEGER NOT NULL PRIMARY KEY,
    id              TEXT    NOT NULL,
    body            TEXT    NOT NULL, -- JSON of house::Alert
    at              INTEGER NOT NULL,
    cleared_at      INTEGER,
    acknowledged_by TEXT,
    told_at         INTEGER           -- when phones were last told
) STRICT;

CREATE UNIQUE INDEX alert_active ON alert (id) WHERE cleared_at IS NULL;
CREATE INDEX alert_id ON alert (id);
