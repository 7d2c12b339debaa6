//! Failures of evaluations, with their reasons.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why an instance could not judge. The name of each reason is stored and never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The module file could not be read.
    Unreadable,
    /// The module file is larger than the limit.
    ModuleTooLarge,
    /// The checks directory has more module files than the limit.
    TooManyModules,
    /// The name of the module file can be taken for another one.
    RefusedName,
    /// `checkpost.lock` does not pin the module file to its digest.
    #[serde(rename = "not_locked")]
    NotPinned,
    /// The bytes are not a WebAssembly module that can be compiled.
    InvalidModule,
    /// The module is WebAssembly, but not a check of this contract.
    ContractMismatch,
    /// The module imports something that a check may not have.
    DeniedImport,
    /// Compiling the module took more than the limits allow.
    CompileLimit,
    /// The check refused its settings.
    SettingsRefused,
    /// The check itself reported that it cannot judge.
    GuestError,
    /// The output breaks the contract: a repeated subject, a value that is not finite.
    InvalidOutput,
    /// The output is larger than the limits allow.
    OutputLimit,
    /// The check needs more past readings than the limits allow.
    HistoryLimit,
    /// The evaluation used up its fuel.
    OutOfFuel,
    /// The evaluation did not end within its wall-clock time.
    Deadline,
    /// The evaluation needed more memory than the limit.
    MemoryLimit,
    /// The evaluation recursed too deep.
    StackOverflow,
    /// The evaluation trapped: unreachable code, division by zero, an access out of bounds.
    Trap,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 19] = [
        Self::Unreadable,
        Self::ModuleTooLarge,
        Self::TooManyModules,
        Self::RefusedName,
        Self::NotPinned,
        Self::InvalidModule,
        Self::ContractMismatch,
        Self::DeniedImport,
        Self::CompileLimit,
        Self::SettingsRefused,
        Self::GuestError,
        Self::InvalidOutput,
        Self::OutputLimit,
        Self::HistoryLimit,
        Self::OutOfFuel,
        Self::Deadline,
        Self::MemoryLimit,
        Self::StackOverflow,
        Self::Trap,
    ];

    /// The inverse of [`Reason::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    /// The name in the database and in JSON: `out_of_fuel`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::ModuleTooLarge => "module_too_large",
            Self::TooManyModules => "too_many_modules",
            Self::RefusedName => "refused_name",
            Self::NotPinned => "not_locked",
            Self::InvalidModule => "invalid_module",
            Self::ContractMismatch => "contract_mismatch",
            Self::DeniedImport => "denied_import",
            Self::CompileLimit => "compile_limit",
            Self::SettingsRefused => "settings_refused",
            Self::GuestError => "guest_error",
            Self::InvalidOutput => "invalid_output",
            Self::OutputLimit => "output_limit",
            Self::HistoryLimit => "history_limit",
            Self::OutOfFuel => "out_of_fuel",
            Self::Deadline => "deadline",
            Self::MemoryLimit => "memory_limit",
            Self::StackOverflow => "stack_overflow",
            Self::Trap => "trap",
        }
    }

    /// Advice to the operator, as the end of a message.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Unreadable => "check that the file exists and may be read",
            Self::ModuleTooLarge => "build it smaller, or raise limits.module_bytes",
            Self::TooManyModules => "remove files, or raise max_modules",
            Self::RefusedName => "remove the file, or rename it",
            Self::NotPinned => "make sure that it is the right file, then pin it with `checkpost check lock`",
            Self::InvalidModule => "copy the file again, or rebuild it",
            Self::ContractMismatch => "rebuild it for checkpost:check@0.1.0",
            Self::DeniedImport => {
                "build it without imports: a check can only compute, and a language runtime may import WASI at most"
            }
            Self::CompileLimit => {
                "build it smaller, or raise the limits of [compile]; `checkpost check release DIGEST` allows another attempt"
            }
            Self::SettingsRefused => "correct its settings in checkpost.toml",
            Self::GuestError => "see the documentation of the check for its requirements",
            Self::InvalidOutput | Self::Trap => "report it to the author of the check",
            Self::StackOverflow => "report it to the author of the check, or raise limits.stack_bytes",
            Self::OutputLimit => "report it to the author of the check, or raise the limit if its key is named",
            Self::HistoryLimit => "set a shorter window, or raise limits.history_points",
            Self::OutOfFuel => "report it to the author of the check, or raise limits.fuel",
            Self::Deadline => {
                "check whether the machine is overloaded, or raise limits.evaluation_ms, compile.wall_seconds or timeout_seconds; `checkpost check warm` compiles modules outside of a run"
            }
            Self::MemoryLimit => {
                "report it to the author of the check, or raise limits.memory_bytes or limits.memory_grows"
            }
        }
    }
}

/// The failure of an evaluation, as data: the instance becomes `unknown`, and no other instance is affected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The kind of failure.
    pub reason: Reason,
    /// One clean line with the particulars.
    pub detail: String,
    /// The end of what the check wrote to its standard error, clean; mostly empty, and only for the log.
    #[serde(skip)]
    pub stderr: String,
}

impl Failure {
    /// A failure with its particulars.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into(), stderr: String::new() }
    }

    /// Adds the standard error of the check.
    pub fn with_stderr(self, stderr: String) -> Self {
        Self { stderr, ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.reason.as_str(), self.detail, self.reason.remedy())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::json::assert_round_trip;

    #[test]
    fn reason_has_one_name_in_json_and_in_the_database() {
        for reason in Reason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
            assert_eq!(Reason::parse(reason.as_str()), Some(reason));
            assert_round_trip(&reason);
        }
    }

    #[test]
    fn failure_survives_json_without_its_standard_error() {
        let failure = Failure::new(Reason::NotPinned, "'/a.wasm' is not pinned");
        assert_round_trip(&failure);
        let json = serde_json::to_string(&failure.clone().with_stderr("panicked".to_owned())).unwrap();
        assert_eq!(json, r#"{"reason":"not_locked","detail":"'/a.wasm' is not pinned"}"#);
        assert_eq!(serde_json::from_str::<Failure>(&json).unwrap(), failure);
    }
}
