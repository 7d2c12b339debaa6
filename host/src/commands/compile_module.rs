//! The hidden command by which checkpost compiles a module in a process apart; see `sandbox::compile`.

use std::io;

use crate::sandbox::compile::serve;

use super::{CommandError, DONE, FAILED};

pub(super) fn run(cpu_seconds: u64, memory_bytes: u64) -> Result<u8, CommandError> {
    match serve(cpu_seconds, memory_bytes, io::stdin().lock(), io::stdout().lock(), io::stderr().lock()) {
        Ok(true) => Ok(DONE),
        Ok(false) => Ok(FAILED),
        Err(error) => Err(CommandError::Output(error)),
    }
}
