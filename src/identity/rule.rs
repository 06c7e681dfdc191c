//! Which values of facts make a client.

/// What facts must say: all of these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule(pub Vec<(usize, Vec<Pattern>)>);

impl Rule {
    /// Do they? `values` are those of each fact.
    pub(super) fn fits(&self, values: &[Vec<String>]) -> bool {
        self.0.iter().all(|(fact, patterns)| {
            let said = values.get(*fact).map(Vec::as_slice).unwrap_or_default();
            said.iter().any(|value| patterns.iter().any(|pattern| pattern.fits(value)))
        })
    }
}

/// A value, or the beginning of some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// This one.
    Is(String),
    /// All that begin so.
    Begins(String),
}

impl Pattern {
    /// Reads a value, or a beginning with a `*` behind it.
    pub fn parse(text: &str) -> Self {
        match text.strip_suffix('*') {
            Some(beginning) => Self::Begins(beginning.to_owned()),
            None => Self::Is(text.to_owned()),
        }
    }

    /// Is it one of those?
    pub fn fits(&self, value: &str) -> bool {
        match self {
            Self::Is(this) => value == this,
            Self::Begins(beginning) => value.starts_with(beginning),
        }
    }
}
