//! What a check is to the host, and what it says: instances, settings, verdicts, evaluations. No wasm in here.

mod bundle;
mod discover;
mod limits;
mod pins;
mod settings;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use bundle::{BUNDLE, Builtin, builtin};
pub use discover::{DEFAULT_CHANNEL, discover};
pub use limits::{Allowance, Grants, Limits};
pub use pins::{Change, ModuleLock, Pin, Pins};
pub use settings::{SettingValue, Settings};

use crate::metric::Labels;

/// How good things are, in the order of the Nagios exit codes.
///
/// The order is not one of badness: use [`Status::severity`] for "the worst".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Within limits.
    Ok,
    /// Past the first limit.
    Warning,
    /// Past the last limit.
    Critical,
    /// Could not be told.
    Unknown,
}

impl Status {
    /// The name in the database and in JSON: `ok`, `warning`, `critical`, `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Unknown => "unknown",
        }
    }

    /// The name in reports, logs and the `level` column: `OK`, `WARNING`, `CRITICAL`, `UNKNOWN`.
    pub fn level(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// Rank for "the worst of": ok < warning < unknown < critical. A check that cannot tell outranks a warning, but
    /// never hides a critical one.
    pub fn severity(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Unknown => 2,
            Self::Critical => 3,
        }
    }

    /// Nagios plugin exit code: 0, 1, 2, 3.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }

    /// The inverse of [`Status::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Ok, Self::Warning, Self::Critical, Self::Unknown].into_iter().find(|status| status.as_str() == text)
    }
}

/// One number behind a verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// What it is, unique in the verdict.
    pub name: String,
    /// Finite, in `unit`.
    pub value: f64,
    /// UCUM: `%`, `By`, `By/s`, `s`, `1`.
    pub unit: String,
    /// The line above which it is a warning, in `unit`.
    pub warning: Option<f64>,
    /// The line above which it is critical, in `unit`.
    pub critical: Option<f64>,
}

/// What a check says about one subject. Text in it is clean: valid, bounded, without control characters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// How it is.
    pub status: Status,
    /// What it is about: `/var`, or empty for the host.
    pub subject: String,
    /// Headline: `High CPU usage`.
    pub title: String,
    /// One sentence: `CPU usage is 85.5% (threshold: 80%)`.
    pub message: String,
    /// The numbers behind it.
    pub measures: Vec<Measure>,
    /// Open data: runbook, owner.
    pub attributes: Labels,
}

/// The instance that stands for the checks directory when it cannot be read. No other is called so: it has a space.
pub const CHECKS_DIRECTORY: &str = "checks directory";

/// Where the bytes of a check come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ModuleSource {
    /// Embedded in the binary.
    Builtin(&'static str),
    /// A file, absolute.
    File(PathBuf),
}

impl fmt::Display for ModuleSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builtin(name) => write!(f, "built-in {name}"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A module with the settings, the name and the channel under which it runs. One module may have many instances.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckInstance {
    /// Unique among the instances; the `check_name` of its notifications.
    pub name: String,
    /// The code.
    pub module: ModuleSource,
    /// What the operator set; the module's defaults are not in here.
    pub settings: Settings,
    /// Which team its notifications are for: `system_monitoring`, `security_check`.
    pub channel: String,
    /// Whose it is; empty: nobody's in particular. Routes may go by it.
    pub owner: String,
    /// What it may use and see.
    pub allowance: Allowance,
}

/// Why an instance could not judge. The name of each case is stored and never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The module file could not be read.
    Unreadable,
    /// The module file is larger than the limit.
    ModuleTooLarge,
    /// `checkpost.lock` does not pin the module file to the digest that it has.
    NotLocked,
    /// The bytes are not a WebAssembly module that can be compiled.
    InvalidModule,
    /// It is WebAssembly, but not a check of this contract.
    ContractMismatch,
    /// It imports something: a check can only compute.
    DeniedImport,
    /// Compiling it took more than the limits allow.
    CompileLimit,
    /// The check refused its settings.
    SettingsRefused,
    /// The check said itself that it cannot judge.
    GuestError,
    /// What it returned breaks the contract: a repeated subject, a value that is not finite.
    InvalidOutput,
    /// It returned more than the limits allow.
    OutputLimit,
    /// It asked for more past readings than the limits allow.
    HistoryLimit,
    /// It used up its fuel.
    OutOfFuel,
    /// It did not end within its wall-clock time.
    Deadline,
    /// It asked for more memory than the limit.
    MemoryLimit,
    /// It recursed too deep.
    StackOverflow,
    /// It trapped: unreachable code, division by zero, an access out of bounds.
    Trap,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 17] = [
        Self::Unreadable,
        Self::ModuleTooLarge,
        Self::NotLocked,
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
            Self::NotLocked => "not_locked",
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

    /// What the operator can do about it, as the end of a message.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Unreadable => "check that the file exists and may be read",
            Self::ModuleTooLarge => "build it smaller, or raise limits.module_bytes",
            Self::NotLocked => "make sure that it is the module you mean, then pin it with `checkpost check lock`",
            Self::InvalidModule => "copy the file again, or rebuild it",
            Self::ContractMismatch => "rebuild it for checkpost:check@0.1.0",
            Self::DeniedImport => {
                "build it without imports: a check can only compute, and a language runtime may import WASI at most"
            }
            Self::CompileLimit => {
                "build it smaller, or raise the limits of [compile]; `checkpost check release DIGEST` lets it be tried again"
            }
            Self::SettingsRefused => "correct its settings in checkpost.toml",
            Self::GuestError => "see its documentation for what it needs",
            Self::InvalidOutput | Self::Trap => "report it to the author of the check",
            Self::StackOverflow => "report it to the author of the check, or raise limits.stack_bytes",
            Self::OutputLimit => {
                "report it to the author of the check, or raise limits.verdicts, limits.text_bytes or limits.output_bytes"
            }
            Self::HistoryLimit => "ask for a shorter window, or raise limits.history_points",
            Self::OutOfFuel => "report it to the author of the check, or raise limits.fuel",
            Self::Deadline => {
                "see whether the machine is overloaded, or raise limits.evaluation_ms, compile.wall_seconds or timeout_seconds; `checkpost check warm` compiles what a run has no time for"
            }
            Self::MemoryLimit => {
                "report it to the author of the check, or raise limits.memory_bytes or limits.memory_grows"
            }
        }
    }
}

/// A check's failure, as data: it becomes an `unknown` evaluation and hurts nobody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

    /// The failure of a check that wrote this.
    pub fn with_stderr(self, stderr: String) -> Self {
        Self { stderr, ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.reason.as_str(), self.detail, self.reason.remedy())
    }
}

/// What is known of a module once it has been loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModuleInfo {
    /// SHA-256 of the bytes, in hexadecimal.
    pub digest: String,
    /// What it calls itself.
    pub name: String,
    /// What version it says it is.
    pub version: String,
    /// Size of the file.
    pub size_bytes: u64,
}

/// One instance, judged once.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The instance's name.
    pub instance: String,
    /// The instance's channel.
    pub channel: String,
    /// The instance's owner, or empty.
    pub owner: String,
    /// The module, unless it could not be loaded.
    pub module: Option<Arc<ModuleInfo>>,
    /// The settings it was given: those the operator set. The defaults are the module's, known by its digest.
    pub settings: Settings,
    /// Verdicts by subject, or why there are none.
    pub outcome: Result<Vec<Verdict>, Failure>,
    /// Fuel used, in wasmtime's units (about one a wasm instruction).
    pub fuel: u64,
    /// Wall-clock time of the evaluation.
    pub duration: Duration,
}

impl Evaluation {
    /// The worst verdict; `Ok` for a check that had nothing to judge, `Unknown` for one that failed.
    pub fn status(&self) -> Status {
        match &self.outcome {
            Ok(verdicts) => worst(verdicts.iter().map(|verdict| verdict.status)),
            Err(_) => Status::Unknown,
        }
    }
}

/// The worst of many by [`Status::severity`]; `Ok` for none.
pub fn worst(statuses: impl IntoIterator<Item = Status>) -> Status {
    statuses.into_iter().max_by_key(|status| status.severity()).unwrap_or(Status::Ok)
}
