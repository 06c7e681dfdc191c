//! Where a document does not fit, against a reader that keeps account of where it is.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use tollhouse_filter::json;

use super::{config, text};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Node {
    name: Option<String>,
    small: Option<u8>,
    kind: Option<Kind>,
    list: Vec<Self>,
    by_name: BTreeMap<String, Self>,
    pair: Option<(i8, Box<Self>)>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only read")]
enum Kind {
    Plain,
    Deep(Box<Node>),
}

/// Documents that mostly fit.
fn node() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        8 => text().prop_map(|name| json!({ "name": name, "kind": "plain" })),
        4 => (0..280u16).prop_map(|small| json!({ "small": small })),
        1 => Just(json!({ "name": 5 })),
        1 => Just(json!({ "kind": "odd" })),
        1 => Just(json!({ "pair": [1] })),
        1 => Just(json!("text")),
        1 => Just(json!([])),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|list| json!({ "name": "n", "list": list })),
            prop::collection::btree_map(text(), inner.clone(), 0..4).prop_map(|by_name| json!({ "by_name": by_name })),
            inner.clone().prop_map(|node| json!({ "small": 1, "pair": [-1, node] })),
            inner.prop_map(|node| json!({ "kind": { "deep": node } })),
        ]
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_misfit_is_found_where_it_is(node in node(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&node) } else { serde_json::to_string(&node) }.unwrap();
        let told = json::read::<Node>(text.as_bytes()).map(drop);
        let mut reader = serde_json::Deserializer::from_str(&text);
        let known: Result<Node, _> = serde_path_to_error::deserialize(&mut reader);
        match (told, known) {
            (Ok(()), Ok(_)) => {}
            (Err(told), Err(known)) => {
                let path = known.path().to_string();
                prop_assert_eq!(told.path, if path == "." { "" } else { &path }, "{}", text);
            }
            (told, known) => prop_assert!(false, "{told:?} {known:?}"),
        }
    }
}
