//! The exit codes, as documented in `docs/reference/command-line.md`.

use crate::run::ExitCodes;

/// The command is done, whether or not there are alerts.
pub(super) const DONE: u8 = 0;
/// The host failed: nothing was stored, or a stored cycle could not be reported.
pub(super) const FAILED: u8 = 1;
/// The command line or the configuration is wrong.
pub(super) const USAGE: u8 = 2;
/// UNKNOWN: any failure of a run that is started as a monitoring plugin.
pub(super) const PLUGIN_UNKNOWN: u8 = 3;

/// The exit codes of a run.
pub(super) const EXIT_CODES: ExitCodes = ExitCodes { failed: FAILED, usage: USAGE };
/// The exit codes of a run that is started as a monitoring plugin.
pub(super) const PLUGIN_EXIT_CODES: ExitCodes = ExitCodes { failed: PLUGIN_UNKNOWN, usage: PLUGIN_UNKNOWN };
