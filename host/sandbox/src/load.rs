//! Loads the machine code of a module, from the cache or else from the compiler, and links it.

use std::sync::Arc;

use serde::Serialize;
use wasmtime::component::Component;

use checkpost_model::check::{Failure, ModuleSource, Reason};

use crate::artifact::{self, VerifiedArtifact};
use crate::bindings::CheckPre;
use crate::cache::Cache;
use crate::compile::{Compilation, compile, compile_in_child};
use crate::failure::{detail, invalid};
use crate::imports::{denied_import, imports_wasi};
use crate::runtime::Runtime;
use crate::sandbox::Sandbox;
use crate::state::StoreState;

/// Origin of a module's machine code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The cache of compiled modules.
    Cached,
    /// The compiler, in this run; the next run finds the code in the cache.
    Compiled,
    /// The compiler, in this run; the code could not be cached.
    #[serde(rename = "not_kept")]
    Uncached,
}

/// A component, loaded into the engine that runs it.
pub(crate) struct Loaded {
    runtime: Arc<Runtime>,
    component: Component,
}

/// The component, from the cache or else from the compiler.
pub(crate) fn load_or_compile(
    sandbox: &Sandbox,
    source: &ModuleSource,
    bytes: &[u8],
    digest: &str,
    stack_bytes: usize,
) -> Result<(Loaded, Code), Failure> {
    let cache = sandbox.cache.as_ref();
    if let Some(artifact) = cache.and_then(|cache| cache.get(digest)) {
        match load(sandbox, &artifact, stack_bytes) {
            Ok(loaded) => return Ok((loaded, Code::Cached)),
            Err(error) => tracing::warn!(%error, digest, "compiled module cannot be loaded and is compiled again"),
        }
    }
    if let Some(reason) = cache.and_then(|cache| cache.quarantine_reason(digest)) {
        return Err(Failure::new(Reason::CompileLimit, format!("{reason}; in quarantine as {}", &digest[..16])));
    }
    let artifact = match source {
        ModuleSource::Builtin(_) => compile(&sandbox.plain(stack_bytes).map_err(invalid)?.engine, bytes)?,
        ModuleSource::File(_) => compile_file(sandbox, bytes, digest)?,
    };
    load_and_cache(sandbox, &VerifiedArtifact::compiled(artifact), digest, stack_bytes)
}

/// Loads a freshly compiled artifact, and then caches it: a later run could not use an artifact that this process cannot
/// load, because another version of the program compiled it.
fn load_and_cache(
    sandbox: &Sandbox,
    artifact: &VerifiedArtifact,
    digest: &str,
    stack_bytes: usize,
) -> Result<(Loaded, Code), Failure> {
    let loaded = load(sandbox, artifact, stack_bytes).map_err(invalid)?;
    let code = match sandbox.cache.as_ref().map(|cache| cache.put(digest, artifact)) {
        Some(Ok(())) => Code::Compiled,
        Some(Err(error)) => {
            tracing::warn!(%error, "cannot cache a compiled module; the next run compiles it again");
            Code::Uncached
        }
        None => Code::Uncached,
    };
    Ok((loaded, code))
}

/// Loads an artifact into the first engine that has room for it.
pub(crate) fn load(sandbox: &Sandbox, artifact: &VerifiedArtifact, stack_bytes: usize) -> wasmtime::Result<Loaded> {
    let mut refusal = wasmtime::Error::msg("there is no engine");
    for runtime in sandbox.runtimes(stack_bytes) {
        let runtime = runtime?;
        match artifact::load(&runtime.engine, artifact) {
            Ok(component) => return Ok(Loaded { runtime, component }),
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

/// Compiles a module file in a child process. A module that costs too much goes into quarantine.
fn compile_file(sandbox: &Sandbox, bytes: &[u8], digest: &str) -> Result<Vec<u8>, Failure> {
    let scratch = sandbox.cache.as_ref().map(Cache::directory);
    match compile_in_child(&sandbox.compiler, scratch, bytes, &sandbox.compile, sandbox.deadline) {
        Compilation::Artifact(artifact) => Ok(artifact),
        Compilation::Failed(failure) => Err(failure),
        Compilation::Quarantine(failure) => {
            if let Some(cache) = &sandbox.cache
                && let Err(error) = cache.quarantine(digest, &failure.detail)
            {
                tracing::warn!(%error, "cannot put a module into quarantine; the next run compiles it again");
            }
            Err(failure)
        }
    }
}

/// Links a component to nothing, or to the isolated WASI, and looks up the three functions of the contract.
pub(crate) fn link(sandbox: &Sandbox, loaded: &Loaded) -> Result<CheckPre<StoreState>, Failure> {
    let Loaded { runtime, component } = loaded;
    let mismatch = |error: wasmtime::Error| Failure::new(Reason::ContractMismatch, detail(&error));
    let imports_wasi = imports_wasi(&runtime.engine, component, sandbox.wasi)?;
    let linked = runtime.linker(imports_wasi).map_err(mismatch)?.instantiate_pre(component);
    // All other imports were refused above: only an interface of WASI, or a function of one, can be missing here.
    let denied = |error: wasmtime::Error| if imports_wasi { denied_import(&[detail(&error)]) } else { mismatch(error) };
    CheckPre::new(linked.map_err(denied)?).map_err(mismatch)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use checkpost_model::check::Limits;
    use checkpost_model::digest::sha256_hex;

    use crate::read::read;
    use crate::sandbox::SandboxOptions;

    use super::*;

    const STACK_BYTES: usize = Limits::DEFAULT.stack_bytes;

    /// A sandbox with a cache in a directory of its own.
    fn sandbox() -> (Sandbox, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let mut sandbox = Sandbox::new(SandboxOptions::default()).unwrap();
        sandbox.open_cache(&directory.path().join("cache")).unwrap();
        (sandbox, directory)
    }

    fn is_cached(sandbox: &Sandbox, digest: &str) -> bool {
        sandbox.cache.as_ref().unwrap().get(digest).is_some()
    }

    #[test]
    fn artifact_that_can_be_loaded_is_cached() {
        let (sandbox, _directory) = sandbox();
        let bytes = read(&ModuleSource::Builtin("uptime"), u64::MAX).unwrap();
        let digest = sha256_hex(&bytes);
        let artifact = compile(&sandbox.plain(STACK_BYTES).unwrap().engine, &bytes).unwrap();
        let (_, code) = load_and_cache(&sandbox, &VerifiedArtifact::compiled(artifact), &digest, STACK_BYTES).unwrap();
        assert_eq!(code, Code::Compiled);
        assert!(is_cached(&sandbox, &digest));
    }

    #[test]
    fn artifact_that_cannot_be_loaded_is_not_cached() {
        let (sandbox, _directory) = sandbox();
        let digest = sha256_hex(b"a module");
        let artifact = VerifiedArtifact::compiled(b"the artifact of another program".to_vec());
        let failure = load_and_cache(&sandbox, &artifact, &digest, STACK_BYTES).err().unwrap();
        assert_eq!(failure.reason, Reason::InvalidModule);
        assert!(!is_cached(&sandbox, &digest));
    }
}
