//! Files that are not what they were.

use super::*;

#[test]
fn a_damaged_file_is_never_answered_from() {
    let length = fs::metadata(path(&three_runs(), 100, 400)).unwrap().len() as usize;
    let blocks = Span {
        first: 100,
        end: 400,
    }
    .blocks_at() as usize;
    // The header, the filter, the fences: found when it is opened.
    for at in [0, 8, 24, 50, 63, 64, 200, 64 + 511, length - 16, length - 1] {
        let directory = three_runs();
        flip(&path(&directory, 100, 400), at);
        let index = open_with(&directory, APART, true);
        assert_eq!(index.covered(), 100, "{at}");
        let damaged = index.damaged();
        assert_eq!(damaged.len(), 1, "{at}");
        assert!(
            damaged[0].contains(
                &Span {
                    first: 100,
                    end: 400
                }
                .name()
            )
        );
        check(&index);
        assert_eq!(names(&directory).len(), 1);
        absorb(&index, 100..600);
        check(&index);
    }
    // A block: found when it is read.
    for at in [
        blocks,
        blocks + 20,
        blocks + BLOCK - 1,
        blocks + BLOCK,
        blocks + 2 * BLOCK - 1,
    ] {
        let directory = three_runs();
        flip(&path(&directory, 100, 400), at);
        let index = open_with(&directory, APART, true);
        assert_eq!(index.covered(), 600);
        let mut refused = 0;
        for number in 0..2000 {
            match index.find(&key(number)) {
                Ok(found) => assert_eq!(found, (number < 600).then_some(number)),
                Err(error) => {
                    let name = Span {
                        first: 100,
                        end: 400,
                    }
                    .name();
                    assert!(error.to_string().contains(&name), "{error}");
                    refused += 1;
                }
            }
        }
        assert!((50..400).contains(&refused), "{refused}");
        drop(index);

        // Merging it fails, and that is said; nothing is lost meanwhile.
        let index = open(&directory);
        absorb(&index, 600..1000);
        let error = try_absorb(&index, 1000, keys(1000..1010)).unwrap_err();
        assert!(error.to_string().contains("a block of records"), "{error}");
        absorb(&index, 1000..1010);
        assert_eq!(index.covered(), 1010);
        assert!(names(&directory).iter().all(|name| !name.ends_with(".new")));
    }
    // Shorter or longer than it was.
    for length in [0, 10, 63, 64, 500, length - 1, length + 1] {
        let directory = three_runs();
        let file = fs::File::options()
            .write(true)
            .open(path(&directory, 100, 400));
        file.unwrap().set_len(length as u64).unwrap();
        let index = open_with(&directory, APART, true);
        assert_eq!(
            (index.covered(), index.damaged().len()),
            (100, 1),
            "{length}"
        );
        check(&index);
    }
}

#[test]
fn a_damaged_merge_is_replaced_by_what_it_was_made_of() {
    let directory = three_runs();
    fs::write(path(&directory, 0, 400), b"wxkeys01").unwrap();
    let index = open_with(&directory, APART, true);
    assert_eq!(index.covered(), 600);
    assert_eq!(index.damaged().len(), 1);
    check(&index);
    assert_eq!(names(&directory).len(), 3);
}

#[test]
fn a_block_of_another_place_is_noticed() {
    let directory = three_runs();
    let file = path(&directory, 100, 400);
    let mut bytes = fs::read(&file).unwrap();
    let at = Span {
        first: 100,
        end: 400,
    }
    .blocks_at() as usize;
    bytes.copy_within(at..at + BLOCK, at + BLOCK);
    fs::write(&file, bytes).unwrap();
    let index = open_with(&directory, APART, true);
    let refused = (100..400).filter(|number| index.find(&key(*number)).is_err());
    assert!(refused.count() > 50);
}

#[test]
fn a_run_under_another_name_is_refused() {
    let directory = three_runs();
    fs::rename(path(&directory, 100, 400), path(&directory, 100, 500)).unwrap();
    let index = open_with(&directory, APART, true);
    assert_eq!(index.covered(), 100);
    check(&index);
}

#[test]
fn runs_of_another_secret_are_refused() {
    let directory = three_runs();
    let secret = directory.path().join("keys/secret");
    let mode = fs::metadata(&secret).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let bytes = fs::read(&secret).unwrap();
    let shown = format!("{:?}", open_with(&directory, APART, false));
    assert!(shown.contains("Secret(..)"));
    assert!(!shown.contains(&format!("{bytes:?}")));

    fs::remove_file(&secret).unwrap();
    let index = open_with(&directory, APART, false);
    assert_eq!((index.covered(), index.find(&key(0)).unwrap()), (0, None));
    let index = open_with(&directory, APART, true);
    assert_eq!(index.covered(), 0);
    assert_eq!(
        index.damaged().len(),
        1,
        "those behind it were not looked at"
    );
    assert!(index.damaged()[0].contains("another secret"));
    assert_eq!(names(&directory), [""; 0]);
    assert_ne!(fs::read(&secret).unwrap(), bytes);
    absorb(&index, 0..10);
    check(&index);
    drop(index);

    fs::write(&secret, b"short").unwrap();
    let index = open(&directory);
    assert_eq!((index.covered(), index.damaged().len()), (0, 2));
}

#[test]
fn a_header_is_what_the_file_begins_with() {
    let directory = three_runs();
    let bytes = fs::read(path(&directory, 400, 600)).unwrap();
    let header = bytes[..64].try_into().unwrap();
    let header = Header::decode(
        header,
        Span {
            first: 400,
            end: 600,
        },
    )
    .unwrap();
    assert_eq!(header.records, 200);
    assert_eq!(header.length(), bytes.len() as u64);
    // Blocks begin on pages.
    assert_eq!(bytes.len(), 4096 + 2 * 4096 + 2 * 8);
}
