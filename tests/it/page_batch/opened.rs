//! `--open`, with a program that notes what it is given in the place of the
//! system's.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::write_inputs;
use crate::binary::{Workplace, fixture, skipped};

const OPENER: &str = match () {
    () if cfg!(target_os = "macos") => "open",
    () => "xdg-open",
};

/// Puts the program into a folder of its own; it ends with this code.
fn put_opener(workplace: &Workplace, code: u8) {
    let folder = workplace.path().join("bin");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(OPENER);
    let noted = workplace.path().join("opened");
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$@\" >> '{}'\nexit {code}\n",
        noted.display()
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// What was opened, and forgets it.
fn noted(workplace: &Workplace) -> Option<String> {
    let path = workplace.path().join("opened");
    let text = fs::read_to_string(&path).ok()?;
    fs::remove_file(path).unwrap();
    Some(text)
}

/// Runs attnviz in a terminal, which `script` makes; what it said.
fn in_a_terminal(workplace: &Workplace, arguments: &[&str], ci: Option<&str>) -> Option<String> {
    let quoted = |word: &str| format!("'{}'", word.replace('\'', "'\\''"));
    let words = [env!("CARGO_BIN_EXE_attnviz")]
        .into_iter()
        .chain(arguments.iter().copied());
    let line = words.map(quoted).collect::<Vec<_>>().join(" ");
    let own = workplace.command::<&str>(&[]);
    let mut terminal = Command::new("script");
    terminal.args(["-q", "-e", "-c", &line, "/dev/null"]);
    terminal
        .current_dir(workplace.path())
        .stdin(std::process::Stdio::null());
    for (name, value) in own.get_envs() {
        match value {
            Some(value) => terminal.env(name, value),
            None => terminal.env_remove(name),
        };
    }
    terminal.env_remove("CI").env("PATH", path(workplace));
    if let Some(ci) = ci {
        terminal.env("CI", ci);
    }
    if cfg!(target_os = "macos") {
        skipped("script takes other options here, so that nothing was opened from a terminal");
        return None;
    }
    let Ok(output) = terminal.output() else {
        skipped("no script in PATH, so that nothing was opened from a terminal");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    Some(said)
}

fn path(workplace: &Workplace) -> std::ffi::OsString {
    let own = workplace.path().join("bin");
    let others = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths([own].into_iter().chain(std::env::split_paths(&others))).unwrap()
}

#[test]
fn the_file_to_look_at_first_is_opened_from_a_terminal() {
    let workplace = Workplace::new();
    put_opener(&workplace, 0);
    write_inputs(&workplace, [("one", "hello world"), ("two", "hello hello")]);
    let model = fixture("relu-uncased-vocabulary");
    let model = model.to_str().unwrap();
    let cases: [(&[&str], &str); 6] = [
        (
            &[
                "encode",
                "hello & 'world'",
                "-m",
                model,
                "-f",
                "html,png",
                "-o",
                "a b",
            ],
            "index.html",
        ),
        (&["encode", "hello", "-m", model, "-o", "c"], "overview.png"),
        (
            &[
                "batch",
                "in.jsonl",
                "-m",
                model,
                "-f",
                "html,json",
                "-o",
                "d",
            ],
            "d/index.html",
        ),
        (
            &["scores", "in.jsonl", "-m", model, "-o", "h"],
            "h/index.html",
        ),
        (&["render", "d", "-f", "html", "-o", "e"], "e/index.html"),
        (
            &["render", "d/inputs/one", "-f", "svg", "-o", "f"],
            "overview.svg",
        ),
    ];
    for (arguments, name) in cases {
        let all = [&arguments[..1], &["--open"], &arguments[1..]].concat();
        let Some(said) = in_a_terminal(&workplace, &all, None) else {
            return;
        };
        let opened = noted(&workplace).unwrap_or_else(|| panic!("{arguments:?}: {said}"));
        let opened = opened.trim_end();
        assert!(
            opened.starts_with('/') && opened.ends_with(name),
            "{opened}"
        );
        assert!(std::path::Path::new(opened).is_file(), "{opened}");
        // It is the one that the result names.
        let line = said.lines().find(|line| line.starts_with("open ")).unwrap();
        let printed = line.trim_start_matches("open").trim();
        assert!(opened.ends_with(printed), "{printed}, {opened}");
    }
    // Nobody asked.
    in_a_terminal(
        &workplace,
        &["encode", "hello", "-m", model, "-o", "g"],
        None,
    );
    assert_eq!(noted(&workplace), None);
}

#[test]
fn nothing_is_opened_where_nobody_looks() {
    let workplace = Workplace::new();
    put_opener(&workplace, 0);
    let model = fixture("relu-uncased-vocabulary");
    let arguments = [
        "encode",
        "hello",
        "-m",
        model.to_str().unwrap(),
        "-f",
        "html",
        "--open",
    ];
    // In a pipe.
    let mut piped = workplace.command(&arguments);
    let output = piped
        .env_remove("CI")
        .env("PATH", path(&workplace))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("--open opens nothing where standard output is no terminal"),
        "{said}"
    );
    assert_eq!(noted(&workplace), None);
    let Some(said) = in_a_terminal(&workplace, &arguments, Some("true")) else {
        return;
    };
    assert!(
        said.contains("--open opens nothing where CI is set"),
        "{said}"
    );
    assert_eq!(noted(&workplace), None);
    // Said, and no error: the file is there.
    put_opener(&workplace, 3);
    let said = in_a_terminal(&workplace, &arguments, Some("false")).unwrap();
    assert!(said.contains("could not be opened"), "{said}");
    assert!(noted(&workplace).is_some());
}
