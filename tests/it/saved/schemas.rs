//! Runs of every schema, as the attnviz of that time wrote them.
//!
//! In `tests/fixtures/saved-runs/schema-N` there is a folder a run; each has its
//! overview as it was drawn then.

use std::fs;
use std::path::Path;

use super::only_folder;
use crate::binary::{Workplace, manifest};
use crate::figures::Decoded;

/// Every file of numbers of a run can be drawn, and its overview is what it
/// was.
fn check_drawn(run: &Path) {
    let expected = fs::read(run.join("overview.png")).expect("it was drawn");
    let expected = Decoded::of(&expected);
    let mut drawn = 0;
    for name in ["attention.safetensors", "attention.npz"] {
        let file = run.join(name);
        if !file.is_file() {
            continue;
        }
        drawn += 1;
        let workplace = Workplace::new();
        let file = file.to_str().expect("the path is UTF-8");
        let options = ["-f", "png,npz", "--views", "overview,mean"];
        let mut arguments = vec!["render", file, "-o", "out"];
        arguments.extend(options);
        workplace.succeed(&arguments);
        let folder = only_folder(&workplace, "out");
        let found = fs::read(folder.join("overview.png")).expect("it is drawn");
        let found = Decoded::of(&found);
        assert!(expected.is_like(&found), "{file}");
        assert_eq!(manifest(&folder)["schema_version"], 2, "{file}");
        // What is saved of it can be read again.
        let again = folder.join("attention.npz");
        let again = again.to_str().expect("the path is UTF-8");
        workplace.succeed(&["render", again, "-o", "again", "--views", "overview"]);
        let again = fs::read(only_folder(&workplace, "again").join("overview.png"));
        let again = Decoded::of(&again.expect("it is drawn"));
        assert!(expected.is_like(&again), "{file}");
    }
    assert!(drawn > 0, "{}", run.display());
}

#[test]
fn saved_runs_of_every_schema_are_drawn_as_they_were() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/saved-runs");
    for schema in ["schema-1", "schema-2"] {
        let runs = fs::read_dir(root.join(schema)).expect("there are runs of every schema");
        for run in runs {
            check_drawn(&run.expect("it can be read").path());
        }
    }
}
