//! Modules that are loaded once, from the cache or from the compiler.
#![allow(clippy::unwrap_used)]

use checkpost_model::check::{Limits, ModuleSource, Reason};

use crate::artifact::Artifact;
use crate::sandbox::{Sandbox, SandboxOptions};

use super::code::Code;
use super::obtain::Stock;
use super::plan::Plan;
use super::{Wanted, admit, load_all};

/// A sandbox with a cache in a directory of its own.
fn sandbox() -> (Sandbox, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let mut sandbox = Sandbox::new(SandboxOptions::default()).unwrap();
    sandbox.open_cache(&directory.path().join("cache")).unwrap();
    (sandbox, directory)
}

fn uptime(sandbox: &Sandbox) -> (String, Code) {
    let source = ModuleSource::Builtin("uptime");
    let module = load_all(sandbox, &[Wanted { source: &source, limits: &Limits::DEFAULT }]).pop().unwrap().unwrap();
    (module.info.digest.clone(), module.code)
}

#[test]
fn module_is_compiled_once_and_then_cached() {
    let (sandbox, _directory) = sandbox();
    let (digest, code) = uptime(&sandbox);
    assert_eq!(code, Code::Compiled);
    assert!(sandbox.cache.as_ref().unwrap().get(&digest).is_some());
    assert_eq!(uptime(&sandbox), (digest, Code::Cached));
}

#[test]
fn artifact_of_another_program_is_compiled_again() {
    let (sandbox, _directory) = sandbox();
    let (digest, _) = uptime(&sandbox);
    let foreign = Artifact::new(0, b"the artifact of another program".to_vec());
    sandbox.cache.as_ref().unwrap().put(&digest, &foreign).unwrap();
    assert_eq!(uptime(&sandbox), (digest.clone(), Code::Compiled));
    assert_eq!(uptime(&sandbox), (digest, Code::Cached));
}

#[test]
fn modules_of_equal_bytes_are_one() {
    let (sandbox, _directory) = sandbox();
    let source = ModuleSource::Builtin("uptime");
    let wanted = Wanted { source: &source, limits: &Limits::DEFAULT };
    let [one, other]: [_; 2] = load_all(&sandbox, &[wanted; 2]).try_into().ok().unwrap();
    assert!(std::sync::Arc::ptr_eq(&one.unwrap(), &other.unwrap()));
}

#[test]
fn machine_code_is_admitted_in_order_up_to_the_limit() {
    let source = ModuleSource::File("/x.wasm".into());
    let plan = |digest| Plan { digest, size_bytes: 1, source: &source, limits: Limits::DEFAULT };
    let plans = ["a", "b", "c"].map(plan);
    let mut stocks = [("a", 60_u64 << 20), ("b", 1 << 40), ("c", 4 << 20)]
        .map(|(digest, bytes)| (digest, Ok(Stock::Cached(bytes, Code::Cached))))
        .into_iter()
        .collect();
    admit(&plans, &mut stocks);
    assert!(stocks["a"].is_ok() && stocks["c"].is_ok());
    assert_eq!(stocks["b"].as_ref().err().unwrap().reason, Reason::MemoryLimit);
}
