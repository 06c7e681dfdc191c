use super::super::{Gemini, VertexGemini};
use crate::dialects::{Address, Dialect, Settings, find};
use crate::wire::Wire;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn to<'a>(model: &'a str, stream: bool, settings: &'a Settings) -> Address<'a> {
    Address { wire: Wire::Gemini, model, stream, settings }
}

#[test]
fn the_path_names_the_model_and_says_whether_to_stream() {
    let none = Settings::default();
    for (model, path) in [
        ("gemini-2.5-pro", "/models/gemini-2.5-pro:generateContent"),
        ("models/gemini-2.5-pro", "/models/gemini-2.5-pro:generateContent"),
        ("tunedModels/mine-1", "/tunedModels/mine-1:generateContent"),
        ("a/b:c?d é", "/models/a%2Fb%3Ac%3Fd%20%C3%A9:generateContent"),
    ] {
        assert_eq!(Gemini.path(&to(model, false, &none)), path);
    }
    assert_eq!(Gemini.path(&to("g", true, &none)), "/models/g:streamGenerateContent?alt=sse");
}

#[test]
fn vertex_has_the_project_and_the_location_in_its_path() {
    let mut settings = Settings { project: Some("p-1".to_owned()), ..Settings::default() };
    assert_eq!(
        VertexGemini.path(&to("g", false, &settings)),
        "/projects/p-1/locations/global/publishers/google/models/g:generateContent"
    );
    settings.location = Some("us-central1".to_owned());
    assert_eq!(
        VertexGemini.path(&to("endpoints/77", true, &settings)),
        "/projects/p-1/locations/us-central1/endpoints/77:streamGenerateContent?alt=sse"
    );
}

#[test]
fn both_are_found_by_their_names_and_have_keys_of_their_own() {
    let of = |name: &str| find(name).map(|dialect| dialect.credential("k"));
    assert_eq!(of("gemini"), Some(("x-goog-api-key", "k".to_owned())));
    assert_eq!(of("vertex-gemini"), Some(("authorization", "Bearer k".to_owned())));
    assert!(find("vertex-gemini").is_some_and(|d| d.tasks()[0].chat().unwrap().wire() == Wire::Gemini));
}
