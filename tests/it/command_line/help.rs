//! Help and the manual page.

use attnviz::cli::Arguments;
use clap::CommandFactory;

use crate::binary::{Outcome, Workplace};

/// What a screen shows at once.
const SCREEN_WIDTH: usize = 80;
const SCREEN_HEIGHT: usize = 50;

const SUBCOMMANDS: [&str; 11] = [
    "encode",
    "batch",
    "scores",
    "diff",
    "render",
    "tokens",
    "merge",
    "pull",
    "bench",
    "completions",
    "man",
];

#[test]
fn every_help_is_as_wide_as_a_screen_and_the_short_one_as_high() {
    let workplace = Workplace::new();
    let top = [vec!["--help"], vec!["-h"]];
    let below = SUBCOMMANDS
        .iter()
        .flat_map(|&name| [vec![name, "--help"], vec![name, "-h"]]);
    for arguments in top.into_iter().chain(below) {
        for columns in ["80", "200"] {
            let mut command = workplace.command(&arguments);
            let outcome = Outcome::of(command.env("COLUMNS", columns).output());
            assert_eq!(outcome.code, Some(0), "{arguments:?}");
            assert_eq!(outcome.stderr, "", "{arguments:?}");
            let help = outcome.stdout;
            for line in help.lines() {
                let width = line.chars().count();
                assert!(width <= SCREEN_WIDTH, "{arguments:?}: {width} in {line}");
            }
            let height = help.lines().count();
            let fits = arguments.ends_with(&["--help"]) || height <= SCREEN_HEIGHT;
            assert!(fits, "{arguments:?}: {height} lines");
            assert!(
                help.contains("Example") && help.contains("\n  attnviz "),
                "{arguments:?}: {help}"
            );
        }
    }
}

#[test]
fn the_help_names_every_subcommand_and_the_version_is_known() {
    let workplace = Workplace::new();
    let help = workplace.succeed(&["--help"]).stdout;
    for name in SUBCOMMANDS {
        assert!(help.contains(&format!("\n  {name} ")), "{name}: {help}");
    }
    let version = workplace.succeed(&["--version"]).stdout;
    assert_eq!(
        version,
        concat!("attnviz ", env!("CARGO_PKG_VERSION"), "\n")
    );
    let nothing = workplace.run::<&str>(&[]);
    assert_eq!(nothing.code, Some(2));
    assert!(nothing.stderr.contains("Usage:"), "{}", nothing.stderr);
}

#[test]
fn the_long_help_explains_every_option_and_every_value() {
    let workplace = Workplace::new();
    let root = Arguments::command();
    let mut listed = 0;
    for name in SUBCOMMANDS {
        let help = workplace.succeed(&[name, "--help"]).stdout;
        let command = root.find_subcommand(name).expect("it is a subcommand");
        for argument in command.get_arguments() {
            let about = argument.get_help().map(ToString::to_string);
            assert!(about.is_some_and(|about| !about.is_empty()), "{argument}");
            for value in argument.get_possible_values() {
                // Shells and switches say themselves what they are.
                let Some(explanation) = value.get_help() else {
                    let is_plain = !argument.get_action().takes_values() || name == "completions";
                    assert!(is_plain, "{name} {argument}: {}", value.get_name());
                    continue;
                };
                let begins = format!("- {}:", value.get_name());
                let first = explanation.to_string();
                let first = first.split(' ').next().unwrap_or_default();
                let is_said = help
                    .lines()
                    .any(|line| line.trim().starts_with(&begins) && line.contains(first));
                assert!(is_said, "{argument} {begins} {help}");
                listed += 1;
            }
        }
    }
    assert!(listed > 60, "only {listed} values");
}

#[test]
fn help_is_a_subcommand_too() {
    let workplace = Workplace::new();
    let same = |one: &[&str], other: &[&str]| {
        assert_eq!(
            workplace.succeed(one).stdout,
            workplace.succeed(other).stdout,
            "{one:?}"
        );
    };
    same(&["help"], &["--help"]);
    for name in SUBCOMMANDS {
        same(&["help", name], &[name, "--help"]);
    }
}

#[test]
fn the_manual_page_describes_every_subcommand() {
    let workplace = Workplace::new();
    let page = workplace.succeed(&["man"]).stdout;
    assert!(page.contains(".TH attnviz 1"), "{page}");
    for name in SUBCOMMANDS {
        let chapter = format!(".SH \"ATTNVIZ {}\"", name.to_uppercase());
        assert!(page.contains(&chapter), "{name}");
    }
    for option in ["truncate", "layers", "format"] {
        assert!(page.contains(&format!("\\-\\-{option}")), "{option}");
    }
}
