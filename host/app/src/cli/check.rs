//! `checkpost check` and `checkpost config`.

use std::path::PathBuf;

use clap::Subcommand;

use super::format::ListFormat;

/// `checkpost check`
#[derive(Debug, Subcommand)]
pub enum CheckCommand {
    /// List every instance with its module, and whether it can judge
    List {
        /// Output format
        #[arg(long, value_enum, default_value = "text")]
        format: ListFormat,
        /// Checks directory
        #[arg(long, value_name = "DIR")]
        checks: Option<PathBuf>,
    },
    /// Show the settings, the defaults and the needs of a module
    Inspect {
        /// A `.wasm` file, or the name of a built-in check
        #[arg(value_name = "FILE")]
        module: PathBuf,
        /// Output format
        #[arg(long, value_enum, default_value = "text")]
        format: ListFormat,
    },
    /// Pin every module file to its SHA-256 in checkpost.lock
    Lock {
        /// Write nothing, and exit with 1 if the lock file is not up to date
        #[arg(long)]
        check: bool,
        /// Checks directory
        #[arg(long, value_name = "DIR")]
        checks: Option<PathBuf>,
    },
    /// Compile every module that runs, so that the next run finds it in the cache
    Warm {
        /// Checks directory
        #[arg(long, value_name = "DIR")]
        checks: Option<PathBuf>,
    },
    /// Release a module from quarantine, so that it is compiled again
    Release {
        /// The first 8 to 64 digits of the SHA-256, as `check list` shows them
        #[arg(value_parser = parse_digest)]
        digest: String,
    },
    /// Turn a core module that was built with the SDK into a component
    Pack {
        /// Core module
        #[arg(value_name = "FILE")]
        module: PathBuf,
        /// Component to write
        #[arg(long, short, value_name = "OUT")]
        output: PathBuf,
    },
}

fn parse_digest(text: &str) -> Result<String, String> {
    let is_digest = (8..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest.then(|| text.to_ascii_lowercase()).ok_or_else(|| "must be 8 to 64 hexadecimal digits".to_owned())
}
