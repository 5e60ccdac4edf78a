//! Help, completions and the manual page.

use crate::binary::{Outcome, Workplace};

/// What a screen shows at once.
const SCREEN_WIDTH: usize = 80;
const SCREEN_HEIGHT: usize = 50;

const SUBCOMMANDS: [&str; 6] = ["encode", "render", "tokens", "pull", "completions", "man"];

#[test]
fn every_help_fits_a_screen_and_shows_an_example() {
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
            assert!(height <= SCREEN_HEIGHT, "{arguments:?}: {height} lines");
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
fn every_shell_gets_completions() {
    let workplace = Workplace::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let outcome = workplace.succeed(&["completions", shell]);
        for word in ["attnviz", "encode", "layers", "colormap"] {
            assert!(outcome.stdout.contains(word), "{shell} lacks {word}");
        }
        assert_eq!(outcome.stderr, "", "{shell}");
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
