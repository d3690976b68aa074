//! Where the leaves of the CT log are looked up: on the disk, of this log, and made anew if it is not.

use std::fs;
use std::path::Path;

use serde_json::Value;
use waxwing_encoding::base64;
use waxwing_instance::{Address, Choices, DataDirectory, Instance};
use waxwing_tlog::merkle::leaf_hash;

use crate::surroundings::{sign, surroundings};

const URL: &str = "http://waxwing.localhost:8123";

async fn open(data: &Path) -> Instance {
    let first = Address::new(URL).unwrap();
    let data = DataDirectory::open(data, None, &first, &surroundings()).unwrap();
    let opened = Instance::open(data, Choices::default(), surroundings()).await;
    opened.unwrap()
}

async fn logged(instance: &Instance, certificates: usize) {
    for _ in 0..certificates {
        let signer = instance.signer(instance.client().unwrap()).unwrap();
        sign(instance, &signer).await;
    }
}

async fn read(instance: &Instance, path: &str) -> Value {
    let client = instance.client().unwrap();
    let answer = client.get(format!("{URL}/ct/ct/v1/{path}")).await.unwrap();
    answer.expect_success().unwrap().json().unwrap()
}

/// The place of a leaf by its hash, as a monitor asks for it.
async fn found(instance: &Instance, index: u64) -> u64 {
    let size = read(instance, "get-sth").await["tree_size"]
        .as_u64()
        .unwrap();
    let entries = read(instance, &format!("get-entries?start={index}&end={index}")).await;
    let leaf = entries["entries"][0]["leaf_input"].as_str().unwrap();
    let hash = leaf_hash(&base64::decode(leaf).unwrap());
    let hash = base64::encode(hash.as_bytes());
    let hash = hash.replace('+', "%2B");
    let path = format!("get-proof-by-hash?hash={hash}&tree_size={size}");
    read(instance, &path).await["leaf_index"].as_u64().unwrap()
}

fn runs(data: &Path) -> Vec<String> {
    let runs = fs::read_dir(data.join("index/ct-log-1/runs")).unwrap();
    let names = runs.map(|run| run.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[tokio::test]
async fn leaves_are_looked_up_on_the_disk_also_after_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let instance = open(&data).await;
    logged(&instance, 2).await;
    assert!(runs(&data).is_empty(), "nobody has asked yet");
    assert_eq!(found(&instance, 1).await, 1);
    let known = runs(&data);
    assert!(!known.is_empty());
    instance.close().await;
    let instance = open(&data).await;
    assert_eq!(runs(&data), known);
    logged(&instance, 1).await;
    for index in 0..=3 {
        assert_eq!(found(&instance, index).await, index);
    }
    instance.close().await;
}

#[tokio::test]
async fn an_index_of_another_log_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let [data, other] = ["data", "other"].map(|name| folder.path().join(name));
    for (path, certificates) in [(&other, 3), (&data, 3)] {
        let instance = open(path).await;
        logged(&instance, certificates).await;
        assert_eq!(found(&instance, 2).await, 2);
        instance.close().await;
    }
    // As after a restore of older logs: as many entries, others; and then more than the log has.
    for certificates in [0, 4] {
        let instance = open(&other).await;
        logged(&instance, certificates).await;
        let last = 3 + certificates as u64;
        assert_eq!(found(&instance, last).await, last);
        instance.close().await;
        let own = data.join("index/ct-log-1");
        fs::remove_dir_all(&own).unwrap();
        fs::rename(other.join("index/ct-log-1"), &own).unwrap();
        let instance = open(&data).await;
        for index in 0..=3 {
            assert_eq!(found(&instance, index).await, index);
        }
        instance.close().await;
    }
}
