//! `checkpost check`: lists, inspects, pins, compiles and packs modules.

pub(super) mod inspect;
pub(super) mod list;
pub(super) mod pack;
pub(super) mod pins;
pub(super) mod release;
pub(super) mod warm;
