//! Symbolic links below output folders: nothing behind one is read as ours,
//! replaced, copied or deleted.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use crate::binary::{Outcome, Workplace, tree};

const TEXT: &str = "The cat sat on the mat.";
const FOLDER: &str = "the-cat-sat-on-the-mat";

/// A workplace with somebody else's folder in it, which has to stay as it is.
struct Hostile {
    workplace: Workplace,
    before: BTreeMap<String, Vec<u8>>,
}

impl Hostile {
    /// `prepare` fills the workplace; everything below `elsewhere` must stay.
    fn new(prepare: impl FnOnce(&Workplace)) -> Self {
        let workplace = Workplace::new();
        fs::create_dir(workplace.path().join("elsewhere")).expect("a folder can be made");
        prepare(&workplace);
        let before = tree(&workplace.path().join("elsewhere"));
        assert!(!before.is_empty(), "there is nothing to lose");
        Self { workplace, before }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.workplace.path().join(name)
    }

    fn link(&self, to: &str, name: &str) {
        symlink(self.path(to), self.path(name)).expect("a link can be made");
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        let outcome = self.workplace.run(arguments);
        let after = tree(&self.path("elsewhere"));
        assert!(after == self.before, "{arguments:?} reached elsewhere");
        outcome
    }

    fn check_refused(&self, arguments: &[&str], word: &str) {
        let outcome = self.run(arguments);
        let stderr = &outcome.stderr;
        assert_eq!(outcome.code, Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.contains(word), "no {word:?} in {stderr}");
        assert!(stderr.contains("hint: "), "{stderr}");
    }
}

/// One picture of every head of a layer, and the overview.
fn encode<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let all = [
        "encode", TEXT, "-m", "builtin", "--layers", "0", "-o", "out",
    ];
    all.iter().chain(more).copied().collect()
}

#[test]
fn a_linked_run_folder_is_somebody_elses() {
    let hostile = Hostile::new(|workplace| {
        let mut arguments = encode(&[]);
        arguments[7] = "elsewhere";
        workplace.succeed(&arguments);
    });
    fs::create_dir(hostile.path("out")).expect("a folder can be made");
    hostile.link(&format!("elsewhere/{FOLDER}"), &format!("out/{FOLDER}"));
    for more in [&[][..], &["--overwrite"]] {
        let outcome = hostile.run(&encode(more));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert!(
            outcome.stdout.contains(&format!("{FOLDER}-")),
            "{}",
            outcome.stdout
        );
    }
}

#[test]
fn a_linked_folder_of_pictures_is_not_written_to() {
    for more in [
        &[][..],
        &["--theme", "dark"],
        &["--overwrite"],
        &["--model", "other"],
    ] {
        let hostile = Hostile::new(|workplace| {
            let model = crate::binary::fixture("masked-lm-bin");
            symlink(model, workplace.path().join("other")).expect("a link can be made");
            let mut first = encode(&[]);
            if more.contains(&"--overwrite") {
                first[3] = "other";
            }
            workplace.succeed(&first);
            let heads = workplace.path().join("out").join(FOLDER).join("heads");
            fs::rename(heads, workplace.path().join("elsewhere/heads")).expect("it can move");
        });
        let heads = format!("out/{FOLDER}/heads");
        hostile.link("elsewhere/heads", &heads);
        if more.contains(&"--model") {
            // Another model does not touch the folder at all.
            let mut other = encode(&[]);
            other[3] = "other";
            assert_eq!(hostile.run(&other).code, Some(0));
            continue;
        }
        hostile.check_refused(&encode(more), "a symbolic link is in the way");
        // Other files may still come, and what is behind the link is not
        // listed.
        let mut overview = encode(more);
        overview.extend(["--views", "overview,mean"]);
        let outcome = hostile.run(&overview);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let manifest = crate::binary::manifest(&hostile.path(&format!("out/{FOLDER}")));
        assert!(!manifest["files"].to_string().contains("heads/"));
        assert!(hostile.path(&heads).is_symlink());
    }
}

fn batch(more: &[&'static str]) -> Vec<&'static str> {
    let all = [
        "batch", "in.txt", "-m", "builtin", "--layers", "0", "-o", "out",
    ];
    all.iter().chain(more).copied().collect()
}

fn prepare_batch(workplace: &Workplace) {
    fs::write(workplace.path().join("in.txt"), "one\ntwo\n").expect("inputs can be written");
    workplace.succeed(&batch(&[]));
}

#[test]
fn linked_parts_of_a_batch_are_not_touched() {
    for part in ["inputs", "thumbnails", ".attnviz-batch"] {
        let hostile = Hostile::new(|workplace| {
            prepare_batch(workplace);
            let (from, to) = (
                workplace.path().join("out").join(part),
                workplace.path().join("elsewhere/part"),
            );
            match from.exists() {
                true => fs::rename(from, to).expect("it can move"),
                false => {
                    fs::create_dir(&to).expect("a folder can be made");
                    fs::write(to.join("mine.txt"), "mine").expect("a file can be written");
                }
            }
        });
        hostile.link("elsewhere/part", &format!("out/{part}"));
        for more in [&[][..], &["--resume"], &["--overwrite"]] {
            hostile.check_refused(&batch(more), "is not a batch's");
        }
    }
}

#[test]
fn links_within_a_batchs_state_lead_nowhere() {
    for name in ["staging", "lock", "results.jsonl", "written", "batch.json"] {
        for is_dangling in [false, true] {
            let hostile = Hostile::new(|workplace| {
                prepare_batch(workplace);
                let elsewhere = workplace.path().join("elsewhere");
                fs::create_dir(elsewhere.join("folder")).expect("a folder can be made");
                fs::write(elsewhere.join("file"), "mine").expect("a file can be written");
                fs::write(elsewhere.join("folder/file"), "mine").expect("it can be written");
            });
            fs::create_dir(hostile.path("out/.attnviz-batch")).expect("a folder can be made");
            let to = match (name, is_dangling) {
                (_, true) => "elsewhere/nothing",
                ("staging", false) => "elsewhere/folder",
                (_, false) => "elsewhere/file",
            };
            hostile.link(to, &format!("out/.attnviz-batch/{name}"));
            for more in [&[][..], &["--resume"], &["--overwrite"]] {
                let outcome = hostile.run(&batch(more));
                assert!(
                    matches!(outcome.code, Some(0 | 1)),
                    "{name}: {}",
                    outcome.stderr
                );
            }
        }
    }
}

#[test]
fn a_linked_lock_of_a_place_is_no_lock() {
    let hostile = Hostile::new(|workplace| {
        workplace.succeed(&encode(&[]));
        fs::write(workplace.path().join("elsewhere/file"), "mine").expect("it can be written");
    });
    let digest = crate::binary::sha256(FOLDER.as_bytes());
    let lock = format!("out/.attnviz-unfinished-{}.lock", &digest[..16]);
    for to in ["elsewhere/file", "elsewhere/nothing"] {
        hostile.link(to, &lock);
        hostile.check_refused(&encode(&[]), "symbolic link");
        fs::remove_file(hostile.path(&lock)).expect("it can go");
    }
}

#[test]
fn a_linked_file_of_numbers_is_not_the_runs() {
    let hostile = Hostile::new(|workplace| {
        workplace.succeed(&encode(&["-f", "safetensors"]));
        let from = workplace
            .path()
            .join("out")
            .join(FOLDER)
            .join("attention.safetensors");
        fs::rename(from, workplace.path().join("elsewhere/mine")).expect("it can move");
    });
    let name = format!("out/{FOLDER}/attention.safetensors");
    hostile.link("elsewhere/mine", &name);
    let run = format!("out/{FOLDER}");
    hostile.check_refused(&["render", &run, "-o", "drawn"], "found neither");
    // Its numbers are not taken over either.
    let outcome = hostile.run(&encode(&["-f", "safetensors", "--views", "mean"]));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(!hostile.path(&name).is_symlink());
}

#[test]
fn a_linked_input_is_done_again_in_its_place() {
    for more in [&[][..], &["--resume"]] {
        let hostile = Hostile::new(|workplace| {
            prepare_batch(workplace);
            let inputs = workplace.path().join("out/inputs");
            fs::rename(
                inputs.join("000001"),
                workplace.path().join("elsewhere/000001"),
            )
            .expect("it can move");
        });
        hostile.link("elsewhere/000001", "out/inputs/000001");
        let outcome = hostile.run(&batch(more));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let input = hostile.path("out/inputs/000001");
        assert!(!input.is_symlink() && input.join("overview.png").exists());
    }
}

#[test]
fn a_merge_copies_nothing_from_behind_a_link() {
    for part in [
        "inputs",
        "inputs/000001",
        "inputs/000001/heads",
        "inputs/000001/manifest.json",
        "thumbnails/000001.png",
        "results.jsonl",
        "manifest.json",
    ] {
        let hostile = Hostile::new(|workplace| {
            fs::write(workplace.path().join("in.txt"), "one\n").expect("inputs can be written");
            workplace.succeed(&batch(&["--shard", "1/1", "--views", "overview,heads"]));
            let from = workplace.path().join("out").join(part);
            let to = workplace.path().join("elsewhere/part");
            fs::rename(from, to).expect("it can move");
        });
        hostile.link("elsewhere/part", &format!("out/{part}"));
        hostile.check_refused(
            &["merge", "out", "-o", "merged"],
            "is not a file of this folder",
        );
        assert!(!hostile.path("merged").exists());
    }
}

#[test]
fn a_manifest_that_names_files_elsewhere_is_not_believed() {
    let hostile = Hostile::new(|workplace| {
        workplace.succeed(&encode(&["--views", "overview"]));
        fs::write(workplace.path().join("elsewhere/mine.png"), "mine").expect("it can be written");
    });
    let folder = hostile.path(&format!("out/{FOLDER}"));
    let path = folder.join("manifest.json");
    let mut edited = crate::binary::manifest(&folder);
    let digest = crate::binary::sha256(b"mine");
    let absolute = hostile.path("elsewhere/mine.png").display().to_string();
    let overview = edited["files"][0]["sha256"].clone();
    // What is listed is else as the file that was.
    let options = edited["files"][0]["options"].clone();
    edited["files"] = serde_json::json!([
        {"name": "../../elsewhere/mine.png", "sha256": digest, "options": options},
        {"name": absolute, "sha256": digest, "options": options},
        {"name": "./overview.png", "sha256": overview, "options": options},
        {"name": "manifest.json", "sha256": digest, "options": options},
        {"name": "", "sha256": digest, "options": options},
    ]);
    let edited = serde_json::to_vec(&edited).expect("it is JSON");
    fs::write(&path, &edited).expect("it can be edited");
    assert_eq!(hostile.run(&encode(&["--views", "mean"])).code, Some(0));
    let listed = crate::binary::manifest(&folder)["files"].to_string();
    assert!(!listed.contains("mine") && !listed.contains("./") && !listed.contains("manifest"));
    fs::write(&path, &edited).expect("it can be edited");
    let mut other = encode(&["--overwrite", "--views", "max"]);
    let model = crate::binary::fixture("masked-lm-bin")
        .display()
        .to_string();
    other[3] = &model;
    assert_eq!(hostile.run(&other).code, Some(0));
}
