//! Units of metrics.

/// The base unit of a metric, in UCUM as OpenTelemetry writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// `By`.
    Bytes,
    /// `By/s`.
    BytesPerSecond,
    /// `s`.
    Seconds,
    /// `1`: a share, usually 0..1.
    Ratio,
    /// A number of things, `{thing}`.
    Count,
    /// `1/s`.
    PerSecond,
    /// `Cel`.
    Celsius,
    /// `W`.
    Watts,
    /// `rpm`.
    RevolutionsPerMinute,
}

impl Unit {
    /// The unit in UCUM; empty for counts.
    pub fn ucum(self) -> &'static str {
        match self {
            Self::Bytes => "By",
            Self::BytesPerSecond => "By/s",
            Self::Seconds => "s",
            Self::Ratio => "1",
            Self::Count => "",
            Self::PerSecond => "1/s",
            Self::Celsius => "Cel",
            Self::Watts => "W",
            Self::RevolutionsPerMinute => "rpm",
        }
    }

    /// The suffix of a Prometheus name.
    pub fn prometheus_suffix(self) -> &'static str {
        match self {
            Self::Bytes => "_bytes",
            Self::BytesPerSecond => "_bytes_per_second",
            Self::Seconds => "_seconds",
            Self::Ratio => "_ratio",
            Self::Count => "",
            Self::PerSecond => "_per_second",
            Self::Celsius => "_celsius",
            Self::Watts => "_watts",
            Self::RevolutionsPerMinute => "_rpm",
        }
    }
}
