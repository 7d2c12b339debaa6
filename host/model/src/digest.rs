//! The digest that identifies modules and settings.

use sha2::{Digest, Sha256};

/// SHA-256 in lower-case hexadecimal, 64 digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    let mut hasher = Hasher::default();
    hasher.update(bytes);
    hasher.finish()
}

/// A digest of bytes that come in pieces.
#[derive(Clone, Debug, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// Adds the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all pieces, as [`sha256_hex`] writes it.
    pub fn finish(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Length of a shortened digest.
const SHOWN_DIGITS: usize = 12;

/// The first 12 digits of a digest: enough to distinguish modules, not to trust one.
pub fn short(digest: &str) -> &str {
    digest.get(..SHOWN_DIGITS).unwrap_or(digest)
}

/// Whether a text has the form of [`sha256_hex`].
pub fn is_sha256_hex(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_is_the_one_that_sha256sum_prints() {
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn digest_has_64_lower_case_hexadecimal_digits() {
        assert!(is_sha256_hex(&sha256_hex(b"abc")));
        for text in ["", "abc", &sha256_hex(b"abc").to_uppercase(), &"g".repeat(64), &"é".repeat(32)] {
            assert!(!is_sha256_hex(text), "{text}");
        }
    }
}
