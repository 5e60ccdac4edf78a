//! What is said, where, and in which colours.

use std::fs;
use std::process::Stdio;

use crate::binary::{Outcome, Workplace, skipped};

const QUICK: [&str; 6] = ["encode", "Hi", "-m", "builtin", "--views", "overview"];
/// Warns that no font has this letter of the private use area.
const WARNING: [&str; 6] = [
    "encode",
    "Hi \u{e000}",
    "-m",
    "builtin",
    "--views",
    "overview",
];

fn with<'a>(base: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    base.iter().chain(more).copied().collect()
}

#[test]
fn quiet_hides_results_and_no_warning() {
    let workplace = Workplace::new();
    let loud = workplace.succeed(&WARNING);
    assert!(
        loud.stderr.starts_with("warning: ") && loud.stderr.contains("U+E000"),
        "{}",
        loud.stderr
    );
    assert!(loud.stdout.contains("wrote "), "{}", loud.stdout);
    let quiet = workplace.succeed(&with(&WARNING, &["-q"]));
    let warnings = loud.stderr.lines();
    let warnings = warnings.filter(|line| !line.starts_with("hint: "));
    assert_eq!(
        quiet.stderr.lines().collect::<Vec<_>>(),
        warnings.collect::<Vec<_>>()
    );
    assert_eq!(quiet.stdout, "");
    let json = workplace.succeed(&with(&WARNING, &["-q", "--json"]));
    assert!(json.stdout.contains("\"warnings\""), "{}", json.stdout);
    let cut = workplace.succeed(&with(&QUICK, &["-q", "--pair", "a b c", "--truncate", "5"]));
    assert_eq!(
        cut.stderr,
        "warning: 2 of 7 tokens are cut off by --truncate\n"
    );
    let stands_in = workplace.succeed(&["encode", "Hi", "-q", "--views", "overview"]);
    let says = "warning: bert-base-uncased is not available";
    assert!(stands_in.stderr.starts_with(says), "{}", stands_in.stderr);
    assert_eq!(stands_in.stdout, "");
    let failed = workplace.run(&["encode", "", "-m", "builtin", "-q"]);
    assert!(failed.stderr.starts_with("error: "), "{}", failed.stderr);
    // Of the commands that have results, too.
    for arguments in [
        &["render", "out/hi", "-q", "-f", "svg"][..],
        &["pull", "builtin", "-q"],
    ] {
        workplace.succeed(&with(&QUICK, &["-q", "-f", "safetensors", "-o", "out"]));
        let outcome = workplace.succeed(arguments);
        assert_eq!(outcome.stdout + &outcome.stderr, "", "{arguments:?}");
    }
}

#[test]
fn verbose_says_which_files_were_used() {
    let workplace = Workplace::new();
    let outcome = workplace.succeed(&with(&QUICK, &["-v"]));
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        let line = format!("info: {file} has SHA-256 ");
        assert!(outcome.stderr.contains(&line), "{}", outcome.stderr);
    }
    assert!(!outcome.stderr.contains("info: attnviz "));
    for more in [&["-vv"][..], &["-v", "-v"], &["-vvv"]] {
        let outcome = workplace.succeed(&with(&QUICK, more));
        let says = concat!("info: attnviz ", env!("CARGO_PKG_VERSION"));
        assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("SHA-256"), "{}", outcome.stderr);
    }
    let both = workplace.run(&with(&QUICK, &["-v", "-q"]));
    assert_eq!(both.code, Some(2), "{}", both.stderr);
}

#[test]
fn colour_is_for_terminals_unless_it_is_asked_for() {
    let workplace = Workplace::new();
    for (arguments, variables, colourful) in [
        (&[][..], &[][..], false),
        (&["--color", "never"], &[], false),
        (&["--color", "always"], &[], true),
        (&["--color", "auto"], &[("NO_COLOR", "1")], false),
        (&["--color", "never"], &[("CLICOLOR_FORCE", "1")], false),
        (&["--color", "always"], &[("NO_COLOR", "1")], true),
    ] {
        let mut command = workplace.command(&with(&WARNING, arguments));
        command.envs(variables.iter().copied());
        let outcome = Outcome::of(command.output());
        let found = outcome.stderr.contains('\u{1b}');
        assert_eq!(found, colourful, "{arguments:?} {variables:?}");
        assert!(!outcome.stdout.contains('\u{1b}'), "{}", outcome.stdout);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let workplace = Workplace::new();
    let long_page = ["man"];
    let completions = ["completions", "bash"];
    for arguments in [
        &QUICK[..],
        &with(&QUICK, &["--json"]),
        &long_page,
        &completions,
    ] {
        let mut child = workplace
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        drop(child.stdout.take());
        let outcome = Outcome::of(child.wait_with_output());
        assert_eq!(outcome.code, Some(0), "{arguments:?}: {}", outcome.stderr);
        assert_eq!(outcome.stderr, "", "{arguments:?}");
    }
}

#[test]
fn a_number_of_threads_in_the_environment_is_a_number() {
    let workplace = Workplace::new();
    for (value, more, code) in [
        ("abc", &[][..], 2),
        ("-1", &[], 2),
        ("100000", &[], 2),
        ("abc", &["--threads", "1"], 0),
        ("1", &[], 0),
        ("0", &[], 0),
        ("", &[], 0),
    ] {
        let mut command = workplace.command(&with(&QUICK, more));
        let outcome = Outcome::of(command.env("RAYON_NUM_THREADS", value).output());
        assert_eq!(outcome.code, Some(code), "{value:?}: {}", outcome.stderr);
        let words = ["RAYON_NUM_THREADS", value, "hint: ", "--threads 2"];
        let is_told = words.iter().all(|word| outcome.stderr.contains(word));
        assert_eq!(is_told, code == 2, "{value:?}: {}", outcome.stderr);
    }
}

#[test]
fn a_slow_batch_is_not_said_to_stand_still() {
    for (count, seconds, expected) in [
        (450, 10, "45 inputs/s"),
        (23, 10, "2.3 inputs/s"),
        (10, 10, "1.0 inputs/s"),
        (2, 10, "12.0 inputs/min"),
        (1, 100, "0.6 inputs/min"),
        (0, 10, "0.0 inputs/min"),
        (5, 0, "5000 inputs/s"),
    ] {
        let duration = std::time::Duration::from_secs(seconds);
        assert_eq!(attnviz::cli::rate(count, duration), expected);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn standard_output_that_cannot_be_written_is_an_error() {
    let workplace = Workplace::new();
    for arguments in [
        &QUICK[..],
        &["man"],
        &["completions", "bash"],
        &["--help"],
        &["encode", "-h"],
        &["help", "batch"],
        &["--version"],
    ] {
        let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else {
            skipped("this machine has no /dev/full");
            return;
        };
        let outcome = Outcome::of(workplace.command(arguments).stdout(full).output());
        assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
        assert!(
            outcome.stderr.starts_with("error: ") && outcome.stderr.contains("standard output"),
            "{}",
            outcome.stderr
        );
        // `man` writes none.
        assert!(!outcome.stderr.contains("files"), "{}", outcome.stderr);
    }
}

#[test]
fn a_text_cannot_steer_the_terminal() {
    let workplace = Workplace::new();
    let text = "a\u{1b}]0;owned\u{7}b";
    for more in [&[][..], &["--truncate", "3"]] {
        let mut arguments = QUICK.to_vec();
        arguments[1] = text;
        let outcome = workplace.run(&with(&arguments, more));
        for stream in [&outcome.stdout, &outcome.stderr] {
            assert!(!stream.contains(['\u{1b}', '\u{7}']), "{stream:?}");
        }
    }
}
