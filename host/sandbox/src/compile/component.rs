//! Compiles a component in this process.

use wasmtime::Engine;

use checkpost_model::check::{Failure, Reason};

use crate::artifact::Artifact;
use crate::encode::{EncodeError, component_from};
use crate::failure::invalid;
use crate::imports::denied_import;

use super::flatten::flatten;

/// Machine code for each byte of a module, at most: ten times what large checks have.
const ARTIFACT_FACTOR: u64 = 64;

/// Machine code that any module may have.
const ARTIFACT_BYTES: u64 = 8 << 20;

/// Compiles a component, or a core module with a component type.
pub(crate) fn compile(engine: &Engine, bytes: &[u8]) -> Result<Artifact, Failure> {
    let component = component_from(bytes).map_err(|error| no_component(engine, bytes, &error))?;
    let flattened = flatten(&component)?;
    let code = engine.precompile_component(&component).map_err(invalid)?;
    let most = max_artifact_bytes(bytes.len() as u64);
    if code.len() as u64 > most {
        let detail = format!("compiles to {} bytes, more than {most} for a module of its size", code.len());
        return Err(Failure::new(Reason::CompileLimit, detail));
    }
    Ok(Artifact::new(flattened.context_bytes, code))
}

/// Size of the machine code of a module, at most: small modules with large images would fill the cache.
pub(super) fn max_artifact_bytes(module_bytes: u64) -> u64 {
    module_bytes.saturating_mul(ARTIFACT_FACTOR).saturating_add(ARTIFACT_BYTES)
}

/// The failure for bytes that are no component. A valid core module without a component type is not a check; an invalid
/// one may have lost its component type when it was truncated.
fn no_component(engine: &Engine, bytes: &[u8], error: &EncodeError) -> Failure {
    match (error, wasmtime::Module::validate(engine, bytes)) {
        (EncodeError::NoComponentType, Ok(())) => Failure::new(Reason::ContractMismatch, error.to_string()),
        (EncodeError::NoComponentType, Err(error)) => invalid(error),
        (EncodeError::Imports(names), _) => denied_import(names),
        _ => Failure::new(Reason::InvalidModule, error.to_string()),
    }
}
