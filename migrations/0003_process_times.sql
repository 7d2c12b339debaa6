-- What each process had used when the last cycle that looked at processes began: the next one measures their use of the
-- CPU from there on. One row at most; an older one would be of no use.
CREATE TABLE process_times (
    run_id INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    times  BLOB NOT NULL                                  -- ProcessTimes::to_bytes in host/src/metric/process.rs
) STRICT;
