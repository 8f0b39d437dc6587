-- Owner: services/discovery. What a device needs so that two bridges that see it are known to see
-- one, so that another can take its place, and so that silence is told from its rhythm.
ALTER TABLE device ADD COLUMN addresses TEXT NOT NULL DEFAULT '[]'; -- JSON list
ALTER TABLE device ADD COLUMN views TEXT NOT NULL DEFAULT '{}'; -- JSON {id: house::Device}: what each bridge says
ALTER TABLE device ADD COLUMN rhythm TEXT NOT NULL DEFAULT 'null'; -- JSON of house::Rhythm
ALTER TABLE device ADD COLUMN sleepy INTEGER NOT NULL DEFAULT 0 CHECK (sleepy IN (0, 1));
ALTER TABLE device ADD COLUMN battery_low INTEGER NOT NULL DEFAULT 0 CHECK (battery_low IN (0, 1));
