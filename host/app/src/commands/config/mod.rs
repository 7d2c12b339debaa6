//! `checkpost config`: shows the effective configuration and checks it.

pub(super) mod check;
pub(super) mod show;
