-- Owned by services/device-control. What each actuator was last known to do and why, so that
-- minimum times, overrides and commands without an echo outlive a restart.
CREATE TABLE actuator (
    device         TEXT    NOT NULL,
    entity         TEXT    NOT NULL,
    is_on          INTEGER NOT NULL,
    confirmed      INTEGER NOT NULL,
    changed_at     INTEGER NOT NULL,
    cause_by       TEXT    NOT NULL,
    cause_manual   INTEGER NOT NULL,
    cause_text     TEXT    NOT NULL,
    override_until INTEGER,
    PRIMARY KEY (device, entity)
) STRICT, WITHOUT ROWID;
