//! Files that other people wrote: what they are is found out before they are opened, and who else could change them before
//! they are believed.

#[cfg(unix)]
mod group;
mod trust;

pub use trust::{Problem, Writers, problem};
