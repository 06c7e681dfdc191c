//! The command as its users call it.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

const DOCUMENT: &str = r#"
providers:
  openai: { dialect: openai, keys: [{ env: NO_SUCH_VARIABLE }] }
models:
  tier: { targets: [openai/gpt-5-mini] }
clients:
  - { name: bot, key_sha256: "0000000000000000000000000000000000000000000000000000000000000001", models: [tier] }
"#;

fn tollhouse(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tollhouse")).args(args).env_remove("TOLLHOUSE_FILTER").output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn file(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.yaml");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

#[test]
fn it_tells_its_version_and_its_commands() {
    assert_eq!(out(&tollhouse(&["--version"])), format!("tollhouse {}\n", env!("CARGO_PKG_VERSION")));
    let help = out(&tollhouse(&["--help"]));
    for command in ["run", "check", "render", "image", "filter", "key", "report", "schema", "Examples:"] {
        assert!(help.contains(command), "{command}");
    }
}

#[test]
fn what_envoy_watches_is_written_too_and_never_a_key() {
    let document = DOCUMENT.replace("env: NO_SUCH_VARIABLE", "file: /run/secrets/openai");
    let (folder, path) = file(&document);
    let (watch, bootstrap) = (folder.path().join("watched"), folder.path().join("envoy.yaml"));
    let render = |more: &[&str]| tollhouse(&[&["render", path.to_str().unwrap()], more].concat());
    let done = render(&["--watch", watch.to_str().unwrap(), "-o", bootstrap.to_str().unwrap()]);
    assert!(done.status.success(), "{}", err(&done));
    let mut names: Vec<_> = std::fs::read_dir(&watch).unwrap().map(|f| f.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["clusters.json", "filter.json", "routes.json", "secret-openai.json"]);
    assert!(std::fs::read_to_string(&bootstrap).unwrap().contains(watch.to_str().unwrap()));
    let lost = render(&[]);
    assert!(err(&lost).contains("name one by -o"), "{}", err(&lost));
    let ads = render(&["--ads", "unix:/run/xds.sock", "-o", bootstrap.to_str().unwrap()]);
    assert!(ads.status.success() && !std::fs::read_to_string(&bootstrap).unwrap().contains("gpt-5-mini"));
    assert!(err(&render(&["--ads", "nowhere"])).contains("--ads: found `nowhere`"));
}

#[test]
fn no_key_is_written_wherever_it_comes_from() {
    const KEY: &str = "sk-canary-4f1d";
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(at("openai.key"), KEY).unwrap();
    let file = format!("openai: {{ dialect: openai, keys: [{{ file: '{}' }}] }}", at("openai.key"));
    let by_file = DOCUMENT.replace("openai: { dialect: openai, keys: [{ env: NO_SUCH_VARIABLE }] }", &file);
    let (watch, written) = (at("watched"), at("out"));
    let watching = ["--watch", watch.as_str()];
    let ways: [&[&str]; 4] = [
        &watching,
        &["--ads", "unix:/run/xds.sock"],
        &["--for", "istio", "--host", "h"],
        &["--for", "envoy-gateway", "--host", "h"],
    ];
    // Istio's and Envoy Gateway's resources bring no files to Envoy.
    for (name, document, ways) in [("by_env.yaml", DOCUMENT, &ways[..]), ("by_file.yaml", &by_file, &ways[..2])] {
        std::fs::write(at(name), document).unwrap();
        for way in ways {
            let mut render = Command::new(env!("CARGO_BIN_EXE_tollhouse"));
            render.env("NO_SUCH_VARIABLE", KEY).args(["render", &at(name), "-o", &written]).args(*way);
            let done = render.output().unwrap();
            let text = std::fs::read_to_string(&written).unwrap_or_default();
            assert!(done.status.success() && text.contains("tollhouse"), "{name} {way:?}: {}", err(&done));
            assert!(!(text + &out(&done) + &err(&done)).contains(KEY), "{name} {way:?}");
            std::fs::remove_file(&written).unwrap();
        }
        for part in std::fs::read_dir(&watch).unwrap() {
            let part = part.unwrap().path();
            assert!(!std::fs::read_to_string(&part).unwrap().contains(KEY), "{}", part.display());
        }
    }
}

#[test]
fn a_misspelled_command_is_not_a_file() {
    let refused = tollhouse(&["chekc", "gateway.yaml"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(err(&refused).contains("'check'"), "{}", err(&refused));
}

#[test]
fn check_ends_with_what_it_found() {
    let (_folder, path) = file(DOCUMENT);
    let path = path.to_str().unwrap();
    let fine = tollhouse(&["check", path]);
    assert_eq!((fine.status.code(), out(&fine)), (Some(0), format!("{path}: fine\n")));

    std::fs::write(path, DOCUMENT.replace("[tier] }", "[tier], disabled: true }")).unwrap();
    let odd = tollhouse(&["check", path]);
    assert_eq!(
        (odd.status.code(), out(&odd).as_str()),
        (Some(0), "warning: clients[0].disabled: its key is refused\n")
    );
    assert_eq!(tollhouse(&["check", "--strict", path]).status.code(), Some(1));

    std::fs::write(path, DOCUMENT.replace("env: ", "file: /run/")).unwrap();
    let for_envoy = |version| out(&tollhouse(&["check", "--envoy-version", version, path]));
    assert!(for_envoy("1.39").starts_with("warning: providers.openai.keys[0].file: Envoy 1.39 fails"));
    assert_eq!(for_envoy("1.40"), format!("{path}: fine\n"));

    std::fs::write(path, DOCUMENT.replace("[openai/gpt-5-mini]", "openai/gpt-5-mini")).unwrap();
    let wrong = tollhouse(&["check", "--format", "json", path]);
    let found: serde_json::Value = serde_json::from_str(&out(&wrong)).unwrap();
    assert_eq!((wrong.status.code(), &found["errors"][0]["path"]), (Some(2), &"models.tier.targets".into()));

    let none = tollhouse(&["check", "/nowhere.yaml"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(out(&none).starts_with("error: /nowhere.yaml: cannot be read: "));
}

#[test]
fn check_looks_into_an_envoy_configuration() {
    let text = include_str!("../../examples/beside-existing-routes/envoy.yaml");
    let (_folder, path) = file(text);
    let path = path.to_str().unwrap();
    let fine = tollhouse(&["check", "--envoy", path]);
    assert_eq!((fine.status.code(), out(&fine)), (Some(0), format!("{path}: fine\n")));

    std::fs::write(path, text.replace("surfaces: [chat]", "surfaces: [caht]")).unwrap();
    let wrong = tollhouse(&["check", "--format", "json", "--envoy", path]);
    let found: serde_json::Value = serde_json::from_str(&out(&wrong)).unwrap();
    let route = "static_resources.listeners[0].filter_chains[0].filters[0].typed_config.route_config.virtual_hosts[0].routes[0]";
    let at = format!("{route}.metadata.filter_metadata.tollhouse.surfaces[0]");
    assert_eq!((wrong.status.code(), &found["errors"][0]["path"]), (Some(2), &at.into()));

    let (_folder, document) = file(DOCUMENT);
    let both = tollhouse(&["check", document.to_str().unwrap(), "--envoy", path]);
    assert_eq!((both.status.code(), out(&both).lines().count()), (Some(2), 1), "{}", out(&both));
    assert_eq!(tollhouse(&["check"]).status.code(), Some(2), "one of them must be there");
}

#[test]
fn render_writes_where_it_is_told() {
    let (folder, path) = file(DOCUMENT);
    let path = path.to_str().unwrap();
    let to_stdout = tollhouse(&["render", path, "--filter", "/opt/f.wasm", "--listen", "0.0.0.0:8080"]);
    assert!(out(&to_stdout).contains("/opt/f.wasm") && out(&to_stdout).contains("port_value: 8080"));
    let target = folder.path().join("envoy.yaml");
    let to_file = tollhouse(&["render", path, "-o", target.to_str().unwrap()]);
    assert!(to_file.status.success() && out(&to_file).is_empty());
    assert!(std::fs::read_to_string(target).unwrap().contains("/etc/tollhouse/tollhouse_filter.wasm"));

    std::fs::write(path, "models: { m: { targets: [x/y] }, n: { targets: [] } }").unwrap();
    let refused = tollhouse(&["render", path]);
    assert_eq!((refused.status.code(), err(&refused).lines().count()), (Some(2), 2));
}

#[test]
fn render_writes_resources_for_a_host() {
    let (_folder, path) = file(DOCUMENT);
    let for_istio = |more: &[&str]| tollhouse(&[&["render", path.to_str().unwrap(), "--for", "istio"], more].concat());
    let written =
        out(&for_istio(&["--host", "llm.example.com", "--labels", "app=edge,istio=edge", "--namespace", "edge"]));
    assert_eq!(written.matches("kind: ServiceEntry").count(), 1);
    assert!(written.contains("istio: edge") && written.contains("namespace: edge"), "{written}");
    assert!(err(&for_istio(&[])).contains("--host"));
    let for_eg = |more: &[&str]| {
        out(&tollhouse(&[&["render", path.to_str().unwrap(), "--for", "envoy-gateway", "--host", "h"], more].concat()))
    };
    assert!(for_eg(&[]).contains("name: default/eg/http"));
    let names = for_eg(&["--xds-listener", "tcp-443", "--xds-routes", "default/eg/https"]);
    assert!(names.contains("name: tcp-443") && names.contains("name: default/eg/https"), "{names}");
    assert!(err(&for_istio(&["--host", "h", "--labels", "edge"])).contains("expected a label such as istio=ingress"));
}

#[test]
fn the_filter_is_a_wasm_module() {
    assert!(tollhouse(&["filter"]).stdout.starts_with(b"\0asm"));
}

#[test]
fn a_new_key_fits_its_entry() {
    let made = tollhouse(&["key", "new", "--name", "bot", "--team", "t", "--model", "tier", "--model", "openai/*"]);
    let text = out(&made);
    let key = text.lines().find(|line| line.starts_with("sk-th-")).unwrap();
    let entry: String = text.lines().skip_while(|line| !line.starts_with("- ")).map(|l| format!("{l}\n")).collect();
    let yaml = format!("clients:\n{entry}");
    let document = tollhouse::document::parse(&yaml).unwrap();
    assert_eq!(document.clients[0].key_sha256, Some(tollhouse::key::digest(key)));
    assert_eq!(document.clients[0].models, ["tier", "openai/*"]);

    let refused = tollhouse(&["key", "new", "--name", "a b"]);
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(err(&refused), "tollhouse: --name: found `a b`, expected a name of letters, digits, `-`, `_` and `.`\n");
}

#[test]
fn a_report_is_of_files_and_of_standard_input() {
    let line = r#"{"time_ms":1793491200000,"team":"a","outcome":"completed","usage":{"input":2},"cost_usd":0.000000002,"duration_ms":1}"#;
    let (_folder, path) = file(&format!("{line}\nsomething else\n"));
    let report = |more: &[&str]| {
        let input = std::fs::File::open(&path).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollhouse"));
        command.arg("report").args(more).args(["--by", "team,month", "--format", "csv"]).stdin(input).output().unwrap()
    };
    let both = report(&[path.to_str().unwrap(), "-"]);
    assert_eq!(out(&both).lines().last(), Some("a,2026-11,2,0,4,0,0,0,0,0,0,0,0.000000004"));
    assert_eq!(err(&both), "tollhouse: left out 2 lines that are no records\n");
    assert_eq!(out(&report(&["-", "--to", "2026-11-01"])).lines().count(), 1);
    let wrong = report(&["-", "--from", "yesterday"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(err(&wrong).contains("expected a date such as 2027-01-31"), "{}", err(&wrong));
    let gone = report(&["/nowhere.log"]);
    assert_eq!((gone.status.code(), err(&gone).starts_with("tollhouse: /nowhere.log: ")), (Some(1), true));
}

#[test]
fn the_schema_is_printed() {
    assert_eq!(out(&tollhouse(&["schema"])), tollhouse::schema::text());
}
