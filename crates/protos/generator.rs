//! How `src/generated/` is made from `proto/`: without `protoc`, and each time the same bytes. The
//! example `generate` writes the files, the test `generated` compares them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use prost_types::FileDescriptorSet;

/// What is compiled; what these import comes with them.
const ROOTS: [&str; 6] = [
    "fulcio.proto",
    "fulcio_legacy.proto",
    "google/rpc/error_details.proto",
    "google/rpc/status.proto",
    "grpc/health/v1/health.proto",
    "rekor/v2/rekor_service.proto",
];

/// Messages that hold a secret write their own `Debug`.
const SECRET: [&str; 1] = [".dev.sigstore.fulcio.v2.Credentials"];

/// Every file of `src/generated/` by its name. `scratch` is an empty directory.
pub(crate) fn generate(crate_root: &Path, scratch: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut compiler =
        protox::Compiler::new([crate_root.join("proto")]).expect("the folder is there");
    compiler.include_imports(true).include_source_info(false);
    compiler
        .open_files(ROOTS)
        .expect("the files are there and hold");
    let descriptors = compiler.encode_file_descriptor_set();

    // A second time with the comments, which become those of the code.
    compiler.include_source_info(true);
    let described = compiler.file_descriptor_set();
    let mut files = BTreeMap::from([
        ("descriptors.bin".to_owned(), descriptors),
        ("methods.rs".to_owned(), methods(&described).into_bytes()),
    ]);

    prost_build::Config::new()
        .out_dir(scratch)
        .skip_debug(SECRET)
        .compile_fds(described)
        .expect("what compiles can be written");
    for entry in std::fs::read_dir(scratch).expect("the directory is there") {
        let entry = entry.expect("the directory can be listed");
        let name = entry.file_name().to_string_lossy().into_owned();
        let code = std::fs::read(entry.path()).expect("the file can be read");
        files.insert(name, code);
    }
    files
}

/// The table of services, by their full names, and their methods.
fn methods(descriptors: &FileDescriptorSet) -> String {
    let mut table = String::from("&[\n");
    for file in &descriptors.file {
        for service in &file.service {
            writeln!(
                table,
                "    ({:?}, &[",
                format!("{}.{}", file.package(), service.name())
            )
            .expect("text can be written");
            for method in &service.method {
                writeln!(table, "        {:?},", method.name()).expect("text can be written");
            }
            table.push_str("    ]),\n");
        }
    }
    table.push_str("]\n");
    table
}
