-- What is kept of each alert from one cycle to the next: docs/alerting.md. An alert that has no row is ok, and nobody was
-- told anything of it.
CREATE TABLE alerts (
    instance TEXT NOT NULL,
    subject  TEXT NOT NULL,                               -- empty for the host, and for a check that could not judge
    phase    TEXT NOT NULL CHECK (phase IN ('ok', 'pending', 'firing', 'resolving', 'stale', 'unknown')),
    level    TEXT NOT NULL CHECK (level IN ('ok', 'warning', 'critical', 'unknown')), -- what there is to tell
    since_ms INTEGER NOT NULL,                            -- when the phase began
    state    TEXT NOT NULL CHECK (json_valid(state)),     -- all of it, as host/src/alert/state.rs has it
    PRIMARY KEY (instance, subject)
) STRICT, WITHOUT ROWID;

-- Why a notification was stored: something began, changed, was still so, or ended. Those that were stored before tell that
-- something was bad in that run.
ALTER TABLE notifications ADD COLUMN kind TEXT NOT NULL DEFAULT 'raised';
