//! The digest by which modules and settings are known.

use sha2::{Digest, Sha256};

/// SHA-256 in lower-case hexadecimal, 64 digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Digits that people are shown.
const SHOWN_DIGITS: usize = 12;

/// The first digits of a digest: enough to tell modules apart, not to trust one.
pub fn short(digest: &str) -> &str {
    digest.get(..SHOWN_DIGITS).unwrap_or(digest)
}

/// Whether a text is what [`sha256_hex`] makes.
pub fn is_sha256_hex(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_sha256sum_prints() {
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn what_is_no_digest_is_told() {
        assert!(is_sha256_hex(&sha256_hex(b"abc")));
        for text in ["", "abc", &sha256_hex(b"abc").to_uppercase(), &"g".repeat(64), &"é".repeat(32)] {
            assert!(!is_sha256_hex(text), "{text}");
        }
    }
}
