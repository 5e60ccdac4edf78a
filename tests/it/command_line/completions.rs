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
    let asks = "COMP_WORDS=(attnviz encode Hi --theme d); COMP_CWORD=4; COMP_TYPE=9
        _clap_complete_attnviz attnviz d --theme; echo \"${COMPREPLY[@]}\"";
    let output = Command::new("bash")
        .args(["-c", &format!("{script}\n{asks}")])
        .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
        .output();
    match output {
        Ok(output) => {
            let outcome = Outcome::of(Ok(output));
            assert_eq!(outcome.stdout.trim(), "dark", "{}", outcome.stderr);
        }
        Err(_) => skipped("this machine has no bash"),
    }
}
