//! Selects the mounts to measure.
//!
//! `mountinfo` is read as bytes, because a mount point may contain any byte and need not be UTF-8.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use checkpost_model::clean;
use checkpost_model::metric::Snapshot;

use super::space::Filesystem;

/// One line of `mountinfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    /// `major:minor` of the device.
    device_number: String,
    /// The mount point, byte by byte.
    pub(super) path: PathBuf,
    fs_type: String,
    pub(super) filesystem: Filesystem,
}

/// Parses `mountinfo`, in its order. A line that cannot be parsed becomes a diagnostic.
pub(super) fn parse(mountinfo: &[u8], snapshot: &mut Snapshot) -> Vec<Mount> {
    let mut mounts = Vec::new();
    for line in mountinfo.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        match parse_line(line) {
            Some(mount) => mounts.push(mount),
            None => {
                let line = clean::owned(&String::from_utf8_lossy(line));
                snapshot.diagnose("filesystem", format!("cannot parse a line of mountinfo: {line}"));
            }
        }
    }
    mounts
}

/// Parses `36 35 98:0 /root /mnt rw,noatime shared:1 - ext3 /dev/sda1 rw,errors=continue`, as in proc(5).
fn parse_line(line: &[u8]) -> Option<Mount> {
    let text = |field: &[u8]| String::from_utf8_lossy(&unescape(field)).into_owned();
    let is_read_only = |options: &[u8]| options.split(|byte| *byte == b',').any(|option| option == b"ro");
    // Split at each blank, because the source may be empty.
    let mut fields = line.split(|byte| *byte == b' ');
    let device_number = text(fields.nth(2)?);
    let path = PathBuf::from(OsString::from_vec(unescape(fields.nth(1)?)));
    let mount_options = fields.next()?;
    fields.find(|field| *field == b"-")?;
    let fs_type = text(fields.next()?);
    let source = text(fields.next()?);
    let read_only = is_read_only(mount_options) || is_read_only(fields.next()?);
    let filesystem = Filesystem::new(&path.to_string_lossy(), &fs_type, &source, read_only);
    Some(Mount { device_number, path, fs_type, filesystem })
}

/// Decodes the escapes of the kernel such as `\040`: a backslash and three octal digits, for blanks, line ends, backslashes
/// and `#`.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        match rest {
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..] => {
                bytes.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

/// Selects one mount for each filesystem: among the mounts of a device the one with the shortest mount point, then the first.
pub(super) fn select(mounts: Vec<Mount>) -> Vec<Mount> {
    // Of two mounts at the same mount point only the later one is visible.
    let last: HashMap<PathBuf, usize> =
        mounts.iter().enumerate().map(|(index, mount)| (mount.path.clone(), index)).collect();
    let mut by_device: BTreeMap<String, Mount> = BTreeMap::new();
    for (index, mount) in mounts.into_iter().enumerate() {
        // The root counts whatever its type is: in a container it is an overlay, and people expect its figure.
        let counts = mount.path == Path::new("/") || holds_data(&mount.fs_type, mount.filesystem.read_only);
        if !counts || last.get(&mount.path) != Some(&index) {
            continue;
        }
        let length = |mount: &Mount| mount.path.as_os_str().as_bytes().len();
        match by_device.get(&mount.device_number) {
            Some(selected) if length(selected) <= length(&mount) => {}
            _ => {
                by_device.insert(mount.device_number.clone(), mount);
            }
        }
    }
    by_device.into_values().collect()
}

/// Whether a filesystem of this type stores data of its own that may grow. tmpfs does.
fn holds_data(fs_type: &str, read_only: bool) -> bool {
    match fs_type {
        // Views of other filesystems, which are measured themselves.
        "overlay" | "overlayfs" | "aufs" | "fuse.fuse-overlayfs" => false,
        // Images, which are always full.
        "squashfs" | "fuse.squashfuse" | "fuse.squashfuse_ll" | "fuse.snapfuse" => false,
        "iso9660" | "erofs" | "cramfs" | "romfs" => false,
        "udf" => !read_only,
        // Interfaces of the kernel or of a daemon. Measuring autofs would even mount the filesystem that it watches.
        "autofs" | "binfmt_misc" | "bpf" | "cgroup" | "cgroup2" | "configfs" | "debugfs" | "devpts" | "devtmpfs" => {
            false
        }
        "efivarfs" | "fuse.gvfsd-fuse" | "fuse.lxcfs" | "fuse.portal" | "fusectl" | "hugetlbfs" | "mqueue" => false,
        "nfsd" | "nsfs" | "proc" | "pstore" | "ramfs" | "resctrl" | "rootfs" | "rpc_pipefs" | "securityfs" => false,
        "selinuxfs" | "smackfs" | "sysfs" | "tracefs" => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use checkpost_model::metric::Host;

    use super::*;

    fn parsed(mountinfo: &str) -> (Vec<Mount>, Snapshot) {
        let mut snapshot = Snapshot::new(jiff::Timestamp::UNIX_EPOCH, Host::example("boot-1"));
        (parse(mountinfo.as_bytes(), &mut snapshot), snapshot)
    }

    fn selected(mountinfo: &str) -> Vec<String> {
        let mut points: Vec<_> =
            select(parsed(mountinfo).0).into_iter().map(|mount| mount.filesystem.mount_point).collect();
        points.sort();
        points
    }

    #[test]
    fn mountinfo_line_is_parsed() {
        let line = b"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue";
        let mount = parse_line(line).unwrap();
        assert_eq!(mount.device_number, "98:0");
        assert_eq!(mount.path, Path::new("/mnt2"));
        assert_eq!(mount.filesystem, Filesystem::new("/mnt2", "ext3", "/dev/root", false));
    }

    #[test]
    fn mountinfo_line_with_an_empty_source_is_parsed() {
        let mount = parse_line(b"36 35 0:98 / /mnt rw - tmpfs  rw,size=0k").unwrap();
        assert_eq!(mount.filesystem, Filesystem::new("/mnt", "tmpfs", "", false));
    }

    #[test]
    fn read_only_is_an_option_of_the_mount_or_of_the_filesystem() {
        let is_read_only = |line: &[u8]| parse_line(line).unwrap().filesystem.read_only;
        assert!(is_read_only(b"36 35 8:1 / /mnt ro,noatime - ext4 /dev/sda1 rw"));
        assert!(is_read_only(b"36 35 8:1 / /mnt rw,noatime - ext4 /dev/sda1 ro"));
        assert!(!is_read_only(b"36 35 8:1 / /mnt rw,errors=remount-ro - ext4 /dev/sda1 rw"));
    }

    #[test]
    fn device_mounted_many_times_is_one_filesystem() {
        let mountinfo = "\
30 1 8:1 / / rw - ext4 /dev/sda1 rw
31 30 8:2 / /srv/data rw - xfs /dev/sdb1 rw
32 30 8:2 /www /var/www rw - xfs /dev/sdb1 rw
33 30 8:2 /etc /srv rw - xfs /dev/sdb1 rw
34 30 8:1 /home /home rw - ext4 /dev/sda1 rw
";
        assert_eq!(selected(mountinfo), ["/", "/srv"]);
    }

    #[test]
    fn mount_points_of_the_same_length_are_represented_by_the_first() {
        let mountinfo = "\
31 30 8:2 / /b rw - xfs /dev/sdb1 rw
32 30 8:2 / /a rw - xfs /dev/sdb1 rw
";
        assert_eq!(selected(mountinfo), ["/b"]);
    }

    #[test]
    fn files_bound_into_a_container_are_one_filesystem_next_to_its_root() {
        let mountinfo = "\
500 400 0:52 / / rw,relatime - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w
501 500 0:55 / /proc rw - proc proc rw
510 500 8:1 /docker/x/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda1 rw
511 500 8:1 /docker/x/hostname /etc/hostname rw - ext4 /dev/sda1 rw
512 500 8:1 /docker/x/hosts /etc/hosts rw - ext4 /dev/sda1 rw
";
        assert_eq!(selected(mountinfo), ["/", "/etc/hosts"]);
    }

    #[test]
    fn overlays_images_and_kernel_interfaces_are_left_out_by_type() {
        let left_out = [
            "overlay",
            "squashfs",
            "fuse.snapfuse",
            "iso9660",
            "erofs",
            "proc",
            "sysfs",
            "cgroup",
            "cgroup2",
            "devpts",
            "mqueue",
            "tracefs",
            "debugfs",
            "securityfs",
            "pstore",
            "bpf",
            "autofs",
            "binfmt_misc",
            "configfs",
            "fusectl",
            "hugetlbfs",
            "nsfs",
            "rpc_pipefs",
            "efivarfs",
            "fuse.lxcfs",
        ];
        for fs_type in left_out {
            assert_eq!(selected(&format!("36 35 0:98 / /mnt rw - {fs_type} x rw\n")), [""; 0], "{fs_type}");
        }
        for fs_type in ["ext4", "tmpfs", "nfs4", "zfs", "btrfs", "fuse.sshfs", "overlook"] {
            assert_eq!(selected(&format!("36 35 0:98 / /snap/x rw - {fs_type} x rw\n")), ["/snap/x"], "{fs_type}");
        }
    }

    #[test]
    fn mount_hidden_by_a_later_mount_is_left_out() {
        let mountinfo = "\
24 1 0:21 / /mnt/share rw - autofs systemd-1 rw
25 24 0:27 / /mnt/share ro - nfs4 nas:/share ro
26 1 0:23 / /dev/shm rw - tmpfs hidden rw
27 26 0:30 / /dev/shm rw - tmpfs seen rw
";
        let mounts = select(parsed(mountinfo).0);
        let devices: Vec<_> = mounts.iter().map(|mount| mount.filesystem.device.as_str()).collect();
        assert_eq!(devices, ["nas:/share", "seen"]);
    }

    #[test]
    fn automount_without_a_mounted_filesystem_is_left_alone() {
        assert_eq!(selected("24 1 0:21 / /mnt/share rw - autofs systemd-1 rw\n"), [""; 0]);
    }

    #[test]
    fn mount_point_with_hostile_text_is_cleaned() {
        let line = b"36 35 8:1 / /mnt/a\\040b\\134c\\012d\\043\x1b[31m\xff rw - ext4 /dev/sda1 rw";
        let mount = parse_line(line).unwrap();
        assert_eq!(mount.path.as_os_str().as_bytes(), b"/mnt/a b\\c\nd#\x1b[31m\xff");
        assert_eq!(mount.filesystem.mount_point, "/mnt/a b\\c\\u{a}d#\\u{1b}[31m\u{fffd}");
    }

    #[test]
    fn mountinfo_line_that_cannot_be_parsed_is_a_diagnostic_and_the_others_are_read() {
        let mountinfo = "garbage\n36 35 8:1 / /cut rw\n37 35 8:2 / /whole rw - ext4 /dev/sda2 rw\n\n";
        assert_eq!(selected(mountinfo), ["/whole"]);
        let diagnostics = parsed(mountinfo).1.diagnostics;
        assert_eq!(diagnostics.len(), 2);
        assert_eq!(diagnostics[0].message, "cannot parse a line of mountinfo: garbage");
    }
}
