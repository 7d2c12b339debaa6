//! Which crate of the host may use what. Cargo refuses an import against the direction; this refuses a dependency.

use std::collections::BTreeSet;
use std::fs;

use syn::visit::{self, Visit};

use super::sources::{CRATES, sources};
use crate::support::root;

/// For each crate of [`CRATES`], the crates of the host that it may depend on.
const DIRECTION: [(&str, &[&str]); 10] = [
    ("model", &[]),
    ("files", &[]),
    ("collect", &["model"]),
    ("sandbox", &["model", "files"]),
    ("alerting", &["model"]),
    ("record", &["model", "alerting"]),
    ("store", &["model", "alerting", "record"]),
    ("notify", &["model", "files", "alerting"]),
    ("report", &["model", "alerting", "record"]),
    ("app", &["model", "files", "collect", "sandbox", "alerting", "record", "store", "notify", "report"]),
];

/// Dependencies that belong to one stage: SQL, wasm, the network, the command line.
const OWNED: [(&str, &str); 8] = [
    ("rusqlite", "store"),
    ("wasmtime", "sandbox"),
    ("wasmtime-wasi", "sandbox"),
    ("wit-component", "sandbox"),
    ("tokio", "sandbox"),
    ("ureq", "notify"),
    ("procfs", "collect"),
    ("clap", "app"),
];

/// Crates that get the time as an argument.
const WITHOUT_CLOCK: [&str; 5] = ["model", "alerting", "record", "store", "report"];

/// The names under `[dependencies]`, for every target.
fn dependencies(name: &str) -> BTreeSet<String> {
    let path = root().join("host").join(name).join("Cargo.toml");
    let manifest: toml::Table = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flat_map(|table| table.values());
    let tables = targets.filter_map(toml::Value::as_table).chain([&manifest]);
    let dependencies = tables.filter_map(|table| table.get("dependencies")?.as_table());
    dependencies.flat_map(|table| table.keys().cloned()).collect()
}

#[test]
fn crates_depend_in_one_direction() {
    for (name, allowed) in DIRECTION {
        let own = dependencies(name).into_iter().filter_map(|name| Some(name.strip_prefix("checkpost-")?.to_owned()));
        let unexpected: Vec<_> = own.filter(|own| !allowed.contains(&own.as_str())).collect();
        assert!(unexpected.is_empty(), "host/{name} must not depend on {unexpected:?}");
    }
    assert_eq!(DIRECTION.map(|(name, _)| name), CRATES);
    assert_eq!(fs::read_dir(root().join("host")).unwrap().count(), CRATES.len(), "a crate without a direction");
}

#[test]
fn sql_wasm_and_network_stay_in_their_crates() {
    for name in CRATES {
        let dependencies = dependencies(name);
        for (dependency, owner) in OWNED {
            assert_eq!(dependencies.contains(dependency), name == owner, "{dependency} in host/{name}");
        }
    }
}

/// Finds calls of `Timestamp::now`, `Instant::now` and `SystemTime::now`.
#[derive(Default)]
struct Clocks(Vec<String>);

impl<'ast> Visit<'ast> for Clocks {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let [.., clock, now] = names.as_slice()
            && now == "now"
            && ["Timestamp", "Zoned", "Instant", "SystemTime"].contains(&clock.as_str())
        {
            self.0.push(names.join("::"));
        }
        visit::visit_path(self, path);
    }
}

#[test]
fn time_is_an_argument_where_it_must_be() {
    for name in WITHOUT_CLOCK {
        for source in sources(name) {
            let mut clocks = Clocks::default();
            source.items.iter().for_each(|item| clocks.visit_item(item));
            // The store waits for locks and deadlines, and knows nothing of the time of day.
            if name == "store" {
                clocks.0.retain(|clock| clock != "Instant::now");
            }
            assert!(clocks.0.is_empty(), "{} reads a clock: {:?}", source.path.display(), clocks.0);
        }
    }
}
