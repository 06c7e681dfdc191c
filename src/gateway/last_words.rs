//! Keeping a stream open for a last event.
//!
//! When a provider breaks off an answer, or falls silent, the caller shall hear why in band. Envoy resets the caller's
//! stream in the same breath, and a filter can add to a body only while it holds some of it back. So the gateway role
//! holds every stream, with nothing in it:
//!
//! ```text
//! First ──a piece──> Opening ──the empty piece──> Held ──end──> (nothing more to add)
//!         kept, provider        the kept piece            each piece is sent on at once,
//!         role flushes          goes out                  and the stream stays held
//! ```
//! Holding needs a piece that may be kept back, and every piece is wanted at once. The provider role's filter gives one:
//! asked to send on what it holds, which is nothing, it causes an empty piece, within the same callback of Envoy.

use super::{Action, Exchange, Host, Phase, Side};

/// How far a stream is on its way to be held.
#[derive(Debug, Default)]
pub(super) enum LastWords {
    #[default]
    First,
    /// The first piece waits for the empty one.
    Opening(Vec<u8>),
    Held,
}

impl LastWords {
    pub(super) fn on_piece(&mut self, host: &dyn Host, exchange: &Exchange, size: usize, end: bool) -> Action {
        let mut progress = exchange.progress.borrow_mut();
        let provider = progress.provider.filter(|_| !end && progress.phase == Phase::Committed);
        match (std::mem::take(self), provider) {
            (Self::First, Some(provider)) => {
                *self = Self::Opening(host.body(Side::Response, size));
                host.set_body(Side::Response, size, &[]);
                progress.held_open = true;
                drop(progress);
                host.flush_from(provider);
                Action::Pause
            }
            (Self::Opening(first), _) => {
                *self = Self::Held;
                // Its size is nothing unless Envoy has changed its ways; then order is kept all the same.
                let piece = [first, host.body(Side::Response, size)].concat();
                host.set_body(Side::Response, size, &piece);
                Action::Continue
            }
            (Self::Held, _) if !end => {
                *self = Self::Held;
                host.flush();
                Action::Pause
            }
            (state, _) => {
                *self = state;
                Action::Continue
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::super::tests::{NOW, World, streamed};
    use super::*;
    use crate::errors::ApiError;
    use crate::host::Stream;
    use crate::host::memory::Memory;

    fn piece(words: &mut LastWords, host: &Memory, exchange: &Exchange, piece: &str, end: bool) -> (Action, String) {
        *host.response_body.borrow_mut() = piece.into();
        let action = words.on_piece(host, exchange, piece.len(), end);
        (action, String::from_utf8(host.body(Side::Response, usize::MAX)).unwrap())
    }

    fn committed() -> (World, std::rc::Rc<Exchange>) {
        let (world, exchange) = streamed();
        let mut progress = exchange.progress.borrow_mut();
        (progress.phase, progress.provider) = (Phase::Committed, Some(9));
        drop(progress);
        (world, exchange)
    }

    #[test]
    fn every_piece_goes_out_at_once_and_the_stream_stays_held() {
        let (world, exchange) = committed();
        let (host, mut words) = (&world.host, LastWords::default());
        assert_eq!(piece(&mut words, host, &exchange, "one", false), (Action::Pause, String::new()));
        assert_eq!(host.flushes.get(), 1, "the provider role is asked for the empty piece");
        assert_eq!(piece(&mut words, host, &exchange, "", false), (Action::Continue, "one".into()));
        assert_eq!(piece(&mut words, host, &exchange, "two", false), (Action::Pause, "two".into()));
        assert_eq!(host.flushes.get(), 2);
        assert_eq!(piece(&mut words, host, &exchange, "end", true), (Action::Continue, "end".into()));
        assert_eq!(host.flushes.get(), 2);
    }

    #[test]
    fn nothing_is_lost_without_the_empty_piece() {
        let (world, exchange) = committed();
        let mut words = LastWords::default();
        let _ = piece(&mut words, &world.host, &exchange, "one", false);
        assert_eq!(piece(&mut words, &world.host, &exchange, "two", true), (Action::Continue, "onetwo".into()));
    }

    #[test]
    fn a_stream_of_one_piece_is_not_held() {
        let (world, exchange) = committed();
        let mut words = LastWords::default();
        assert_eq!(piece(&mut words, &world.host, &exchange, "all", true), (Action::Continue, "all".into()));
        assert!(!exchange.progress.borrow().held_open);
    }

    #[test]
    fn a_broken_stream_is_told_once_and_only_while_it_is_held() {
        let error = ApiError::new(502, "gone").code("provider_reset");
        let (_, exchange) = committed();
        assert_eq!(exchange.break_off(&error), None, "not held yet");
        let (world, exchange) = committed();
        let _ = piece(&mut LastWords::default(), &world.host, &exchange, "one", false);
        let last = String::from_utf8(exchange.break_off(&error).unwrap()).unwrap();
        assert!(last.starts_with("data: {\"error\":{") && last.contains("provider_reset"), "{last}");
        assert_eq!(exchange.break_off(&error), None);
        let id = exchange.id;
        assert_eq!(world.exchanges.endless(NOW), [id]);
        assert!(world.exchanges.idle(NOW).is_empty());
    }
}
