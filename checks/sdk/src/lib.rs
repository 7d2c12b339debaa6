//! Write a check for checkpost: a WebAssembly component that gets the readings it asked for and says how things are.
//!
//! A check is a struct of settings and an `impl` of [`Check`]. It can only compute: what it may depend on is in its
//! settings and in [`Input`], so the same input gives the same verdicts for ever.
//!
//! # A whole check
//!
//! ```
//! use checkpost_sdk::{Check, Input, Limits, Measure, Need, Status, Verdict, check, settings};
//!
//! const LOAD: &str = "checkpost.load_1m";
//! const CPUS: &str = "system.cpu.logical.count";
//!
//! settings! {
//!     /// Watches how many tasks wait for a CPU.
//!     pub struct Load {
//!         /// Load per CPU above which it is a warning.
//!         threshold: f64 = 1.5, range 0.0..=1000.0;
//!         /// Load per CPU at which a raised status clears. Not set: the threshold.
//!         clear: Option<f64>, range 0.0..=1000.0;
//!     }
//! }
//!
//! impl Load {
//!     fn limits(&self) -> Limits {
//!         Limits { threshold: self.threshold, critical: Some(4.0), clear: self.clear }
//!     }
//! }
//!
//! impl Check for Load {
//!     const NAME: &'static str = "load";
//!     const VERSION: &'static str = env!("CARGO_PKG_VERSION");
//!     const SUMMARY: &'static str = "Load average per CPU";
//!
//!     fn needs(&self) -> Result<Vec<Need>, String> {
//!         self.limits().validate()?;
//!         Ok(vec![Need::current(LOAD), Need::current(CPUS)])
//!     }
//!
//!     fn evaluate(&self, input: &Input) -> Result<Vec<Verdict>, String> {
//!         let load = input.samples.get(LOAD)? / input.samples.get(CPUS)?;
//!         let limits = self.limits();
//!         let status = limits.status(load, input.previous(""));
//!         let verdict = if status == Status::Ok {
//!             Verdict::new(status, "Load", format!("Load is {load:.2} per CPU"))
//!         } else {
//!             let message = format!("Load is {load:.2} per CPU (threshold: {})", self.threshold);
//!             Verdict::new(status, "High load", message)
//!         };
//!         Ok(vec![verdict.measure(Measure::new("load", load, "1").limits(&limits))])
//!     }
//! }
//!
//! check!(Load);
//!
//! // What follows is a test, as you would write it in `#[cfg(test)]`: a check runs natively, too.
//! let input = Input::default().with_sample(LOAD, &[], 8.0).with_sample(CPUS, &[], 4.0);
//! let verdicts = Load::default().evaluate(&input).unwrap();
//! assert_eq!(verdicts[0].status, Status::Warning);
//! assert_eq!(verdicts[0].message, "Load is 2.00 per CPU (threshold: 1.5)");
//! ```
//!
//! # Building it
//!
//! `Cargo.toml` of a crate of its own:
//!
//! ```toml
//! [package]
//! name = "load"
//! version = "0.1.0"
//! edition = "2024"
//!
//! [lib]
//! crate-type = ["cdylib", "rlib"]    # the module, and what `cargo test` links
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
//! cp target/wasm32-unknown-unknown/release/load.wasm /path/to/checks/    # runs from the next cycle on
//! ```
//!
//! The module carries the type of the contract, which is all that checkpost wants; `checkpost check pack` makes it a
//! component for other hosts of the component model.
//!
//! # Where to look
//!
//! * [`settings!`]: the settings, their types, defaults, units and ranges.
//! * [`Input`] and [`Samples`]: the readings. Names and units are OpenTelemetry's; a `*.utilization` is a ratio 0..1.
//! * [`Limits`]: ok, warning or critical, with hysteresis. [`Range`]: the ranges of Nagios' plugins.
//! * [`Usage`]: the whole verdict on how full something is. [`Joint`]: one verdict of several readings. [`Quantity`]: a
//!   number with its unit, for messages.
//! * [`Verdict`]: one for each subject, the ones that are ok included. Subjects must not repeat.
//!
//! No `evaluate` should panic: a panic is a trap, and the check is `unknown` with nothing but "trap" for a reason.
//! Return an error with a sentence instead.

#[doc(hidden)]
pub mod bindings;
#[cfg(all(feature = "bump", target_arch = "wasm32"))]
#[allow(unsafe_code)]
mod bump;
mod check;
mod input;
mod joint;
mod limits;
mod pattern;
mod quantity;
mod range;
mod settings;
mod usage;
mod verdict;

pub use bindings::types::{Measure, Need, Point, Sample, Series, Setting, Status, Value, Verdict};
pub use check::Check;
pub use input::{Input, Samples};
pub use joint::{Joint, Reading};
pub use limits::{Limits, only_with, whole, without_reading};
pub use pattern::{is_among, is_pattern, matches, missing};
pub use quantity::Quantity;
pub use range::{NotARange, Range};
pub use settings::{IntoDefault, NotSet, SettingType, Settings, Spec, unknown};
pub use usage::{GIB, Usage};
pub use verdict::keep_worst;

/// Exports a [`Check`] from this crate as the check of its module. Once in a crate, with a type that is in scope.
///
/// Outside of WebAssembly it exports nothing, so that many checks may be linked into one program.
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
