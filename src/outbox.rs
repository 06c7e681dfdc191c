//! What the store of limits is to be told, until the worker has a moment.

use std::cell::RefCell;
use std::rc::Rc;

use crate::host::{Calls, Meters, Shared};
use crate::store::Store;
use crate::telemetry::{self, StoreOutcome};
use crate::time::Timestamp;

/// Messages that nobody waits for. A stream that is over cannot be told how its call went; the plugin itself can, and so
/// it is the one that sends them, in its own time.
#[derive(Clone, Debug, Default)]
pub struct Outbox(Rc<RefCell<Vec<Message>>>);

#[derive(Debug)]
struct Message {
    to: Rc<Store>,
    bytes: Vec<u8>,
}

impl Outbox {
    /// Keeps a message until the next moment.
    pub fn put(&self, to: &Rc<Store>, bytes: Vec<u8>) {
        self.0.borrow_mut().push(Message { to: Rc::clone(to), bytes });
    }

    /// Is there nothing to send?
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Sends everything.
    pub fn send(&self, host: &(impl Calls + Meters + Shared + ?Sized), now: Timestamp) {
        for message in self.0.take() {
            if host.call(&message.to.call(&message.bytes)).is_none() {
                telemetry::count_store(host, StoreOutcome::Unsettled, now);
            }
        }
    }
}
