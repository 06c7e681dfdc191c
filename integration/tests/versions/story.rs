//! What scenarios are about: the first words of each of their modules.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Modules in which no Envoy plays.
const WITHOUT_ENVOY: [&str; 2] = ["rate_limit_messages", "strict"];

/// Modules with scenarios (`beside::tls`), and what they are about.
pub(super) fn all() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut stories = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let module = module(path.strip_prefix(&root).unwrap());
            if text.contains("test]\n") && !WITHOUT_ENVOY.contains(&module.as_str()) {
                stories.insert(module, words(&text));
            }
        }
    }
    stories
}

/// `beside/tls.rs` is `beside::tls`.
fn module(path: &Path) -> String {
    let parts: Vec<_> = path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    parts.join("::")
}

/// The module's documentation until its first full stop or colon.
fn words(text: &str) -> String {
    let lines: Vec<_> = text.lines().map_while(|line| line.strip_prefix("//! ")).collect();
    let all = lines.join(" ");
    let end = [". ", ": "].iter().filter_map(|end| all.find(end)).min().unwrap_or(all.len());
    let (words, _) = all.split_at(end);
    words.trim_end_matches(['.', ':']).to_owned()
}

#[test]
fn a_story_is_told_by_the_first_words_of_its_module() {
    assert_eq!(words("//! A VM traps. Nothing\n//! more.\n\nuse x;\n"), "A VM traps");
    assert_eq!(words("//! Callers of\n//! chat.\n"), "Callers of chat");
    assert_eq!(module(&PathBuf::from("beside/tls.rs")), "beside::tls");
}
