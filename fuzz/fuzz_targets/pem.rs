//! Every block that is read stands in the text as it is written, but for white space.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_encoding::pem;

fuzz_target!(|text: &str| {
    let Ok(blocks) = pem::decode_all(text, 16) else {
        return;
    };
    assert_eq!(pem::decode(text).ok().as_ref(), blocks.first());
    let write = |block: &pem::Block| pem::encode(&block.label, &block.der);
    let written: Vec<String> = blocks.iter().map(write).collect();
    assert_eq!(pem::decode_all(&written.concat(), 16), Ok(blocks));
    for block in &written {
        assert!(without_white_space(text).contains(&without_white_space(block)));
    }
});

fn without_white_space(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_whitespace())
        .collect()
}
