use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

const LIMIT: usize = 1000;

fn text_header(name: &str, value: &str) -> Vec<u8> {
    let mut out = vec![u8::try_from(name.len()).unwrap()];
    out.extend(name.as_bytes());
    out.push(7);
    out.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
    out.extend(value.as_bytes());
    out
}

fn frame(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let total = u32::try_from(SMALLEST + headers.len() + payload.len()).unwrap();
    let mut out = total.to_be_bytes().to_vec();
    out.extend(u32::try_from(headers.len()).unwrap().to_be_bytes());
    out.extend(crc32(&out).to_be_bytes());
    out.extend(headers);
    out.extend(payload);
    out.extend(crc32(&out).to_be_bytes());
    out
}

fn told(headers: &[(&str, &str)], payload: &str) -> Vec<u8> {
    let headers: Vec<u8> = headers.iter().flat_map(|(name, value)| text_header(name, value)).collect();
    frame(&headers, payload.as_bytes())
}

fn an_event(name: &str, payload: &str) -> Vec<u8> {
    told(&[(":event-type", name), (":content-type", "application/json"), (":message-type", "event")], payload)
}

/// All events of the pieces, and the fault that ends them.
fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Option<Fault>) {
    let (mut frames, mut events) = (Frames::new(LIMIT), Vec::new());
    for piece in pieces {
        frames.push(piece);
        loop {
            match frames.next() {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(fault) => return (events, Some(fault)),
            }
        }
    }
    (events, None)
}

fn made(name: &str, data: &str) -> Event {
    Event { name: name.to_owned(), data: data.to_owned() }
}

#[test]
fn the_checksum_is_that_of_gzip() {
    assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    assert_eq!(crc32(b""), 0);
}

#[test]
fn frames_are_read_wherever_they_are_cut() {
    let stream =
        [an_event("a", r#"{"text":"é🦊"}"#), an_event("b", ""), frame(&[], b"{}"), an_event("c", "{}")].concat();
    let whole = [made("a", r#"{"text":"é🦊"}"#), made("b", ""), made("", "{}"), made("c", "{}")];
    assert_eq!(read([stream.as_slice()]), (whole.to_vec(), None));
    for at in 0..=stream.len() {
        let (head, tail) = stream.split_at(at);
        assert_eq!(read([head, tail]).0, whole, "cut at {at}");
    }
    assert_eq!(read(stream.chunks(1)), (whole.to_vec(), None));
}

#[test]
fn exceptions_and_errors_are_told_by_their_names() {
    let exception = told(&[(":message-type", "exception"), (":exception-type", "x")], r#"{"message":"m"}"#);
    assert_eq!(read([exception.as_slice()]).0, [made("exception:x", r#"{"message":"m"}"#)]);
    let error = told(&[(":message-type", "error"), (":error-code", "c"), (":error-message", "m")], "");
    assert_eq!(read([error.as_slice()]).0, [made("error:c", "m")]);
}

#[test]
fn headers_of_every_type_are_passed_over() {
    let mut headers = Vec::new();
    for (kind, size) in [(0, 0), (1, 0), (2, 1), (3, 2), (4, 4), (5, 8), (8, 8), (9, 16)] {
        headers.extend([1, b'x', kind]);
        headers.extend(vec![7; size]);
    }
    headers.extend([1, b'x', 6, 0, 2, 7, 7]);
    headers.extend(text_header(":event-type", "last"));
    assert_eq!(read([frame(&headers, b"p").as_slice()]).0, [made("last", "p")]);
}

#[test]
fn a_frame_that_is_cut_off_is_never_given_out() {
    let whole = an_event("a", "{}");
    for at in 0..whole.len() {
        assert_eq!(read([whole.get(..at).unwrap()]), (Vec::new(), None), "cut at {at}");
    }
}

#[test]
fn a_frame_with_any_byte_changed_is_a_fault_or_waits_for_more() {
    let good = an_event("a", "{}");
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        let (events, fault) = read([[good.clone(), bad, good.clone()].concat().as_slice()]);
        assert_eq!(events, [made("a", "{}")], "changed at {at}");
        assert!(matches!(fault, Some(Fault::Broken(_))), "changed at {at}: {fault:?}");
    }
}

#[test]
fn lengths_that_contradict_each_other_are_a_fault() {
    for (total, headers) in [(0u32, 0u32), (15, 0), (16, 1), (20, u32::MAX), (u32::MAX, u32::MAX)] {
        let mut prelude = [total.to_be_bytes(), headers.to_be_bytes()].concat();
        prelude.extend(crc32(&prelude).to_be_bytes());
        assert!(matches!(read([prelude.as_slice()]).1, Some(Fault::Broken(_))), "{total} {headers}");
    }
}

#[test]
fn headers_that_run_over_their_end_are_a_fault() {
    for headers in [&[5, b'x'][..], &[1, b'x'], &[1, b'x', 7, 0], &[1, b'x', 7, 0, 9, 1], &[1, b'x', 10], &[0, 5, 1]] {
        assert!(matches!(read([frame(headers, b"{}").as_slice()]).1, Some(Fault::Broken(_))), "{headers:?}");
    }
}

#[test]
fn a_frame_over_the_limit_is_refused_by_its_prelude() {
    let long = an_event("a", &"x".repeat(LIMIT));
    assert_eq!(read([&long[..PRELUDE]]).1, Some(Fault::TooLong(LIMIT)));
    let fits = frame(&[], &vec![b'x'; LIMIT - SMALLEST]);
    assert_eq!(read([fits.as_slice()]).0.len(), 1);
}

#[test]
fn no_bytes_whatever_make_it_fail_in_another_way() {
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for _ in 0..2000 {
        // Good checksums over bad headers, or just bytes.
        let bytes: Vec<u8> = (0..random() % 64).map(|_| random().to_le_bytes()[0] % 12).collect();
        let stream = if random() % 2 == 0 { frame(&bytes, b"p") } else { bytes };
        let whole = read([stream.as_slice()]);
        assert_eq!(read(stream.chunks(1)), whole);
    }
}
