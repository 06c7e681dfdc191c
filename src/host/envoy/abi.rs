//! The proxy-wasm ABI 0.2.1, as far as it is used, with every status checked.
//!
//! The SDK's own wrappers panic on a status that they do not expect, and a panic traps the VM with every stream of
//! the worker. These give an `Option` instead.
//!
//! <https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1>
#![allow(unsafe_code, reason = "the ABI is made of raw pointers; this file is the only one that touches them")]

use std::ptr::null_mut;

/// Maps of headers, by their number in the ABI.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(super) enum Map {
    RequestHeaders = 0,
    RequestTrailers = 1,
    ResponseHeaders = 2,
    CallResponseHeaders = 6,
}

/// Buffers, by their number in the ABI.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(super) enum Buffer {
    RequestBody = 0,
    ResponseBody = 1,
    GrpcReceive = 5,
}

/// Kinds of metric, by their number in the ABI.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(super) enum Metric {
    Counter = 0,
    Histogram = 2,
}

const OK: u32 = 0;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_get_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_set_header_map_pairs(map: u32, data: *const u8, size: usize) -> u32;
    fn proxy_get_buffer_bytes(buffer: u32, start: usize, max: usize, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_buffer_bytes(buffer: u32, start: usize, size: usize, data: *const u8, data_size: usize) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
    fn proxy_get_property(path: *const u8, path_size: usize, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_property(path: *const u8, path_size: usize, value: *const u8, size: usize) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        key_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
        cas: *mut u32,
    ) -> u32;
    fn proxy_set_shared_data(key: *const u8, key_size: usize, value: *const u8, size: usize, cas: u32) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, name_size: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, by: i64) -> u32;
    fn proxy_record_metric(id: u32, value: u64) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_continue_stream(stream: u32) -> u32;
    fn proxy_close_stream(stream: u32) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
}

/// Takes over what the host has written into our memory.
fn received(status: u32, data: *mut u8, size: usize) -> Option<Vec<u8>> {
    if status != OK {
        return None;
    }
    if data.is_null() {
        return Some(Vec::new());
    }
    // SAFETY: the host has allocated `size` bytes at `data` with the SDK's `proxy_on_memory_allocate`, which is a
    // vector of that capacity that was forgotten, and has filled them.
    Some(unsafe { Vec::from_raw_parts(data, size, size) })
}

pub(super) fn headers(map: Map) -> Option<Vec<u8>> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: the host writes to the two out parameters only.
    let status = unsafe { proxy_get_header_map_pairs(map as u32, &mut data, &mut size) };
    received(status, data, size)
}

pub(super) fn header(map: Map, name: &str) -> Option<Vec<u8>> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: the host reads the name during the call, and writes to the two out parameters only.
    let status = unsafe { proxy_get_header_map_value(map as u32, name.as_ptr(), name.len(), &mut data, &mut size) };
    received(status, data, size)
}

pub(super) fn set_headers(map: Map, pairs: &[u8]) {
    // SAFETY: the host reads the bytes during the call.
    let _ = unsafe { proxy_set_header_map_pairs(map as u32, pairs.as_ptr(), pairs.len()) };
}

pub(super) fn body(buffer: Buffer, max: usize) -> Option<Vec<u8>> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: the host writes to the two out parameters only.
    let status = unsafe { proxy_get_buffer_bytes(buffer as u32, 0, max, &mut data, &mut size) };
    received(status, data, size)
}

pub(super) fn set_body(buffer: Buffer, size: usize, bytes: &[u8]) {
    // SAFETY: the host reads the bytes during the call.
    let _ = unsafe { proxy_set_buffer_bytes(buffer as u32, 0, size, bytes.as_ptr(), bytes.len()) };
}

pub(super) fn reply(status: u16, details: &str, headers: &[u8], body: &[u8]) {
    // SAFETY: the host reads strings and bytes during the call.
    let _ = unsafe {
        proxy_send_local_response(
            u32::from(status),
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            -1,
        )
    };
}

pub(super) fn property(path: &str) -> Option<Vec<u8>> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: the host reads the path during the call and writes to the two out parameters.
    let status = unsafe { proxy_get_property(path.as_ptr(), path.len(), &mut data, &mut size) };
    received(status, data, size)
}

pub(super) fn set_property(path: &str, value: &[u8]) {
    // SAFETY: the host reads the path and the value during the call.
    let _ = unsafe { proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len()) };
}

/// A shared value and its version.
pub(super) fn shared(key: &str) -> Option<(Vec<u8>, u32)> {
    let (mut data, mut size, mut version) = (null_mut(), 0, 0);
    // SAFETY: the host reads the key during the call and writes to the three out parameters.
    let status = unsafe { proxy_get_shared_data(key.as_ptr(), key.len(), &mut data, &mut size, &mut version) };
    Some((received(status, data, size)?, version))
}

/// Sets a shared value if it has this version; 0 is any. Tells whether it did.
pub(super) fn set_shared(key: &str, value: &[u8], version: u32) -> bool {
    // SAFETY: the host reads the key and the value during the call.
    unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), version) == OK }
}

pub(super) fn define_metric(kind: Metric, name: &str) -> Option<u32> {
    let mut id = 0;
    // SAFETY: the host reads the name during the call and writes to the out parameter.
    let status = unsafe { proxy_define_metric(kind as u32, name.as_ptr(), name.len(), &mut id) };
    (status == OK).then_some(id)
}

pub(super) fn increment_metric(id: u32, by: u64) {
    let by = i64::try_from(by).unwrap_or(i64::MAX);
    // SAFETY: numbers only.
    let _ = unsafe { proxy_increment_metric(id, by) };
}

pub(super) fn record_metric(id: u32, value: u64) {
    // SAFETY: numbers only.
    let _ = unsafe { proxy_record_metric(id, value) };
}

/// Streams, by their number in the ABI.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(super) enum Stream {
    Request = 0,
    Response = 1,
}

/// Continues a stream; Envoy does so when the callback under way has returned.
pub(super) fn continue_stream(stream: Stream) {
    // SAFETY: numbers only.
    let _ = unsafe { proxy_continue_stream(stream as u32) };
}

/// Makes the following calls about another stream. Tells whether there is one with this context.
pub(super) fn select(context: u32) -> bool {
    // SAFETY: numbers only.
    unsafe { proxy_set_effective_context(context) == OK }
}

/// How often the plugin's tick comes.
pub(super) fn set_tick(milliseconds: u32) {
    // SAFETY: numbers only.
    let _ = unsafe { proxy_set_tick_period_milliseconds(milliseconds) };
}

/// Resets a stream.
pub(super) fn close_stream(stream: Stream) {
    // SAFETY: numbers only.
    let _ = unsafe { proxy_close_stream(stream as u32) };
}
