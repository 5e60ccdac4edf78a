//! What is mistyped, and what is said to type instead.

use std::fs;

use attnviz::cli::Arguments;
use clap::{CommandFactory, Parser};
use serde_json::Value;

use crate::binary::{Outcome, Workplace};

/// The last line of what was said, which is the hint.
pub(super) fn hint(outcome: &Outcome) -> &str {
    let last = outcome.stderr.lines().last().unwrap_or_default();
    let hint = last.strip_prefix("hint: ");
    hint.unwrap_or_else(|| panic!("no hint in {}", outcome.stderr))
}

#[test]
fn every_mistake_is_told_what_to_type_instead() {
    let workplace = Workplace::new();
    for (typed, expected) in [
        // Texts without quotes.
        (
            &["encode", "hello", "world"][..],
            "attnviz encode \"hello world\"",
        ),
        (
            &["encode", "it", "costs", "$5", "-m", "builtin", "--invert"],
            "attnviz encode -m builtin --invert 'it costs $5'",
        ),
        (
            &["encode", "-5", "degrees"],
            "attnviz encode -- \"-5 degrees\"",
        ),
        (
            &["encode", "--theme=dark", "a", "b"],
            "attnviz encode --theme=dark \"a b\"",
        ),
        (
            &["Hello, how are you?"],
            "attnviz encode \"Hello, how are you?\"",
        ),
        (&["how", "are", "you"], "attnviz encode \"how are you\""),
        (&["encode"], "attnviz encode \"Hello, how are you?\""),
        (&["tokens"], "attnviz tokens \"Hello, how are you?\""),
        (
            &["encode", "hello", "world", "--thme", "dark"],
            "attnviz encode --theme dark \"hello world\"",
        ),
        (
            &["tokens", "hello", "world", "--nothing", "like", "-q"],
            "attnviz tokens --nothing like -q \"hello world\"",
        ),
        // A list with spaces in it.
        (&["encode", "Hi", "-f", "png", "svg"], "--format png,svg"),
        (
            &["encode", "Hi", "--views", "heads,", "mean", "max", "-q"],
            "--views heads,mean,max",
        ),
        (&["encode", "Hi", "--layers", "0", "3-5"], "--layers 0,3-5"),
        (
            &["encode", "Hi", "-f", "png", "there"],
            "attnviz encode -f png \"Hi there\"",
        ),
        (
            &["encode", "Hi", "-o", "out", "there"],
            "attnviz encode -o out \"Hi there\"",
        ),
        (&["encode", "Hi", "--layers", "0..3"], "--layers 0-3"),
        (&["encode", "Hi", "--layers", "[0, 3:5]"], "--layers 0,3-5"),
        (&["encode", "Hi", "--heads", "1,2,"], "--heads 1,2"),
        (&["encode", "Hi", "--views", "from=it"], "--views from:it"),
        (&["encode", "Hi", "--views", "text=it"], "--views text:it"),
        (&["encode", "Hi", "--views", "line"], "--views lines"),
        (&["encode", "Hi", "--views", "to it"], "--views to:it"),
        (&["encode", "Hi", "--views", ""], "--views overview"),
        (&["encode", "Hi", "--views", "saliency"], "--views overview"),
        (&["encode", "Hi", "--views", "rolout"], "--views rollout"),
        (
            &["encode", "Hi", "--views", "between:a:b"],
            "--views overview",
        ),
        // What sounds alike does something else.
        (&["encode", "Hi", "--dpi", "300"], "attnviz encode --help"),
        (&["encode", "Hi", "--no-color"], "--color never"),
        (
            &["encode", "Hi", "--out", "x"],
            "did you mean --output? attnviz encode Hi --output x",
        ),
        (
            &["encode", "Hi", "--output-dir", "x"],
            "did you mean --output? attnviz encode Hi --output x",
        ),
        (
            &["encode", "Hi", "--json=true"],
            "did you mean --json? attnviz encode Hi --json",
        ),
        (
            &["encode", "Hi", "--verbose=2"],
            "did you mean --verbose? attnviz encode Hi --verbose",
        ),
        (&["version"], "did you mean --version? attnviz --version"),
        // What follows an option is its value.
        (&["encode", "Hi", "--crop", "-3"], "--crop 0-3"),
        (&["encode", "Hi", "--top-k", "-1"], "--top-k 10"),
        (&["encode", "Hi", "--theme", "-1"], "--theme dark"),
        (&["batch", "x", "--shard", "-1"], "--shard 1/2"),
        (
            &["batch", "x", "--batch-tokens", "-1"],
            "--batch-tokens 1024",
        ),
        (&["batch", "x", "--max-failures", "-1"], "--max-failures 10"),
        (
            &["encode", "Hi", "--shard", "-1"],
            "attnviz batch --help; --shard is an option of that command",
        ),
        (
            &["pull", "x", "--layers=1"],
            "attnviz encode --help; --layers is an option of that command",
        ),
        (
            &["encode", "Hi", "--truncate", "nver"],
            "did you mean never? --truncate never",
        ),
        // Values of closed sets.
        (
            &["encode", "Hi", "--theme", "drak"],
            "did you mean dark? --theme dark",
        ),
        (
            &["encode", "Hi", "--colormap", "virids"],
            "did you mean viridis? --colormap viridis",
        ),
        (
            &["encode", "Hi", "--format", "png,sgv"],
            "did you mean png,svg? --format png,svg",
        ),
        (
            &["encode", "Hi", "--scale", "unti"],
            "did you mean unit? --scale unit",
        ),
        (
            &["encode", "Hi", "--tokens", "words"],
            "did you mean word? --tokens word",
        ),
        (
            &["encode", "Hi", "--special-tokens", "hid"],
            "did you mean hide? --special-tokens hide",
        ),
        (
            &["encode", "Hi", "--color-scale", "liner"],
            "did you mean linear? --color-scale linear",
        ),
        (
            &["encode", "Hi", "--show=head"],
            "did you mean heads? --show=heads",
        ),
        (
            &["encode", "Hi", "--color", "alway"],
            "did you mean always? --color always",
        ),
        (&["encode", "Hi", "--views", "overveiw"], "--views overview"),
        (&["encode", "Hi", "--views", "form:it"], "--views from:it"),
        (
            &["batch", "x", "--input-format", "csvv"],
            "did you mean csv? --input-format csv",
        ),
        (
            &["completions", "bsh"],
            "did you mean bash? attnviz completions bash",
        ),
        (&["encode", "Hi", "--show", "heads"], "--show=heads"),
        // Other values.
        (&["encode", "Hi", "--layers", "one"], "--layers all"),
        (&["encode", "Hi", "--truncate", "much"], "--truncate 512"),
        (&["encode", "Hi", "--crop", "5"], "--crop 5-5"),
        (&["encode", "Hi", "--top-k", "500"], "--top-k 10"),
        (&["encode", "Hi", "--threads", "x"], "--threads 2"),
        (&["encode", "Hi", "--threads"], "--threads 2"),
        (&["encode", "Hi", "--model", ""], "--model builtin"),
        (&["encode", "Hi", "--output", ""], "--output attnviz-out"),
        (&["encode", "Hi", "--theme", "x"], "--theme dark"),
        (&["batch", "x", "--shard", "3/2"], "--shard 1/2"),
        // Names of options and subcommands.
        (
            &["encode", "Hi", "--trunc=5"],
            "did you mean --truncate? attnviz encode Hi --truncate=5",
        ),
        (
            &["encod", "Hi there"],
            "did you mean encode? attnviz encode \"Hi there\"",
        ),
        (&["help", "nonsense"], "attnviz --help"),
        (&["hlep"], "did you mean help? attnviz help"),
        (&["encode", "Hi", "-x"], "attnviz encode --help"),
        (
            &["encode", "Hi", "--theme", "dark", "--theme", "light"],
            "--theme once",
        ),
        (
            &["encode", "Hi", "-q", "-v"],
            "--quiet or --verbose, not both",
        ),
        (
            &["batch", "x", "--resume", "--overwrite"],
            "--resume or --overwrite, not both",
        ),
        (&["merge"], "attnviz merge --help"),
    ] {
        let outcome = workplace.run(typed);
        assert_eq!(outcome.code, Some(2), "{typed:?}: {}", outcome.stderr);
        assert_eq!(hint(&outcome), expected, "{typed:?}: {}", outcome.stderr);
        assert!(outcome.stderr.starts_with("error: "), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("tip:"), "{}", outcome.stderr);
        assert_eq!(outcome.stdout, "", "{typed:?}");
    }
}

#[test]
fn a_text_in_the_place_of_a_file_is_told_the_command_for_it() {
    let workplace = Workplace::new();
    let files = "name files that can be read, or - for standard input";
    for (typed, expected) in [
        ("Hello there, you.", "attnviz encode \"Hello there, you.\""),
        ("Hello", files),
        ("no such.txt", files),
    ] {
        let outcome = workplace.run(&["batch", typed, "-m", "builtin"]);
        assert_eq!(outcome.code, Some(1), "{typed}: {}", outcome.stderr);
        assert_eq!(hint(&outcome), expected, "{typed}");
    }
}

#[test]
fn a_missing_value_is_shown_by_an_example_that_is_one() {
    let workplace = Workplace::new();
    let root = Arguments::command();
    let mut count = 0;
    for command in root.get_subcommands() {
        let operand: &[&str] = match command.get_name() {
            "man" | "bench" => &[],
            "completions" => &["bash"],
            _ => &["x"],
        };
        let begin = [&[command.get_name()], operand].concat();
        let options = command.get_arguments().chain(root.get_arguments());
        for option in options.filter(|option| option.get_action().takes_values()) {
            let Some(name) = option.get_long() else {
                continue;
            };
            let sign = if option.is_require_equals_set() {
                "="
            } else {
                ""
            };
            let typed = format!("--{name}{sign}");
            let outcome = workplace.run(&[&begin[..], &[&typed]].concat());
            assert_eq!(outcome.code, Some(2), "{begin:?} {typed}");
            let told = hint(&outcome);
            let (shown, value) = told.split_at(typed.len());
            assert_eq!(shown, typed, "{begin:?}: {told}");
            assert!(!value.trim().is_empty(), "{begin:?}: {told}");
            let joined = format!("--{name}={}", value.trim().trim_matches('"'));
            let output = ["--output", "folder"];
            let more: &[&str] = match (command.get_name(), name) {
                ("merge", name) if name != "output" => &output,
                ("diff", "pair" | "against") => &["--text", "a"],
                ("diff", "against-pair") => &["--text", "a", "--against", "b"],
                _ => &[],
            };
            let all = [&["attnviz"], &begin[..], &[&joined], more].concat();
            let parsed = Arguments::try_parse_from(&all);
            assert!(parsed.is_ok(), "{all:?}: {parsed:?}");
            count += 1;
        }
    }
    assert!(count > 60, "{count}");
}

#[test]
fn a_second_text_may_begin_with_a_minus() {
    let workplace = Workplace::new();
    let outcome = workplace.succeed(&["tokens", "Hi", "-m", "builtin", "--pair", "-5 degrees"]);
    assert!(outcome.stdout.contains("degrees"), "{}", outcome.stdout);
}

#[test]
fn a_near_miss_of_a_tokenizer_is_asked_about() {
    let workplace = Workplace::new();
    for typed in [
        &["tokens", "Hi", "-m", "builtin", "--tokenizer", "bultin"][..],
        &[
            "encode",
            "Hi",
            "--tokenizer",
            "bultin",
            "-m",
            "builtin",
            "--offline",
        ],
    ] {
        let outcome = workplace.run(typed);
        assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
        assert_eq!(hint(&outcome), "did you mean builtin? --tokenizer builtin");
        let says = "the tokenizer could not be loaded";
        assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
    }
}

#[test]
fn a_near_miss_of_a_model_is_asked_about() {
    let workplace = Workplace::new();
    let cache = workplace.path().join("home/hugging-face/hub");
    for name in ["models--google-bert--bert-base-uncased", "models--mine"] {
        fs::create_dir_all(cache.join(name).join("snapshots")).expect("a cache can be made");
    }
    let local = workplace.path().join("models/my-bert");
    fs::create_dir_all(&local).expect("a folder can be made");
    fs::write(local.join("config.json"), "{}").expect("a file can be written");
    for (name, expected) in [
        ("bultin", Some("builtin")),
        ("BuiltIn", Some("builtin")),
        ("built-in", Some("builtin")),
        (
            "google-bert/bert-base-uncase",
            Some("google-bert/bert-base-uncased"),
        ),
        (
            "Google-BERT/bert-base-uncased-",
            Some("google-bert/bert-base-uncased"),
        ),
        ("bert-base-uncasd", Some("google-bert/bert-base-uncased")),
        ("models/my-bret", Some("models/my-bert")),
        ("./models/my-bret", Some("./models/my-bert")),
        ("models/mybert/", Some("models/my-bert")),
        ("roberta-large", None),
        ("owner/other", None),
        ("./elsewhere", None),
    ] {
        // Neither the network nor --offline changes what was meant.
        for more in [&[][..], &["--offline"]] {
            let typed = [&["encode", "Hi", "-m", name], more].concat();
            let outcome = workplace.run(&typed);
            assert_eq!(outcome.code, Some(1), "{name}: {}", outcome.stderr);
            let told = hint(&outcome);
            match expected {
                Some(meant) => {
                    assert_eq!(
                        told,
                        format!("did you mean {meant}? --model {meant}"),
                        "{name}"
                    );
                }
                None => assert!(!told.contains("did you mean"), "{name}: {told}"),
            }
        }
    }
    let pulled = workplace.run(&["pull", "mnie", "--offline"]);
    assert_eq!(hint(&pulled), "did you mean mine? attnviz pull mine");
}

#[test]
fn errors_are_json_where_json_is_asked_for() {
    let workplace = Workplace::new();
    fs::write(workplace.path().join("empty.csv"), "nothing\nhere\n").expect("a file is written");
    for (typed, code, message, hint) in [
        (
            &["encode", "", "--json", "-m", "builtin"][..],
            1,
            "text",
            "attnviz encode",
        ),
        (
            &["encode", "Hi", "--json", "--model", "bultin", "-q"],
            1,
            "could not be loaded",
            "builtin",
        ),
        (
            &["encode", "Hi", "--json", "--theme", "drak"],
            2,
            "invalid value 'drak'",
            "--theme dark",
        ),
        (
            &["encode", "Hi", "there", "--json"],
            2,
            "unexpected argument",
            "\"Hi there\"",
        ),
        (
            &["encode", "Hi", "--json", "-m", "builtin", "--layers", "9"],
            2,
            "layer 9",
            "--layers 0-5",
        ),
        (&["batch", "none.txt", "--json"], 1, "none.txt", "files"),
        (&["batch", "--json"], 2, "required", "attnviz batch --help"),
        (&["render", "none", "--json"], 1, "none", "attnviz encode"),
        (
            &["merge", "none", "-o", "out", "--json"],
            1,
            "merged",
            "attnviz",
        ),
        (
            &["pull", "bultin", "--json", "--offline"],
            1,
            "bultin",
            "attnviz pull builtin",
        ),
        (
            &["bench", "--json", "--threads", "0", "-m", "builtin"],
            2,
            "--threads",
            "--threads 2",
        ),
        (
            &["--json"],
            2,
            "unexpected argument '--json'",
            "attnviz --help",
        ),
    ] {
        let outcome = workplace.run(typed);
        assert_eq!(outcome.code, Some(code), "{typed:?}: {}", outcome.stderr);
        let report: Value = serde_json::from_str(&outcome.stdout)
            .unwrap_or_else(|error| panic!("{typed:?}: {error} in {}", outcome.stdout));
        let error = &report["error"];
        let fields = error.as_object().expect("an error is an object");
        let names: Vec<_> = fields.keys().map(String::as_str).collect();
        assert_eq!(names, ["causes", "exit_code", "hint", "message"]);
        assert_eq!(error["exit_code"], code, "{typed:?}");
        let text = error["message"].as_str().unwrap_or_default();
        assert!(text.contains(message), "{typed:?}: {report}");
        assert!(!text.contains(['\u{1b}', '\0']), "{typed:?}: {report}");
        let told = error["hint"].as_str().unwrap_or_default();
        assert!(told.contains(hint), "{typed:?}: {report}");
        assert!(error["causes"].is_array(), "{report}");
        // People read the same on standard error.
        let first = text.lines().next().unwrap_or_default();
        assert!(
            outcome.stderr.contains(first),
            "{typed:?}: {}",
            outcome.stderr
        );
        assert!(
            outcome.stderr.contains(&format!("hint: {told}")),
            "{typed:?}"
        );
    }
    // Behind `--` it is a text.
    let text = workplace.run(&["encode", "-m", "bultin", "--", "--json"]);
    assert_eq!(text.stdout, "");
}
