//! An allocator for checks that are quickly done: it hands out memory from front to back and takes back only what it handed
//! out last. Every call of a check has a memory of its own, which goes with the call, so that freeing is work for nothing.
//!
//! Turned on by the feature `bump`. A check that makes and drops much, again and again, is better off without.

use std::alloc::{GlobalAlloc, Layout};
use std::arch::wasm32::{memory_grow, memory_size};
use std::cell::Cell;
use std::ptr;

const PAGE_BYTES: usize = 64 << 10;

unsafe extern "C" {
    /// Where the data of the module end; the linker's own symbol.
    static __heap_base: u8;
}

struct Bump {
    /// The first byte that is free; 0 before the first allocation.
    next: Cell<usize>,
}

// SAFETY: a check has no threads: the host refuses modules that share memory.
unsafe impl Sync for Bump {}

#[global_allocator]
static BUMP: Bump = Bump { next: Cell::new(0) };

impl Bump {
    /// Makes sure that there is memory up to `end`.
    fn reserve(&self, end: usize) -> bool {
        let size = memory_size(0) * PAGE_BYTES;
        end <= size || memory_grow(0, (end - size).div_ceil(PAGE_BYTES)) != usize::MAX
    }

    fn is_last(&self, pointer: *mut u8, size: usize) -> bool {
        pointer as usize + size == self.next.get()
    }
}

// SAFETY: blocks are handed out one behind the other, so none overlaps another that is in use; `next` goes back only over
// the last block, when that is freed or shrinks.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let next = match self.next.get() {
            0 => &raw const __heap_base as usize,
            next => next,
        };
        let start = next.next_multiple_of(layout.align());
        match start.checked_add(layout.size()) {
            Some(end) if self.reserve(end) => {
                self.next.set(end);
                start as *mut u8
            }
            _ => ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if self.is_last(pointer, layout.size()) {
            self.next.set(pointer as usize);
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if self.is_last(pointer, layout.size()) {
            let Some(end) = (pointer as usize).checked_add(new_size) else { return ptr::null_mut() };
            if !self.reserve(end) {
                return ptr::null_mut();
            }
            self.next.set(end);
            return pointer;
        }
        if new_size <= layout.size() {
            return pointer;
        }
        // SAFETY: the caller's layout is valid, and `new_size` is too, as the trait demands of the caller.
        let new = unsafe { self.alloc(Layout::from_size_align_unchecked(new_size, layout.align())) };
        if !new.is_null() {
            // SAFETY: both blocks have `layout.size()` bytes and do not overlap.
            unsafe { ptr::copy_nonoverlapping(pointer, new, layout.size()) };
        }
        new
    }
}
