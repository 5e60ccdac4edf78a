//! The folder of a comparison: whose it is, what stays, and that its bytes depend
//! on nothing but what is compared.

use std::fs;

use serde_json::Value;

use crate::bad_input::check_refused;
use crate::binary::{Workplace, fixture, manifest, sha256, tree};

const TEXT: &str = "The animal was tired.";

fn typed(name: &str) -> String {
    fixture(name).to_str().expect("the path is text").to_owned()
}

#[test]
fn the_manifest_lists_every_file_with_its_digest_and_both_sides() {
    let workplace = Workplace::new();
    let [bert, roberta] = [typed("families/bert"), typed("families/roberta")];
    let formats = "png,svg,npz,safetensors";
    workplace.succeed(&[
        "diff", &bert, &roberta, "--text", TEXT, "-f", formats, "-o", "out", "--top-k", "2",
    ]);
    let folder = workplace.path().join("out");
    let listed = manifest(&folder);
    assert_eq!(
        (&listed["kind"], &listed["schema_version"]),
        (&Value::from("diff"), &Value::from(1))
    );
    assert_eq!(listed["left"]["model"]["id"], "bert");
    assert_eq!(listed["right"]["model"]["id"], "roberta");
    assert_eq!(listed["right"]["input"]["text"], TEXT);
    let mut files = tree(&folder);
    files.remove("manifest.json");
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(names.len(), 11, "{names:?}");
    let records = listed["files"].as_array().expect("it lists files");
    assert_eq!(records.len(), files.len());
    for record in records {
        let name = record["name"].as_str().expect("a file has a name");
        assert_eq!(record["sha256"], sha256(&files[name]), "{name}");
    }
    let text = fs::read_to_string(folder.join("manifest.json")).expect("it is there");
    assert!(
        !text.contains(workplace.path().to_str().expect("it is text")),
        "an absolute path"
    );
    assert!(
        !text.contains(env!("CARGO_MANIFEST_DIR")),
        "an absolute path"
    );
}

#[test]
fn files_are_the_same_on_every_run_and_at_every_thread_count() {
    let workplace = Workplace::new();
    let [bert, roberta] = [typed("families/bert"), typed("families/roberta")];
    let write = |output: &str, threads: &str| {
        workplace.succeed(&[
            "diff",
            &bert,
            &roberta,
            "--text",
            TEXT,
            "-f",
            "png,svg,npz,safetensors",
            "-o",
            output,
            "--threads",
            threads,
        ]);
        tree(&workplace.path().join(output))
    };
    let first = write("one", "1");
    assert_eq!(first, write("many", "4"));
    // Into the same folder again.
    assert_eq!(first, write("one", "3"));
}

#[test]
fn another_comparison_of_the_same_sides_keeps_the_other_files() {
    let workplace = Workplace::new();
    let [bert, roberta] = [typed("families/bert"), typed("families/roberta")];
    let base = ["diff", &bert, &roberta, "--text", TEXT];
    workplace.succeed(&[&base[..], &["--format", "svg", "--top-k", "1"]].concat());
    let outcome = workplace.succeed(&[&base[..], &["--format", "npz", "--json"]].concat());
    let report: Value = serde_json::from_str(&outcome.stdout).expect("it is JSON");
    let folder = "attnviz-out/diff-bert-roberta";
    assert_eq!(report["folder"], folder);
    let kept = report["kept"].as_array().expect("it says what is kept");
    assert_eq!(kept.len(), 2, "{kept:?}");
    let listed = manifest(&workplace.path().join(folder));
    assert_eq!(listed["files"].as_array().map(Vec::len), Some(6));
    // Another text is another comparison.
    let other = workplace.succeed(&[
        "diff", &bert, &roberta, "--text", "Else.", "-f", "npz", "--json",
    ]);
    let report: Value = serde_json::from_str(&other.stdout).expect("it is JSON");
    let other = report["folder"].as_str().expect("it has a folder");
    assert!(
        other.starts_with("attnviz-out/diff-bert-roberta-"),
        "{other}"
    );
}

#[test]
fn no_file_with_other_numbers_stays_beside_new_tables() {
    let workplace = Workplace::new();
    let [bert, roberta] = [typed("families/bert"), typed("families/roberta")];
    let folder = workplace.path().join("out");
    let own = folder.join("notes.txt");
    let numbers = ["diff.npz", "diff.safetensors"];
    let write = |more: &[&str]| {
        let base = ["diff", &bert, &roberta, "--text", TEXT, "-o", "out"];
        let outcome = workplace.succeed(&[&base[..], &["--json"], more].concat());
        let report: Value = serde_json::from_str(&outcome.stdout).expect("it is JSON");
        let files = tree(&folder);
        let listed = manifest(&folder)["files"].as_array().map(Vec::len);
        let others = usize::from(own.exists()) + 1;
        assert_eq!(listed, Some(files.len() - others), "{more:?}");
        (report["kept"].as_array().map_or(0, Vec::len), files)
    };
    for other in [
        &["--layers", "0"][..],
        &["--tokens", "word"],
        &["--truncate", "5"],
    ] {
        let (_, files) = write(&["-f", "npz,safetensors,svg", "--top-k", "1"]);
        assert!(numbers.iter().all(|name| files.contains_key(*name)));
        fs::write(&own, "mine").expect("it is written");
        let (kept, files) = write(&[other, &["-f", "png", "--top-k", "0"]].concat());
        assert_eq!(kept, 0, "{other:?}");
        let stale = |name: &&String| name.ends_with(".npz") || name.ends_with(".svg");
        assert!(files.keys().all(|name| !stale(&name)), "{other:?}");
        assert!(files.contains_key("notes.txt"));
    }
    // Other looks of the same numbers are no other numbers.
    write(&["-f", "npz", "--theme", "dark"]);
    let (kept, files) = write(&["-f", "svg", "--measure", "max_abs", "--top-k", "0"]);
    assert!(kept > 0 && files.contains_key("diff.npz"));
}

#[test]
fn a_folder_of_somebody_else_is_replaced_only_where_that_is_asked_for() {
    let [bert, roberta] = [typed("families/bert"), typed("families/roberta")];
    let comparison = [
        "diff", &bert, &roberta, "--text", TEXT, "-f", "npz", "-o", "out",
    ];
    type Occupy<'a> = &'a dyn Fn(&Workplace);
    let of_run: Occupy<'_> = &|workplace| {
        let run = [
            "encode", TEXT, "-m", &bert, "-f", "npz", "-o", "runs", "--views", "mean",
        ];
        workplace.succeed(&run);
        let (from, to) = (
            workplace.path().join("runs/the-animal-was-tired"),
            workplace.path().join("out"),
        );
        fs::rename(from, to).expect("the folder can be renamed");
    };
    let of_other: Occupy<'_> = &|workplace| {
        let other = [
            "diff", &roberta, &bert, "--text", TEXT, "-f", "npz", "-o", "out",
        ];
        workplace.succeed(&other);
    };
    let of_stranger: Occupy<'_> = &|workplace| {
        fs::create_dir(workplace.path().join("out")).expect("the folder can be made");
        fs::write(workplace.path().join("out/diff.csv"), "mine\n").expect("it can be written");
    };
    for occupy in [of_run, of_other, of_stranger] {
        let workplace = Workplace::new();
        occupy(&workplace);
        let before = tree(&workplace.path().join("out"));
        let words = ["is not this comparison", "--overwrite"];
        check_refused(&workplace, &comparison, 1, &words);
        assert_eq!(tree(&workplace.path().join("out")), before);
        workplace.succeed(&[&comparison[..], &["--overwrite"]].concat());
        let listed = manifest(&workplace.path().join("out"));
        assert_eq!(listed["left"]["model"]["id"], "bert");
    }
    // One that is empty, or holds other things, is nobody's.
    let workplace = Workplace::new();
    fs::create_dir(workplace.path().join("out")).expect("the folder can be made");
    fs::write(workplace.path().join("out/notes.md"), "mine\n").expect("it can be written");
    workplace.succeed(&comparison);
    let after = tree(&workplace.path().join("out"));
    assert_eq!(after["notes.md"], b"mine\n");
    assert!(after.contains_key("diff.npz"));
}

#[test]
fn arrays_have_the_numbers_of_the_tables() {
    use safetensors::SafeTensors;
    let workplace = Workplace::new();
    let [bert, roberta] = [typed("families/bert"), typed("families/roberta")];
    workplace.succeed(&[
        "diff",
        &bert,
        &roberta,
        "--text",
        TEXT,
        "-f",
        "safetensors",
        "-o",
        "out",
    ]);
    let folder = workplace.path().join("out");
    let bytes = fs::read(folder.join("diff.safetensors")).expect("it is there");
    let file = SafeTensors::deserialize(&bytes).expect("it is safetensors");
    let values = |name: &str| -> (Vec<usize>, Vec<f32>) {
        let tensor = file
            .tensor(name)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let values = tensor.data().chunks_exact(4);
        let values = values.map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four bytes")));
        (tensor.shape().to_vec(), values.collect())
    };
    let table = fs::read_to_string(folder.join("diff.csv")).expect("it is there");
    let names: Vec<&str> = table
        .lines()
        .next()
        .expect("it has a header")
        .split(',')
        .collect();
    let rows = fs::read_to_string(folder.join("diff-rows.csv")).expect("it is there");
    let row_count = (rows.lines().count() - 1) / 8;
    for measure in [
        "js_bits",
        "js_distance_bits",
        "total_variation",
        "max_abs",
        "hellinger",
    ] {
        let (shape, found) = values(measure);
        assert_eq!(shape, [2, 4]);
        let column = names
            .iter()
            .position(|name| *name == measure)
            .expect("it is a column");
        let expected: Vec<f32> = table
            .lines()
            .skip(1)
            .map(|line| {
                line.split(',')
                    .nth(column)
                    .expect("it has it")
                    .parse()
                    .expect("a number")
            })
            .collect();
        assert_eq!(found, expected, "{measure}");
        let (shape, of_rows) = values(&format!("{measure}_rows"));
        assert_eq!(shape, [2, 4, row_count]);
        assert!(of_rows.iter().all(|value| *value >= 0.0));
    }
    assert_eq!(values("entropy_difference").0, [2, 4]);
    // A single text has no segments, and so no number.
    assert!(
        values("segment_difference")
            .1
            .iter()
            .all(|value| value.is_nan())
    );
    let (_, metadata) = SafeTensors::read_metadata(&bytes).expect("it has metadata");
    let metadata = metadata.metadata().as_ref().expect("it has metadata");
    let inside: Value = serde_json::from_str(&metadata["attnviz"]).expect("it is JSON");
    let units = inside["units"]["rows"].as_array().expect("it has rows");
    assert_eq!(units.len(), row_count);
}
