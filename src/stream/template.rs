//! Events of a stream that are like one before, but for one text. Most of a stream is such, and need not be parsed.

use super::sse::Event;

/// The form of an event: all of it but one text.
#[derive(Debug)]
pub struct Template {
    name: String,
    before: String,
    after: String,
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
        Some(Self { name: event.name.clone(), before: format!("{before}\""), after: format!("\"{after}") })
    }

    /// The text of an event of this form.
    pub fn text<'a>(&self, event: &'a Event) -> Option<&'a str> {
        let text = event.data.strip_prefix(&self.before)?.strip_suffix(&self.after)?;
        (event.name == self.name && is_plain(text)).then_some(text)
    }
}

/// Does it stand in JSON as it is? An empty text says nothing.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\')
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
