//! Compilation: built-in modules in this process, module files in a child process with limits.
//!
//! Compilers are not made for hostile input: a function of 70 KB can take a minute and gigabytes. The child is this very
//! program. It limits itself before it reads the module, so that the cycle goes on whatever happens to the child.

mod child;
mod component;
mod flatten;
mod limits;
mod machine;
mod parent;

pub use child::{COMMAND, Product, serve};
pub use limits::CompileLimits;

pub(crate) use component::compile;
pub(crate) use machine::{Capacity, capacity, memory_bytes};
pub(crate) use parent::{Compilation, Job, compile_in_child, own_program};
