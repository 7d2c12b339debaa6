//! Rates as people read them.

use std::fmt::{self, Display, Formatter};

/// So many bytes, or so many of something else, a second.
#[derive(Clone, Copy)]
pub struct Rate {
    pub per_second: f64,
    pub is_bytes: bool,
}

impl Display for Rate {
    /// `1.2 MB/s`, with powers of 1024 as in the reports, or `3.5/s`.
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        if !self.is_bytes {
            return write!(f, "{:.1}/s", self.per_second);
        }
        let mut scaled = self.per_second;
        for unit in ["B/s", "KB/s", "MB/s"] {
            // 1023.96 would be rounded to 1024.0.
            if scaled < 1023.95 {
                return write!(f, "{scaled:.1} {unit}");
            }
            scaled /= 1024.0;
        }
        write!(f, "{scaled:.1} GB/s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_scaled_and_counts_are_not() {
        let bytes = |per_second| Rate { per_second, is_bytes: true }.to_string();
        assert_eq!(bytes(0.0), "0.0 B/s");
        assert_eq!(bytes(1023.0), "1023.0 B/s");
        assert_eq!(bytes(1023.99), "1.0 KB/s");
        assert_eq!(bytes(1.25 * 1024.0 * 1024.0), "1.2 MB/s");
        assert_eq!(bytes(5e12), "4656.6 GB/s");
        assert_eq!(Rate { per_second: 2500.04, is_bytes: false }.to_string(), "2500.0/s");
    }
}
