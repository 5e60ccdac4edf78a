//! What shells are told of what can be typed.

use std::fs;
use std::process::Command;

use crate::binary::{Outcome, Workplace, skipped};

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

/// What can stand where the last of the words does, as a shell's script asks it.
fn offered(workplace: &Workplace, shell: &str, words: &[&str]) -> Vec<String> {
    let asked = [&["--", "attnviz"], words].concat();
    let mut command = workplace.command(&asked);
    command
        .env("ATTNVIZ_COMPLETE", shell)
        .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
        .env("_CLAP_COMPLETE_COMP_TYPE", "9")
        .env("_CLAP_COMPLETE_SPACE", "false")
        .env("_CLAP_IFS", "\n")
        .env("IFS", "\n");
    let outcome = Outcome::of(command.output());
    assert_eq!(outcome.code, Some(0), "{shell}: {}", outcome.stderr);
    // Some shells show what a value is for behind it.
    let value = |line: &str| {
        let end = line.find(['\t', '\0']).unwrap_or(line.len());
        let line = &line[..end];
        match shell {
            "zsh" => line.split(':').next().unwrap_or_default().to_owned(),
            _ => line.to_owned(),
        }
    };
    outcome.stdout.lines().map(value).collect()
}

#[test]
fn every_shell_is_offered_values() {
    let workplace = Workplace::new();
    let cached = workplace
        .path()
        .join("home/hugging-face/hub/models--owner--name/snapshots");
    fs::create_dir_all(cached).expect("a cache can be made");
    fs::create_dir(workplace.path().join("my-bert")).expect("a folder can be made");
    fs::write(workplace.path().join("text.txt"), "").expect("a file can be written");
    for shell in SHELLS {
        for (words, expected, absent) in [
            (&["enc"][..], &["encode"][..], "batch"),
            (
                &["encode", "Hi", "--theme", ""],
                &["light", "dark"],
                "greys",
            ),
            (
                &["encode", "Hi", "--colormap", "m"],
                &["magma", "mako"],
                "greys",
            ),
            (&["batch", "x", "--views", "o"], &["overview"], "heads"),
            (
                &["encode", "Hi", "--format", "png,s"],
                &["png,svg", "png,safetensors"],
                "png,npz",
            ),
            (
                &["encode", "Hi", "--model", ""],
                &["builtin", "owner/name", "my-bert/"],
                "text.txt",
            ),
            (&["pull", "o"], &["owner/name"], "builtin"),
            (&["encode", "Hi", "--output", ""], &["my-bert/"], "text.txt"),
            (&["encode", "Hi", "--layers", ""], &["all"], "builtin"),
            (&["batch", "x", "--input-format", "j"], &["jsonl"], "csv"),
            (&["completions", ""], &SHELLS, "encode"),
            (
                &["encode", "Hi", "--col"],
                &["--colormap", "--color-scale"],
                "--theme",
            ),
        ] {
            let found = offered(&workplace, shell, words);
            for value in expected {
                let is_there = found.iter().any(|found| found == value);
                assert!(is_there, "{shell} {words:?}: no {value} in {found:?}");
            }
            let is_there = found.iter().any(|found| found == absent);
            assert!(!is_there, "{shell} {words:?}: {absent} in {found:?}");
        }
    }
}

#[test]
fn every_shell_gets_a_script() {
    let workplace = Workplace::new();
    for shell in SHELLS {
        let outcome = workplace.succeed(&["completions", shell]);
        for word in ["attnviz", "ATTNVIZ_COMPLETE"] {
            assert!(outcome.stdout.contains(word), "{shell} lacks {word}");
        }
        // No place of the machine that made it.
        assert!(!outcome.stdout.contains(env!("CARGO_BIN_EXE_attnviz")));
        assert_eq!(outcome.stderr, "", "{shell}");
    }
}

#[test]
#[cfg(unix)]
fn bash_completes_a_value_with_the_script() {
    let workplace = Workplace::new();
    let script = workplace.succeed(&["completions", "bash"]).stdout;
    let folder = workplace.path().join("bin");
    fs::create_dir(&folder).expect("a folder can be made");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_attnviz"), folder.join("attnviz"))
        .expect("a link can be made");
    // What bash makes of what is typed: it parts words at "=", and tells the
    // function which one the cursor is in, that word, and the one before.
    for (words, current, before, expected) in [
        ("attnviz encode Hi --theme d", "d", "--theme", "dark"),
        ("attnviz encode Hi --theme = d", "d", "=", "dark"),
        ("attnviz encode Hi --theme =", "", "--theme", "light dark"),
        ("attnviz encode Hi --show = h", "h", "=", "heads"),
        (
            "attnviz encode Hi --views = heads,o",
            "heads,o",
            "=",
            "heads,overview",
        ),
        (
            "attnviz encode Hi --theme = dark --colormap v",
            "v",
            "--colormap",
            "viridis",
        ),
        ("attnviz enc", "enc", "attnviz", "encode"),
    ] {
        let last = words.split(' ').count() - 1;
        let asks = format!(
            "COMP_WORDS=({words}); COMP_CWORD={last}; COMP_TYPE=9
            function_of() {{ while [[ \"$1\" != -F ]]; do shift; done; echo \"$2\"; }}
            $(function_of $(complete -p attnviz)) attnviz '{current}' '{before}'
            echo \"${{COMPREPLY[@]}}\""
        );
        let output = Command::new("bash")
            .args(["-c", &format!("{script}\n{asks}")])
            .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
            .output();
        let Ok(output) = output else {
            skipped("this machine has no bash");
            return;
        };
        let outcome = Outcome::of(Ok(output));
        let found = outcome.stdout.trim();
        assert_eq!(found, expected, "{words}: {}", outcome.stderr);
    }
}
