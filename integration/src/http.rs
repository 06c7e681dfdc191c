//! HTTP/1.1 as far as both ends need it, without a library between a test and the bytes.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// The first line and the headers of a message; header names in lower case.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// Request line or status line.
    pub line: String,
    /// In their order.
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The first header of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The part of the first line with this number.
    pub fn word(&self, number: usize) -> &str {
        self.line.split(' ').nth(number).unwrap_or_default()
    }
}

/// A segment of a path without its `%`.
pub fn decoded(segment: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        let hex: Option<String> = (byte == b'%').then(|| bytes.by_ref().take(2).map(char::from).collect());
        out.push(hex.and_then(|hex| u8::from_str_radix(&hex, 16).ok()).unwrap_or(byte));
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// After so many more bytes.
    Length(u64),
    /// After the last chunk.
    Chunked,
    /// With the connection.
    Close,
}

impl Framing {
    /// As the headers say; `otherwise` when they say nothing.
    pub fn of(head: &Head, otherwise: Self) -> Self {
        if head.get("transfer-encoding").is_some_and(|v| v.contains("chunked")) {
            return Self::Chunked;
        }
        head.get("content-length").map_or(otherwise, |n| Self::Length(n.parse().unwrap_or(0)))
    }
}

/// Reads a head; `None` when the connection ends before its first byte.
///
/// # Errors
/// The connection breaks, or ends within the head.
pub async fn read_head(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Head>> {
    let Some(line) = read_line(from).await? else { return Ok(None) };
    let mut head = Head { line, headers: Vec::new() };
    loop {
        let line = read_line(from).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let Some((name, value)) = line.split_once(':') else { return Ok(Some(head)) };
        head.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

/// Reads some more of a body; `None` when it is complete.
///
/// # Errors
/// The connection breaks, or ends within the body.
pub async fn read_piece(from: &mut (impl AsyncBufRead + Unpin), framing: &mut Framing) -> io::Result<Option<Vec<u8>>> {
    match framing {
        Framing::Length(0) => Ok(None),
        Framing::Length(left) => {
            let piece = read_some(from, *left).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
            *left -= piece.len() as u64;
            Ok(Some(piece))
        }
        Framing::Close => read_some(from, u64::MAX).await,
        Framing::Chunked => {
            let piece = read_chunk(from).await?;
            if piece.is_empty() {
                *framing = Framing::Length(0);
                return Ok(None);
            }
            Ok(Some(piece))
        }
    }
}

async fn read_some(from: &mut (impl AsyncBufRead + Unpin), most: u64) -> io::Result<Option<Vec<u8>>> {
    let held = from.fill_buf().await?;
    let size = held.len().min(usize::try_from(most).unwrap_or(usize::MAX));
    let piece = held[..size].to_vec();
    from.consume(size);
    Ok(Some(piece).filter(|p| !p.is_empty()))
}

/// One chunk; the last is empty, with its trailers read.
async fn read_chunk(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Vec<u8>> {
    let line = read_line(from).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let size = usize::from_str_radix(line.trim(), 16).map_err(|_| io::ErrorKind::InvalidData)?;
    if size == 0 {
        while !read_line(from).await?.ok_or(io::ErrorKind::UnexpectedEof)?.is_empty() {}
        return Ok(Vec::new());
    }
    let mut piece = vec![0; size + 2];
    from.read_exact(&mut piece).await?;
    piece.truncate(size);
    Ok(piece)
}

async fn read_line(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    from.read_until(b'\n', &mut line).await?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}
