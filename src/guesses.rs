//! Keys that nobody has, counted by where they come from, on each worker for itself.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use crate::time::Timestamp;

/// So many sources are told apart at a time; those that come then are counted as one.
const MOST_SOURCES: usize = 4_096;

/// How many keys that nobody has one source may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// So many in one window.
    pub most: u32,
    /// The length of a window.
    pub within: Duration,
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// An address of IPv4.
    Address(Ipv4Addr),
    /// The first 64 bits of an address of IPv6: the other half is for whoever has the network to choose.
    Network(Ipv6Addr),
    /// All that are not told apart.
    Others,
}

impl Source {
    /// Reads Envoy's property `source.address`: address and port. What is none, as of a Unix socket, is not told apart.
    ///
    /// <https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes>
    pub fn of(property: &[u8]) -> Self {
        let address = std::str::from_utf8(property).ok().and_then(|text| text.parse::<SocketAddr>().ok());
        match address.map(|address| address.ip().to_canonical()) {
            Some(IpAddr::V4(ip)) => Self::Address(ip),
            Some(IpAddr::V6(ip)) => Self::Network(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
            None => Self::Others,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(ip) => ip.fmt(f),
            Self::Network(ip) => write!(f, "{ip}/64"),
            Self::Others => f.write_str("addresses that are not told apart"),
        }
    }
}

/// What comes of a key that nobody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// It is one of those that a source may send.
    Allowed,
    /// It is the last of them.
    Last,
    /// It is one too many; this much later none is.
    Refused(Duration),
}

/// What was sent in this window.
#[derive(Debug, Default)]
pub struct Guesses(RefCell<Window>);

#[derive(Debug, Default)]
struct Window {
    end: Timestamp,
    wrong: HashMap<Source, u32>,
}

impl Guesses {
    /// Counts a key that nobody has.
    pub fn count(&self, allowance: Allowance, source: Source, now: Timestamp) -> Guess {
        let mut window = self.0.borrow_mut();
        let end = now.after(allowance.within);
        // A clock that went back, or another document, would make the window longer than it may be.
        if now >= window.end || window.end > end {
            *window = Window { end, wrong: HashMap::new() };
        }
        let wait = window.end.since(now);
        let wrong = window.wrong_of(source);
        if *wrong >= allowance.most {
            return Guess::Refused(wait);
        }
        *wrong += 1;
        if *wrong == allowance.most { Guess::Last } else { Guess::Allowed }
    }
}

impl Window {
    fn wrong_of(&mut self, source: Source) -> &mut u32 {
        let is_told_apart = self.wrong.len() < MOST_SOURCES || self.wrong.contains_key(&source);
        self.wrong.entry(if is_told_apart { source } else { Source::Others }).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const THREE: Allowance = Allowance { most: 3, within: Duration::from_secs(60) };

    fn at(seconds: u64) -> Timestamp {
        Timestamp(1_800_000_000_000 + seconds * 1000)
    }

    fn source(address: &str) -> Source {
        Source::of(address.as_bytes())
    }

    fn refused(seconds: u64) -> Guess {
        Guess::Refused(Duration::from_secs(seconds))
    }

    #[test]
    fn a_source_that_sends_too_many_is_refused_until_the_window_ends() {
        let (guesses, one, other) = (Guesses::default(), source("203.0.113.9:1"), source("203.0.113.8:1"));
        let told = [0, 10, 20, 20, 59].map(|second| guesses.count(THREE, one, at(second)));
        assert_eq!(told, [Guess::Allowed, Guess::Allowed, Guess::Last, refused(40), refused(1)]);
        assert_eq!(guesses.count(THREE, other, at(59)), Guess::Allowed);
        assert_eq!(guesses.count(THREE, one, at(60)), Guess::Allowed);
    }

    #[test]
    fn nobody_is_refused_for_longer_than_a_window_when_the_clock_goes_back() {
        let (guesses, one) = (Guesses::default(), source("203.0.113.9:1"));
        assert_eq!([3600; 4].map(|second| guesses.count(THREE, one, at(second)))[3], refused(60));
        assert_eq!([0; 4].map(|second| guesses.count(THREE, one, at(second)))[0], Guess::Allowed);
        let shorter = Allowance { within: Duration::from_secs(10), ..THREE };
        assert_eq!(guesses.count(THREE, one, at(1)), refused(59));
        assert_eq!(guesses.count(shorter, one, at(1)), Guess::Allowed);
    }

    #[test]
    fn a_network_of_ipv6_is_one_source_and_a_port_is_none() {
        assert_eq!(source("203.0.113.9:1"), source("203.0.113.9:2"));
        assert_eq!(source("[2001:db8::1]:1"), source("[2001:db8::ffff:0:2]:2"));
        assert_ne!(source("[2001:db8::1]:1"), source("[2001:db8:0:1::1]:1"));
        assert_eq!(source("[::ffff:203.0.113.9]:1"), source("203.0.113.9:1"));
        assert_eq!(source("[2001:db8::1]:1").to_string(), "2001:db8::/64");
        assert_eq!([source("/run/socket"), Source::of(b"\xff"), source("")], [Source::Others; 3]);
    }

    #[test]
    fn sources_beyond_those_there_is_room_for_are_counted_as_one() {
        let guesses = Guesses::default();
        let numbered = |number: usize| Source::Address(Ipv4Addr::from_bits(u32::try_from(number).unwrap()));
        for number in 0..MOST_SOURCES {
            assert_eq!(guesses.count(THREE, numbered(number), at(0)), Guess::Allowed);
        }
        let more = [1, 2, 3, 4].map(|more| guesses.count(THREE, numbered(MOST_SOURCES + more), at(0)));
        assert_eq!(more, [Guess::Allowed, Guess::Allowed, Guess::Last, refused(60)]);
        assert_eq!(guesses.count(THREE, numbered(0), at(0)), Guess::Allowed, "who was there before stands alone");
        assert_eq!(guesses.0.borrow().wrong.len(), MOST_SOURCES + 1);
    }
}
