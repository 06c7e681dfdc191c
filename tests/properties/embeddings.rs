//! Vectors, however they are written.

use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;
use tollhouse_filter::base64;
use tollhouse_filter::dialects::embedding_formats;
use tollhouse_filter::hub::embeddings::Encoding;
use tollhouse_filter::json::{self, Object};
use tollhouse_filter::surfaces::EmbeddingSurface;
use tollhouse_filter::surfaces::embeddings::Embeddings;

use super::{config, words};

fn numbers() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(prop::num::f32::NORMAL | prop::num::f32::SUBNORMAL | prop::num::f32::ZERO, 1..50)
}

fn raw(text: &str) -> &RawValue {
    serde_json::from_str(text).unwrap()
}

/// All texts in what is sent, in their order.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|value| texts(value, found)),
        Value::Object(members) => members.values().for_each(|value| texts(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn floats_are_the_same_after_base64_and_back(numbers in numbers()) {
        let floats = serde_json::to_string(&numbers).unwrap();
        let base64 = Encoding::Base64.apply(raw(&floats)).unwrap();
        let back = Encoding::Float.apply(&base64).unwrap();
        let back: Vec<f32> = serde_json::from_str(back.get()).unwrap();
        let bits = |numbers: &[f32]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&back), bits(&numbers));
    }

    #[test]
    fn bytes_are_the_same_after_base64_and_back(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        prop_assert_eq!(base64::decode(&base64::encode(&bytes)), Some(bytes));
    }

    #[test]
    fn every_provider_gets_all_texts_in_their_order(said in prop::collection::vec(words(), 1..4)) {
        let list: Vec<_> = said.iter().map(|text| json::string(text)).collect();
        let body = format!(r#"{{"model":"m","input":[{}]}}"#, list.join(","));
        let object = Object::parse(body.as_bytes()).unwrap();
        let wanted = Embeddings.request(&object).unwrap();
        for format in embedding_formats() {
            let Ok(outbound) = format.request(&wanted, "cohere.embed-v4") else { continue };
            let mut found = Vec::new();
            texts(&serde_json::from_slice(&outbound.body).unwrap(), &mut found);
            // What else there is are the providers' own words.
            let found: Vec<_> = found.into_iter().filter(|text| said.contains(text)).collect();
            prop_assert_eq!(&found, &said);
        }
    }
}
