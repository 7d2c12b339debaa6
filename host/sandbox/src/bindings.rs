//! The contract as Rust types, generated from `wit/check.wit`. They never leave this crate.

#![allow(missing_docs)]

wasmtime::component::bindgen!({ path: "../../wit", world: "check" });

pub use self::checkpost::check::types;
