//! What callers are told when something goes wrong: one type for every refusal and every provider failure,
//! rendered by the caller's surface.

use std::borrow::Cow;
use std::time::Duration;

/// The classes of failure that both OpenAI's and Anthropic's SDKs tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The key is missing, unknown, expired or disabled: 401.
    Authentication,
    /// The account has no money left: 402.
    Billing,
    /// Two requests exclude each other: 409.
    Conflict,
    /// The request cannot be served as it is: 400, 405, 415, 422 and other 4xx.
    InvalidRequest,
    /// The model or path does not exist: 404.
    NotFound,
    /// The provider has no capacity now: 503, 529.
    Overloaded,
    /// The key may not do this: 403.
    Permission,
    /// Too many requests or tokens: 429.
    RateLimit,
    /// A fault of the provider or of the way to it: 5xx.
    Server,
    /// No answer in time: 408, 504.
    Timeout,
    /// The body is over the limit: 413.
    TooLarge,
}

impl Kind {
    /// The class that a status stands for.
    pub fn of(status: u16) -> Self {
        match status {
            401 => Self::Authentication,
            402 => Self::Billing,
            403 => Self::Permission,
            404 => Self::NotFound,
            408 | 504 => Self::Timeout,
            409 => Self::Conflict,
            413 => Self::TooLarge,
            429 => Self::RateLimit,
            503 | 529 => Self::Overloaded,
            400..=499 => Self::InvalidRequest,
            _ => Self::Server,
        }
    }
}

/// Whether the caller's SDK should try again; SDKs obey `x-should-retry` before anything else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retry {
    /// Nothing is said: the SDK goes by the status.
    #[default]
    Unsaid,
    /// The same request will fail again.
    Never,
    /// It may work after this time.
    After(Duration),
    /// It will work after this time, for which no SDK should wait.
    NotBefore(Duration),
}

/// A failure, as the caller will be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// Its class; a surface makes its own `type` from it.
    pub kind: Kind,
    /// For people. A provider's message stays as it was.
    pub message: String,
    /// A word for programs, the provider's own where there is one.
    pub code: Option<Cow<'static, str>>,
    /// The field of the request that is to blame.
    pub param: Option<String>,
    /// Advice to the SDK.
    pub retry: Retry,
    /// The provider's own error body; a surface of the same wire format passes it on as it is.
    pub original: Option<Box<[u8]>>,
}

/// Characters of a body without an error object that a caller is told.
const EXCERPT: usize = 1000;

/// The beginning of a body that nobody understands, such as the page of a proxy.
pub fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(body).trim().chars().take(EXCERPT).collect()
}

impl ApiError {
    /// A failure of the class that `status` stands for.
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            kind: Kind::of(status),
            message: message.into(),
            code: None,
            param: None,
            retry: Retry::Unsaid,
            original: None,
        }
    }

    /// The caller's request is at fault: 400, not to be tried again.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self { retry: Retry::Never, ..Self::new(400, message) }
    }

    /// The same with a word for programs.
    #[must_use]
    pub fn code(self, code: impl Into<Cow<'static, str>>) -> Self {
        Self { code: Some(code.into()), ..self }
    }

    /// The same with the field that is to blame, as a path: `messages[2].content`.
    #[must_use]
    pub fn param(self, param: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..self }
    }

    /// The same with advice to the SDK.
    #[must_use]
    pub fn retry(self, retry: Retry) -> Self {
        Self { retry, ..self }
    }
}
