//! Imports of a component: types of the contract, WASI if the policy allows it, and nothing else.

use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

use checkpost_model::check::{Failure, Reason};
use checkpost_model::clean;

use crate::wasi::{INTERFACES, WasiPolicy};

/// The interface of the contract's types, which has no function.
const TYPES: &str = "checkpost:check/types@";

/// Imports that a message names: a component may have a hundred thousand.
const MAX_NAMED: usize = 10;

/// Whether a component imports WASI.
///
/// # Errors
/// When the component imports anything else, or imports WASI although the policy denies it.
pub(crate) fn imports_wasi(engine: &Engine, component: &Component, policy: WasiPolicy) -> Result<bool, Failure> {
    let is_wasi = |name: &str| INTERFACES.iter().any(|interface| name.starts_with(interface));
    let component_type = component.component_type();
    let names = component_type
        .imports(engine)
        .filter(|(name, import)| !(name.starts_with(TYPES) && only_types(&import.ty, engine)))
        .map(|(name, _)| name);
    let (wasi, mut denied): (Vec<&str>, Vec<&str>) = names.partition(|name| is_wasi(name));
    if policy == WasiPolicy::Deny {
        denied.extend(&wasi);
    }
    if denied.is_empty() { Ok(!wasi.is_empty()) } else { Err(denied_import(&denied)) }
}

/// The failure that names denied imports.
pub(crate) fn denied_import(names: &[impl AsRef<str>]) -> Failure {
    let named: Vec<_> = names.iter().take(MAX_NAMED).map(|name| clean::bounded(name.as_ref(), 100)).collect();
    let more = match names.len().saturating_sub(MAX_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Failure::new(Reason::DeniedImport, format!("wants to import {}{more}", named.join(", ")))
}

fn only_types(item: &ComponentItem, engine: &Engine) -> bool {
    match item {
        ComponentItem::ComponentInstance(instance) => {
            instance.exports(engine).all(|(_, export)| matches!(export.ty, ComponentItem::Type(_)))
        }
        _ => false,
    }
}
