-- Owner: hub. People and programs that may sign in; role `service` is for `domovoi service` elsewhere.
-- `derived_key` is PBKDF2-HMAC-SHA256 of the password over `salt`, in base64: what WAMP-CRA calls
-- the salted secret. The password itself is nowhere.
CREATE TABLE account (
    authid      TEXT    NOT NULL PRIMARY KEY,
    role        TEXT    NOT NULL CHECK (role IN ('admin', 'user', 'viewer', 'service')),
    salt        TEXT    NOT NULL,
    iterations  INTEGER NOT NULL CHECK (iterations > 0),
    keylen      INTEGER NOT NULL CHECK (keylen > 0),
    derived_key TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL
) STRICT;

-- Browsers that stay signed in; only the hash of the ticket is kept.
CREATE TABLE remember_token (
    token_hash   TEXT    NOT NULL PRIMARY KEY,
    authid       TEXT    NOT NULL REFERENCES account (authid) ON DELETE CASCADE,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL
) STRICT;

CREATE INDEX remember_token_authid ON remember_token (authid);
