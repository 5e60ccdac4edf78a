//! One thing that was typed for another: options for texts, files for texts,
//! folders for files.

use std::fs;

use super::typed::hint;
use crate::binary::Workplace;

#[test]
fn an_option_is_not_taken_as_the_text_of_another() {
    let workplace = Workplace::new();
    let model = ["--model", "builtin", "--layers", "0", "--heads", "0"];
    for (option, found) in [
        ("--pair", "--offline"),
        ("--pair", "--json"),
        ("--pair", "-q"),
        ("--pair", "--model"),
        ("--pair", "--theme=dark"),
        ("--pair", "--help"),
        ("--pair", "--"),
        ("--weights-prefix", "--offline"),
        ("--weights-prefix", "--pair"),
    ] {
        for command in ["encode", "tokens"] {
            if command == "tokens" && found.starts_with("--theme") {
                continue;
            }
            let outcome = workplace.run(&[command, "Hello", option, found]);
            assert_eq!(outcome.code, Some(2), "{found}: {}", outcome.stderr);
            let words = format!("error: {option} needs a value, found the option {found}\n");
            assert!(outcome.stderr.starts_with(&words), "{}", outcome.stderr);
            assert_eq!(hint(&outcome), format!("{option}={found}"));
        }
    }
    // What merely begins so is a text, and so is what stands behind "=".
    for pair in [
        &["--pair=--offline"][..],
        &["--pair", "-5 degrees"],
        &["--pair", "- yes"],
        &["--pair", "--what"],
        &["--pair", "--theme is dark"],
        &["--", "--pair"],
    ] {
        let text: &[&str] = if pair[0] == "--" { &[] } else { &["Hello"] };
        let typed = [&["encode"], text, &model[..], pair].concat();
        let outcome = workplace.run(&[&typed[..1], &["--overwrite"], &typed[1..]].concat());
        assert_eq!(outcome.code, Some(0), "{pair:?}: {}", outcome.stderr);
    }
}

#[test]
fn a_text_that_is_the_name_of_a_file_is_warned_of() {
    let workplace = Workplace::new();
    for name in ["data.csv", "my data.txt", "run.npz"] {
        fs::write(workplace.path().join(name), "text\none\n").expect("the file can be written");
    }
    let model = ["-m", "builtin"];
    for (typed, warning) in [
        (
            &["data.csv"][..],
            "data.csv is a file; to read its texts: attnviz batch data.csv",
        ),
        (
            &["Hello", "--pair", "my data.txt"],
            "my data.txt is a file; to read its texts: attnviz batch \"my data.txt\"",
        ),
        (
            &["run.npz"],
            "run.npz is a file, and its name is read as the text",
        ),
        (&["other.csv"], ""),
    ] {
        for command in ["encode", "tokens"] {
            let more: &[&str] = match command {
                "encode" => &["--layers", "0", "--heads", "0", "--overwrite"],
                _ => &[],
            };
            let outcome = workplace.run(&[&[command], typed, &model, more].concat());
            assert_eq!(outcome.code, Some(0), "{typed:?}: {}", outcome.stderr);
            let found = outcome.stderr.strip_prefix("warning: ").unwrap_or_default();
            assert_eq!(found.trim_end(), warning, "{command} {typed:?}");
        }
    }
}

#[test]
fn what_is_not_there_and_a_folder_of_texts_are_told_what_to_type() {
    let workplace = Workplace::new();
    let folder = workplace.path().join("texts");
    fs::create_dir(&folder).expect("the folder can be made");
    fs::create_dir(workplace.path().join("none")).expect("the folder can be made");
    for name in ["b.txt", "a.csv", "notes.md"] {
        fs::write(folder.join(name), "text\none\n").expect("the file can be written");
    }
    for (typed, error, expected) in [
        (
            &["batch", "texts"][..],
            "texts: expected a file of texts, found a folder",
            "attnviz batch texts/a.csv texts/b.txt",
        ),
        (
            &["batch", "none"],
            "none: expected a file of texts, found a folder",
            "name files that can be read, or - for standard input",
        ),
        (
            &["render", "nope.npz"],
            "nope.npz: ",
            "save it first: attnviz encode \"Hello, how are you?\" --format png,safetensors",
        ),
    ] {
        let outcome = workplace.run(typed);
        assert_eq!(outcome.code, Some(1), "{typed:?}: {}", outcome.stderr);
        let error = format!("error: {error}");
        assert!(outcome.stderr.starts_with(&error), "{}", outcome.stderr);
        assert_eq!(hint(&outcome), expected, "{typed:?}");
    }
}
