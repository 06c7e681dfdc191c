#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 8).unwrap()
}

fn heap() -> Heap {
    let heap = Heap::new();
    heap.resume();
    heap
}

/// A block, all of this byte.
fn filled(heap: &Heap, size: usize, byte: u8) -> *mut u8 {
    // SAFETY: as many bytes as were asked for.
    unsafe {
        let at = heap.alloc(layout(size));
        at.write_bytes(byte, size);
        at
    }
}

fn is_all(at: *mut u8, size: usize, byte: u8) -> bool {
    // SAFETY: the block is still the test's.
    unsafe { std::slice::from_raw_parts(at, size) }.iter().all(|b| *b == byte)
}

#[test]
fn what_was_given_back_is_handed_out_again_for_the_same_size() {
    let heap = heap();
    let first = filled(&heap, 40, 1);
    // SAFETY: it came with this layout.
    unsafe { heap.dealloc(first, layout(40)) };
    assert_eq!(filled(&heap, 33, 2), first, "33 and 40 bytes are three steps both");
    assert_ne!(filled(&heap, 40, 3), first);
}

#[test]
fn what_is_large_or_comes_while_it_is_paused_is_the_systems() {
    let heap = heap();
    let large = filled(&heap, LARGEST + 1, 1);
    assert!(!heap.holds(large));
    heap.pause();
    let document = filled(&heap, 16, 2);
    assert!(!heap.holds(document));
    heap.resume();
    // SAFETY: they came with these layouts.
    unsafe {
        heap.dealloc(document, layout(16));
        heap.dealloc(large, layout(LARGEST + 1));
    }
    let small = filled(&heap, 16, 3);
    assert!(heap.holds(small) && small != document, "the system's block is in no list");
}

#[test]
fn where_the_pool_ends_the_system_goes_on() {
    let heap = heap();
    let blocks: Vec<_> = (0..POOL / LARGEST + 2).map(|_| filled(&heap, LARGEST, 7)).collect();
    assert_eq!(blocks.iter().filter(|block| heap.holds(**block)).count(), POOL / LARGEST);
    assert!(blocks.iter().all(|block| is_all(*block, LARGEST, 7)));
    for block in blocks {
        // SAFETY: it came with this layout.
        unsafe { heap.dealloc(block, layout(LARGEST)) };
    }
}

#[test]
fn a_block_that_grows_keeps_what_is_in_it() {
    let heap = heap();
    let (mut at, mut size) = (filled(&heap, 5, 9), 5);
    for next in [16, 17, 100, LARGEST, LARGEST + 1, 5000, 300] {
        // SAFETY: it came with this layout.
        at = unsafe { heap.realloc(at, layout(size), next) };
        size = next;
        assert!(is_all(at, 5, 9), "{next}");
    }
}

#[cfg(not(target_family = "wasm"))]
mod native {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn blocks_never_overlap(steps in prop::collection::vec((any::<bool>(), 1_usize..1500, any::<u8>()), 1..300)) {
            let heap = heap();
            let mut held: Vec<(*mut u8, usize, u8)> = Vec::new();
            for (take, size, byte) in steps {
                if take || held.is_empty() {
                    held.push((filled(&heap, size, byte), size, byte));
                } else {
                    let (at, of, was) = held.swap_remove(size % held.len());
                    prop_assert!(is_all(at, of, was));
                    // SAFETY: it came with this layout.
                    unsafe { heap.dealloc(at, layout(of)) };
                }
            }
            prop_assert!(held.iter().all(|(at, of, was)| is_all(*at, *of, *was)));
        }
    }
}
