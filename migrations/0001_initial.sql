-- The first schema. docs/database.md explains the tables and shows queries.
-- A published migration is never edited: a change is a new numbered file.
--
-- `*_ms` is milliseconds since 1970-01-01T00:00:00Z, or a number of milliseconds in a `duration_ms`.
-- `timestamp` and `sent_at` are UTC as `YYYY-MM-DD HH:MM:SS.mmm`.

-- One row for each distinct set of facts about a measured host; a new boot is a new set.
CREATE TABLE hosts (
    id      INTEGER PRIMARY KEY,
    boot_id TEXT NOT NULL,                                -- counters of two boots must never be compared
    facts   TEXT NOT NULL CHECK (json_valid(facts)),      -- JSON object: name, os_type, os_description, platform, arch, boot_id
    UNIQUE (boot_id, facts)
) STRICT;

-- One row for each cycle. Everything that a cycle stored hangs on it and goes with it.
CREATE TABLE runs (
    id            INTEGER PRIMARY KEY,                    -- rises with every cycle
    started_at_ms INTEGER NOT NULL,
    duration_ms   INTEGER NOT NULL CHECK (duration_ms >= 0), -- from the start of the cycle until it was stored
    host_id       INTEGER NOT NULL REFERENCES hosts (id),
    version       TEXT NOT NULL                           -- of the checkpost that ran it: 0.1.0
) STRICT;
CREATE INDEX runs_by_host ON runs (host_id);              -- the latest cycle of this boot

-- What a reading is of: a metric with its labels.
CREATE TABLE series (
    id     INTEGER PRIMARY KEY,
    name   TEXT NOT NULL,                                 -- OpenTelemetry metric name; it implies the unit of the values
    labels TEXT NOT NULL CHECK (json_valid(labels)),      -- JSON object of strings, sorted by key, without spaces
    UNIQUE (name, labels)
) STRICT;

-- The readings, clustered by cycle: a snapshot is read and written in one sweep.
CREATE TABLE samples (
    run_id    INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    series_id INTEGER NOT NULL REFERENCES series (id),
    value     REAL NOT NULL CHECK (abs(value) <= 1.7976931348623157e308), -- base unit of the metric, finite
    PRIMARY KEY (run_id, series_id)
) STRICT, WITHOUT ROWID;

-- Readings that could not be taken in a cycle.
CREATE TABLE diagnostics (
    run_id   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,                            -- 0, 1, 2… in the order of the cycle
    source   TEXT NOT NULL,                               -- the collector
    message  TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
) STRICT, WITHOUT ROWID;

-- The headline figures of each cycle. A public table: names and meanings of these columns stay. NULL is "not measured".
CREATE TABLE system_metrics (
    run_id                 INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    timestamp              TEXT NOT NULL,                 -- when the cycle began, UTC
    hostname               TEXT NOT NULL,
    platform               TEXT NOT NULL,
    cpu_percent            REAL,                          -- busy share of all CPUs, 0..100
    cpu_count              INTEGER,                       -- logical CPUs
    memory_percent         REAL,                          -- used share of memory, 0..100
    memory_used_bytes      INTEGER,                       -- total minus available
    memory_total_bytes     INTEGER,
    disk_percent           REAL,                          -- used share of the root filesystem, 0..100
    disk_used_bytes        INTEGER,
    disk_total_bytes       INTEGER,
    network_sent_bytes     INTEGER,                       -- since boot, all interfaces
    network_received_bytes INTEGER                        -- since boot, all interfaces
) STRICT;
CREATE INDEX system_metrics_by_time ON system_metrics (timestamp);

-- What was worth telling. A public table: names and meanings of these columns stay.
CREATE TABLE notifications (
    id         INTEGER PRIMARY KEY,
    run_id     INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    channel    TEXT NOT NULL,                             -- which team it is for: system_monitoring
    level      TEXT NOT NULL CHECK (level IN ('OK', 'WARNING', 'CRITICAL', 'UNKNOWN')),
    title      TEXT NOT NULL,
    message    TEXT NOT NULL,
    sent_at    TEXT NOT NULL,                             -- when its cycle began, UTC
    hostname   TEXT NOT NULL,
    check_name TEXT NOT NULL,                             -- the instance: evaluations.instance
    subject    TEXT NOT NULL                              -- verdicts.subject; empty for the host, or when a check could not judge
) STRICT;
CREATE INDEX notifications_by_time ON notifications (sent_at);
CREATE INDEX notifications_by_channel ON notifications (channel, sent_at);
CREATE INDEX notifications_by_run ON notifications (run_id); -- deleting a run

-- Every module that ever judged here.
CREATE TABLE modules (
    id            INTEGER PRIMARY KEY,
    digest        TEXT NOT NULL UNIQUE,                   -- SHA-256 of the file, hexadecimal
    name          TEXT NOT NULL,                          -- what it calls itself
    version       TEXT NOT NULL,
    size_bytes    INTEGER NOT NULL CHECK (size_bytes >= 0),
    first_seen_ms INTEGER NOT NULL                        -- when the first cycle that used it began
) STRICT;

-- Every set of settings that a check was ever run with.
CREATE TABLE settings (
    id     INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,                          -- SHA-256 of body, hexadecimal
    body   TEXT NOT NULL CHECK (json_valid(body))         -- JSON object, sorted by key, without spaces
) STRICT;

-- One instance of a check, judged once.
CREATE TABLE evaluations (
    id          INTEGER PRIMARY KEY,
    run_id      INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    instance    TEXT NOT NULL,
    channel     TEXT NOT NULL,
    module_id   INTEGER REFERENCES modules (id),          -- NULL when the module could not be loaded
    settings_id INTEGER NOT NULL REFERENCES settings (id),
    status      TEXT NOT NULL CHECK (status IN ('ok', 'warning', 'critical', 'unknown')), -- the worst of its verdicts
    reason      TEXT,                                     -- why it could not judge: out_of_fuel; NULL when it did
    detail      TEXT,                                     -- the particulars of the reason
    fuel        INTEGER NOT NULL CHECK (fuel >= 0),       -- about one a WebAssembly instruction
    duration_us INTEGER NOT NULL CHECK (duration_us >= 0), -- microseconds
    UNIQUE (run_id, instance),
    CHECK ((reason IS NULL) = (detail IS NULL)),
    CHECK (reason IS NULL OR status = 'unknown')
) STRICT;
CREATE INDEX evaluations_that_judged ON evaluations (instance, run_id) WHERE reason IS NULL; -- what an instance said last

-- What an evaluation says about each subject, the ones that are ok included.
CREATE TABLE verdicts (
    evaluation_id INTEGER NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
    subject       TEXT NOT NULL,                          -- /var, eth0; empty for the host
    status        TEXT NOT NULL CHECK (status IN ('ok', 'warning', 'critical', 'unknown')),
    title         TEXT NOT NULL,
    message       TEXT NOT NULL,
    measures      TEXT NOT NULL CHECK (json_valid(measures)),   -- JSON array of {name, value, unit, warning, critical}
    attributes    TEXT NOT NULL CHECK (json_valid(attributes)), -- JSON object of strings
    PRIMARY KEY (evaluation_id, subject)
) STRICT, WITHOUT ROWID;
