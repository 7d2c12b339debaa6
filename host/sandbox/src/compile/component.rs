//! Compiles a component in this process.

use wasmtime::Engine;

use checkpost_model::check::{Failure, Reason};

use crate::failure::invalid;
use crate::imports::denied_import;
use crate::pack::{PackError, component_from};

/// Compiles a component, or a core module with a component type. Returns the artifact.
pub(crate) fn compile(engine: &Engine, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let encoded = component_from(bytes).map_err(|error| no_component(engine, bytes, &error))?;
    engine.precompile_component(&encoded).map_err(invalid)
}

/// The failure for bytes that are no component. A valid core module without a component type is not a check; an invalid
/// one may have lost its component type when it was truncated.
fn no_component(engine: &Engine, bytes: &[u8], error: &PackError) -> Failure {
    match (error, wasmtime::Module::validate(engine, bytes)) {
        (PackError::NoComponentType, Ok(())) => Failure::new(Reason::ContractMismatch, error.to_string()),
        (PackError::NoComponentType, Err(error)) => invalid(error),
        (PackError::Imports(names), _) => denied_import(names),
        _ => Failure::new(Reason::InvalidModule, error.to_string()),
    }
}
