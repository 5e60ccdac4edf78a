//! `--sink`: the first token hidden, and what leads there.

use std::fs;

use serde_json::{Value, json};

use crate::binary::{Workplace, fixture, manifest, tree};

const FOLDER: &str = "hello-how-are-you";

fn decoder() -> String {
    fixture("families/gpt2").display().to_string()
}

/// The arguments of a command that writes pictures and numbers.
fn written<'a>(command: &[&'a str], output: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let formats = ["-f", "svg,png,json,npz", "-o", output];
    [command, &formats, more].concat()
}

#[test]
fn what_is_shown_lacks_the_first_token_and_what_is_saved_has_it() {
    let workplace = Workplace::new();
    let model = decoder();
    let encode = ["encode", "Hello, how are you?", "-m", &model];
    let views = ["--views", "heads,overview,mean,from:@3,to:@2"];
    let hide = [&views[..], &["--sink", "hide"]].concat();
    workplace.succeed(&written(&encode, "kept", &views));
    workplace.succeed(&written(&encode, "hidden", &hide));
    let [kept, hidden] = ["kept", "hidden"].map(|output| {
        let folder = workplace.path().join(output).join(FOLDER);
        let json = fs::read(folder.join("attention.json")).expect("it is saved");
        let numbers: Value = serde_json::from_slice(&json).expect("it is JSON");
        (manifest(&folder), numbers, folder)
    });
    assert!(kept.1.get("shown").is_none() && kept.0.get("shown").is_none());
    assert_eq!(kept.1["attention"], hidden.1["attention"]);
    let count = kept.0["streams"][0]["units"].as_array().map(Vec::len);
    let count = count.expect("there are units");
    let units = hidden.0["shown"]["columns"].as_array().expect("it is told");
    assert_eq!((units.len(), &units[0]["first"]), (count - 1, &json!(1)));
    assert_eq!(hidden.0["shown"]["rows"], hidden.0["shown"]["columns"]);
    let shown = &hidden.1["shown"][1][2];
    for query in 1..count {
        let row = kept.1["attention"][1][2][query].as_array().expect("a row");
        assert_eq!(shown[query - 1], json!(row[1..]));
    }
    for file in hidden.0["files"].as_array().expect("they are listed") {
        assert_eq!(file["options"]["sink"], "hide", "{file}");
    }
    for file in kept.0["files"].as_array().expect("they are listed") {
        assert!(file["options"].get("sink").is_none(), "{file}");
    }
    let picture = |name: &str| fs::read_to_string(hidden.2.join(name)).expect("it is there");
    for name in ["overview.svg", "heads/layer-01-head-02.svg", "mean/all.svg"] {
        let note = "The first token is hidden; rows sum to less than 1.";
        assert!(picture(name).contains(note), "{name}");
    }
    // A saved run is drawn the same, and raw runs can be shown either way.
    for (source, options, expected) in [("kept", &hide[..], &hidden.2), ("hidden", &views, &kept.2)]
    {
        let run = format!("{source}/{FOLDER}");
        let output = format!("again-{source}");
        workplace.succeed(&written(&["render", &run], &output, options));
        let again = tree(&workplace.path().join(&output).join(FOLDER));
        assert!(again == tree(expected), "{source}");
    }
}

#[test]
fn a_batch_hides_it_in_every_input_and_goes_on_from_there() {
    let workplace = Workplace::new();
    fs::write(
        workplace.path().join("in.txt"),
        "one two\nthree four five\n",
    )
    .expect("it is written");
    let model = decoder();
    let arguments = |more: &[&str]| {
        let all = ["batch", "in.txt", "-m", &model, "-o", "out", "--json"];
        let outcome = workplace.succeed(&[&all[..], more].concat());
        let report: Value = serde_json::from_str(&outcome.stdout).expect("it is JSON");
        report["kept"].as_u64()
    };
    assert_eq!(arguments(&["--sink", "hide"]), Some(0));
    let folder = workplace.path().join("out/inputs/000002");
    assert_eq!(manifest(&folder)["shown"]["columns"][0]["first"], 1);
    // A decoder's inputs are known again, and those of other options are not.
    assert_eq!(arguments(&["--sink", "hide", "--resume"]), Some(2));
    assert_eq!(arguments(&["--resume"]), Some(0));
    assert_eq!(arguments(&["--resume"]), Some(2));
}

#[test]
fn what_is_hidden_and_asked_for_says_how_to_see_it() {
    let workplace = Workplace::new();
    let model = decoder();
    for (text, options, error, hint) in [
        (
            "Hello, you",
            &["--views", "from:@0"][..],
            "the first token is hidden",
            "--sink keep",
        ),
        (
            "Hello, you",
            &["--crop", "0-0"],
            "all tokens of the stretch 0-0 are hidden",
            "--sink keep",
        ),
        (
            "a",
            &[],
            "the only token is the first one, which is hidden",
            "--sink keep",
        ),
        (
            "Hello, you",
            &["--views", "to:@0", "--crop", "2-3"],
            "the stretch is 2-3",
            "--crop 0-3 --sink keep",
        ),
    ] {
        let all = ["encode", text, "-m", &model, "--sink", "hide"];
        let outcome = workplace.run(&[&all[..], options].concat());
        assert_ne!(outcome.code, Some(0), "{options:?}");
        assert!(outcome.stderr.contains(error), "{}", outcome.stderr);
        let last = outcome.stderr.lines().last();
        assert_eq!(last, Some(format!("hint: {hint}").as_str()));
    }
    let all = [
        "encode",
        "Hello, you",
        "-m",
        &model,
        "--sink",
        "hide",
        "--crop",
        "1-2",
    ];
    let idle = workplace.succeed(&all).stderr;
    let expected = "--sink hide does nothing: --crop 1-2 leaves the first token out";
    assert!(idle.contains(expected), "{idle}");
    let wrong = workplace.run(&["encode", "Hi", "--sink", "hid"]).stderr;
    assert!(wrong.contains("did you mean hide? --sink hide"), "{wrong}");
}

/// Attention of a decoder that gives the first of eight tokens this share.
fn drowned(share: f64) -> String {
    let row = |query: usize| {
        let others = (1.0 - share) / query.max(1) as f64;
        let value = move |key: usize| match key {
            0 if query == 0 => 1.0,
            0 => share,
            _ if key <= query => others,
            _ => 0.0,
        };
        (0..8).map(value).collect::<Vec<f64>>()
    };
    let map: Vec<Vec<f64>> = (0..8).map(row).collect();
    json!({"attention": [[map]]}).to_string()
}

#[test]
fn a_line_leads_to_what_the_first_token_drowns() {
    let workplace = Workplace::new();
    for (share, options, is_told) in [
        (0.75, &["-f", "png"][..], true),
        (0.75, &["-f", "npz", "--show"], true),
        (0.75, &["-f", "npz"], false),
        (0.75, &["-q"], false),
        (0.75, &["--sink", "hide"], false),
        (0.4, &[], false),
    ] {
        fs::write(workplace.path().join("it.json"), drowned(share)).expect("it is written");
        let all = ["render", "it.json", "--overwrite"];
        let outcome = workplace.succeed(&[&all[..], options].concat());
        let line =
            "hint: the first token takes 75 % of the attention; this shows the rest: --sink hide";
        let lines = outcome
            .stderr
            .lines()
            .filter(|found| *found == line)
            .count();
        assert_eq!(
            lines,
            usize::from(is_told),
            "{options:?}: {}",
            outcome.stderr
        );
        if options.contains(&"--show") {
            let note = "The first token takes 75 % of the attention; --sink hide shows the rest.";
            assert!(outcome.stdout.contains(note), "{}", outcome.stdout);
        }
    }
}
