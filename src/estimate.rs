//! How many tokens a prompt will be, before anybody has counted it: rather too many than too few, since what is held
//! for a request must cover what it comes to.
//!
//! Against recorded requests (`tests/estimate.rs`) it is never below the provider's count, and at most [`FACTOR`] times
//! the count, and [`SLACK`] tokens and as many again for each image, document, sound or signature. It cannot know what
//! does not stand in the body: documents by URL or id, cached contents, and what a provider's own tools add.

/// See the module's promise.
pub const FACTOR: u64 = 3;

/// See the module's promise.
pub const SLACK: u64 = 1_600;

/// What an image, a page or a sound is taken for: the most that providers count for an image at its usual size.
///
/// <https://docs.anthropic.com/en/docs/build-with-claude/vision#calculate-image-costs>
const MEDIUM: u64 = 1_600;

/// A word of so many bytes is data in base64, not text.
const DATA_BYTES: usize = 256;

/// Models that count alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Anthropic's.
    Claude,
    /// Cohere's.
    Command,
    /// OpenAI's.
    Gpt,
    /// Google's.
    Gemini,
    /// xAI's.
    Grok,
    /// Amazon's.
    Nova,
    /// All others.
    Other,
}

impl Family {
    /// By the name of a model, with whatever is written before and behind it.
    pub fn of(model: &str) -> Self {
        let name = model.to_ascii_lowercase();
        let families = [
            ("claude", Self::Claude),
            ("command", Self::Command),
            ("gemini", Self::Gemini),
            ("gpt", Self::Gpt),
            ("grok", Self::Grok),
            ("nova", Self::Nova),
        ];
        families.iter().find(|(word, _)| name.contains(word)).map_or(Self::Other, |(_, family)| *family)
    }

    /// Tokens that every prompt has beside its own, without tools and with them: the provider's own instructions.
    fn instructions(self) -> (u64, u64) {
        match self {
            Self::Claude => (80, 560),
            Self::Command => (1_400, 1_400),
            Self::Gemini => (40, 40),
            Self::Gpt => (40, 340),
            Self::Grok => (230, 230),
            Self::Nova => (40, 820),
            Self::Other => (40, 200),
        }
    }
}

/// What the body of a request is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// Bytes of ASCII outside of data.
    ascii: u64,
    /// Other bytes.
    other: u64,
    /// Tokens of data: images, documents, sounds, signatures.
    data: u64,
    caches: bool,
}

impl Prompt {
    /// Looks at a body, once: it may be long.
    pub fn of(body: &[u8]) -> Self {
        let mut images = Images::default();
        let mut caches = false;
        for word in memchr::memchr_iter(b'"', body).filter_map(|at| body.get(at + 1..)) {
            if matches!(word.first(), Some(b'i' | b'c')) {
                let (word, behind) = word.split_at_checked(data_length(word)).unwrap_or((word, &[]));
                images.see(word, behind);
                caches |= word == b"cache_control" && behind.first() == Some(&b'"');
            }
        }
        let (mut data, mut data_bytes) = (0, 0);
        for length in long_words(body) {
            data += MEDIUM.min(length / 2);
            data_bytes += length;
            images.pieces += 1;
        }
        data += images.references().saturating_sub(images.pieces) * MEDIUM;
        let other = beyond_ascii(body);
        Self { ascii: body.len() as u64 - data_bytes - other, other, data, caches }
    }

    /// May providers write it to their caches, which costs more than reading?
    pub fn caches(self) -> bool {
        self.caches
    }

    /// A form with a file in it, whose bytes say nothing of its tokens.
    pub fn of_form() -> Self {
        Self { data: MEDIUM, ..Self::default() }
    }

    /// Its tokens for a model, which may call `tools` or not.
    pub fn tokens(self, family: Family, tools: bool) -> u64 {
        let (plain, with_tools) = family.instructions();
        // Three bytes a token is the densest English there is, two what other scripts come to.
        let words = self.ascii.div_ceil(3) + self.other.div_ceil(2);
        words + self.data + if tools { with_tools } else { plain }
    }
}

/// Images, wherever they are.
#[derive(Default)]
struct Images {
    /// Data that stands in the body.
    pieces: u64,
    members: u64,
    types: u64,
    media_types: u64,
}

impl Images {
    /// A word behind a quotation mark, and what comes after it.
    fn see(&mut self, word: &[u8], behind: &[u8]) {
        match word {
            b"image_url" if behind.starts_with(b"\":") => self.members += 1,
            b"input_image" if behind.starts_with(b"\"") => self.members += 1,
            b"image" if behind.starts_with(b"\"") => self.types += 1,
            _ if word.starts_with(b"image/") => self.media_types += 1,
            _ => {}
        }
    }

    /// One image has more than one of these; where a word is both a type and a member, the member counts.
    fn references(&self) -> u64 {
        self.members.max(self.types).max(self.media_types)
    }
}

/// The alphabets of base64.
const IS_DATA: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        let good = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_');
        #[allow(clippy::indexing_slicing, reason = "checked when it is compiled")]
        {
            table[byte as usize] = good;
        }
        byte += 1;
    }
    table
};

fn is_data(byte: u8) -> bool {
    IS_DATA.get(usize::from(byte)).copied().unwrap_or_default()
}

/// How much of it, from its beginning, could be data.
fn data_length(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !is_data(*byte)).unwrap_or(bytes.len())
}

/// The lengths of words that are data. Nearly all of a text is skipped: a word of so many bytes has one in every so many.
fn long_words(body: &[u8]) -> impl Iterator<Item = u64> {
    let mut rest = body;
    std::iter::from_fn(move || {
        while let Some(window) = rest.get(..DATA_BYTES) {
            if let Some(sign) = window.iter().rposition(|byte| !is_data(*byte)) {
                rest = rest.get(sign + 1..).unwrap_or_default();
                continue;
            }
            let length = data_length(rest);
            rest = rest.get(length..).unwrap_or_default();
            return Some(length as u64);
        }
        None
    })
}

/// How many bytes are not ASCII, eight at a time.
fn beyond_ascii(bytes: &[u8]) -> u64 {
    let (eights, rest) = bytes.as_chunks::<8>();
    let high = eights.iter().map(|eight| (u64::from_ne_bytes(*eight) & 0x8080_8080_8080_8080).count_ones());
    high.map(u64::from).sum::<u64>() + rest.iter().filter(|byte| !byte.is_ascii()).count() as u64
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn text_counts_by_its_bytes_and_data_by_its_pieces() {
        assert_eq!(Prompt::of("one two größe".as_bytes()), Prompt { ascii: 11, other: 4, ..Prompt::default() });
        let image = format!(r#"{{"data":"{}"}}"#, "iVBORw0KGgo".repeat(1_000));
        assert_eq!(Prompt::of(image.as_bytes()), Prompt { ascii: 11, data: 1_600, ..Prompt::default() });
    }

    #[test]
    fn data_is_found_wherever_it_begins_and_however_long_it_is() {
        for length in [255, 256, 257, 511, 512, 5_000] {
            for before in [0, 1, 200, 255, 256, 300] {
                let body = format!("{}\"{}\" \u{e9}", "a ".repeat(before), "A".repeat(length));
                let prompt = Prompt::of(body.as_bytes());
                let is_data = length >= 256;
                let text = 2 * before as u64 + 3 + if is_data { 0 } else { length as u64 };
                let data = if is_data { (length as u64 / 2).min(1_600) } else { 0 };
                assert_eq!(prompt, Prompt { ascii: text, other: 2, data, caches: false }, "{length} after {before}");
            }
        }
    }

    #[test]
    fn a_longer_prompt_is_never_less() {
        let tokens = |length: usize| Prompt::of("word ".repeat(length).as_bytes()).tokens(Family::Gpt, false);
        assert!((0..100).all(|length| tokens(length) <= tokens(length + 1)));
        let empty = Prompt::of(b"");
        assert!(empty.tokens(Family::Claude, true) > empty.tokens(Family::Claude, false));
    }

    #[test]
    fn families_are_known_by_their_names() {
        for (name, family) in [
            ("us.anthropic.claude-sonnet-4-6-v1:0", Family::Claude),
            ("GPT-5-mini", Family::Gpt),
            ("amazon.nova-lite-v1:0", Family::Nova),
            ("Qwen/Qwen3-32B", Family::Other),
        ] {
            assert_eq!(Family::of(name), family, "{name}");
        }
    }
}
