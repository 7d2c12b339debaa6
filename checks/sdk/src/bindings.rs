//! What `wit-bindgen` makes of `wit/check.wit`, as it comes. The rest of the SDK gives these types their methods.
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
