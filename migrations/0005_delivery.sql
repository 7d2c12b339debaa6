-- Telling people: what is kept quiet on purpose, and the way of each message out. docs/alerting.md and docs/delivery.md.

-- Whose the instance is; empty: nobody's in particular.
ALTER TABLE notifications ADD COLUMN owner TEXT NOT NULL DEFAULT '';
-- What people had been told of it before.
ALTER TABLE notifications ADD COLUMN previous_level TEXT NOT NULL DEFAULT 'OK';
-- Why it goes to nobody: `silence 3: new disks`. NULL: nothing keeps it quiet.
ALTER TABLE notifications ADD COLUMN suppressed TEXT;

-- What operators keep quiet for a while. One that ended stays as a record.
CREATE TABLE silences (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,         -- never used twice: notifications name it
    matchers   TEXT NOT NULL,                             -- check=disk subject=~"/mnt/.*"
    starts_ms  INTEGER NOT NULL,
    ends_ms    INTEGER NOT NULL CHECK (ends_ms >= starts_ms),
    author     TEXT NOT NULL,
    comment    TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;

-- Alerts that somebody looks after.
CREATE TABLE acknowledgements (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    instance   TEXT NOT NULL,
    subject    TEXT NOT NULL,
    level      TEXT NOT NULL CHECK (level IN ('ok', 'warning', 'critical', 'unknown')), -- at which it was acknowledged
    sticky     INTEGER NOT NULL CHECK (sticky IN (0, 1)), -- whether it holds when the alert gets worse
    until_ms   INTEGER,                                   -- NULL: until the alert is over
    author     TEXT NOT NULL,
    comment    TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    ended_ms   INTEGER                                    -- NULL while it holds
) STRICT;
CREATE UNIQUE INDEX acknowledgements_that_hold ON acknowledgements (instance, subject) WHERE ended_ms IS NULL;

-- The outbox: one row for each message to one route, written with the notifications that it tells of.
CREATE TABLE deliveries (
    id          INTEGER PRIMARY KEY,
    run_id      INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    route       TEXT NOT NULL,                            -- its name in checkpost.toml
    key         TEXT NOT NULL UNIQUE,                     -- goes with the message; the same one twice is one message
    state       TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'expired')),
    reason      TEXT,                                     -- why it waits, or the last error
    attempts    INTEGER NOT NULL DEFAULT 0,               -- counted before each one
    created_ms  INTEGER NOT NULL,
    due_ms      INTEGER NOT NULL,                         -- not tried before
    expires_ms  INTEGER NOT NULL,                         -- given up then
    finished_ms INTEGER                                   -- when it was delivered or given up
) STRICT;
CREATE INDEX deliveries_pending ON deliveries (route, due_ms) WHERE state = 'pending';
CREATE INDEX deliveries_by_route ON deliveries (route, due_ms); -- how many there were of late
CREATE INDEX deliveries_by_run ON deliveries (run_id);    -- deleting a run

-- What a message tells of.
CREATE TABLE delivery_notifications (
    delivery_id     INTEGER NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    notification_id INTEGER NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
    PRIMARY KEY (delivery_id, notification_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_notifications_by_notification ON delivery_notifications (notification_id);

-- How each route fares. One that has no row never failed and never delivered.
CREATE TABLE routes (
    name              TEXT PRIMARY KEY,
    failures          INTEGER NOT NULL DEFAULT 0,         -- in a row
    failing_since_ms  INTEGER,
    retry_ms          INTEGER,                            -- nothing is tried before
    last_error        TEXT,                               -- of the last attempt that failed
    last_delivered_ms INTEGER
) STRICT;
