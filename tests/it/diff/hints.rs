//! What is said of `diff` can be typed as arguments of `diff`.

use std::fs;

use crate::bad_input::check_refused;
use crate::binary::{Workplace, copy_of_fixture, fixture};

fn model() -> String {
    fixture("families/bert").display().to_string()
}

/// A workplace with pictures without numbers, and what is no side.
fn workplace() -> Workplace {
    let workplace = Workplace::new();
    let model = model();
    let path = workplace.path();
    for name in ["in.txt", "folder/one.txt"] {
        let file = path.join(name);
        fs::create_dir_all(file.parent().expect("it is in a folder")).expect("it is made");
        fs::write(file, "The first.\nThe second.\n").expect("it is written");
    }
    fs::write(path.join("empty.txt"), "\n").expect("it is written");
    fs::write(path.join("plain"), "kept").expect("it is written");
    copy_of_fixture("families/bert", &path.join("copy"));
    let more = ["-m", &model, "--views", "overview", "-q"];
    workplace.succeed(&[&["batch", "in.txt", "-o", "pictures"][..], &more].concat());
    let encode = ["encode", "The first.", "-o", "runs"];
    workplace.succeed(&[&encode[..], &more].concat());
    let pair = ["--text", "The first.", "--top-k", "0", "-q"];
    workplace.succeed(&[&["diff", &model, &model, "-o", "done"][..], &pair].concat());
    workplace
}

/// Sides, options, the exit code, and what is said.
type Case<'a> = (&'a [&'a str], &'a [&'a str], i32, &'a [&'a str]);

#[test]
fn hints_are_those_of_a_comparison_and_name_what_was_typed() {
    let workplace = workplace();
    let model = model();
    let both: &[&str] = &[&model, &model];
    let hello = "\"Hello, how are you?\"";
    let text = format!("hint: --text {hello}");
    let against = format!("hint: --against {hello}");
    let batch = "hint: save it with numbers: attnviz batch in.txt --format npz --output pictures, with the --model that made them";
    let encode = "hint: save it with numbers: attnviz encode \"The first.\" --format npz --output runs, with the --model that made them";
    let cases: [Case<'_>; 18] = [
        (both, &["--text", ""], 1, &["what --text says", &text]),
        (
            both,
            &["--text", "Hello.", "--pair", ""],
            1,
            &["hint: --pair \"Fine, thanks.\", or leave --pair out"],
        ),
        (
            &[&model],
            &["--text", "", "--against", "Hello."],
            1,
            &["what --text says", &text],
        ),
        (
            &[&model],
            &["--text", "Hello.", "--against", ""],
            1,
            &["what --against says", &against],
        ),
        (
            &[&model],
            &[
                "--text",
                "A",
                "--pair",
                "B",
                "--against",
                "A",
                "--against-pair",
                "",
            ],
            1,
            &["hint: --against-pair \"Fine, thanks.\", or leave --against-pair out"],
        ),
        (
            both,
            &["--inputs", "empty.txt"],
            1,
            &[
                "there is no input in empty.txt",
                "hint: --text ",
                ", or --inputs sentences.txt",
            ],
        ),
        (
            both,
            &["--inputs", "folder"],
            1,
            &["hint: --inputs folder/one.txt"],
        ),
        (
            both,
            &["--inputs", "The animal was tired."],
            1,
            &["hint: --text \"The animal was tired.\""],
        ),
        (
            &["pictures", "pictures"],
            &[],
            1,
            &["pictures: there are no numbers", batch],
        ),
        (&["runs", "runs"], &[], 1, &["there are no numbers", encode]),
        (
            &["runs/the-first", "runs/the-first"],
            &[],
            1,
            &["LEFT cannot be compared", encode],
        ),
        (
            &["done", "done"],
            &[],
            2,
            &[
                "done is what diff has written",
                "hint: two models, two saved runs",
            ],
        ),
        (
            &["copy/model.safetensors", &model],
            &["--text", "Hello."],
            2,
            &[
                "holds the weights of a model",
                "hint: the folder that it is in, as a model: copy",
            ],
        ),
        (
            &["nowhere/here.npz", "nowhere/there.npz"],
            &[],
            2,
            &[
                "neither a file nor a folder that is there (nowhere/here.npz)",
                "hint: two models, two saved runs",
            ],
        ),
        (
            &["nowhere.npz", &model],
            &["--text", "Hello."],
            2,
            &[
                "neither a file nor a folder that is there (nowhere.npz) and a model (",
                "hint: two models, two saved runs",
            ],
        ),
        (
            &["./nowhere", &model],
            &[],
            2,
            &[
                "./nowhere is taken for a model, since no file or folder has that name",
                "hint: --text ",
            ],
        ),
        (
            &["attnviz-out/left", "attnviz-out/right"],
            &[],
            2,
            &["attnviz-out/left and attnviz-out/right are taken for models"],
        ),
        (
            &["folder", "in.txt"],
            &[],
            2,
            &["found a folder with neither a model nor attention (folder)"],
        ),
    ];
    for (sides, more, code, parts) in cases {
        let arguments = [&["diff"], sides, more, &["--offline"]].concat();
        check_refused(&workplace, &arguments, code, parts);
    }
    // What is typed so does what it says.
    let save = [
        "batch", "in.txt", "--format", "npz", "--output", "pictures", "-m", &model,
    ];
    workplace.succeed(&save);
    workplace.succeed(&["diff", "pictures", "pictures"]);
}

#[test]
fn a_plain_file_is_no_folder_whoever_asks_to_overwrite_it() {
    let workplace = workplace();
    let model = model();
    let one: &[&str] = &["diff", &model, &model, "--text", "Hello."];
    let many: &[&str] = &["diff", &model, &model, "--inputs", "in.txt"];
    let encode: &[&str] = &["encode", "Hello.", "-m", &model];
    for command in [one, many, encode] {
        for more in [&[][..], &["--overwrite"]] {
            for place in ["plain", "plain/below"] {
                let arguments = [command, &["-o", place], more].concat();
                let parts = ["not a folder", "hint: --output FOLDER, with another folder"];
                check_refused(&workplace, &arguments, 1, &parts);
                let kept = fs::read_to_string(workplace.path().join("plain"));
                assert_eq!(kept.expect("it is there"), "kept");
            }
        }
    }
}

#[test]
fn two_texts_without_a_common_word_are_told_what_to_type() {
    let workplace = Workplace::new();
    let model = fixture("relu-uncased-vocabulary").display().to_string();
    let texts = ["--text", "a", "--against", "zebra crossing"];
    let outcome = workplace.run(&[&["diff", &model][..], &texts].concat());
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("zebra"), "{}", outcome.stdout);
    for part in [
        "what --against says cannot be compared",
        "no word of the text in common",
        "hint: two texts that have words in common: --text \"",
    ] {
        assert!(
            outcome.stderr.contains(part),
            "no {part:?} in {}",
            outcome.stderr
        );
    }
}
