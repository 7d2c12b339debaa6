//! The code that `wit-bindgen` generates from `wit/check.wit`, unchanged. The rest of the SDK adds methods to these types.
#![allow(missing_docs, unsafe_code, clippy::all, clippy::unwrap_used)]

wit_bindgen::generate!({
    world: "check",
    path: "../../wit",
    pub_export_macro: true,
    export_macro_name: "export_check",
    default_bindings_module: "checkpost_sdk::bindings",
    additional_derives: [PartialEq],
    generate_unused_types: true,
});

pub use checkpost::check::types;
