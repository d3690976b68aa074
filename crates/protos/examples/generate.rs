//! Writes `src/generated/` anew: `cargo run -p waxwing-protos --example generate`.

#[path = "../generator.rs"]
mod generator;

use std::path::Path;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let home = root.join("src/generated");
    // What is no longer generated must not stay.
    let _missing = std::fs::remove_dir_all(&home);
    std::fs::create_dir_all(&home).expect("the folder can be made");
    for (name, content) in generator::generate(root, &home) {
        std::fs::write(home.join(name), content).expect("the folder can be written");
    }
}
