//! Groups that mean nobody else: the group of one user alone, which many systems give to every user, or one without members.

use std::fs;
use std::io;
use std::path::Path;

/// Whether nobody besides root and this user is in the group that may write to `path`. A group that this machine's files
/// do not list is not private: its members are known elsewhere.
///
/// # Errors
/// If the access list of `path` cannot be read.
pub(crate) fn is_private(path: &Path, group: u32, user: u32) -> io::Result<bool> {
    if has_access_list(path)? {
        return Ok(false);
    }
    let read = |file| fs::read_to_string(file).unwrap_or_default();
    Ok(lists_nobody_else(&read("/etc/passwd"), &read("/etc/group"), group, user))
}

/// Whether rights of single users or groups are behind what the mode shows as rights of the group.
#[cfg(target_os = "linux")]
fn has_access_list(path: &Path) -> io::Result<bool> {
    use rustix::io::Errno;
    match rustix::fs::lgetxattr(path, "system.posix_acl_access", &mut [0_u8; 0]) {
        Ok(_) => Ok(true),
        Err(Errno::NODATA | Errno::NOTSUP) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn has_access_list(_: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Whether the group is listed, and has nobody else as a member or by being their first group.
fn lists_nobody_else(passwd: &str, groups: &str, group: u32, user: u32) -> bool {
    // name:password:uid:gid:…
    let users = || passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let is_trusted = |uid: &str| uid.parse().is_ok_and(|uid: u32| uid == 0 || uid == user);
    let is_this = |gid: &str| gid.parse() == Ok(group);
    let trusted_names: Vec<_> = users().filter(|fields| fields.get(2).is_some_and(|uid| is_trusted(uid))).collect();
    let is_member = |name: &str| trusted_names.iter().any(|fields| fields[0] == name);
    let others = users().any(|fields| matches!(fields[..], [_, _, uid, gid, ..] if is_this(gid) && !is_trusted(uid)));
    // name:password:gid:member,member
    let mut listed = groups.lines().filter_map(|line| {
        let fields: Vec<_> = line.split(':').collect();
        matches!(fields[..], [_, _, gid, ..] if is_this(gid)).then(|| fields.get(3).copied().unwrap_or_default())
    });
    let Some(members) = listed.next() else { return false };
    let all = |members: &str| members.split(',').map(str::trim).all(|name| name.is_empty() || is_member(name));
    !others && all(members) && listed.all(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:100::/:/bin/sh\n";
    const GROUPS: &str = "root:x:0:\nstaff:x:50:\nusers:x:100:\nann:x:1000:\nops:x:200:ann,root\nall:x:300:ann,bob\n";

    fn is_private(group: u32, user: u32) -> bool {
        lists_nobody_else(PASSWD, GROUPS, group, user)
    }

    #[test]
    fn group_of_one_user_is_private_to_that_user() {
        assert!(is_private(1000, 1000));
        assert!(!is_private(1000, 0), "to root, the user is another one");
    }

    #[test]
    fn group_without_other_members_is_private() {
        assert!(is_private(50, 1000) && is_private(0, 0));
        assert!(is_private(200, 1000));
        assert!(!is_private(300, 1000), "bob is a member");
        assert!(!is_private(100, 1000), "it is the first group of bob");
    }

    #[test]
    fn group_that_is_not_listed_is_not_private() {
        assert!(!is_private(4_000_000, 1000));
        assert!(!lists_nobody_else("", "", 0, 0));
    }
}
