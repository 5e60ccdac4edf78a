//! The command that a page shows draws what the page shows.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::browser::{Page, open};
use super::{Made, read_json};
use crate::binary::{Workplace, copy_of_fixture};

fn shown(page: &Page, id: &str) -> String {
    page.text(&format!("document.getElementById({id:?}).textContent"))
}

/// Makes a page as somebody types it, in a folder with a small model and a foreign
/// run.
fn made(arguments: &[&str]) -> (Workplace, Made) {
    let workplace = Workplace::new();
    copy_of_fixture("masked-lm-bin", &workplace.path().join("models/small one"));
    let row = |at: usize| {
        (0..4)
            .map(|key| if key == at { 0.7 } else { 0.1 })
            .collect::<Vec<f64>>()
    };
    let foreign = json!({"attention": [[[row(1), row(0), row(3), row(2)], [row(2), row(2), row(1), row(0)]]]});
    fs::create_dir(workplace.path().join("data")).unwrap();
    fs::write(
        workplace.path().join("data/for eign.json"),
        foreign.to_string(),
    )
    .unwrap();
    for name in ["its names.txt", "keys.txt"] {
        let labels = "one\ntwo\nthree\nfour\n";
        fs::write(workplace.path().join("data").join(name), labels).unwrap();
    }
    let arguments = [
        &arguments[..1],
        &["-f", "html,json", "--json"],
        &arguments[1..],
    ]
    .concat();
    let outcome = workplace.succeed(&arguments);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let folder = workplace.path().join(report["folder"].as_str().unwrap());
    let made = Made {
        _workplace: Workplace::new(),
        folder,
    };
    (workplace, made)
}

#[test]
fn the_command_names_models_and_files_as_they_are_found() {
    let model = "models/small one";
    let long = "one two three four five six seven eight nine ten eleven twelve";
    // What is typed, what the page says, where it is run.
    let cases: [(&[&str], &str, &str); 7] = [
        (
            &["encode", "Hello there.", "-m", "builtin", "--layers", "0,1"],
            "attnviz encode --model builtin --layers 0 --heads 0 --views heads 'Hello there.'",
            ".",
        ),
        (
            &[
                "encode",
                "Hello",
                "-m",
                "builtin",
                "--pair=-- it's me",
                "--layers",
                "0,1",
            ],
            "attnviz encode --pair='-- it'\\''s me' --model builtin --layers 0 --heads 0 --views heads Hello",
            ".",
        ),
        (
            &["encode", "-m", model, "--", "--model"],
            "attnviz encode --model './small one' --layers 0 --heads 0 --views heads -- --model",
            "models",
        ),
        (
            &["encode", long, "-m", model, "--truncate", "8"],
            "attnviz encode --model './small one' --truncate 8 --layers 0 --heads 0 --views heads 'one two three four five six seven eight nine ten eleven twelve'",
            "models",
        ),
        (
            &["render", "data/for eign.json"],
            "attnviz render --layers 0 --heads 0 --views heads 'for eign.json'",
            "data",
        ),
        (
            &["render", "data/for eign.json", "--title", "Ours & theirs"],
            "attnviz render --title='Ours & theirs' --layers 0 --heads 0 --views heads 'for eign.json'",
            "data",
        ),
        (
            &[
                "render",
                "data/for eign.json",
                "--labels",
                "data/its names.txt",
                "--key-labels",
                "data/keys.txt",
            ],
            "attnviz render --labels='its names.txt' --key-labels=keys.txt --layers 0 --heads 0 --views heads 'for eign.json'",
            "data",
        ),
    ];
    let mut opened: Option<Page> = None;
    for (typed, expected, place) in cases {
        let (workplace, made) = made(typed);
        let page = match opened.take() {
            Some(page) => {
                page.visit(&made.page(), "");
                page
            }
            None => match open(&made.page(), "") {
                Some(page) => page,
                None => return,
            },
        };
        let command = shown(&page, "command");
        assert_eq!(command, expected);
        let name = Path::new(place).file_name();
        let note = shown(&page, "command-note");
        assert_eq!(note.is_empty(), name.is_none(), "{note}");
        let numbers = ran(&workplace, &command, place);
        // The first head of the first layer, as in the page.
        let attention = |numbers: &Value| numbers["attention"][0][0].clone();
        assert_eq!(attention(&numbers), attention(&made.numbers()), "{command}");
        let title = |numbers: &Value| numbers["manifest"]["model"]["id"].clone();
        assert_eq!(title(&numbers), title(&made.numbers()));
        let streams = |numbers: &Value| numbers["manifest"]["streams"].clone();
        assert_eq!(streams(&numbers), streams(&made.numbers()), "{command}");
        opened = Some(page);
    }
}

/// What a command makes in one of the folders, as numbers.
fn ran(workplace: &Workplace, command: &str, place: &str) -> Value {
    let binaries = Path::new(env!("CARGO_BIN_EXE_attnviz")).parent().unwrap();
    let (start, rest) = command.split_at(command.match_indices(' ').nth(1).unwrap().0);
    let command = format!("{start} --format json --output drawn{rest}");
    let folder = workplace.path().join(place);
    let mut shell = Command::new("sh");
    shell.args(["-c", &command]).current_dir(&folder);
    shell
        .env("PATH", format!("{}:/usr/bin:/bin", binaries.display()))
        .env("HOME", workplace.path().join("home"));
    let done = shell.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command}: {said}");
    let drawn = fs::read_dir(folder.join("drawn")).unwrap().next().unwrap();
    read_json(&drawn.unwrap().path().join("attention.json"))
}

#[test]
fn what_the_command_draws_otherwise_is_said_beside_it() {
    let (workplace, made) = made(&[
        "encode",
        "Hello there, how are you?",
        "-m",
        "builtin",
        "--layers",
        "0,1",
    ]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    for (hash, expected) in [
        ("#layer=0&heads=1,2&combine=mean", ""),
        (
            "#layer=0&heads=1,2&combine=sum",
            "the mean of the heads in place of their sum",
        ),
        (
            "#heads=0.1,1.2&view=lines",
            "all of these heads in each of these layers",
        ),
        (
            "#layer=0&heads=1&min=0.2",
            "links that the filters leave out",
        ),
        ("#layer=0&heads=1&zoom=1-3,1-3", "all of the map"),
        (
            "#layer=0&heads=1&view=text&unit=1,2",
            "the first chosen token alone",
        ),
        (
            "#layer=0&heads=1&view=text&unit=1&direction=both",
            "the first chosen token alone",
        ),
        (
            "#layer=0&heads=1&view=text&unit=1&direction=to",
            "layer by layer, in place of the text",
        ),
        (
            "#layer=0&heads=1,2&view=text&combine=max",
            "the mean of the heads in place of their maximum",
        ),
        ("#layer=0&heads=1&unit=2", "no mark of what is held"),
        ("#layer=0&heads=1&cell=2,3", "no mark of what is held"),
        (
            "#layer=0&heads=1&view=lines&unit=2",
            "the lines of all tokens, not of those that are held alone",
        ),
        ("#layer=0&heads=1&view=links&by=from&order=up", "strongest"),
        ("#view=heads&score=prev", "in place of the sorted table"),
        ("#view=heads&alike=0.1", "--views similarity"),
        // What is not shown is not asked for.
        ("#layer=0&heads=1&view=text&unit=0&special=hide", ""),
        ("#layer=0&heads=1&view=text&unit=0&sink=hide", ""),
        ("#layer=0&heads=1&view=text&unit=1&window=3-6", ""),
    ] {
        page.go(hash);
        let command = shown(&page, "command");
        if hash.contains("unit=0") || hash.contains("window") {
            ran(&workplace, &command, ".");
            fs::remove_dir_all(workplace.path().join("drawn")).unwrap();
        }
        let note = shown(&page, "command-note");
        match expected {
            "" => assert_eq!(note, "", "{hash}"),
            expected => assert!(
                note.starts_with("It draws ") && note.contains(expected),
                "{hash}: {note}"
            ),
        }
    }
}

#[test]
fn the_command_has_the_heads_and_units_that_are_shown() {
    let (_workplace, made) = made(&[
        "encode",
        "The tokenizers sat.",
        "-m",
        "builtin",
        "--neurons",
    ]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    for (hash, expected) in [
        // Of a word its first piece.
        (
            "#layer=0&heads=1&view=text&unit=4&tokens=word",
            "--views text:@2 --tokens word",
        ),
        // A held cell shades what its row gives, whichever way units go.
        (
            "#layer=0&heads=1&view=text&cell=3,1&direction=to",
            "--views text:@3 ",
        ),
        (
            "#layer=0&heads=1&view=text&unit=0&special=hide",
            "--views text --special-tokens hide",
        ),
        (
            "#view=heads&layer=2&heads=3",
            "--layers 0-5 --heads 0-11 --views scores ",
        ),
        (
            "#layer=2&heads=1,2,3,7",
            "--layers 2 --heads 1-3,7 --views mean ",
        ),
        (
            "#view=links&layer=2&heads=1&links=all",
            "--views heads --top-k 100 --links all ",
        ),
        (
            "#view=neurons&layer=2&heads=1&unit=3",
            "--neurons --layers 2 --heads 1 --format html ",
        ),
    ] {
        page.go(hash);
        let command = shown(&page, "command");
        assert!(command.contains(expected), "{hash}: {command}");
    }
}
