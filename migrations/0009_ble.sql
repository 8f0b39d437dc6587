-- Owned by devices/ble.

-- Keys of Bluetooth devices that encrypt what they say, as people entered them.
CREATE TABLE ble_key (
    device TEXT    NOT NULL PRIMARY KEY,
    key    BLOB    NOT NULL CHECK (length(key) = 16),
    set_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
