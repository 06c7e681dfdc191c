//! The filter that this command line was built with.

use std::borrow::Cow;
use std::io;

/// The module in use: the file that the environment variable `TOLLHOUSE_FILTER` names, else the one built in.
///
/// # Errors
/// The file cannot be read.
pub fn bytes() -> io::Result<Cow<'static, [u8]>> {
    match std::env::var_os("TOLLHOUSE_FILTER") {
        Some(path) if !path.is_empty() => std::fs::read(&path)
            .map(Cow::Owned)
            .map_err(|e| io::Error::new(e.kind(), format!("TOLLHOUSE_FILTER={}: {e}", path.display()))),
        _ => Ok(Cow::Borrowed(include_bytes!(concat!(env!("OUT_DIR"), "/tollhouse_filter.wasm")))),
    }
}
