//! The adapter for core modules that import WASI preview 1, the older form of WASI, as those of C and Go compilers do.
//!
//! The encoder makes the adapter a part of the component, reduced to what the module imports. It translates to interfaces of
//! WASI 0.2, which the sandbox serves, or denies, as for any other guest.

use wasmparser::{Import, Parser, Payload};

/// The module name of the imports that the adapter serves.
pub(crate) use wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as PREVIEW1;
/// The adapter for modules without a `main` function: a check is a library.
pub(crate) use wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as ADAPTER;

/// Whether the adapter serves this import of a core module.
pub(crate) fn serves(import: &Import<'_>) -> bool {
    import.module == PREVIEW1 && exports().any(|name| name == import.name)
}

fn exports() -> impl Iterator<Item = &'static str> {
    let payloads = Parser::new(0).parse_all(ADAPTER).map_while(Result::ok);
    let sections = payloads.filter_map(|payload| match payload {
        Payload::ExportSection(exports) => Some(exports),
        _ => None,
    });
    sections.flat_map(|section| section.into_iter().map_while(Result::ok)).map(|export| export.name)
}
