//! The rules of the house that no compiler checks: which crate may lean on which, what may come in
//! from outside, and what a pure crate may not touch.
//!
//! Each rule is a function from what was found to what is wrong with it, so that it can be tried on
//! a broken house too (at the end of this file). A failure says the rule, what broke it and where
//! the rule stands.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The floors from the ground up, and on each the order: an arrow may only point to a crate that
/// stands before its own.
const HOUSE: [&[&str]; 4] = [
    &[
        "encoding", "crypto", "pki", "tlog", "model", "entries", "verify", "tuf", "protos",
    ],
    &["net", "client", "keys"],
    &[
        "log", "serve", "fulcio", "rekor", "ctlog", "tsa", "issuer", "instance",
    ],
    &["cli", "cosign", "tools", "waxwing", "testkit"],
];

/// A service knows another by its URL, never by its crate.
const SERVICES: [&str; 5] = ["fulcio", "rekor", "ctlog", "tsa", "issuer"];

/// Names that come with an executor or a network, and so never below floor 2.
const NOT_PURE: [&str; 7] = [
    "axum", "hyper", "mio", "reqwest", "rustls", "socket2", "tokio",
];

/// Second implementations of what `aws-lc-rs` and `rustls` do.
const NEVER: [&str; 4] = ["native-tls", "openssl", "openssl-sys", "ring"];

/// Whoever embeds the verifier reads and builds this many packages, on all platforms together and
/// our own seven included. There were 54 when this was written; a few more may come unasked with an
/// update, a new dependency raises the number in the open.
const MOST_PACKAGES_OF_THE_VERIFIER: usize = 57;

const LONGEST_FILE: usize = 800;

/// What the source of floor 1 does not say: time, environment, files and network are arguments.
const IMPURE: [&str; 8] = [
    "Instant::now",
    "SystemTime::now",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::os",
];

#[test]
fn arrows_point_down() {
    let rule = "every crate has its place in the table of this file and depends only on crates \
                above it there, dev- and build-dependencies included (ARCHITECTURE.md, the house)";
    broken(rule, arrows(&packages()));
}

#[test]
fn testkit_serves_the_tests_of_programs() {
    let rule = "waxwing-testkit is only ever a dev-dependency, and only of floor 4 \
                (ARCHITECTURE.md, the house)";
    broken(rule, testkit(&packages()));
}

#[test]
fn services_do_not_know_each_other() {
    let rule =
        "a service knows another by its URL, never by its crate (ARCHITECTURE.md, the house)";
    broken(rule, services(&packages()));
}

#[test]
fn one_crate_names_the_cryptography_provider() {
    let rule = "only waxwing-crypto depends on aws-lc-rs directly; all else takes its keys and \
                digests (docs/dependencies.md, cryptography)";
    broken(rule, provider(&packages()));
}

#[test]
fn the_ground_floor_brings_no_network() {
    let rule = "nothing in the normal tree of floor 1 brings an executor or a network \
                (ARCHITECTURE.md, the house)";
    let mut arguments = vec!["tree", "-e", "normal"];
    let floor = floor(1);
    for package in &floor {
        arguments.extend(["-p", package]);
    }
    broken(rule, forbidden(&tree(&arguments), &NOT_PURE));
}

#[test]
fn the_ground_floor_takes_the_world_as_arguments() {
    let rule = "time, environment, files and network reach floor 1 as arguments (ARCHITECTURE.md, \
                invariant 6)";
    let sources = HOUSE[0].iter().flat_map(|name| {
        let folder = root().join("crates").join(name).join("src");
        rust_files(&folder)
    });
    broken(
        rule,
        sources.flat_map(|path| impure(&shown(&path), &read(&path))),
    );
}

#[test]
fn the_verifier_stays_small() {
    let found = tree(&["tree", "-e", "normal", "-p", "waxwing-verify"]);
    let rule = format!(
        "the normal tree of waxwing-verify has at most {MOST_PACKAGES_OF_THE_VERIFIER} packages \
         (docs/dependencies.md, the verifier's tree)"
    );
    broken(&rule, too_many(&found, MOST_PACKAGES_OF_THE_VERIFIER));
}

#[test]
fn what_must_not_come_in_does_not() {
    let rule = "one TLS and one cryptography provider in the whole tree, tests and every platform \
                included (docs/dependencies.md, cryptography; deny.toml)";
    let found = tree(&["tree", "--workspace", "-e", "normal,build,dev"]);
    broken(rule, forbidden(&found, &NEVER));
}

#[test]
fn every_dependency_has_its_reason() {
    let declared = declared(&read(&root().join("Cargo.toml")));
    let explained = explained(&read(&root().join("docs/dependencies.md")));
    let rule = "each dependency in the root Cargo.toml has one row in docs/dependencies.md, and the \
                other way round (docs/dependencies.md)";
    broken(rule, differences(&declared, &explained));

    let rule = "a crate takes its dependencies from the root Cargo.toml, where their versions and \
                features stand once (docs/dependencies.md)";
    broken(rule, undeclared(&packages(), &declared));
}

#[test]
fn every_crate_keeps_the_lints_of_the_workspace() {
    let rule = "each Cargo.toml has `[lints] workspace = true`, which forbids unsafe code \
                (CONTRIBUTING.md, style)";
    let manifests = packages().into_values().map(|package| package.manifest);
    let without = manifests.filter(|path| !read(path).contains("[lints]\nworkspace = true"));
    broken(rule, without.map(|path| shown(&path)));
}

#[test]
fn pure_crates_cannot_panic_on_input() {
    let rule = "lib.rs of every crate on floor 1 warns of what may panic (CONTRIBUTING.md, style)";
    let lints = [
        "expect_used",
        "indexing_slicing",
        "panic",
        "string_slice",
        "unreachable",
    ];
    let lacks = |source: &str| {
        lints
            .iter()
            .any(|lint| !source.contains(&format!("clippy::{lint}")))
    };
    assert!(lacks("warn(clippy::panic)"));
    let sources = HOUSE[0].iter();
    let sources = sources.map(|name| root().join("crates").join(name).join("src/lib.rs"));
    let without = sources.filter(|path| lacks(&read(path)));
    broken(rule, without.map(|path| shown(&path)));
}

#[test]
fn no_file_is_too_long() {
    let rule = format!(
        "a file does one thing and has at most {LONGEST_FILE} lines (CONTRIBUTING.md, style)"
    );
    let files = ["crates", "fuzz", "tests"].map(|folder| rust_files(&root().join(folder)));
    let files = files.concat();
    assert!(
        files.len() > 50,
        "only {} source files were found",
        files.len()
    );
    broken(
        &rule,
        files
            .iter()
            .filter_map(|path| too_long(&shown(path), &read(path))),
    );
}

#[test]
fn every_fuzz_target_is_built_and_has_a_seed() {
    let rule = "a file in fuzz/fuzz_targets stands in fuzz/Cargo.toml and has a seed in \
                fuzz/corpus (CONTRIBUTING.md, fuzzing)";
    let fuzz = root().join("fuzz");
    let manifest = read(&fuzz.join("Cargo.toml"));
    let mut wrong = Vec::new();
    for path in rust_files(&fuzz.join("fuzz_targets")) {
        let target = path.file_stem().unwrap().to_string_lossy().into_owned();
        if !manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")) {
            wrong.push(format!("{target} is not built"));
        }
        let seeds = std::fs::read_dir(fuzz.join("corpus").join(&target));
        if seeds.map_or(0, Iterator::count) == 0 {
            wrong.push(format!("{target} has no seed"));
        }
    }
    broken(rule, wrong);
}

#[test]
fn the_tests_that_are_promised_exist() {
    let rule = "a test or fuzz target that the tables of SECURITY.md name exists (SECURITY.md)";
    let promised = promised(&read(&root().join("SECURITY.md")));
    assert!(
        promised.len() > 20,
        "only {} tests are named",
        promised.len()
    );
    let exists = |(folder, test): &(String, String)| {
        let function = format!("fn {test}(");
        let files = match folder.as_str() {
            "fuzz" => return root().join(format!("fuzz/fuzz_targets/{test}.rs")).exists(),
            folder => rust_files(&root().join("crates").join(folder)),
        };
        files.iter().any(|path| read(path).contains(&function))
    };
    let missing = promised.iter().filter(|one| !exists(one));
    broken(
        rule,
        missing.map(|(folder, test)| format!("{folder}::{test}")),
    );
}

/// A crate of the workspace, as far as the rules look at it.
struct Package {
    manifest: PathBuf,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    /// As the registry has it, whatever the crate calls it.
    name: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Normal,
    Build,
    Dev,
}

type Packages = BTreeMap<String, Package>;

fn arrows(packages: &Packages) -> Vec<String> {
    let places = places();
    let place = |name: &str| places.iter().position(|other| other == name);
    let mut wrong = Vec::new();
    for name in places.iter().filter(|name| !packages.contains_key(*name)) {
        wrong.push(format!(
            "{name} stands in the table and not in the workspace"
        ));
    }
    for (name, package) in packages {
        let Some(own) = place(name) else {
            wrong.push(format!("{name} has no place in the table"));
            continue;
        };
        for dependency in &package.dependencies {
            // The one arrow that may point sideways has a rule of its own.
            if dependency.name == "waxwing-testkit" {
                continue;
            }
            // A crate's tests may lean on the crate itself, with a feature that nobody else switches on.
            if dependency.name == *name && dependency.kind == Kind::Dev {
                continue;
            }
            if place(&dependency.name).is_some_and(|other| other >= own) {
                let (kind, other) = (dependency.kind, &dependency.name);
                wrong.push(format!("{name} points up to {other} ({kind:?})"));
            }
        }
    }
    wrong
}

fn testkit(packages: &Packages) -> Vec<String> {
    let programs = floor(4);
    let allowed = |name, kind| kind == Kind::Dev && programs.contains(name);
    let users = all_dependencies(packages).filter(|(_, used)| used.name == "waxwing-testkit");
    let wrong = users.filter(|(name, used)| !allowed(name, used.kind));
    wrong
        .map(|(name, used)| format!("{name} depends on it ({:?})", used.kind))
        .collect()
}

fn services(packages: &Packages) -> Vec<String> {
    let services = SERVICES.map(full);
    let between = all_dependencies(packages)
        .filter(|(name, used)| services.contains(name) && services.contains(&used.name));
    between
        .map(|(name, used)| format!("{name} depends on {}", used.name))
        .collect()
}

fn provider(packages: &Packages) -> Vec<String> {
    let direct = all_dependencies(packages).filter(|(name, used)| {
        used.name.starts_with("aws-lc") && name.as_str() != "waxwing-crypto"
    });
    direct
        .map(|(name, used)| format!("{name} depends on {}", used.name))
        .collect()
}

fn undeclared(packages: &Packages, declared: &[String]) -> Vec<String> {
    let foreign = all_dependencies(packages)
        .filter(|(_, used)| !packages.contains_key(&used.name) && !declared.contains(&used.name));
    foreign
        .map(|(name, used)| format!("{name} has {} on its own", used.name))
        .collect()
}

fn forbidden(found: &BTreeSet<String>, names: &[&str]) -> Vec<String> {
    let name = |package: &str| package.split(' ').next().unwrap_or_default().to_owned();
    let wrong = found
        .iter()
        .filter(|package| names.contains(&name(package).as_str()));
    wrong
        .map(|package| format!("{package}: `cargo tree -i {}` says whence", name(package)))
        .collect()
}

fn too_many(found: &BTreeSet<String>, most: usize) -> Vec<String> {
    if found.len() <= most {
        return Vec::new();
    }
    let list: Vec<&str> = found.iter().map(String::as_str).collect();
    vec![format!("{} packages: {}", found.len(), list.join(", "))]
}

/// The names in `[workspace.dependencies]` that are not paths to crates of ours.
fn declared(manifest: &str) -> Vec<String> {
    let section = manifest
        .split_once("[workspace.dependencies]")
        .unwrap_or_default()
        .1;
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    let entries = lines.filter_map(|line| line.split_once(" = "));
    let foreign =
        entries.filter(|(name, value)| !name.starts_with('#') && !value.contains("path = "));
    foreign.map(|(name, _)| name.to_owned()).collect()
}

/// The first column of the tables: rows that begin with a name in backquotes.
fn explained(document: &str) -> Vec<String> {
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split_once("` |"))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// The last column of the tables of SECURITY.md: `crate::test`, and fuzz targets after "fuzz".
fn promised(document: &str) -> Vec<(String, String)> {
    let rows = document.lines().filter(|line| line.starts_with("| "));
    let cells = rows.filter_map(|row| row.trim_end_matches([' ', '|']).rsplit('|').next());
    let parts = cells.flat_map(|cell| cell.split(';'));
    let names = parts.flat_map(|part| {
        let fuzz = part.trim_start().starts_with("fuzz ");
        let quoted = part.split('`').skip(1).step_by(2);
        quoted.filter_map(move |name| match name.split_once("::") {
            Some(pair) => Some(pair),
            None => fuzz.then_some(("fuzz", name)),
        })
    });
    names
        .map(|(folder, test)| (folder.to_owned(), test.to_owned()))
        .collect()
}

fn differences(declared: &[String], explained: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in declared.iter().filter(|name| !explained.contains(name)) {
        wrong.push(format!("{name} has no row"));
    }
    for name in explained.iter().filter(|name| !declared.contains(name)) {
        wrong.push(format!("the row {name} is of no dependency"));
    }
    for name in explained.iter().collect::<BTreeSet<_>>() {
        if explained.iter().filter(|other| *other == name).count() > 1 {
            wrong.push(format!("{name} has two rows"));
        }
    }
    wrong
}

/// Lines of code, not of comment, that reach outside; also inside `use std::{…}`.
fn impure(path: &str, source: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut group = false;
    for (number, line) in (1..).zip(source.lines()) {
        let code = line.trim_start();
        if code.starts_with("//") {
            continue;
        }
        group = group || code.contains("std::{");
        let words = |line: &'_ str| -> Vec<String> {
            let word = |character: char| character.is_alphanumeric() || character == '_';
            line.split(|character| !word(character))
                .map(|word| format!("std::{word}"))
                .collect()
        };
        let grouped = group
            && words(code)
                .iter()
                .any(|word| IMPURE.contains(&word.as_str()));
        if grouped || IMPURE.iter().any(|needle| code.contains(needle)) {
            wrong.push(format!("{path}:{number}: {code}"));
        }
        group = group && !code.contains(';');
    }
    wrong
}

fn too_long(path: &str, source: &str) -> Option<String> {
    let lines = source.lines().count();
    (lines > LONGEST_FILE).then(|| format!("{path} has {lines} lines"))
}

fn all_dependencies(packages: &Packages) -> impl Iterator<Item = (&String, &Dependency)> {
    let each = packages.iter();
    each.flat_map(|(name, package)| package.dependencies.iter().map(move |used| (name, used)))
}

/// Every crate of the table, in its order.
fn places() -> Vec<String> {
    HOUSE.concat().into_iter().map(full).collect()
}

fn floor(number: usize) -> Vec<String> {
    HOUSE[number - 1].iter().copied().map(full).collect()
}

/// The package of a folder: the program itself has the house's own name.
fn full(folder: &str) -> String {
    match folder {
        "waxwing" => folder.to_owned(),
        _ => format!("waxwing-{folder}"),
    }
}

fn broken(rule: &str, wrong: impl IntoIterator<Item = String>) {
    let wrong: Vec<String> = wrong.into_iter().collect();
    let wrong = wrong.join("\n  ");
    assert!(
        wrong.is_empty(),
        "the rule: {rule}\nwhat breaks it:\n  {wrong}\n"
    );
}

fn packages() -> Packages {
    let arguments = ["metadata", "--format-version", "1", "--no-deps"];
    let metadata: Value = serde_json::from_str(&cargo(&arguments)).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let dependency = |value: &Value| Dependency {
        name: text(&value["name"]),
        kind: match value["kind"].as_str() {
            None => Kind::Normal,
            Some("build") => Kind::Build,
            Some("dev") => Kind::Dev,
            Some(other) => panic!("cargo metadata knows a kind of dependency {other}"),
        },
    };
    let package = |value: &Value| Package {
        manifest: text(&value["manifest_path"]).into(),
        dependencies: value["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .map(dependency)
            .collect(),
    };
    let list = metadata["packages"].as_array().unwrap();
    list.iter()
        .map(|value| (text(&value["name"]), package(value)))
        .collect()
}

/// The packages of `cargo tree` with their versions. Not those of `cargo metadata`: its graph also
/// has what a weak feature (`ring?/std`) could switch on and nobody does.
fn tree(arguments: &[&str]) -> BTreeSet<String> {
    let every_platform = ["--prefix", "none", "--target", "all"];
    let output = cargo(&[arguments, &every_platform].concat());
    let package = |line: &str| {
        let mut words = line.split(' ');
        Some(format!("{} {}", words.next()?, words.next()?))
    };
    output.lines().filter_map(package).collect()
}

/// Offline at first: a test run should not need the network. A machine that has built for its own
/// platform only lacks the manifests of the others, and fetches them once.
fn cargo(arguments: &[&str]) -> String {
    let run = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command
            .args(arguments)
            .arg("--locked")
            .args(more)
            .current_dir(root());
        command.output().unwrap()
    };
    let mut output = run(&["--offline"]);
    if !output.status.success() {
        output = run(&[]);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "cargo {arguments:?} failed:\n{said}"
    );
    String::from_utf8(output.stdout).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every source file below a folder, build output left out.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return files;
    };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() && !path.ends_with("target") {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// A house of all places, in which one crate has one more dependency.
fn house_with(name: &str, dependency: &str, kind: Kind) -> Packages {
    let empty = || Package {
        manifest: PathBuf::new(),
        dependencies: Vec::new(),
    };
    let mut packages: Packages = places().into_iter().map(|name| (name, empty())).collect();
    let package = packages.entry(name.to_owned()).or_insert_with(empty);
    package.dependencies.push(Dependency {
        name: dependency.to_owned(),
        kind,
    });
    packages
}

#[test]
fn a_broken_house_is_noticed() {
    let arrow = |name, dependency| arrows(&house_with(name, dependency, Kind::Dev));
    assert_eq!(arrow("waxwing-rekor", "waxwing-tlog"), [""; 0]);
    assert_eq!(
        arrow("waxwing-tlog", "waxwing-model"),
        ["waxwing-tlog points up to waxwing-model (Dev)"]
    );
    assert_eq!(
        arrow("waxwing-extra", "serde"),
        ["waxwing-extra has no place in the table"]
    );
    let mut smaller = house_with("waxwing", "serde", Kind::Normal);
    smaller.remove("waxwing-tsa");
    assert_eq!(
        arrows(&smaller),
        ["waxwing-tsa stands in the table and not in the workspace"]
    );

    let test = |name, kind| testkit(&house_with(name, "waxwing-testkit", kind));
    assert_eq!(test("waxwing", Kind::Dev), [""; 0]);
    assert_eq!(
        test("waxwing", Kind::Normal),
        ["waxwing depends on it (Normal)"]
    );
    assert_eq!(
        test("waxwing-rekor", Kind::Dev),
        ["waxwing-rekor depends on it (Dev)"]
    );

    let other = house_with("waxwing-tsa", "waxwing-issuer", Kind::Dev);
    assert_eq!(services(&other), ["waxwing-tsa depends on waxwing-issuer"]);
    let direct = house_with("waxwing-pki", "aws-lc-rs", Kind::Normal);
    assert_eq!(provider(&direct), ["waxwing-pki depends on aws-lc-rs"]);
    let own = house_with("waxwing-net", "chrono", Kind::Build);
    assert_eq!(
        undeclared(&own, &["serde".to_owned()]),
        ["waxwing-net has chrono on its own"]
    );
}

#[test]
fn a_forbidden_package_and_one_too_many_are_noticed() {
    let found = BTreeSet::from([
        "openssl-probe v0.2.2".to_owned(),
        "ring v0.17.14".to_owned(),
    ]);
    assert_eq!(
        forbidden(&found, &NEVER),
        ["ring v0.17.14: `cargo tree -i ring` says whence"]
    );
    assert_eq!(
        too_many(&found, 1),
        ["2 packages: openssl-probe v0.2.2, ring v0.17.14"]
    );
    assert_eq!(too_many(&found, 2), [""; 0]);
}

#[test]
fn a_missing_row_and_one_too_many_are_noticed() {
    let manifest = "[workspace.dependencies]\n# why = not\nwaxwing-net = { path = \"crates/net\" }\n\
                    serde = \"1\"\nurl = { version = \"2\" }\n\n[workspace.lints.rust]\nother = \"1\"\n";
    let declared = declared(manifest);
    assert_eq!(declared, ["serde", "url"]);
    let explained =
        explained("| what | why |\n|---|---|\n| `serde` | a |\n| `serde` | b |\n| `bytes` | c |\n");
    assert_eq!(
        differences(&declared, &explained),
        [
            "url has no row",
            "the row bytes is of no dependency",
            "serde has two rows"
        ]
    );
}

#[test]
fn promises_are_read_out_of_the_tables() {
    let row = "| `not::this` | c | fuzz `note`, `pem`; `tlog::one_spelling` asks `others` too |\n";
    let pair = |folder: &str, test: &str| (folder.to_owned(), test.to_owned());
    let expected = [
        pair("fuzz", "note"),
        pair("fuzz", "pem"),
        pair("tlog", "one_spelling"),
    ];
    assert_eq!(promised(row), expected);
}

#[test]
fn impure_and_long_sources_are_noticed() {
    let source = "//! std::fs::read\n/// std::env\nuse std::{fmt,\n    fs};\nlet now = SystemTime::now();\nlet env = 1;\n";
    assert_eq!(
        impure("a.rs", source),
        ["a.rs:4: fs};", "a.rs:5: let now = SystemTime::now();"]
    );
    assert_eq!(
        too_long("a.rs", &"\n".repeat(801)).as_deref(),
        Some("a.rs has 801 lines")
    );
    assert_eq!(too_long("a.rs", &"\n".repeat(800)), None);
}
