//! `checkpost config`: the configuration as it holds, and whether a run would take it.

pub(super) mod check;
pub(super) mod show;
