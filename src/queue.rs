//! Requests of one worker that wait for room.

use std::cell::RefCell;
use std::rc::Rc;

use crate::ledger::Class;

/// Requests that wait for room, by Envoy's number of their gateway role.
#[derive(Clone, Debug, Default)]
pub struct Queue(Rc<RefCell<Vec<Waiting>>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Waiting {
    context: u32,
    class: Class,
}

impl Queue {
    /// Comes last, if fewer than `most` wait. One that waits already stays where it is.
    pub fn join(&self, context: u32, class: Class, most: usize) -> bool {
        let mut waiting = self.0.borrow_mut();
        if waiting.iter().any(|other| other.context == context) {
            return true;
        }
        if waiting.len() >= most {
            return false;
        }
        waiting.push(Waiting { context, class });
        true
    }

    /// Does not wait any more.
    pub fn leave(&self, context: u32) {
        self.0.borrow_mut().retain(|waiting| waiting.context != context);
    }

    /// Those that wait, the next one first: somebody waits for the interactive ones.
    pub fn contexts(&self) -> Vec<u32> {
        let waiting = self.0.borrow();
        let of = |class| waiting.iter().filter(move |waiting| waiting.class == class).map(|waiting| waiting.context);
        Class::ALL.into_iter().flat_map(of).collect()
    }

    /// Does nobody wait?
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn requests_wait_in_their_order_and_those_of_people_before_the_others() {
        let queue = Queue::default();
        for (context, class) in [(1, Class::Batch), (2, Class::Interactive), (3, Class::Batch), (4, Class::Interactive)]
        {
            assert!(queue.join(context, class, 4));
        }
        assert!(queue.join(1, Class::Batch, 4));
        assert!(!queue.join(5, Class::Interactive, 4));
        assert_eq!(queue.contexts(), [2, 4, 1, 3]);
        queue.leave(4);
        assert_eq!(queue.contexts(), [2, 1, 3]);
        assert!(!queue.is_empty());
    }
}
