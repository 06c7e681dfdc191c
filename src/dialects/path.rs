//! Names of models, projects and deployments in paths.

/// A name as one segment of a path: model ids have colons, and those of inference profiles slashes.
///
/// <https://www.rfc-editor.org/rfc/rfc3986#section-3.3>
pub(super) fn segment(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'@') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
