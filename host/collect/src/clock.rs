//! Synchronization of the kernel's clock.

use std::io;

use checkpost_model::metric::{Labels, Snapshot};

use crate::roots::Roots;

/// State of the kernel's clock, in the kernel's units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Clock {
    /// Return value of adjtimex(2): `TIME_OK`, ...
    state: i32,
    /// `STA_UNSYNC | STA_NANO`, ...
    status: i32,
    /// In nanoseconds with `STA_NANO`, else in microseconds.
    offset: libc::c_long,
    max_error_us: libc::c_long,
}

/// Reads the clock with a system call, because no file shows it.
pub(super) fn collect(_: &Roots, snapshot: &mut Snapshot) {
    match read() {
        Ok(clock) => push(clock, snapshot),
        Err(error) if is_refused(&error) => {}
        Err(error) => snapshot.diagnose("clock", format!("cannot read the kernel's clock: {error}")),
    }
}

fn push(clock: Clock, snapshot: &mut Snapshot) {
    let is_synchronized = clock.status & libc::STA_UNSYNC == 0 && clock.state != libc::TIME_ERROR;
    let unit_s = if clock.status & libc::STA_NANO == 0 { 1e6 } else { 1e9 };
    snapshot.push("checkpost.clock.synchronized", Labels::none(), f64::from(u8::from(is_synchronized)));
    snapshot.push("checkpost.clock.offset", Labels::none(), clock.offset as f64 / unit_s);
    snapshot.push("checkpost.clock.error", Labels::none(), clock.max_error_us as f64 / 1e6);
}

/// Whether the call is forbidden, as in some containers although it only reads. The clock is then a matter of the host.
fn is_refused(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EPERM | libc::EACCES | libc::ENOSYS))
}

/// Calls adjtimex(2) without an adjustment.
///
/// `unsafe` because neither std nor rustix has the call. With `modes` of 0 the call changes nothing and needs no privilege.
#[allow(unsafe_code)]
fn read() -> io::Result<Clock> {
    // SAFETY: `timex` is a struct of integers, for which all bits zero are valid, so that `modes` is 0. The kernel writes
    // only to that struct, whose layout libc defines, and retains no pointer to it.
    let (state, timex) = unsafe {
        let mut timex: libc::timex = std::mem::zeroed();
        (libc::adjtimex(&raw mut timex), timex)
    };
    if state < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Clock { state, status: timex.status, offset: timex.offset, max_error_us: timex.maxerror })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{measured, tree_with};

    const SYNCHRONIZED: Clock =
        Clock { state: libc::TIME_OK, status: libc::STA_PLL, offset: -250, max_error_us: 12_500 };

    fn readings(clock: Clock) -> [Option<f64>; 3] {
        let tree = tree_with(&[]);
        let snapshot = measured(&tree.roots, |_, snapshot| push(clock, snapshot));
        ["synchronized", "offset", "error"]
            .map(|name| snapshot.value(&format!("checkpost.clock.{name}"), &Labels::none()))
    }

    #[test]
    fn synchronized_clock_has_its_offset_and_error_in_seconds() {
        assert_eq!(readings(SYNCHRONIZED), [Some(1.0), Some(-0.000_25), Some(0.012_5)]);
    }

    #[test]
    fn offset_is_in_nanoseconds_when_the_kernel_says_so() {
        let clock = Clock { status: SYNCHRONIZED.status | libc::STA_NANO, offset: -250_000, ..SYNCHRONIZED };
        assert_eq!(readings(clock), readings(SYNCHRONIZED));
    }

    #[test]
    fn clock_without_synchronization_is_not_synchronized() {
        let unsynchronized = Clock { status: libc::STA_UNSYNC, max_error_us: 16_000_000, ..SYNCHRONIZED };
        assert_eq!(readings(unsynchronized), [Some(0.0), Some(-0.000_25), Some(16.0)]);
        assert_eq!(readings(Clock { state: libc::TIME_ERROR, ..SYNCHRONIZED })[0], Some(0.0));
    }

    #[test]
    fn leap_second_that_is_announced_is_no_fault() {
        assert_eq!(readings(Clock { state: libc::TIME_INS, ..SYNCHRONIZED })[0], Some(1.0));
    }

    #[test]
    fn refused_call_is_no_failure_and_any_other_error_is() {
        for errno in [libc::EPERM, libc::EACCES, libc::ENOSYS] {
            assert!(is_refused(&io::Error::from_raw_os_error(errno)), "{errno}");
        }
        assert!(!is_refused(&io::Error::from_raw_os_error(libc::EFAULT)));
    }

    #[test]
    fn clock_of_this_machine_is_read_and_not_changed() {
        let (first, second) = (read(), read());
        if let (Ok(first), Ok(second)) = (&first, &second) {
            assert_eq!((first.state, first.status), (second.state, second.status));
            assert!(first.max_error_us >= 0);
        }
        let snapshot = measured(&Roots::real(), collect);
        assert_eq!(snapshot.diagnostics, []);
        assert!(matches!(snapshot.samples.len(), 0 | 3), "{:?}", snapshot.samples);
    }
}
