-- A check may ask for the readings of the last minutes or days: the cycles of a stretch of time are found without walking
-- through all of them.
CREATE INDEX runs_by_time ON runs (started_at_ms);
