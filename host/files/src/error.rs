//! Why a file is not read.

use std::io;

/// Why a file cannot be used. Displays as the end of a sentence that names the file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The path leads to something without a content of its own, such as a FIFO.
    #[error("is {0}, not a file")]
    NotAFile(Kind),
    /// More bytes than its reader accepts.
    #[error("is larger than {max_bytes} bytes")]
    TooLarge {
        /// What is accepted.
        max_bytes: u64,
    },
    /// Next to nothing of the file is stored: a few blocks that pretend to be a large file.
    #[error("is sparse: {allocated_bytes} of its {len} bytes are stored")]
    Sparse {
        /// Bytes that the filesystem has allocated.
        allocated_bytes: u64,
        /// The stated length, in bytes.
        len: u64,
    },
    /// The path led to another file when it was opened than when it was examined.
    #[error("was replaced while it was opened")]
    Replaced,
}

impl FileError {
    /// Whether the path leads nowhere.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

/// For errors that carry one of the system.
impl From<FileError> for io::Error {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Io(error) => error,
            other => Self::new(io::ErrorKind::InvalidInput, other),
        }
    }
}

/// What a path can lead to that is not a regular file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Kind {
    /// A directory.
    #[error("a directory")]
    Directory,
    /// A named pipe.
    #[error("a FIFO")]
    Fifo,
    /// A socket.
    #[error("a socket")]
    Socket,
    /// A character device or block device.
    #[error("a device")]
    Device,
    /// A symbolic link, where none is followed.
    #[error("a symbolic link")]
    Link,
    /// What the system has besides.
    #[error("something else")]
    Other,
}
