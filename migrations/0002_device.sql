-- Owner: services/discovery. Every device that was ever found and not forgotten.
-- Availability is not kept: after a start a device is unknown until it is heard of.
CREATE TABLE device (
    id             TEXT    NOT NULL PRIMARY KEY,
    bridge         TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    manufacturer   TEXT,
    model          TEXT,
    entities       TEXT    NOT NULL, -- JSON list of house::Entity
    kinds          TEXT    NOT NULL, -- JSON {entity: actuator kind}: what a person says it is
    area           TEXT,
    suggested_area TEXT,
    lifecycle      TEXT    NOT NULL CHECK (lifecycle IN ('discovered', 'adopted', 'ignored', 'removed')),
    signal         REAL,
    first_seen     INTEGER,
    last_seen      INTEGER,
    needs_key      INTEGER NOT NULL CHECK (needs_key IN (0, 1))
) STRICT;
