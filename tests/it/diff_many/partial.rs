//! What is not compared of inputs that are, and what does not pass in silence.

use std::fs;

use super::units::{WORD, with_other_tokens};
use super::{diff, diff_models, model, workplace, write};
use crate::binary::{copy_of_fixture, tree};

#[test]
fn inputs_that_are_cut_are_counted_warned_of_and_noted() {
    let workplace = workplace();
    let found = diff_models(&workplace, 0, "out", &["--truncate", "6", "--top-k", "1"]);
    let words = "tokens of 5 inputs are cut off; the first: \"000001\"";
    assert!(found.stderr.contains(words), "{}", found.stderr);
    assert!(
        found
            .stdout
            .contains("note      The inputs were truncated, 5 of them"),
        "{}",
        found.stdout
    );
    let read = |name: &str| fs::read_to_string(workplace.path().join(name)).expect(name);
    assert!(read("out/index.html").contains("The inputs were truncated, 5 of them"));
    let results = read("out/results.jsonl");
    let cut = |line: &str| -> u64 {
        let record: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
        record["truncated_tokens"].as_u64().unwrap_or(0)
    };
    let cut: Vec<u64> = results.lines().map(cut).collect();
    assert_eq!(cut.iter().filter(|count| **count > 0).count(), 5, "{cut:?}");

    // Of one text: once, where both sides lose as much, and in page and picture.
    let text = [
        "--text",
        "The animal was tired, so it slept.",
        "--truncate",
        "6",
    ];
    let more = [&text[..], &["--format", "svg"]].concat();
    let found = diff(&workplace, 0, [&model(), "changed"], "one", &more);
    assert_eq!(
        found.stderr.matches("--truncate").count(),
        1,
        "{}",
        found.stderr
    );
    for name in ["one/index.html", "one/differences.svg", "one/manifest.json"] {
        assert!(read(name).contains("The input was truncated"), "{name}");
    }
}

#[test]
fn limits_over_a_part_of_the_units_say_of_how_many() {
    let workplace = workplace();
    with_other_tokens(&workplace);
    write(
        &workplace,
        "in.txt",
        "Short.\nThe street the street the street.\n",
    );
    // The right model cuts a word into more pieces, and so loses more words.
    let sides = [&model(), "other"];
    let asked = [
        "--tokens",
        "word",
        "--truncate",
        "6",
        "--max-js-bits",
        "0.99",
    ];
    let read = |name: &str| fs::read_to_string(workplace.path().join(name)).expect(name);
    let found = diff(
        &workplace,
        0,
        sides,
        "out",
        &[&["--inputs", "in.txt"], &asked[..]].concat(),
    );
    let lines = || found.stdout.lines();
    let within = lines().find(|line| line.starts_with("within"));
    let within = within.expect("it holds");
    let (_, part) = within.split_once("; of ").expect("it says of how many");
    assert!(part.ends_with(" units"), "{within}");
    let warning =
        "units of 1 input are not the same on both sides and are left out; the first: \"000002\", ";
    assert!(found.stderr.contains(warning), "{}", found.stderr);
    assert!(read("out/index.html").contains(&format!("; of {part}")));

    let text = ["--text", "The street the street the street."];
    let found = diff(&workplace, 0, sides, "one", &[&text[..], &asked].concat());
    let within = found.stdout.lines().find(|line| line.starts_with("within"));
    let (_, part) = within
        .expect("it holds")
        .split_once(", of ")
        .expect("of how many");
    assert!(part.ends_with(" units"), "{part}");
    assert!(found.stderr.contains("left out"), "{}", found.stderr);
    assert!(read("one/index.html").contains(&format!(", of {part}")));
}

#[test]
fn the_page_is_green_only_where_everything_was_compared() {
    let workplace = workplace();
    write(&workplace, "good.jsonl", "{\"text\": \"Hello.\"}\n");
    write(
        &workplace,
        "some.jsonl",
        "{\"text\": \"Hello.\"}\nnonsense\n",
    );
    write(&workplace, "none.jsonl", "nonsense\n");
    let sides = [&model(), "changed"];
    for (file, code, colour) in [
        ("good.jsonl", 0, "good"),
        ("some.jsonl", 3, "bad"),
        ("none.jsonl", 3, "bad"),
    ] {
        let more = ["--inputs", file, "--max-js-bits", "0.99", "--overwrite"];
        diff(&workplace, code, sides, "out", &more);
        let page = fs::read_to_string(workplace.path().join("out/index.html")).expect("a page");
        let verdict = format!("<div class=\"verdict {colour}\"");
        assert!(page.contains(&verdict), "{file}");
    }
}

#[test]
fn a_side_is_never_the_folder_of_the_comparison() {
    let workplace = workplace();
    for (side, model) in [("left", model()), ("right", "changed".to_owned())] {
        for (command, folder) in [("batch", "batch"), ("scores", "scores")] {
            let folder = format!("{side}-{folder}");
            let mut all = vec![command, "in.txt", "-m", &model, "-o", &folder, "-q"];
            all.extend(
                (command == "batch")
                    .then_some(["-f", "npz"])
                    .into_iter()
                    .flatten(),
            );
            assert!(matches!(workplace.run(&all).code, Some(0 | 3)));
        }
        let run = format!("{side}-run");
        let text = "Hello, how are you?";
        workplace.succeed(&["encode", text, "-m", &model, "-f", "npz", "-o", &run]);
    }
    let run = |side: &str| format!("{side}-run/hello-how-are-you");
    let file = |side: &str| format!("{}/attention.npz", run(side));
    let (batches, scores) = (
        ["left-batch", "right-batch"],
        ["left-scores", "right-scores"],
    );
    let (runs, files) = ([run("left"), run("right")], [file("left"), file("right")]);
    let (runs, files) = (runs.each_ref(), files.each_ref());
    let cases = [
        (batches, "left-batch"),
        (batches, "right-batch"),
        (batches, "left-batch/inputs"),
        (batches, "left-batch/inputs/000001"),
        (batches, "left-batch/new"),
        (scores, "right-scores"),
        (runs.map(String::as_str), runs[0]),
        (
            runs.map(String::as_str),
            "right-run/hello-how-are-you/deeper",
        ),
        (files.map(String::as_str), runs[1]),
    ];
    let before = tree(workplace.path());
    for (sides, output) in cases {
        let found = diff(&workplace, 1, sides, output, &["--overwrite"]);
        assert!(
            found.stderr.contains("would be replaced"),
            "{output}: {}",
            found.stderr
        );
        assert!(
            found.stderr.contains("--output"),
            "{output}: {}",
            found.stderr
        );
    }
    assert_eq!(tree(workplace.path()), before);
}

#[test]
fn quiet_leaves_what_is_exceeded_and_nothing_else() {
    let workplace = workplace();
    let found = diff_models(&workplace, 4, "out", &["--max-js-bits", "0", "-q"]);
    let lines: Vec<&str> = found.stdout.lines().collect();
    assert!(
        lines.len() == 1 && lines[0].starts_with("exceeded  js_bits"),
        "{}",
        found.stdout
    );
}

#[test]
fn the_same_tokens_under_other_numbers_are_noted() {
    let workplace = workplace();
    let folder = workplace.path().join("renumbered");
    copy_of_fixture(super::MODEL, &folder);
    let path = folder.join("vocab.txt");
    let text = fs::read_to_string(&path).expect("there is a vocabulary");
    let mut pieces: Vec<&str> = text.lines().collect();
    let place = |piece: &str| {
        let mut found = pieces.iter();
        found.position(|other| *other == piece).expect(piece)
    };
    let (one, other) = (place(WORD), place("."));
    pieces.swap(one, other);
    fs::write(&path, pieces.join("\n") + "\n").expect("it is written");
    write(&workplace, "in.txt", "Show the street.\n");
    let sides = [&model(), "renumbered"];
    for more in [["--inputs", "in.txt"], ["--text", "Show the street."]] {
        let found = diff(
            &workplace,
            0,
            sides,
            "out",
            &[&more[..], &["--overwrite"]].concat(),
        );
        let note = format!("\"{WORD}\" at ");
        let numbers = format!("is number {one} of the left vocabulary and {other} of the right");
        assert!(
            found.stdout.contains(&note) && found.stdout.contains(&numbers),
            "{}",
            found.stdout
        );
    }
}
