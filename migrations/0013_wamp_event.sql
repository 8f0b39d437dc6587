-- Owner: hub. The last events of every topic, for `wamp.subscription.get_events`; `id` is their order.
CREATE TABLE wamp_event (
    id                 INTEGER NOT NULL PRIMARY KEY,
    topic              TEXT    NOT NULL,
    publication        INTEGER NOT NULL,
    at                 INTEGER NOT NULL, -- milliseconds since 1970
    publisher_session  INTEGER,
    publisher_authid   TEXT,
    publisher_authrole TEXT,
    recipients         TEXT,             -- JSON {list: names}: whom it was and was not for
    args               BLOB    NOT NULL, -- MessagePack
    kwargs             BLOB    NOT NULL  -- MessagePack
) STRICT;

CREATE INDEX wamp_event_topic ON wamp_event (topic, id);
