//! Write a check for checkpost: a WebAssembly component that receives the readings it declared and returns verdicts.
//!
//! A check is a struct of settings and an `impl` of [`Check`]. It can only compute: its settings and [`Input`] are everything
//! that it may depend on, so the same input always gives the same verdicts.
//!
//! # A complete check
//!
//! ```
//! use checkpost_sdk::{Check, Input, Thresholds, Measure, Need, Status, Verdict, check, settings};
//!
//! const LOAD: &str = "checkpost.load_1m";
//! const CPUS: &str = "system.cpu.logical.count";
//!
//! settings! {
//!     /// Warns of tasks that wait for a CPU.
//!     pub struct Load {
//!         /// Load per CPU above which the status is warning.
//!         threshold: f64 = 1.5, range 0.0..=1000.0;
//!         /// Load per CPU at or below which a raised status clears. Defaults to the threshold.
//!         clear: Option<f64>, range 0.0..=1000.0;
//!     }
//! }
//!
//! impl Load {
//!     fn thresholds(&self) -> Thresholds {
//!         Thresholds { threshold: self.threshold, critical: Some(4.0), clear: self.clear }
//!     }
//! }
//!
//! impl Check for Load {
//!     const NAME: &'static str = "load";
//!     const VERSION: &'static str = env!("CARGO_PKG_VERSION");
//!     const SUMMARY: &'static str = "Load average per CPU";
//!
//!     fn needs(&self) -> Result<Vec<Need>, String> {
//!         self.thresholds().validate()?;
//!         Ok(vec![Need::current(LOAD), Need::current(CPUS)])
//!     }
//!
//!     fn evaluate(&self, input: &Input) -> Result<Vec<Verdict>, String> {
//!         let load = input.samples.get(LOAD)? / input.samples.get(CPUS)?;
//!         let thresholds = self.thresholds();
//!         let status = thresholds.status(load, input.previous(""));
//!         let verdict = if status == Status::Ok {
//!             Verdict::new(status, "Load", format!("Load is {load:.2} per CPU"))
//!         } else {
//!             let message = format!("Load is {load:.2} per CPU (threshold: {})", self.threshold);
//!             Verdict::new(status, "High load", message)
//!         };
//!         Ok(vec![verdict.measure(Measure::new("load", load, "1").thresholds(&thresholds))])
//!     }
//! }
//!
//! check!(Load);
//!
//! // A test, as you would write it under `#[cfg(test)]`: a check also runs natively.
//! let input = Input::default().with_sample(LOAD, &[], 8.0).with_sample(CPUS, &[], 4.0);
//! let verdicts = Load::default().evaluate(&input).unwrap();
//! assert_eq!(verdicts[0].status, Status::Warning);
//! assert_eq!(verdicts[0].message, "Load is 2.00 per CPU (threshold: 1.5)");
//! ```
//!
//! # Building a check
//!
//! Give the check its own crate, with this `Cargo.toml`:
//!
//! ```toml
//! [package]
//! name = "load"
//! version = "0.1.0"
//! edition = "2024"
//!
//! [lib]
//! crate-type = ["cdylib", "rlib"]    # "cdylib" is the module, "rlib" is for `cargo test`
//!
//! [dependencies]
//! checkpost-sdk = { path = "/path/to/checkpost/checks/sdk" }
//!
//! [profile.release]
//! opt-level = "s"
//! lto = true
//! strip = true
//! panic = "abort"
//! ```
//!
//! ```sh
//! cargo build --release --target wasm32-unknown-unknown
//! cp target/wasm32-unknown-unknown/release/load.wasm /path/to/checks/    # the next cycle runs it
//! ```
//!
//! The result is a core module with the type of the contract embedded, and checkpost accepts it as it is. For other hosts of
//! the component model, `checkpost check pack` turns the module into a component.
//!
//! # Overview
//!
//! * [`settings!`]: declares the settings with their types, defaults, units and ranges.
//! * [`Input`] and [`Samples`]: the readings, with OpenTelemetry names and units; a `*.utilization` is a ratio 0..1.
//! * [`Thresholds`]: turns a reading into ok, warning or critical, with hysteresis. [`Range`]: ranges as Nagios plugins
//!   write them.
//! * [`Usage`]: a complete verdict on a usage in per cent. [`CombinedVerdict`]: one verdict from several readings.
//!   [`Quantity`]: a number with its unit, for messages.
//! * [`Verdict`]: one for each subject, including subjects that are ok. Subjects must not repeat.
//!
//! Never panic in `evaluate`: a panic is a trap, which makes the check `unknown` for the reason "trap" and loses the panic
//! message. Return an error that says what is wrong instead.

#[doc(hidden)]
pub mod bindings;
#[cfg(all(feature = "bump", target_arch = "wasm32"))]
#[allow(unsafe_code)]
mod bump;
mod check;
mod combined;
mod input;
mod pattern;
mod quantity;
mod range;
mod settings;
mod thresholds;
mod usage;
mod verdict;

pub use bindings::types::{Measure, Need, Point, Sample, Series, Setting, Status, Value, Verdict};
pub use check::Check;
pub use combined::{CombinedVerdict, Reading};
pub use input::{Input, Samples};
pub use pattern::{is_among, is_pattern, matches, missing};
pub use quantity::Quantity;
pub use range::{NotARange, Range};
pub use settings::{IntoDefault, NotSet, SettingType, Settings, Spec, unknown};
pub use thresholds::{Thresholds, only_with, whole, without_reading};
pub use usage::{GIB, Usage};
pub use verdict::keep_worst;

/// Exports a [`Check`] as the check of its module. Call this macro once in a crate, with a type that is in scope.
///
/// On targets other than WebAssembly the macro exports nothing, so that several checks can be linked into one program.
#[macro_export]
macro_rules! check {
    ($check:ident) => {
        const _: () = {
            const fn is_a_check<C: $crate::Check>() {}
            is_a_check::<$check>();
        };

        #[cfg(target_family = "wasm")]
        #[allow(unsafe_code, missing_docs)]
        const _: () = {
    $crate::bindings::export_check!($check with_types_in $crate::bindings);
        };
    };
}
