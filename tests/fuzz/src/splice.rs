//! Replaces a stand-in with what a fuzzer generated.

use crate::guest::section;

/// The bytes around the stand-in. Building the module from text for each input would take longer than judging it.
pub struct Around {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Around {
    /// Splits bytes at the stand-in, which must occur exactly once.
    pub fn new(stand_in: &[u8], bytes: &[u8]) -> Self {
        let mut places = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(stand_in));
        let (Some(at), None) = (places.next(), places.next()) else { panic!("the stand-in must occur exactly once") };
        Self { before: bytes[..at].to_vec(), after: bytes[at + stand_in.len()..].to_vec() }
    }

    /// The whole, with these bytes in the place of the stand-in.
    pub fn put(&self, bytes: &[u8]) -> Vec<u8> {
        [&self.before, bytes, &self.after].concat()
    }
}

/// A core module as a section of a component.
pub fn module_section(module: &[u8]) -> Vec<u8> {
    const CORE_MODULE: u8 = 1;
    section(CORE_MODULE, module)
}
