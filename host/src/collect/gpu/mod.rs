//! Graphics processors.

pub(super) fn collect(_: &super::roots::Roots, _: &mut crate::metric::Snapshot) {}
