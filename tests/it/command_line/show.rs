//! `--show`: pictures for a terminal, and a table for everyone.

use std::process::Command;

use crate::binary::{Outcome, Workplace, skipped};

const ENCODE: [&str; 6] = [
    "encode",
    "It was late.",
    "--model",
    "builtin",
    "--views",
    "overview",
];

fn arguments<'text>(more: &[&'text str]) -> Vec<&'text str> {
    ENCODE.iter().chain(more).copied().collect()
}

/// The rows of the table below its heading.
fn links(stdout: &str) -> Vec<Vec<&str>> {
    let table = stdout.split_once("\nstrongest links").unwrap().1;
    let table = table.split_once('\n').unwrap().1;
    table
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().collect())
        .collect()
}

#[test]
fn a_pipe_gets_text() {
    let workplace = Workplace::new();
    let outcome = workplace.succeed(&arguments(&["--show"]));
    let without = workplace.succeed(&ENCODE).stdout;
    // All but the times is as without it.
    assert_eq!(
        outcome.stdout.lines().take(3).collect::<Vec<_>>(),
        without.lines().take(3).collect::<Vec<_>>()
    );
    for letter in ['\u{1b}', '▀', '▄'] {
        assert!(!outcome.stdout.contains(letter), "{}", outcome.stdout);
    }
    // Every layer has its number, and digits behind it.
    for layer in 0..6 {
        let start = format!("\n{layer} ");
        let line = outcome.stdout.split_once(&start).expect("a layer").1;
        let line = line.lines().next().unwrap();
        assert!(
            line.len() > 40 && line.contains(|letter: char| letter.is_ascii_digit()),
            "{line}"
        );
        assert!(
            line.chars()
                .all(|letter| letter.is_ascii_digit() || ". ".contains(letter))
        );
    }
    assert!(
        outcome
            .stdout
            .contains("\n0 . 1 2 3 4 5 6 7 8 9  1  attention"),
        "{}",
        outcome.stdout
    );
    let links = links(&outcome.stdout);
    let values: Vec<f32> = links.iter().map(|link| link[4].parse().unwrap()).collect();
    assert_eq!(values.len(), 10);
    assert!(
        values.is_sorted_by(|left, right| left >= right),
        "{values:?}"
    );
    assert!(values[0] > 0.5 && values[0] <= 1.0, "{values:?}");
    // A pager takes colours where they are asked for.
    let forced = workplace.succeed(&arguments(&["--show", "--color", "always"]));
    assert!(forced.stdout.contains('▀'), "{}", forced.stdout);
}

#[test]
fn every_view_is_shown_that_is_asked_for() {
    let workplace = Workplace::new();
    let arguments = [
        "encode",
        "It was late.",
        "--model",
        "builtin",
        "--show",
        "--format",
        "npz",
        "--views",
        "from:late,to:was,mean,max",
    ];
    let shown = workplace.succeed(&arguments).stdout;
    for title in [
        "· from “late” (token @3) ·",
        "· to “was” (token @2) ·",
        "· mean of 6 layers × 12 heads",
        "· maximum of 6 layers × 12 heads",
    ] {
        assert!(shown.contains(title), "{title}: {shown}");
    }
    assert!(shown.contains("\n> late "), "{shown}");
    assert!(!shown.contains("\n  head\n"), "no overview: {shown}");
}

#[test]
fn as_many_links_are_shown_as_are_asked_for() {
    let workplace = Workplace::new();
    let shown = |more: &[&str]| workplace.succeed(&arguments(more)).stdout;
    let best = shown(&["--show", "--top-k", "3"]);
    assert_eq!(links(&best).len(), 3);
    let is_special = |link: &Vec<&str>| link[2].starts_with('[') || link[3].starts_with('[');
    assert!(!links(&best).iter().any(is_special), "{best}");
    assert!(best.contains("without special tokens"), "{best}");
    let all = shown(&["--show", "--top-k", "20", "--links", "all"]);
    assert_eq!(links(&all).len(), 20);
    assert!(links(&all).iter().any(is_special), "{all}");
}

#[test]
fn options_that_do_nothing_say_so() {
    let workplace = Workplace::new();
    for (more, expected) in [
        (
            &["--top-k", "3"][..],
            Some("--top-k does nothing: links are listed beside maps"),
        ),
        (&["--top-k", "3", "--show"], None),
        (&["--views", "heads", "--top-k", "3"], None),
        (&["--views", "mean", "--top-k", "3", "--links", "all"], None),
        (
            &["--views", "heads", "--links", "all"],
            Some("--links does nothing without --top-k or --show"),
        ),
        (
            &["--views", "from:it", "--top-k", "2"],
            Some("--top-k does nothing"),
        ),
        (
            &["--scale", "head", "--vmax", "0.5"],
            Some("--scale does nothing beside --vmax"),
        ),
        (
            &["--views", "from:it", "--scale", "unit", "--vmax", "0.5"],
            None,
        ),
        (
            &["--format", "npz", "--theme", "dark", "--vmin", "0.1"],
            Some("--vmin, --theme do nothing: no picture is drawn"),
        ),
        (&["--format", "npz"], Some("--views overview draws nothing")),
        (&["--format", "npz", "--views", "mean"], None),
        (
            &[
                "--format",
                "npz",
                "--views",
                "mean",
                "--colormap",
                "mako",
                "--show",
            ],
            None,
        ),
        (&["--color-scale", "logarithmic", "--vmin", "0.01"], None),
    ] {
        let mut typed = vec!["encode", "It was late.", "--model", "builtin"];
        if !more.contains(&"--views") {
            typed.extend(["--views", "overview"]);
        }
        typed.extend(more);
        let outcome = workplace.run(&typed);
        assert_eq!(outcome.code, Some(0), "{more:?}: {}", outcome.stderr);
        match expected {
            Some(expected) => assert!(
                outcome.stderr.contains(expected),
                "{more:?}: {}",
                outcome.stderr
            ),
            None => assert!(!outcome.stderr.contains("warning"), "{more:?}"),
        }
    }
}

#[test]
fn scales_of_the_smallest_numbers_end() {
    let workplace = Workplace::new();
    for ends in [
        &["--vmax", "1e-43"][..],
        &["--vmin", "1e-44", "--vmax", "3e38"],
        &["--vmin", "1e-45"],
    ] {
        let mut typed = vec![
            "encode",
            "hi there",
            "--model",
            "builtin",
            "--layers",
            "0",
            "--heads",
            "0",
            "--color-scale",
            "logarithmic",
            "--format",
            "png,svg,json",
            "--overwrite",
        ];
        typed.extend(ends);
        workplace.succeed(&typed);
        let folder = workplace.default_output().join("hi-there");
        for name in ["manifest.json", "attention.json"] {
            let text = std::fs::read_to_string(folder.join(name)).unwrap();
            let json: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert!(!json["files"].is_null() || name == "attention.json");
            assert!(
                !text.contains("\"vmax\":null") && !text.contains("\"vmin\":null"),
                "{text}"
            );
        }
        let svg = std::fs::read_to_string(folder.join("overview.svg")).unwrap();
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }
}

#[test]
fn the_table_is_of_what_is_shown() {
    let workplace = Workplace::new();
    let hidden = [
        "--show",
        "--special-tokens",
        "hide",
        "--layers",
        "2",
        "--heads",
        "1,3",
    ];
    let outcome = workplace.succeed(&arguments(&hidden));
    let links = links(&outcome.stdout);
    assert!(!links.is_empty());
    for link in links {
        assert_eq!(link[0], "2");
        assert!(["1", "3"].contains(&link[1]), "{link:?}");
        assert!(
            !link[2].starts_with('[') && !link[3].starts_with('['),
            "{link:?}"
        );
    }
}

#[test]
fn json_and_pictures_do_not_mix() {
    let workplace = Workplace::new();
    let outcome = workplace.run(&arguments(&["--show", "--json"]));
    assert_eq!(outcome.code, Some(2));
    // Of the two, the error is JSON.
    assert!(outcome.stdout.starts_with("{\n  \"error\""));
    assert!(outcome.stderr.contains("--show"), "{}", outcome.stderr);
    let outcome = workplace.run(&arguments(&["--show=everything"]));
    assert_eq!(outcome.code, Some(2));
    assert!(
        outcome.stderr.contains("auto, overview, heads"),
        "{}",
        outcome.stderr
    );
    assert!(!workplace.default_output().exists());
}

/// Runs the binary in a terminal of its own, `None` where there is none to be
/// had. The progress bar, which moves the cursor, goes elsewhere.
fn in_terminal(more: &[&str], variables: &[(&str, &str)]) -> Option<String> {
    let has_script = Command::new("script").arg("--version").output().is_ok();
    if !has_script {
        skipped("no script in PATH, so that nothing was shown in a terminal");
        return None;
    }
    let workplace = Workplace::new();
    let quoted: Vec<String> = more.iter().map(|it| format!("'{it}'")).collect();
    let line = format!(
        "stty columns 90 rows 50; exec {} {} 2>/dev/null",
        env!("CARGO_BIN_EXE_attnviz"),
        quoted.join(" ")
    );
    let like = workplace.command(&[""; 0]);
    let mut command = Command::new("script");
    command
        .args(["-qec", &line, "/dev/null"])
        .current_dir(workplace.path());
    for (name, value) in like.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    for name in [
        "TMUX",
        "STY",
        "TERM_PROGRAM",
        "LC_TERMINAL",
        "KITTY_WINDOW_ID",
        "COLORTERM",
    ] {
        command.env_remove(name);
    }
    command
        .env("TERM", "xterm-256color")
        .env("SHELL", "/bin/sh")
        .env_remove("CI");
    command.envs(variables.iter().copied());
    let outcome = Outcome::of(command.stdin(std::process::Stdio::null()).output());
    assert_eq!(
        outcome.code,
        Some(0),
        "{}{}",
        outcome.stdout,
        outcome.stderr
    );
    Some(outcome.stdout)
}

#[test]
fn a_terminal_gets_half_blocks_in_its_colors() {
    for (variables, sequence) in [
        (&[][..], "\u{1b}[38;5;"),
        (&[("COLORTERM", "truecolor")][..], "\u{1b}[38;2;"),
        (
            &[
                ("COLORTERM", "truecolor"),
                ("TERM_PROGRAM", "iTerm.app"),
                ("TMUX", "x"),
            ][..],
            "\u{1b}[38;2;",
        ),
    ] {
        let Some(shown) = in_terminal(&arguments(&["--show"]), variables) else {
            return;
        };
        assert!(shown.contains(sequence) && shown.contains('▀'), "{shown}");
        let plain = without_colors(&shown);
        assert!(plain.contains("\n0 ") && plain.contains("\n5 "), "{plain}");
        assert!(plain.contains("strongest links"), "{plain}");
        for line in plain.lines().filter(|line| line.contains('▀')) {
            assert!(line.chars().count() <= 90, "{line}");
        }
    }
}

#[test]
fn a_single_map_is_drawn_with_its_tokens() {
    let one = [
        "--show",
        "--layers",
        "0",
        "--heads",
        "1",
        "--colormap",
        "magma",
    ];
    let Some(shown) = in_terminal(&arguments(&one), &[]) else {
        return;
    };
    let plain = without_colors(&shown);
    assert!(plain.contains("layer 0 · head 1"), "{plain}");
    for token in ["[CLS]", "it", "was", "late", "."] {
        assert!(plain.contains(&format!("\n{token} ")), "{token}: {plain}");
    }
    let many = ["--show=heads", "--layers", "0", "--heads", "1,2"];
    let Some(shown) = in_terminal(&arguments(&many), &[]) else {
        return;
    };
    assert!(shown.contains("layer 0 · head 1") && shown.contains("layer 0 · head 2"));
}

#[test]
fn terminals_with_graphics_get_the_picture_itself() {
    for (variable, start) in [
        (("KITTY_WINDOW_ID", "1"), "\u{1b}_Ga=T,f=100,q=2,c="),
        (
            ("TERM_PROGRAM", "WezTerm"),
            "\u{1b}]1337;File=inline=1;size=",
        ),
    ] {
        let Some(shown) = in_terminal(&arguments(&["--show"]), &[variable]) else {
            return;
        };
        assert!(shown.contains(start) && !shown.contains('▀'), "{start:?}");
        // A PNG, in base64.
        assert!(shown.contains("iVBORw0KGgo"));
    }
}

#[test]
fn a_terminal_without_colors_gets_digits() {
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let Some(shown) = in_terminal(&arguments(&["--show"]), &[variable]) else {
            return;
        };
        assert!(
            !shown.contains('▀') && !shown.contains("\u{1b}["),
            "{variable:?}: {shown}"
        );
        assert!(shown.contains("0 . 1 2 3 4 5 6 7 8 9"), "{shown}");
        assert!(shown.contains("strongest links"), "{shown}");
    }
}

#[test]
fn what_would_steer_the_terminal_is_written_out() {
    // A vocabulary knows no escapes; what is typed is shown as a caption.
    let hostile = "a\u{1b}[2Jb\u{7}c\u{202e}d\u{9b}31m";
    let typed = [
        "encode", hostile, "--model", "builtin", "--views", "overview", "--show",
    ];
    let Some(shown) = in_terminal(&typed, &[]) else {
        return;
    };
    let plain = without_colors(&shown);
    for steering in ['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}'] {
        assert!(!plain.contains(steering), "{plain:?}");
    }
    assert!(
        plain.contains("a\\u{1b}[2Jb\\u{7}c\\u{202e}d\\u{9b}31m"),
        "{plain}"
    );
}

/// The text without the colours that `--show` sets, and without the returns
/// that a terminal adds; every other sequence stays.
fn without_colors(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        let is_color = |letter: char| letter.is_ascii_digit() || letter == ';';
        let end = after.trim_start_matches(is_color);
        rest = match end.strip_prefix('m') {
            Some(end) => end,
            None => {
                plain.push_str("\u{1b}[");
                after
            }
        };
    }
    plain.push_str(rest);
    plain.replace('\r', "")
}
