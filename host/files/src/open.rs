//! Opens and reads regular files. A path in a configuration or in the checks directory may lead to anything: opening a FIFO
//! waits for its writer, opening a device may start it, and some files never end.

use std::fs::{File, FileType, Metadata};
use std::io::{self, Read};
use std::path::Path;

use crate::error::{FileError, Kind};

/// What tells files from each other, whatever they are called: device and inode on Unix.
pub type FileId = (u64, u64);

/// Files up to this size are never refused as sparse: filesystems keep small files in places that count as no block.
const SMALL_BYTES: u64 = 1 << 20;

/// A file is sparse only if less than this part of its length is stored, because tools that copy a file may make holes of its
/// zeros.
const STORED_PART: u64 = 4;

/// A regular file that is open for reading, as it was when it was opened.
#[derive(Debug)]
pub struct Opened {
    /// The file, at its beginning.
    pub file: File,
    /// Its stated length, in bytes. Files of the kernel state 0, whatever their content.
    pub len: u64,
    /// Which file it is.
    pub id: FileId,
    /// What the filesystem has allocated for it, in bytes.
    pub allocated_bytes: u64,
}

/// Opens a regular file for reading. On Linux, nothing else is ever opened.
///
/// # Errors
/// When the path leads to anything but a regular file that may be read.
pub fn open_regular(path: &Path) -> Result<Opened, FileError> {
    let file = open(path)?;
    let metadata = file.metadata()?;
    require_regular(metadata.file_type())?;
    Ok(Opened { len: metadata.len(), id: file_id(path, &metadata), allocated_bytes: allocated_bytes(&metadata), file })
}

/// The content of a regular file of at most `max_bytes`. A file of the kernel, which states no length, is read as empty.
///
/// # Errors
/// When the path leads to anything else, or to a file that is larger.
pub fn read(path: &Path, max_bytes: u64) -> Result<Vec<u8>, FileError> {
    let opened = open_regular(path)?.within(max_bytes)?;
    let mut bytes = Vec::new();
    // The length bounds files that grow, and those of the kernel, of which some never end.
    opened.file.take(opened.len).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Opened {
    /// The file, if it has at most `max_bytes` and is not sparse.
    ///
    /// # Errors
    /// When it is larger, or when less than a quarter of more than 1 MiB is stored and the rest is a hole.
    pub fn within(self, max_bytes: u64) -> Result<Self, FileError> {
        if self.len > max_bytes {
            return Err(FileError::TooLarge { max_bytes });
        }
        // A hole as well: a filesystem that compresses stores less than the length, too.
        if self.len > SMALL_BYTES && self.allocated_bytes < self.len / STORED_PART && has_hole(&self.file, self.len) {
            return Err(FileError::Sparse { allocated_bytes: self.allocated_bytes, len: self.len });
        }
        Ok(self)
    }
}

/// Refuses what is no regular file.
pub(crate) fn require_regular(file_type: FileType) -> Result<(), FileError> {
    if file_type.is_file() {
        return Ok(());
    }
    Err(FileError::NotAFile(kind(file_type)))
}

#[cfg(unix)]
fn kind(file_type: FileType) -> Kind {
    use std::os::unix::fs::FileTypeExt;
    match file_type {
        _ if file_type.is_dir() => Kind::Directory,
        _ if file_type.is_fifo() => Kind::Fifo,
        _ if file_type.is_socket() => Kind::Socket,
        _ if file_type.is_char_device() || file_type.is_block_device() => Kind::Device,
        _ => Kind::Other,
    }
}

#[cfg(not(unix))]
fn kind(file_type: FileType) -> Kind {
    if file_type.is_dir() { Kind::Directory } else { Kind::Other }
}

/// Opens what the path leads to through a descriptor that cannot read: it shows what there is without opening it, and nobody
/// can replace that afterwards.
#[cfg(target_os = "linux")]
fn open(path: &Path) -> Result<File, FileError> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{Mode, OFlags};

    let handle =
        File::from(rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).map_err(io::Error::from)?);
    let examined = handle.metadata()?;
    require_regular(examined.file_type())?;
    match without_waiting(Path::new(&format!("/proc/self/fd/{}", handle.as_raw_fd()))) {
        Ok(file) => Ok(file),
        // Without /proc, as in a chroot, the path has to lead to the same file twice. Any other error comes again.
        Err(_) => reopen(path, &examined),
    }
}

#[cfg(not(target_os = "linux"))]
fn open(path: &Path) -> Result<File, FileError> {
    let examined = std::fs::metadata(path)?;
    require_regular(examined.file_type())?;
    reopen(path, &examined)
}

/// Opens a path that has been examined.
fn reopen(path: &Path, examined: &Metadata) -> Result<File, FileError> {
    let file = without_waiting(path)?;
    if file_id(path, &file.metadata()?) != file_id(path, examined) {
        return Err(FileError::Replaced);
    }
    Ok(file)
}

/// Opens for reading, without waiting for the writer of a FIFO and without becoming the process of a terminal: the path may
/// have been replaced since it was examined.
fn without_waiting(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;

        use rustix::fs::OFlags;
        options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32);
    }
    options.open(path)
}

#[cfg(unix)]
fn file_id(_path: &Path, metadata: &Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Elsewhere, each path counts as a file of its own.
#[cfg(not(unix))]
fn file_id(path: &Path, _metadata: &Metadata) -> FileId {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    (0, hasher.finish())
}

#[cfg(unix)]
fn allocated_bytes(metadata: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    // In units of 512 bytes, whatever the block size of the filesystem.
    metadata.blocks().saturating_mul(512)
}

#[cfg(not(unix))]
fn allocated_bytes(metadata: &Metadata) -> u64 {
    metadata.len()
}

/// Whether a part of the file is stored nowhere. The file is at its beginning before and afterwards.
#[cfg(target_os = "linux")]
fn has_hole(file: &File, len: u64) -> bool {
    use rustix::fs::{SeekFrom, seek};
    // Every file ends in a hole, at its length. A filesystem that knows no holes says that this is the only one.
    let has_hole = seek(file, SeekFrom::Hole(0)).is_ok_and(|start| start < len);
    seek(file, SeekFrom::Start(0)).is_err() || has_hole
}

/// Elsewhere the number of blocks alone proves nothing.
#[cfg(not(target_os = "linux"))]
fn has_hole(_file: &File, _len: u64) -> bool {
    false
}

#[cfg(test)]
mod tests;
