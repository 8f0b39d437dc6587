-- Owned by services/thresholds. One row for each quantity of each area; durations are seconds,
-- absent ones take the defaults of house::Threshold.
CREATE TABLE threshold (
    area        TEXT    NOT NULL,
    quantity    TEXT    NOT NULL,
    low         REAL,
    high        REAL,
    hysteresis  REAL,
    mode        TEXT    NOT NULL,
    min_on      REAL,
    min_off     REAL,
    stale_after REAL,
    rise        REAL,
    post_run    REAL,
    max_run     REAL,
    notify      INTEGER NOT NULL,
    set_by      TEXT,
    set_at      INTEGER,
    PRIMARY KEY (area, quantity)
) STRICT, WITHOUT ROWID;
