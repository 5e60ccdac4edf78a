//! Folders that earlier versions left, in which a number in a view was a
//! position among what was shown, and a stretch counted what was shown.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{FOLDER, TEXT, encode};
use crate::binary::{Workplace, manifest, sha256};

/// Makes the manifest, and the numbers, say what an earlier version would have.
fn say_as_before(folder: &Path, change: impl Fn(&mut Value)) {
    let path = folder.join("attention.json");
    let text = fs::read_to_string(&path).expect("there are numbers");
    fs::write(&path, text.replace("\"from:@2\":", "\"from:2\":")).expect("it can be written");
    let mut manifest = manifest(folder);
    for file in manifest["files"].as_array_mut().expect("there are files") {
        if file["name"] == "attention.json" {
            file["sha256"] = json!(sha256(&fs::read(&path).expect("it is there")));
        }
        change(&mut file["options"]);
    }
    let bytes = serde_json::to_vec(&manifest).expect("it is JSON");
    fs::write(folder.join("manifest.json"), bytes).expect("it can be written");
}

#[test]
fn numbers_in_views_and_stretches_keep_their_meaning() {
    for (options, earlier_view, earlier_crop) in [
        (&[][..], "from:2", None),
        (&["--special-tokens", "hide"], "from:1", None),
        (&["--crop", "1-5"], "from:1", Some("1-5")),
        (
            &["--special-tokens", "hide", "--crop", "1-5"],
            "from:1",
            Some("0-4"),
        ),
    ] {
        let workplace = Workplace::new();
        let text = "in at it was late";
        let folder = workplace.default_output().join("in-at-it-was-late");
        let base = [&["--views", "from:@2", "-f", "svg,json"], options].concat();
        workplace.succeed(&encode(text, &base));
        let is_two = |value: &Value| value == &json!(["from:@2"]);
        say_as_before(&folder, |options| {
            assert!(is_two(&options["views"]), "{options}");
            options["views"] = json!([earlier_view]);
            if let Some(crop) = earlier_crop {
                options["crop"] = json!(crop);
            }
        });
        // Another view beside it, of the same: what is there stays and is called
        // what it is called today.
        let other = [&["--views", "mean", "-f", "svg,json"], options].concat();
        workplace.succeed(&encode(text, &other));
        let manifest = manifest(&folder);
        let files = manifest["files"].as_array().expect("there are files");
        let of = |name: &str| {
            let mut files = files.iter().filter(|file| file["name"] == name);
            files.next().unwrap_or_else(|| panic!("{name}: {files:?}"))["options"].clone()
        };
        let kept = of("from/@2.svg");
        assert!(is_two(&kept["views"]), "{options:?}: {kept}");
        let crop = earlier_crop.map(|_| json!("@1-@5"));
        assert_eq!(kept.get("crop"), crop.as_ref(), "{options:?}");
        if earlier_view == "from:2" {
            assert_eq!(of("attention.json")["views"], json!(["from:@2", "mean"]));
            let numbers = fs::read(folder.join("attention.json")).expect("it is there");
            let numbers: Value = serde_json::from_slice(&numbers).expect("it is JSON");
            assert!(numbers.get("from:@2").is_some() && numbers.get("from:2").is_none());
        }
    }
}

#[test]
fn a_number_that_is_a_text_is_that_text_now_as_before() {
    let workplace = Workplace::new();
    let folder = workplace.default_output().join(FOLDER);
    workplace.succeed(&encode(TEXT, &["--views", "from:5"]));
    workplace.succeed(&encode(TEXT, &["--views", "mean"]));
    let manifest = manifest(&folder);
    let files = manifest["files"].as_array().expect("there are files");
    let kept = files.iter().find(|file| file["name"] == "from/5.svg");
    assert_eq!(
        kept.expect("it stays")["options"]["views"],
        json!(["from:5"])
    );
}
