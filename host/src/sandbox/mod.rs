//! Runs checks that can only compute: engine, compilation and its cache, limits, evaluation.
//!
//! Bytes and owned data go in, owned data comes out; nothing generated from the contract leaves this module. A failure
//! of a check is a [`Failure`](crate::check::Failure), which is data; the rest of the cycle goes on.

mod artifact;
mod bindings;
mod cache;
mod call;
pub mod compile;
mod convert;
mod engine;
mod eviction;
mod imports;
mod limits;
mod locked;
mod memo;
mod module;
mod output;
mod pack;
mod prepare;
mod read;
mod wasi;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use cache::{CacheError, examine_cache};
pub use compile::CompileLimits;
pub use engine::{Sandbox, SandboxError, SandboxOptions};
pub use module::{Code, Judged, Module};
pub use pack::{PackError, component_from};
pub use prepare::{Prepared, prepare};
pub use read::module_digest;
pub use wasi::WasiPolicy;

use crate::check::{Settings, Status};
use crate::metric::{Labels, Sample, Series, name_matches};

/// A group of readings that a check asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// A metric name, or a prefix that ends in `*`.
    pub metric: String,
    /// Labels that a series must carry.
    pub labels: Labels,
    /// Seconds of history wanted; 0 for the current reading only.
    pub window_seconds: u32,
}

impl Need {
    /// Whether a reading belongs to this group.
    pub fn matches(&self, sample: &Sample) -> bool {
        name_matches(&self.metric, &sample.name) && sample.labels.contains(&self.labels)
    }
}

/// What a module says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// Short name.
    pub name: String,
    /// Version of the module.
    pub version: String,
    /// One line: what it watches.
    pub summary: String,
    /// Every setting it understands.
    pub settings: Vec<SettingDescription>,
    /// Author, url, runbook.
    pub attributes: Labels,
}

/// One setting that a module understands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettingDescription {
    /// The key.
    pub name: String,
    /// One line for the operator.
    pub summary: String,
    /// What holds when it is not set.
    pub default: Option<crate::check::SettingValue>,
    /// `type`, `unit`, `minimum`, `maximum`, `choices`.
    pub attributes: Labels,
}

impl SettingDescription {
    /// The name of the type it takes, where the module says so or its default shows it.
    pub fn type_name(&self) -> Option<&str> {
        self.attributes.get("type").or(self.default.as_ref().map(|value| value.type_name()))
    }
}

impl Description {
    /// The settings in force: what was set, over the defaults.
    pub fn with_defaults(&self, set: &Settings) -> Settings {
        let defaults = self.settings.iter().filter_map(|s| Some((s.name.clone(), s.default.clone()?)));
        let mut settings: BTreeMap<_, _> = defaults.collect();
        settings.extend(set.iter().map(|(name, value)| (name.clone(), value.clone())));
        settings
    }
}

/// All that an evaluation may depend on.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// When the cycle began, milliseconds since the epoch.
    pub time_ms: u64,
    /// Facts about the host.
    pub host: &'a Labels,
    /// The settings of the instance.
    pub settings: &'a Settings,
    /// The readings that match its needs, sorted.
    pub samples: Vec<&'a Sample>,
    /// The past readings that match its needs, sorted.
    pub history: &'a [Series],
    /// What it said last time, by subject.
    pub previous: &'a [(String, Status)],
}
