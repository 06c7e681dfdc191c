//! Every example is a document that is fine, and Envoy accepts what is rendered of it. So are those of the pages.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The files of this name, of all stories that have one.
fn examples(name: &str) -> Vec<PathBuf> {
    let stories = fs::read_dir(root().join("examples")).unwrap();
    let files = stories.map(|story| story.unwrap().path().join(name));
    let found: Vec<_> = files.filter(|file| file.exists()).collect();
    assert!(!found.is_empty());
    found
}

/// The YAML blocks of the README and of the pages, those that are parts together with the README's first.
fn documents() -> Vec<String> {
    let pages =
        fs::read_dir(root().join("docs")).unwrap().map(|page| page.unwrap().path()).filter(|path| path.is_file());
    let pages = std::iter::once(root().join("README.md")).chain(pages);
    let texts: Vec<_> = pages.map(|page| fs::read_to_string(page).unwrap()).collect();
    let blocks = texts.iter().flat_map(|text| text.split("```yaml\n").skip(1));
    let blocks: Vec<_> = blocks.map(|rest| rest.split("```").next().unwrap()).collect();
    let (first, _) = blocks.split_first().unwrap();
    let whole =
        |block: &&str| if block.contains("providers:") { (*block).to_owned() } else { format!("{first}{block}") };
    blocks.iter().map(whole).collect()
}

fn tollhouse(arguments: &[&str], file: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tollhouse")).args(arguments).arg(file).output().unwrap()
}

fn holds(file: &Path) {
    let checked = tollhouse(&["check", "--strict"], file);
    assert!(checked.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&checked.stderr));
    let folder = tempfile::tempdir().unwrap();
    let (filter, rendered) = (folder.path().join("filter.wasm"), folder.path().join("envoy.yaml"));
    assert!(tollhouse(&["filter", "-o"], &filter).status.success());
    let output = tollhouse(&["render", "--filter", filter.to_str().unwrap(), "-o", rendered.to_str().unwrap()], file);
    assert!(output.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    accepted(file, &rendered);
}

/// Envoy takes this configuration, which is made of the file.
fn accepted(file: &Path, configuration: &Path) {
    let envoy = tollhouse::binary::envoy(&mut std::io::stderr()).unwrap();
    let keys = ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENAI_API_KEY_1", "OPENAI_API_KEY_2"];
    let validated = Command::new(envoy)
        .args(["--mode", "validate", "-c", configuration.to_str().unwrap()])
        .envs(keys.map(|name| (name, "sk-example")))
        .env("SLACK_WEBHOOK_PATH", "/services/example")
        .output()
        .unwrap();
    assert!(validated.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&validated.stderr));
}

#[test]
fn every_example_is_fine_and_accepted_by_envoy() {
    examples("gateway.yaml").iter().for_each(|file| holds(file));
}

#[test]
fn every_envoy_configuration_is_fine_and_accepted_by_envoy() {
    let folder = tempfile::tempdir().unwrap();
    let (filter, copy) = (folder.path().join("filter.wasm"), folder.path().join("envoy.yaml"));
    assert!(tollhouse(&["filter", "-o"], &filter).status.success());
    let by_hand = root().join("envoy/bootstrap.yaml");
    for file in examples("envoy.yaml").iter().chain([&by_hand]) {
        let checked = tollhouse(&["check", "--strict", "--envoy"], file);
        assert!(checked.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&checked.stdout));
        let text = fs::read_to_string(file).unwrap();
        fs::write(&copy, text.replace("/etc/tollhouse/tollhouse_filter.wasm", filter.to_str().unwrap())).unwrap();
        accepted(file, &copy);
    }
}

/// Where an example shows what is rendered, its README has the command.
#[test]
fn what_examples_show_is_what_is_rendered() {
    let mut shown = 0;
    for document in examples("gateway.yaml") {
        let story = document.parent().unwrap();
        let Ok(expected) = fs::read_to_string(story.join("rendered.yaml")) else { continue };
        let readme = fs::read_to_string(story.join("README.md")).unwrap();
        let command = readme.lines().find_map(|line| line.strip_prefix("tollhouse render gateway.yaml ")).unwrap();
        let (arguments, _) = command.split_once(" | ").unwrap();
        let arguments: Vec<_> = std::iter::once("render").chain(arguments.split(' ')).collect();
        let output = tollhouse(&arguments, &document);
        let rendered = String::from_utf8(output.stdout).unwrap();
        if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
            fs::write(story.join("rendered.yaml"), &rendered).unwrap();
        }
        assert!(rendered == expected, "{}: rendered.yaml is not what `{command}` writes", story.display());
        shown += 1;
    }
    assert!(shown > 0);
}

#[test]
fn every_document_of_the_pages_is_fine_and_accepted_by_envoy() {
    let folder = tempfile::tempdir().unwrap();
    for (i, document) in documents().iter().enumerate() {
        let file = folder.path().join(format!("{i}.yaml"));
        fs::write(&file, document).unwrap();
        holds(&file);
    }
}

#[test]
fn the_readme_maps_every_module() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap();
        assert!(module == "lib" || readme.contains(&format!("`{module}")), "the README does not mention src/{module}");
    }
}
