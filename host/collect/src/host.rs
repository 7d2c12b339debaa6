//! Facts about the host, which are cheap to read: three small files and two system calls on Linux.

use sysinfo::System;

use checkpost_model::clean;
use checkpost_model::metric::Host;

/// This host, in its current boot. A host without a name is called `localhost`.
pub fn host() -> Host {
    let name = System::host_name().ok().filter(|name| !name.is_empty());
    let arch = System::cpu_arch();
    let os_description = match (System::name(), System::os_version()) {
        (Ok(name), Ok(version)) => format!("{name} {version}"),
        (Ok(name), Err(_)) => name,
        (Err(_), _) => std::env::consts::OS.to_owned(),
    };
    let kernel = System::kernel_long_version().unwrap_or_else(|_| std::env::consts::OS.to_owned());
    Host {
        name: name.map_or_else(|| "localhost".to_owned(), |name| clean::owned(&name)),
        os_type: std::env::consts::OS.to_owned(),
        platform: clean::owned(&format!("{kernel} ({os_description}) {arch}")),
        os_description: clean::owned(&os_description),
        arch,
        boot_id: boot_id().unwrap_or_default(),
    }
}

/// The boot id; in a container that of its host. Without a boot id no two snapshots are compared.
fn boot_id() -> Option<String> {
    #[cfg(target_os = "linux")]
    if let Ok(id) = std::fs::read_to_string("/proc/sys/kernel/random/boot_id") {
        return Some(id.trim().to_owned());
    }
    // Other systems derive the boot time from the uptime, which may vary by a second; minutes seldom vary.
    let minutes = (System::boot_time().ok()? + 30) / 60;
    Some(format!("booted-at-minute-{minutes}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_has_every_fact_and_they_do_not_change() {
        let host = host();
        for fact in [&host.name, &host.os_type, &host.os_description, &host.platform, &host.arch, &host.boot_id] {
            assert!(!fact.is_empty(), "{host:?}");
            assert!(!fact.contains('\n'), "{host:?}");
        }
        assert!(host.platform.contains(&host.os_description), "{host:?}");
        assert!(host.platform.ends_with(&host.arch), "{host:?}");
        assert_eq!(super::host(), host);
    }
}
