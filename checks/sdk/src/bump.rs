//! A bump allocator for short-lived checks: it hands out memory from front to back and frees only the block that it
//! allocated last. The host discards the memory of a check after every call, so freeing blocks one by one gains nothing.
//!
//! The feature `bump` turns this allocator on. A check that repeatedly allocates and drops large amounts of memory is better
//! off with the default allocator.

use std::alloc::{GlobalAlloc, Layout};
use std::arch::wasm32::{memory_grow, memory_size};
use std::cell::Cell;
use std::ptr;

const PAGE_BYTES: usize = 64 << 10;

unsafe extern "C" {
    /// Where the module's data ends. The linker defines this symbol.
    static __heap_base: u8;
}

struct Bump {
    /// Address of the first free byte; 0 before the first allocation.
    next: Cell<usize>,
}

// SAFETY: a check is single-threaded, because the host refuses modules with shared memory.
unsafe impl Sync for Bump {}

#[global_allocator]
static BUMP: Bump = Bump { next: Cell::new(0) };

impl Bump {
    /// Grows the memory to at least `end` bytes. Returns `false` when the memory cannot grow.
    fn reserve(&self, end: usize) -> bool {
        let size = memory_size(0) * PAGE_BYTES;
        end <= size || memory_grow(0, (end - size).div_ceil(PAGE_BYTES)) != usize::MAX
    }

    fn is_last(&self, pointer: *mut u8, size: usize) -> bool {
        pointer as usize + size == self.next.get()
    }
}

// SAFETY: each block starts after the end of the block before it, so no two live blocks overlap. `next` moves back only over
// the last block, when that block is freed or shrinks.
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
        // SAFETY: the trait requires the caller to pass a valid layout and a valid `new_size`.
        let new = unsafe { self.alloc(Layout::from_size_align_unchecked(new_size, layout.align())) };
        if !new.is_null() {
            // SAFETY: both blocks hold at least `layout.size()` bytes and do not overlap.
            unsafe { ptr::copy_nonoverlapping(pointer, new, layout.size()) };
        }
        new
    }
}
