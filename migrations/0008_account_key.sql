-- Owner: hub. Public keys (Ed25519, lower-case hexadecimal) whose private halves sign accounts in by
-- cryptosign. A key belongs to one account, so it alone says who somebody is.
CREATE TABLE account_key (
    public_key TEXT    NOT NULL PRIMARY KEY CHECK (length(public_key) = 64),
    authid     TEXT    NOT NULL REFERENCES account (authid) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX account_key_authid ON account_key (authid);
