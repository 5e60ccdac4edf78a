//! Inputs, folder and reports of a batch are three places.

use std::fs;

use super::{check_refused, small, write};
use crate::binary::{Workplace, tree};

#[test]
fn an_input_in_the_batchs_own_folder_is_refused() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "one\ntwo\n");
    workplace.succeed(&small(&["batch", "in.txt", "-o", "out"]));
    write(&workplace, "out/mine.txt", "three\n");
    #[cfg(unix)]
    std::os::unix::fs::symlink("out/results.jsonl", workplace.path().join("link.jsonl"))
        .expect("a link can be made");
    #[cfg(unix)]
    std::os::unix::fs::symlink("out", workplace.path().join("linked")).expect("a link can be made");
    let before = tree(&workplace.path().join("out"));
    let absolute = workplace.path().join("out/results.jsonl");
    let absolute = absolute.display().to_string();
    let mut cases = vec![
        vec!["out/results.jsonl"],
        vec!["in.txt", "home/../out/mine.txt"],
        vec![&absolute],
        vec!["out/inputs/000001/manifest.json"],
        vec!["out/results.jsonl", "--resume"],
        vec!["out/results.jsonl", "--overwrite"],
    ];
    if cfg!(unix) {
        cases.push(vec!["link.jsonl"]);
        cases.push(vec!["out/mine.txt", "-o", "linked"]);
    }
    for case in cases {
        let mut arguments = vec!["batch"];
        arguments.extend(&case);
        if !case.contains(&"-o") {
            arguments.extend(["-o", "out"]);
        }
        let outcome = workplace.run(&small(&arguments));
        check_refused(&outcome, &["the input ", " lies in "]);
        assert!(tree(&workplace.path().join("out")) == before, "{case:?}");
    }
    #[cfg(target_os = "linux")]
    {
        let results = fs::File::open(workplace.path().join("out/results.jsonl"));
        let mut command = workplace.command(&small(&["batch", "-", "-o", "out"]));
        command.stdin(results.expect("there are results"));
        let outcome = crate::binary::Outcome::of(command.output());
        check_refused(&outcome, &["the input - lies in out"]);
        assert!(tree(&workplace.path().join("out")) == before);
    }
}

#[test]
fn a_report_takes_the_place_of_nothing() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "one\n");
    workplace.succeed(&small(&["batch", "in.txt", "-o", "out"]));
    write(&workplace, "junit.xml.unfinished", "mine");
    let before = tree(workplace.path());
    for (reports, words) in [
        (&["--junit", "in.txt"][..], "is the input in.txt"),
        (&["--summary", "./in.txt"], "is the input in.txt"),
        (
            &["--junit", "out/results.jsonl"],
            "has the place of something",
        ),
        (&["--junit", "out/Thumbnails"], "has the place of something"),
        (
            &["--summary", "out/index.html"],
            "has the place of something",
        ),
        (
            &["--summary", "out/inputs/000001/x"],
            "has the place of something",
        ),
        (&["--junit", "a", "--summary", "./a"], "both reports are"),
    ] {
        let outcome = workplace.run(&small(
            &[&["batch", "in.txt", "-o", "out"], reports].concat(),
        ));
        check_refused(&outcome, &[words]);
        assert!(tree(workplace.path()) == before, "{reports:?}");
    }
    // Beside the batch's own files there is room for them.
    let reports = ["--junit", "out/junit.xml", "--summary", "out/summary.md"];
    workplace.succeed(&small(
        &[&["batch", "in.txt", "-o", "out"][..], &reports].concat(),
    ));
    workplace.succeed(&small(&[
        "batch",
        "in.txt",
        "-o",
        "out",
        "--junit",
        "junit.xml",
    ]));
    let left = fs::read(workplace.path().join("junit.xml.unfinished"));
    assert_eq!(left.expect("it is there"), b"mine");
}

#[test]
fn an_output_that_is_a_file_is_refused_by_name() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "one\n");
    write(&workplace, "file", "mine");
    workplace.succeed(&small(&[
        "batch", "in.txt", "-o", "shard", "--shard", "1/1",
    ]));
    let before = tree(workplace.path());
    for (output, words) in [
        ("file", "it is not a folder"),
        ("file/x", "file is not a folder"),
    ] {
        for command in [["encode", "Hello"], ["batch", "in.txt"]] {
            let arguments = [&command[..], &["-o", output, "--overwrite"]].concat();
            check_refused(
                &workplace.run(&small(&arguments)),
                &[words, "--output FOLDER"],
            );
        }
        let outcome = workplace.run(&["merge", "shard", "-o", output]);
        check_refused(&outcome, &[words, "--output FOLDER"]);
    }
    assert!(tree(workplace.path()) == before);
}

#[cfg(target_os = "linux")]
#[test]
fn help_that_cannot_be_printed_is_an_error() {
    let workplace = Workplace::new();
    for arguments in [&["--help"][..], &["encode", "-h"], &["--version"]] {
        let full = fs::File::options().write(true).open("/dev/full");
        let mut command = workplace.command(arguments);
        command.stdout(full.expect("there is such a device"));
        let outcome = crate::binary::Outcome::of(command.output());
        check_refused(&outcome, &["standard output", "No space left"]);
    }
}
