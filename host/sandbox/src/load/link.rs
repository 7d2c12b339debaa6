//! Links a component to nothing, or to the isolated WASI.

use std::sync::Arc;

use wasmtime::component::Component;

use checkpost_model::check::{Failure, Reason};

use crate::artifact::{self, Artifact};
use crate::bindings::CheckPre;
use crate::failure::detail;
use crate::imports::{denied_import, imports_wasi};
use crate::runtime::Runtime;
use crate::sandbox::Sandbox;
use crate::state::StoreState;

/// A component, loaded into the engine that runs it.
pub(crate) struct Loaded {
    runtime: Arc<Runtime>,
    component: Component,
    /// Memory of the host for the contexts of one call's instances, in bytes.
    pub(crate) context_bytes: u64,
}

/// Loads an artifact into the first engine that has room for it.
pub(crate) fn load(sandbox: &Sandbox, artifact: &Artifact, stack_bytes: usize) -> wasmtime::Result<Loaded> {
    let mut refusal = wasmtime::Error::msg("there is no engine");
    for runtime in sandbox.runtimes(stack_bytes) {
        let runtime = runtime?;
        match artifact::load(&runtime.engine, artifact) {
            Ok(component) => return Ok(Loaded { runtime, component, context_bytes: artifact.context_bytes() }),
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

/// Links a component, and looks up the three functions of the contract.
pub(crate) fn link(sandbox: &Sandbox, loaded: &Loaded) -> Result<CheckPre<StoreState>, Failure> {
    let Loaded { runtime, component, .. } = loaded;
    let mismatch = |error: wasmtime::Error| Failure::new(Reason::ContractMismatch, detail(&error));
    let imports_wasi = imports_wasi(&runtime.engine, component, sandbox.wasi)?;
    let linked = runtime.linker(imports_wasi).map_err(mismatch)?.instantiate_pre(component);
    // All other imports were refused above: only an interface of WASI, or a function of one, can be missing here.
    let denied = |error: wasmtime::Error| if imports_wasi { denied_import(&[detail(&error)]) } else { mismatch(error) };
    CheckPre::new(linked.map_err(denied)?).map_err(mismatch)
}
