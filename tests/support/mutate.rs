//! Inputs that are nearly right: seeds, changed by a generator that always makes the same ones from the same number.

use serde_json::{Value, json};

/// Marsaglia's xorshift, as `xorshift64*`.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `end`; 0 when there is none.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap().checked_rem(end).unwrap_or(0)
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// What readers trip over.
const TOKENS: &[&str] = &[
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "data: ",
    "data:",
    "event: error\n",
    "event: ",
    ": ",
    "[DONE]",
    "\u{feff}",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0000",
    "\\ud83d",
    "null",
    "true",
    "1e999",
    "-1",
    "18446744073709551616",
    "\u{1f980}",
    "\"type\":\"error\"",
    "\"error\":{\"message\":\"x\"},",
    "\"index\":1,",
    "\"usage\":{},",
    "\"id\":\"\",",
    "\0",
    " ",
];

/// Makes one input from seeds.
pub fn input(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut data = random.pick(seeds).clone();
    for _ in 0..=random.below(4) {
        match random.below(8) {
            0 => flip(&mut data, random),
            1 => cut(&mut data, random),
            2 => repeat(&mut data, random),
            3 => insert(&mut data, random),
            4 => splice(&mut data, random.pick(seeds).clone(), random),
            _ => edit(&mut data, random),
        }
    }
    data.truncate(1 << 16);
    data
}

fn flip(data: &mut [u8], random: &mut Random) {
    let at = random.below(data.len());
    if let Some(byte) = data.get_mut(at) {
        *byte = if random.below(2) == 0 {
            *byte ^ (1 << random.below(8))
        } else {
            u8::try_from(random.below(256)).unwrap()
        };
    }
}

fn range(data: &[u8], random: &mut Random) -> std::ops::Range<usize> {
    let start = random.below(data.len() + 1);
    let longest = if random.below(4) == 0 { data.len() } else { 16 };
    start..(start + random.below(longest + 1)).min(data.len())
}

fn cut(data: &mut Vec<u8>, random: &mut Random) {
    data.drain(range(data, random));
}

fn repeat(data: &mut Vec<u8>, random: &mut Random) {
    let range = range(data, random);
    let again = data[range.clone()].to_vec();
    data.splice(range.end..range.end, again);
}

fn insert(data: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(data.len() + 1);
    data.splice(at..at, random.pick(TOKENS).bytes());
}

fn splice(data: &mut Vec<u8>, other: Vec<u8>, random: &mut Random) {
    let (at, from) = (random.below(data.len() + 1), random.below(other.len() + 1));
    data.truncate(at);
    data.extend_from_slice(&other[from..]);
}

/// Changes a value in the JSON of the input, or of one of its lines.
fn edit(data: &mut Vec<u8>, random: &mut Random) {
    if let Ok(mut value) = serde_json::from_slice::<Value>(data) {
        change(&mut value, random);
        *data = value.to_string().into_bytes();
        return;
    }
    let mut lines: Vec<Vec<u8>> = data.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let at = random.below(lines.len());
    let start = lines[at].iter().position(|byte| *byte == b'{').unwrap_or(0);
    if let Ok(mut value) = serde_json::from_slice::<Value>(&lines[at][start..]) {
        change(&mut value, random);
        lines[at].truncate(start);
        lines[at].extend_from_slice(value.to_string().as_bytes());
    } else if random.below(2) == 0 {
        let other = random.below(lines.len());
        lines.swap(at, other);
    }
    *data = lines.join(&b'\n');
}

/// Walks to some value, and makes it another.
fn change(value: &mut Value, random: &mut Random) {
    let deeper = random.below(5) > 0;
    match value {
        Value::Object(members) if deeper && !members.is_empty() => {
            let at = random.below(members.len());
            let name = members.keys().nth(at).unwrap().clone();
            if random.below(12) == 0 {
                members.shift_remove(&name);
            } else {
                change(&mut members[&name], random);
            }
        }
        Value::Array(list) if deeper && !list.is_empty() => {
            let at = random.below(list.len());
            match random.below(12) {
                0 => {
                    list.remove(at);
                }
                1 => list.push(list[at].clone()),
                _ => change(&mut list[at], random),
            }
        }
        value => *value = other(random),
    }
}

fn other(random: &mut Random) -> Value {
    match random.below(14) {
        0 => Value::Null,
        1 => true.into(),
        2 => 0.into(),
        3 => (-1).into(),
        4 => u64::MAX.into(),
        5 => json!(1e300),
        6 => json!(0.5),
        7 => "".into(),
        8 => " \n".into(),
        9 => "\u{1f980}\"\\".into(),
        10 => json!([]),
        11 => json!({}),
        12 => json!([{ "type": "text", "text": "part" }]),
        _ => json!({ "type": "object", "a": [1, null] }),
    }
}
