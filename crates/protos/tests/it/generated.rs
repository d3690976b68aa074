use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn the_generated_code_is_that_of_the_proto_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scratch = tempfile::tempdir().unwrap();
    let now = crate::generator::generate(root, scratch.path());
    let committed = std::fs::read_dir(root.join("src/generated")).unwrap();
    let committed: BTreeMap<String, Vec<u8>> = committed
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    let run = "run `cargo run -p waxwing-protos --example generate` and commit what it writes";
    assert_eq!(names(&committed), names(&now), "{run}");
    for (name, content) in &now {
        assert!(
            committed.get(name) == Some(content),
            "{name} is not of today: {run}"
        );
    }
}
