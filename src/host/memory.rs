//! The ports in memory: a test says what arrived and reads what must have left.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::{Call, Calls, Meter, MeterKind, Meters, Shared, Side, Stream, Version};
use crate::headers::Headers;

/// Names and values in their order.
type Pairs = Vec<(String, String)>;

/// One stream, and what its worker shares.
#[derive(Debug, Default, PartialEq)]
pub struct Memory {
    /// Headers of the request.
    pub request: RefCell<Pairs>,
    /// Headers of the answer.
    pub response: RefCell<Pairs>,
    /// What the proxy holds of the request's body.
    pub request_body: RefCell<Vec<u8>>,
    /// What the proxy holds of the answer's body.
    pub response_body: RefCell<Vec<u8>>,
    /// How often the logic has sent on what was held.
    pub flushes: Cell<usize>,
    /// The answer that the logic gave itself.
    pub reply: RefCell<Option<Reply>>,
    /// Properties by name; a path is joined by dots.
    pub properties: RefCell<BTreeMap<String, Vec<u8>>>,
    /// What workers share.
    pub shared: RefCell<BTreeMap<String, Vec<u8>>>,
    /// Its versions.
    pub versions: RefCell<BTreeMap<String, u32>>,
    /// Counters, and the values of histograms added up.
    pub meters: RefCell<BTreeMap<String, u64>>,
    /// Names of metrics, by their numbers.
    pub defined: RefCell<Vec<String>>,
    /// Messages of the calls that were made, in their order. A call's number is its place.
    pub calls: RefCell<Vec<Vec<u8>>>,
    /// There is no way to any service.
    pub cut_off: Cell<bool>,
    /// How often each was asked for.
    pub asked: RefCell<BTreeMap<&'static str, usize>>,
}

/// An answer that the logic gave itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Memory {
    fn side(&self, side: Side) -> (&RefCell<Pairs>, &RefCell<Vec<u8>>) {
        match side {
            Side::Request => (&self.request, &self.request_body),
            Side::Response => (&self.response, &self.response_body),
        }
    }

    fn note(&self, what: &'static str) {
        *self.asked.borrow_mut().entry(what).or_default() += 1;
    }

    fn version(&self, key: &str) -> Version {
        Version(self.versions.borrow().get(key).copied().unwrap_or_default())
    }

    fn put(&self, key: &str, value: &[u8]) {
        self.shared.borrow_mut().insert(key.to_owned(), value.to_vec());
        *self.versions.borrow_mut().entry(key.to_owned()).or_default() += 1;
    }
}

fn owned(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
}

impl Stream for Memory {
    fn headers(&self, side: Side) -> Headers {
        self.note("headers");
        self.side(side).0.borrow().iter().map(|(name, value)| (name, value)).collect()
    }

    fn header(&self, side: Side, name: &str) -> Option<String> {
        self.note("header");
        self.side(side).0.borrow().iter().find(|(n, _)| n == name).map(|(_, v)| v.clone())
    }

    fn set_headers(&self, side: Side, headers: &[(&str, &str)]) {
        self.note("set_headers");
        *self.side(side).0.borrow_mut() = owned(headers);
    }

    fn body(&self, side: Side, size: usize) -> Vec<u8> {
        self.note("body");
        let body = self.side(side).1.borrow();
        body.get(..size).unwrap_or(&body).to_vec()
    }

    fn set_body(&self, side: Side, size: usize, bytes: &[u8]) {
        self.note("set_body");
        let mut body = self.side(side).1.borrow_mut();
        let size = size.min(body.len());
        body.splice(..size, bytes.iter().copied());
    }

    fn flush(&self) {
        self.note("flush");
        // A test takes what is there when the callback is over.
        self.flushes.set(self.flushes.get() + 1);
    }

    fn flush_from(&self, _context: u32) {
        self.flush();
    }

    fn reply(&self, status: u16, headers: &[(&str, &str)], body: &[u8]) {
        self.note("reply");
        *self.reply.borrow_mut() = Some(Reply { status, headers: owned(headers), body: body.to_vec() });
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        self.note("property");
        self.properties.borrow().get(&path.join(".")).cloned()
    }

    fn set_property(&self, name: &str, value: &[u8]) {
        self.note("set_property");
        self.properties.borrow_mut().insert(name.to_owned(), value.to_vec());
    }
}

impl Shared for Memory {
    fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.note("get");
        self.shared.borrow().get(key).cloned()
    }

    fn set(&self, key: &str, value: &[u8]) {
        self.note("set");
        self.put(key, value);
    }

    fn read(&self, key: &str) -> (Option<Vec<u8>>, Version) {
        self.note("read");
        (self.shared.borrow().get(key).cloned(), self.version(key))
    }

    fn replace(&self, key: &str, value: &[u8], version: Version) -> bool {
        self.note("replace");
        let current = self.version(key) == version;
        if current {
            self.put(key, value);
        }
        current
    }
}

impl Meters for Memory {
    fn count(&self, name: &str, by: u64) {
        self.note("count");
        *self.meters.borrow_mut().entry(name.to_owned()).or_default() += by;
    }

    fn meter(&self, kind: MeterKind, name: &str) -> Option<Meter> {
        self.note("meter");
        let mut defined = self.defined.borrow_mut();
        defined.push(name.to_owned());
        u32::try_from(defined.len() - 1).ok().map(|id| Meter { kind, id })
    }

    fn add(&self, meter: Meter, amount: u64) {
        self.note("add");
        if let Some(name) = usize::try_from(meter.id).ok().and_then(|id| self.defined.borrow().get(id).cloned()) {
            *self.meters.borrow_mut().entry(name).or_default() += amount;
        }
    }
}

impl Calls for Memory {
    fn call(&self, call: &Call<'_>) -> Option<u32> {
        self.note("call");
        let mut calls = self.calls.borrow_mut();
        calls.push(call.message.to_vec());
        u32::try_from(calls.len() - 1).ok().filter(|_| !self.cut_off.get())
    }
}
