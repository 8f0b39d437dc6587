-- Owned by devices/mqtt.

-- What MQTT devices have announced on discovery topics: after a restart adopted devices go on
-- working though they do not announce themselves again. `device` is the id their announcement
-- was given, so that it stays the same.
CREATE TABLE mqtt_announcement (
    topic        TEXT    NOT NULL PRIMARY KEY,
    payload      BLOB    NOT NULL,
    device       TEXT    NOT NULL,
    announced_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Retained messages of the embedded MQTT server.
CREATE TABLE mqtt_retained (
    topic        TEXT    NOT NULL PRIMARY KEY,
    payload      BLOB    NOT NULL,
    qos          INTEGER NOT NULL,
    published_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
