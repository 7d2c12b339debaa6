//! Checks as the host sees them: instances, settings, limits, pins, verdicts, evaluations. No wasm.

mod evaluation;
mod failure;
mod instance;
mod limits;
mod pins;
mod settings;
mod status;
mod verdict;

pub use evaluation::Evaluation;
pub use failure::{Failure, Reason};
pub use instance::{CHECKS_DIRECTORY, CheckInstance, DEFAULT_CHANNEL, ModuleInfo, ModuleSource};
pub use limits::{Allowance, Grants, Limits};
pub use pins::{Change, Pin, PinPolicy, Pins};
pub use settings::{SettingValue, Settings};
pub use status::{Status, worst};
pub use verdict::{Measure, TOO_MANY_SUBJECTS, Verdict};
