//! Runs checks that can only compute: compilation and its cache, limits, evaluation.
//!
//! Bytes and owned data go in, owned data comes out: no type that is generated from the contract leaves this crate. A
//! check that fails is a [`Failure`](checkpost_model::check::Failure), which is data, so that the cycle goes on.

mod adapter;
mod artifact;
mod bindings;
mod bundle;
mod cache;
mod call;
pub mod compile;
mod convert;
mod description;
mod discover;
mod encode;
mod engine;
mod failure;
mod file_name;
mod imports;
mod input;
mod limiter;
mod load;
mod memo;
mod module;
mod need;
mod output;
mod pack;
mod pin_policy;
mod prepare;
mod read;
mod runtime;
mod sandbox;
mod state;
mod turns;
mod wasi;

pub use bundle::{BUNDLE, Builtin, builtin};
pub use cache::{CacheError, examine_cache};
pub use compile::CompileLimits;
pub use description::{Description, SettingDescription};
pub use discover::{Discovery, Found, LeftOut};
pub use input::Input;
pub use load::code::Code;
pub use load::load_module;
pub use module::{Judged, Module};
pub use need::Need;
pub use pack::pack;
pub use prepare::{Candidate, Prepared, SettingsRefusal, prepare};
pub use read::Digests;
pub use sandbox::{Sandbox, SandboxError, SandboxOptions};
pub use turns::Turns;
pub use wasi::WasiPolicy;
