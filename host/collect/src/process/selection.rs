//! The processes to report.

/// The processes to report in addition to their number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Selection<'a> {
    /// Number of processes to list, by CPU and by memory each.
    pub(super) top: usize,
    /// Patterns of the names of watched processes; `*` stands for any text.
    pub(super) patterns: &'a [String],
    /// Whether to count the open files of watched processes, which needs privileges and a look into each process.
    pub(super) open_files: bool,
}
