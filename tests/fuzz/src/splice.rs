//! Puts what a fuzzer made in the place of something that stood in for it.

use crate::guest::section;

/// What stands around the place, in binary. Making it from text for each input would take longer than judging it.
pub struct Around {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Around {
    /// The bytes around the one place where these stand.
    pub fn the(stand_in: &[u8], bytes: &[u8]) -> Self {
        let mut places = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(stand_in));
        let (Some(at), None) = (places.next(), places.next()) else { panic!("what stands in is not there once") };
        Self { before: bytes[..at].to_vec(), after: bytes[at + stand_in.len()..].to_vec() }
    }

    /// All of it, with these bytes in the place.
    pub fn put(&self, bytes: &[u8]) -> Vec<u8> {
        [&self.before, bytes, &self.after].concat()
    }
}

/// A core module as a section of a component.
pub fn module_section(module: &[u8]) -> Vec<u8> {
    const CORE_MODULE: u8 = 1;
    section(CORE_MODULE, module)
}
