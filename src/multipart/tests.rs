#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const TYPE: &str = "multipart/form-data; boundary=XX";

/// A form of these parts: the rest of each disposition after `form-data`, and the value.
fn form(parts: &[(&str, &str)]) -> String {
    let parts =
        parts.iter().map(|(name, value)| format!("--XX\r\nContent-Disposition: form-data{name}\r\n\r\n{value}\r\n"));
    parts.collect::<String>() + "--XX--\r\n"
}

fn text(body: &str, name: &str) -> Result<Option<String>, Malformed> {
    Form::parse(TYPE, body.as_bytes())?.text(name).map(|text| text.map(str::to_owned))
}

#[test]
fn a_text_is_found_and_replaced_among_bytes_that_stay() {
    let sound = "RIFF\r\n-\r\n--X\u{0}\r\n\r\n";
    let body = form(&[
        ("; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav", sound),
        ("; name=\"model\"", "theirs"),
        ("; name=prompt", ""),
    ]);
    let form = Form::parse(TYPE, body.as_bytes()).unwrap();
    assert_eq!(
        (form.text("model"), form.text("prompt"), form.text("none")),
        (Ok(Some("theirs")), Ok(Some("")), Ok(None))
    );
    let replaced = String::from_utf8(form.with("model", "ours").unwrap()).unwrap();
    assert_eq!(replaced, body.replace("theirs", "ours"));
    assert_eq!(form.with("none", "x").unwrap(), body.as_bytes());
}

#[test]
fn names_are_quoted_or_not_in_any_case_and_order() {
    for name in [
        "; name=\"model\"",
        "; name=model",
        ";name=\"model\"",
        " ; NAME=\"model\"",
        "; name=\"model\"\r\nContent-Type: text/plain; charset=utf-8",
        "; name=\"model\"\r\ncontent-transfer-encoding: 8bit",
    ] {
        assert_eq!(text(&form(&[(name, "m")]), "model"), Ok(Some("m".into())), "{name}");
    }
    for content_type in ["multipart/form-data; boundary=\"XX\"", "Multipart/Form-Data;BOUNDARY=XX"] {
        assert!(Form::parse(content_type, form(&[("; name=a", "b")]).as_bytes()).is_ok(), "{content_type}");
    }
}

#[test]
fn a_name_that_two_readers_could_read_otherwise_is_refused() {
    for name in [
        "",
        ";",
        "; name=",
        "; name=\"\"",
        "; name=\"model",
        "; name=\"mo\\del\"",
        "; name=\"a\"; name=\"model\"",
        "; name=\"model\" x",
        "; name*=utf-8''model",
        "; name=\"mod%65l\"",
        "; name=\"model \"",
        "; name=mo del",
        "; filename=\"a\"",
        "; name=\"a\"; size=1",
        "; name=\"a\"\r\nContent-Disposition: form-data; name=\"model\"",
        "; name=\"a\";\r\n name=\"model\"",
        "; name=\"a\"\nContent-Disposition: form-data; name=\"model\"",
        "; name=\"a\"\r\nno colon",
        "; name=\"a\"\r\nContent Disposition: x",
        "; name=\"a\"\r\nContent-Transfer-Encoding: base64",
    ] {
        assert!(Form::parse(TYPE, form(&[(name, "m")]).as_bytes()).is_err(), "{name}");
    }
    let attachment = form(&[("; name=a", "b")]).replace("form-data", "attachment");
    assert!(Form::parse(TYPE, attachment.as_bytes()).is_err());
}

#[test]
fn a_part_that_comes_twice_or_is_a_file_is_no_text() {
    let twice = form(&[("; name=\"model\"", "a"), ("; name=\"model\"", "b")]);
    assert!(text(&twice, "model").is_err() && Form::parse(TYPE, twice.as_bytes()).unwrap().with("model", "c").is_err());
    assert!(text(&form(&[("; name=\"model\"; filename=\"m\"", "a")]), "model").is_err());
    let latin = form(&[("; name=\"model\"", "a")]).replace("\r\na\r\n", "\r\n?\r\n").replace('?', "\u{ff}");
    let mut bytes = latin.into_bytes();
    bytes.retain(|byte| *byte != 0xc3);
    assert_eq!(Form::parse(TYPE, &bytes).unwrap().text("model"), Err(Malformed("it is not text in UTF-8")));
}

#[test]
fn boundaries_stand_on_their_own_lines_and_nowhere_else() {
    let good = form(&[("; name=\"a\"", "b")]);
    assert!(Form::parse(TYPE, good.as_bytes()).is_ok());
    assert!(Form::parse(TYPE, good.trim_end().as_bytes()).is_ok(), "the last line may lack its end");
    for bad in [
        String::new(),
        "--XX--".to_owned(),
        "--XX--\r\n".to_owned(),
        format!("\r\n{good}"),
        format!("preamble\r\n{good}"),
        format!("{good}epilogue"),
        good.replace("\r\n", "\n"),
        good.replace("--XX--", "--XX"),
        good.replace("\r\n--XX--", "--XX--"),
        good.replace("\r\nb\r\n", "\r\nb\n--XX\r\n"),
        good.replace("\r\nb\r\n", "\r\nb --XX \r\n"),
        good.replace("\r\nb\r\n", "\r\n--XXX\r\n"),
        good.replace("--XX\r\n", "--XX \r\n"),
        good.replace("\r\n\r\n", "\r\n"),
    ] {
        let is_empty = bad.starts_with("--XX--");
        assert_eq!(Form::parse(TYPE, bad.as_bytes()).is_err(), !is_empty, "{bad:?}");
    }
}

#[test]
fn a_content_type_names_a_boundary_that_is_one() {
    let body = form(&[("; name=\"a\"", "b")]);
    for content_type in [
        "multipart/form-data",
        "multipart/form-data; boundary",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"XX",
        "multipart/form-data; boundary=X X",
        "multipart/form-data; charset=utf-8; boundary=XX",
        "multipart/form-data; boundary=XX; boundary=YY",
    ] {
        assert!(Form::parse(content_type, body.as_bytes()).is_err(), "{content_type}");
    }
    assert!(Form::parse(&format!("multipart/form-data; boundary={}", "a".repeat(71)), body.as_bytes()).is_err());
}

#[test]
fn headers_and_parts_are_bounded() {
    let long = format!("; name=\"a\"\r\nX: {}", "x".repeat(MAX_BOUNDARY * 100));
    assert!(Form::parse(TYPE, form(&[(&long, "b")]).as_bytes()).is_err());
    let part = ("; name=\"a\"", "b");
    assert!(Form::parse(TYPE, form(&[part; MAX_PARTS]).as_bytes()).is_ok());
    assert!(Form::parse(TYPE, form(&[part; MAX_PARTS + 1]).as_bytes()).is_err());
}
