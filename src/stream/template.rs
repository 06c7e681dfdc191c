//! Events of a stream that are like one before, but for one text. Most of a stream is such, and need not be parsed.

use super::sse::{self, Event};
use crate::bytes;
use crate::json;

/// The form of an event: all of it but one text.
#[derive(Debug)]
pub struct Template {
    name: String,
    before: String,
    after: String,
    /// How such an event is usually written, where that is one line of data.
    frame: Option<Frame>,
}

/// The bytes of a server-sent event before and after its text.
#[derive(Debug)]
struct Frame {
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Template {
    /// The form of an event that says `text`. `None` where it cannot be told for certain which of its bytes are the text.
    pub fn of(event: &Event, text: &str) -> Option<Self> {
        let data = &event.data;
        // With escapes the text could be somewhere else than where it is found.
        if !is_plain(text) || memchr::memchr(b'\\', data.as_bytes()).is_some() {
            return None;
        }
        let quoted = format!("\"{text}\"");
        let (before, after) = data.split_once(&quoted)?;
        if after.contains(&quoted) {
            return None;
        }
        let (before, after) = (format!("{before}\""), format!("\"{after}"));
        let frame = memchr::memchr(b'\n', data.as_bytes()).is_none().then(|| Frame::of(&event.name, &before, &after));
        Some(Self { name: event.name.clone(), before, after, frame })
    }

    /// The text of an event of this form.
    pub fn text<'a>(&self, event: &'a Event) -> Option<&'a str> {
        let text = event.data.strip_prefix(&self.before)?.strip_suffix(&self.after)?;
        (event.name == self.name && is_plain(text)).then_some(text)
    }

    /// The text of an event of this form with which a stream of server-sent events goes on, and the length of that event.
    /// `None` says nothing: the same event may be written in other ways.
    pub fn split<'a>(&self, stream: &'a [u8]) -> Option<(&'a str, usize)> {
        let Frame { head, tail } = self.frame.as_ref()?;
        let rest = bytes::after(head, stream)?;
        let (text, rest) = rest.split_at_checked(json::plain(rest)).filter(|(text, _)| !text.is_empty())?;
        bytes::after(tail, rest)?;
        Some((std::str::from_utf8(text).ok()?, head.len() + text.len() + tail.len()))
    }
}

impl Frame {
    fn of(name: &str, before: &str, after: &str) -> Self {
        let mut head = Vec::new();
        sse::write_head(&mut head, name);
        head.extend_from_slice(before.as_bytes());
        Self { head, tail: [after.as_bytes(), sse::END].concat() }
    }
}

/// Does it stand in JSON as it is? An empty text says nothing.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && json::plain(text.as_bytes()) == text.len()
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn an_event_of_the_same_form_gives_its_text() {
        let template = Template::of(&event("", r#"{"a":{"text":"one"},"b":[1]}"#), "one").unwrap();
        let text = |data: &str| template.text(&event("", data)).map(str::to_owned);
        assert_eq!(text(r#"{"a":{"text":"two é"},"b":[1]}"#).as_deref(), Some("two é"));
        for other in [
            r#"{"a":{"text":""},"b":[1]}"#,
            r#"{"a":{"text":"x\n"},"b":[1]}"#,
            r#"{"a":{"text":"x","y":"z"},"b":[1]}"#,
            "{\"a\":{\"text\":\"x\ny\"},\"b\":[1]}",
            r#"{"a":{"text":"x"},"b":[2]}"#,
            r#"{"a":{"text":""#,
            "",
        ] {
            assert_eq!(text(other), None, "{other}");
        }
        assert_eq!(template.text(&event("error", r#"{"a":{"text":"two"},"b":[1]}"#)), None);
    }

    #[test]
    fn a_stream_is_split_where_it_is_written_as_usual() {
        for (name, head) in [("", ""), ("delta", "event: delta\n")] {
            let template = Template::of(&event(name, r#"{"text":"one"}"#), "one").unwrap();
            let stream = format!("{head}data: {{\"text\":\"two \u{e9}\"}}\n\ndata: x");
            assert_eq!(template.split(stream.as_bytes()), Some(("two \u{e9}", stream.len() - "data: x".len())));
            for other in [
                "data: {\"text\":\"two\"}\n",
                "data: {\"text\":\"two\"}\r\n\r\n",
                "data: {\"text\":\"two\"}\ndata: 2\n\n",
                "data:{\"text\":\"two\"}\n\n",
                "data: {\"text\":\"\"}\n\n",
                "data: {\"text\":\"t\\n\"}\n\n",
                "event: error\ndata: {\"text\":\"two\"}\n\n",
                "",
            ] {
                assert_eq!(template.split(format!("{head}{other}").as_bytes()), None, "{other}");
            }
            let broken = [head.as_bytes(), b"data: {\"text\":\"\xff\"}\n\n"].concat();
            assert_eq!(template.split(&broken), None);
        }
        let lines = Template::of(&event("", "{\n\"text\":\"one\"}"), "one").unwrap();
        assert_eq!(lines.split(b"data: {\n\"text\":\"two\"}\n\n"), None, "what stands in two lines of data");
    }

    #[test]
    fn there_is_no_form_where_the_text_could_be_elsewhere() {
        for (data, text) in [
            (r#"{"type":"text","text":"text"}"#, "text"),
            (r#"{"id":"\u0078","text":"x"}"#, "x"),
            (r#"{"text":"x"}"#, "y"),
            (r#"{"text":""}"#, ""),
            (r#"{"text":"a\"b"}"#, "a\"b"),
        ] {
            assert!(Template::of(&event("", data), text).is_none(), "{data}");
        }
    }
}
