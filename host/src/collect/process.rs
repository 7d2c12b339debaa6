//! Processes: how many, which use the most, and those that are watched.
