//! Whose a folder of scores is, and what in it.

use std::fs;

use super::{arguments, assert_same_tree, scores, write};
use crate::binary::{Workplace, fixture, tree};

const LINES: &str = "one\ntwo\nthree\n";

fn batch_arguments(output: &str, more: &[&str]) -> Vec<String> {
    let model = fixture("masked-lm-bin").display().to_string();
    let mut all = vec![
        "batch", "in.txt", "-o", output, "-m", &model, "--layers", "0",
    ];
    all.extend(more);
    all.into_iter().map(str::to_owned).collect()
}

/// Is refused with these words and a hint, and changes nothing.
fn check_refused(workplace: &Workplace, arguments: &[String], words: &[&str]) {
    let before = tree(workplace.path());
    let outcome = workplace.run(arguments);
    assert_eq!(outcome.code, Some(1), "{arguments:?}: {}", outcome.stderr);
    for word in [&["hint: --output FOLDER"], words].concat() {
        assert!(
            outcome.stderr.contains(word),
            "no {word:?} in {}",
            outcome.stderr
        );
    }
    assert!(tree(workplace.path()) == before, "{arguments:?}");
}

#[test]
fn pictures_and_scores_keep_apart_unless_one_is_to_be_replaced() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", LINES);
    scores(&workplace, 0, &["in.txt"], "scores", &[]);
    workplace.succeed(&batch_arguments("pictures", &[]));
    for more in [&[][..], &["--resume"]] {
        let words = ["pictures holds a batch of pictures, expected one of scores"];
        check_refused(
            &workplace,
            &arguments(&["in.txt"], "pictures", more),
            &words,
        );
        let words = ["scores holds a batch of scores, expected one of pictures"];
        check_refused(&workplace, &batch_arguments("scores", more), &words);
    }
    scores(&workplace, 0, &["in.txt"], "both", &[]);
    let both = workplace.path().join("both");
    for _ in 0..2 {
        workplace.succeed(&batch_arguments("both", &["--overwrite"]));
        assert_same_tree(
            &both,
            &workplace.path().join("pictures"),
            "pictures over scores",
        );
        scores(&workplace, 0, &["in.txt"], "both", &["--overwrite"]);
        assert_same_tree(
            &both,
            &workplace.path().join("scores"),
            "scores over pictures",
        );
    }
}

#[test]
fn what_no_run_wrote_is_neither_replaced_nor_removed() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", LINES);
    let places = [
        "heads.csv",
        "examples.jsonl",
        "index.html",
        "scores.parquet/part-00000.parquet",
        "scores.parquet/mine.parquet",
    ];
    for place in places {
        let path = workplace.path().join("taken").join(place);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("it can be made");
        fs::write(&path, "mine").expect("it can be written");
        let words = ["is there already and is not a batch's", "--overwrite"];
        check_refused(&workplace, &arguments(&["in.txt"], "taken", &[]), &words);
        fs::remove_dir_all(workplace.path().join("taken")).expect("it can be removed");
    }
    // Beside a run's own files others may be, but not in the place of one.
    scores(&workplace, 0, &["in.txt"], "out", &[]);
    let folder = workplace.path().join("out");
    let mine = folder.join("scores.parquet/mine.parquet");
    fs::write(&mine, "mine").expect("it can be written");
    scores(&workplace, 0, &["in.txt"], "out", &[]);
    scores(&workplace, 0, &["in.txt"], "out", &["--resume"]);
    assert_eq!(fs::read(&mine).expect("it is still there"), b"mine");
    let part = folder.join("scores.parquet/part-00001.parquet");
    fs::write(&part, "mine").expect("it can be written");
    let words = ["part-00001.parquet is there already"];
    check_refused(&workplace, &arguments(&["in.txt"], "out", &[]), &words);
}

#[test]
fn other_inputs_are_refused() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", LINES);
    write(&workplace, "other.txt", "four\n");
    scores(&workplace, 0, &["in.txt"], "out", &[]);
    let words = ["out holds a batch of other inputs", "--resume"];
    check_refused(&workplace, &arguments(&["other.txt"], "out", &[]), &words);
    scores(&workplace, 0, &["other.txt"], "out", &["--overwrite"]);
    scores(&workplace, 0, &["other.txt"], "expected", &[]);
    let [out, expected] = ["out", "expected"].map(|name| workplace.path().join(name));
    assert_same_tree(&out, &expected, "overwritten");
}

#[cfg(unix)]
#[test]
fn nothing_behind_a_symbolic_link_is_read_or_changed() {
    use std::os::unix::fs::symlink;
    let workplace = Workplace::new();
    write(&workplace, "in.txt", LINES);
    scores(&workplace, 0, &["in.txt"], "out", &[]);
    let folder = workplace.path().join("out");
    let expected = tree(&folder);
    let elsewhere = workplace.path().join("elsewhere");
    // The folder of the tables is a link: refused, whoever asks.
    fs::rename(folder.join("scores.parquet"), &elsewhere).expect("it can be moved");
    symlink(&elsewhere, folder.join("scores.parquet")).expect("a link can be made");
    for more in [&[][..], &["--resume"], &["--overwrite"]] {
        let before = tree(&elsewhere);
        let outcome = scores(&workplace, 1, &["in.txt"], "out", more);
        let words = "scores.parquet is not a folder of its own";
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
        assert!(
            outcome.stderr.contains("hint: --output FOLDER"),
            "{}",
            outcome.stderr
        );
        assert!(tree(&elsewhere) == before, "{more:?}");
    }
    fs::remove_file(folder.join("scores.parquet")).expect("it can be removed");
    fs::rename(&elsewhere, folder.join("scores.parquet")).expect("it can be moved");
    // A file is: it is not believed, and the link alone goes.
    let mine = workplace.path().join("mine");
    for name in [
        "scores.parquet/part-00000.parquet",
        "heads.csv",
        "examples.jsonl",
    ] {
        let place = folder.join(name);
        fs::rename(&place, &mine).expect("it can be moved");
        symlink(&mine, &place).expect("a link can be made");
        let before = fs::read(&mine).expect("it can be read");
        scores(&workplace, 0, &["in.txt"], "out", &["--resume"]);
        assert_eq!(
            fs::read(&mine).expect("it is still there"),
            before,
            "{name}"
        );
        assert!(
            !fs::symlink_metadata(&place)
                .expect("it is there")
                .is_symlink(),
            "{name}"
        );
        assert!(tree(&folder) == expected, "{name}");
    }
}
