//! The hidden command that compiles one module in its own process; see `checkpost_sandbox::compile`.

use std::io;

use checkpost_sandbox::compile::{Product, serve};

use super::error::CommandError;
use super::exit_code::{DONE, FAILED};

pub(super) fn run(cpu_seconds: u64, memory_bytes: u64, component: bool) -> Result<u8, CommandError> {
    let product = if component { Product::Component } else { Product::Artifact };
    match serve(product, cpu_seconds, memory_bytes, io::stdin().lock(), io::stdout().lock(), io::stderr().lock()) {
        Ok(true) => Ok(DONE),
        Ok(false) => Ok(FAILED),
        Err(error) => Err(CommandError::Output(error)),
    }
}
