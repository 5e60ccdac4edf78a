//! A batch's records with anything in them: whatever they say, nothing is
//! deleted that no batch wrote, and nothing fails but with an error.

use std::fs;
use std::path::Path;

use attnviz::store::batch_records::{BatchManifest, Claim};
use attnviz::store::write::batch_folder::BatchFolder;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::{copy, small, write};
use crate::binary::Workplace;

const STRANGERS: [&str; 4] = [
    "mine.txt",
    "inputs/mine.txt",
    "inputs/000001/mine.txt",
    "thumbnails/mine.png",
];
const RECORDS: [&str; 5] = [
    "manifest.json",
    "results.jsonl",
    ".attnviz-batch/batch.json",
    ".attnviz-batch/written",
    "inputs/000001/manifest.json",
];

/// A finished batch that looks unfinished, too, and somebody else's files.
fn batch(workplace: &Workplace) -> BatchManifest {
    write(workplace, "in.txt", "one\ntwo\n");
    workplace.succeed(&small(&["batch", "in.txt", "-o", "batch"]));
    let folder = workplace.path().join("batch");
    for name in STRANGERS {
        write(workplace, &format!("batch/{name}"), name);
    }
    let manifest = fs::read(folder.join("manifest.json")).expect("there is a manifest");
    write(workplace, "batch/.attnviz-batch/batch.json", &manifest);
    let names = format!("{:032x} {:032x}\n{:032x} -\n", 1_u128, 2_u128, u128::MAX);
    write(workplace, "batch/.attnviz-batch/written", names);
    serde_json::from_slice(&manifest).expect("it is a manifest")
}

/// Takes the folder and removes all that a batch wrote, as far as it may.
fn take(folder: &Path, manifest: &BatchManifest, claim: Claim) {
    let Ok(mut taken) = BatchFolder::open(folder, manifest, claim, &|_| None) else {
        return;
    };
    if taken.begin(manifest).is_ok() {
        let _ = taken.remove_others(|_| false);
        let _ = taken.finish(manifest);
    }
}

#[test]
fn damaged_records_let_a_batch_delete_nothing_of_somebody_elses() {
    let workplace = Workplace::new();
    let manifest = batch(&workplace);
    let [whole, damaged] = ["batch", "damaged"].map(|name| workplace.path().join(name));
    let config = Config {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_261_126),
        ..Config::with_cases(150)
    };
    let claims = prop_oneof![
        Just(Claim::Again),
        Just(Claim::Resume),
        Just(Claim::Overwrite)
    ];
    let change = (
        0..RECORDS.len(),
        any::<prop::sample::Index>(),
        any::<Vec<u8>>(),
    );
    let cases = (claims, prop::collection::vec(change, 1..4));
    proptest!(config, |((claim, changes) in cases)| {
        let _ = fs::remove_dir_all(&damaged);
        copy(&whole, &damaged);
        for (record, place, bytes) in changes {
            let path = damaged.join(RECORDS[record]);
            let mut content = fs::read(&path).expect("the record is there");
            let place = place.index(content.len() + 1);
            let end = (place + bytes.len()).min(content.len());
            content.splice(place..end, bytes);
            fs::write(&path, content).expect("it can be damaged");
        }
        take(&damaged, &manifest, claim);
        for name in STRANGERS {
            let found = fs::read_to_string(damaged.join(name)).ok();
            prop_assert_eq!(found.as_deref(), Some(name));
        }
    });
    // Undamaged, all that it wrote goes.
    let _ = fs::remove_dir_all(&damaged);
    copy(&whole, &damaged);
    take(&damaged, &manifest, Claim::Overwrite);
    let left = crate::binary::tree(&damaged);
    let mut left: Vec<&str> = left.keys().map(String::as_str).collect();
    left.sort_unstable();
    let mut expected = [&["manifest.json"][..], &STRANGERS].concat();
    expected.sort_unstable();
    assert_eq!(left, expected);
}
