//! The exit codes, as documented in `docs/reference/command-line.md`.

/// The command is done, whether or not there are alerts.
pub(super) const DONE: u8 = 0;
/// The host failed: nothing was stored, or a stored cycle could not be reported.
pub(super) const FAILED: u8 = 1;
/// The command line or the configuration is wrong.
pub(super) const USAGE: u8 = 2;
/// UNKNOWN: any failure of a run that is started as a monitoring plugin.
pub(super) const PLUGIN_UNKNOWN: u8 = 3;
