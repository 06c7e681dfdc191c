//! Memory for what is small and soon gone: lists of free blocks by size, over the system's allocator.
//!
//! A request makes some hundred little things and drops them. An allocator that looks for the best place for each, as
//! the system's does in Wasm, takes ten times as long for that as taking the block that was given back last.
#![allow(unsafe_code, reason = "an allocator hands out raw memory; nothing else of this file is public")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::{self, null_mut};

/// Bytes of the pool. What is touched of it is used again and again; the rest is never backed by memory.
const POOL: usize = 8 << 20;
/// Blocks are of multiples of this, which is also the strictest alignment that they have.
const STEP: usize = 16;
/// The largest block; what is larger is the system's.
const LARGEST: usize = 1024;
const SIZES: usize = LARGEST / STEP;

/// An allocator for one thread: that of a Wasm module has no others.
pub(crate) struct Heap {
    /// The last block that was given back, for each size; it holds the address of the one before.
    free: [Cell<*mut u8>; SIZES],
    /// What has never been handed out of the pool begins here.
    fresh: Cell<usize>,
    /// Where the pool begins, once there is one.
    start: Cell<usize>,
    /// Is everything the system's for now?
    paused: Cell<bool>,
}

// SAFETY: Wasm without threads has one; the tests share none of theirs.
unsafe impl Sync for Heap {}

impl Heap {
    /// One without any memory yet, which leaves everything to the system until it is resumed.
    pub(crate) const fn new() -> Self {
        Self {
            free: [const { Cell::new(null_mut()) }; SIZES],
            fresh: Cell::new(0),
            start: Cell::new(0),
            paused: Cell::new(true),
        }
    }

    /// Leaves to the system what is asked for from now on: documents are large and stay, and the pool is for requests.
    pub(crate) fn pause(&self) {
        self.paused.set(true);
    }

    /// Ends what [`Heap::pause`] has begun.
    pub(crate) fn resume(&self) {
        self.paused.set(false);
    }

    fn holds(&self, at: *mut u8) -> bool {
        let start = self.start.get();
        start != 0 && (at as usize).wrapping_sub(start) < POOL
    }

    /// The list of blocks that are large enough, if there is one.
    fn list(&self, layout: Layout) -> Option<&Cell<*mut u8>> {
        let number = layout.size().checked_sub(1)? / STEP;
        if layout.align() > STEP { None } else { self.free.get(number) }
    }

    /// A block that nobody has had yet. Null: the pool is used up.
    fn fresh(&self, size: usize) -> *mut u8 {
        if self.start.get() == 0 {
            // SAFETY: neither size nor alignment is 0.
            let pool = unsafe { System.alloc(Layout::from_size_align_unchecked(POOL, STEP)) } as usize;
            self.start.set(pool);
            self.fresh.set(pool);
        }
        let (at, end) = (self.fresh.get(), self.start.get() + POOL);
        if self.start.get() == 0 || end - at < size {
            return null_mut();
        }
        self.fresh.set(at + size);
        at as *mut u8
    }
}

// SAFETY: a block is in one list or in one hand; blocks of a list are as large as its number says, and aligned to STEP, since
// the pool and all sizes are. What is not of the pool goes to the system, with the layout that it came with.
unsafe impl GlobalAlloc for Heap {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if let Some(list) = self.list(layout).filter(|_| !self.paused.get()) {
            let first = list.get();
            if !first.is_null() {
                // SAFETY: a free block holds the address of the next.
                list.set(unsafe { *first.cast::<*mut u8>() });
                return first;
            }
            let block = self.fresh(layout.size().next_multiple_of(STEP));
            if !block.is_null() {
                return block;
            }
        }
        // SAFETY: as the caller says.
        unsafe { System.alloc(layout) }
    }

    #[inline(never)]
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        match self.list(layout) {
            Some(list) if self.holds(at) => {
                // SAFETY: the block is the caller's no more, and has room for an address.
                unsafe { *at.cast::<*mut u8>() = list.get() };
                list.set(at);
            }
            // SAFETY: as the caller says.
            _ => unsafe { System.dealloc(at, layout) },
        }
    }

    #[inline(never)]
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !self.holds(at) {
            // SAFETY: as the caller says.
            return unsafe { System.realloc(at, layout, size) };
        }
        if size.div_ceil(STEP) == layout.size().div_ceil(STEP) {
            return at;
        }
        // SAFETY: the caller says that both sizes are good for this alignment. Both blocks have as many bytes as are copied.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                ptr::copy_nonoverlapping(at, new, layout.size().min(size));
                self.dealloc(at, layout);
            }
            new
        }
    }
}

#[cfg(test)]
mod tests;
