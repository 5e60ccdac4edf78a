//! `action.yml`: read as GitHub reads it, and its steps run one after the other
//! in bash, with what a runner would give them.

#![cfg(unix)]

mod running;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::binary::Workplace;
use crate::loopback_hub::{LoopbackHub, ServedRepository};
use crate::readme::blocks;
use yaml::{Yaml, entries, expressions, steps, texts};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn action() -> Yaml {
    let text = fs::read_to_string(root().join("action.yml")).unwrap();
    assert!(text.is_ascii() && !text.contains('\t'));
    Yaml::of(&text)
}

#[test]
fn every_input_of_the_action_is_described_used_and_in_the_readme() {
    let action = action();
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let text = fs::read_to_string(root().join("action.yml")).unwrap();
    let used: BTreeSet<&str> = text
        .split(|letter: char| !(letter.is_ascii_alphanumeric() || "._-".contains(letter)))
        .filter_map(|word| word.strip_prefix("inputs."))
        .collect();
    let mut declared = BTreeSet::new();
    for (name, input) in entries(action.get("inputs").unwrap()) {
        assert!(
            input
                .text("description")
                .is_some_and(|text| text.len() > 10),
            "{name}"
        );
        assert!(input.text("default").is_some(), "{name} has no default");
        assert!(
            readme.contains(&format!("| `{name}` |")),
            "README has no row for {name}"
        );
        declared.insert(name);
    }
    assert_eq!(declared, used);
    for (name, output) in entries(action.get("outputs").unwrap()) {
        assert!(output.text("description").is_some(), "{name}");
        assert!(
            readme.contains(&format!("`{name}`")),
            "README says nothing of {name}"
        );
    }
}

#[test]
fn no_input_of_the_action_becomes_a_part_of_a_script() {
    let action = action();
    assert_eq!(action.get("runs").unwrap().text("using"), Some("composite"));
    for step in steps(&action) {
        assert!(step.text("name").is_some(), "{step:?}");
        match (step.text("run"), step.text("uses")) {
            (Some(script), None) => {
                assert_eq!(step.text("shell"), Some("bash"), "{script}");
                assert!(expressions(script).is_empty(), "{script}");
                assert!(script.starts_with("set -euo pipefail\n"), "{script}");
            }
            // What GitHub itself keeps, in a version that is named.
            (None, Some(other)) => {
                assert!(
                    other.starts_with("actions/") && other.contains("@v"),
                    "{other}"
                );
            }
            _ => panic!("{step:?}"),
        }
    }
}

/// A runner's machine: folders, and what steps have left.
struct Runner {
    workplace: Workplace,
    inputs: BTreeMap<String, String>,
    outputs: BTreeMap<String, String>,
    variables: Vec<(String, String)>,
    /// What the steps of others got.
    used: Vec<(String, BTreeMap<String, String>)>,
    log: String,
    is_failed: bool,
}

impl Runner {
    fn new(inputs: &[(&str, &str)]) -> Self {
        let action = action();
        let mut all: BTreeMap<String, String> = entries(action.get("inputs").unwrap())
            .into_iter()
            .map(|(name, input)| (name.to_owned(), input.text("default").unwrap().to_owned()))
            .collect();
        for (name, value) in inputs {
            assert!(
                all.insert((*name).to_owned(), (*value).to_owned())
                    .is_some(),
                "{name}"
            );
        }
        let workplace = Workplace::new();
        for folder in ["temp", "bin", "repository"] {
            fs::create_dir(workplace.path().join(folder)).unwrap();
        }
        Self {
            workplace,
            inputs: all,
            outputs: BTreeMap::new(),
            variables: Vec::new(),
            used: Vec::new(),
            log: String::new(),
            is_failed: false,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.workplace.path().join(name)
    }

    /// A program on the path that is a line of shell.
    fn with_program(self, name: &str, line: &str) -> Self {
        let path = self.path("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{line}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// `attnviz` on the path.
    fn with_attnviz(self) -> Self {
        let line = format!("exec '{}' \"$@\"", env!("CARGO_BIN_EXE_attnviz"));
        self.with_program("attnviz", &line)
    }

    fn file(self, name: &str, content: &str) -> Self {
        fs::write(self.path("repository").join(name), content).unwrap();
        self
    }

    fn value(&self, expression: &str) -> String {
        let of_step = expression
            .strip_prefix("steps.")
            .map(|rest| rest.replace(".outputs.", "."));
        let found = match (expression.strip_prefix("inputs."), of_step) {
            (Some(name), _) => self.inputs.get(name),
            (None, Some(name)) => self.outputs.get(&name),
            (None, None) => panic!("{expression:?} is not known here"),
        };
        found.cloned().unwrap_or_default()
    }

    /// A text with its expressions worked out.
    fn expand(&self, text: &str) -> String {
        let mut expanded = text.to_owned();
        for expression in expressions(text) {
            let written = format!("${{{{ {expression} }}}}");
            expanded = expanded.replace(&written, &self.value(expression));
        }
        expanded
    }

    /// Whether a step's turn comes.
    fn is_wanted(&self, step: &Yaml) -> bool {
        let condition = step.text("if").unwrap_or_default();
        let parts: Vec<&str> = condition.split("&&").map(str::trim).collect();
        let holds = |part: &&str| match *part {
            "" | "always()" => true,
            part => {
                let (is_equal, (name, value)) = match part.split_once(" != ") {
                    Some(sides) => (false, sides),
                    None => (true, part.split_once(" == ").unwrap()),
                };
                (self.value(name) == value.trim_matches('\'')) == is_equal
            }
        };
        (!self.is_failed || parts.contains(&"always()")) && parts.iter().all(holds)
    }

    /// All steps, in the folder of the repository under test.
    fn run(mut self) -> Self {
        let action = action();
        for step in steps(&action) {
            if !self.is_wanted(step) {
                continue;
            }
            match step.text("run") {
                Some(script) => self.run_script(step, script),
                None => {
                    let with = texts(step.get("with").unwrap()).into_iter();
                    let with = with.map(|(name, value)| (name.to_owned(), self.expand(value)));
                    let with = with.collect();
                    self.used
                        .push((step.text("uses").unwrap().to_owned(), with));
                }
            }
        }
        self
    }

    fn run_script(&mut self, step: &Yaml, script: &str) {
        let written = self.path("temp").join("output");
        fs::write(&written, "").unwrap();
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        let folder = step.text("working-directory").unwrap_or(".");
        let mut command = Command::new("bash");
        command
            .args(["--noprofile", "--norc", "-c", script])
            .current_dir(self.path("repository").join(self.expand(folder)))
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.path("home"))
            .env("RUNNER_TEMP", self.path("temp"))
            .env("RUNNER_OS", "Linux")
            .env("RUNNER_ARCH", "X64")
            .env("GITHUB_ACTION_PATH", root())
            .env("GITHUB_WORKSPACE", self.path("repository"))
            .env("GITHUB_OUTPUT", &written)
            .env("GITHUB_STEP_SUMMARY", self.path("summary.md"))
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        fs::write(self.path("summary.md"), "").unwrap();
        for (name, value) in step.get("env").map(texts).unwrap_or_default() {
            command.env(name, self.expand(value));
        }
        let output = command.output().unwrap();
        self.log += &String::from_utf8_lossy(&output.stdout);
        self.log += &String::from_utf8_lossy(&output.stderr);
        self.is_failed |= !output.status.success();
        if let Some(id) = step.text("id") {
            for line in fs::read_to_string(&written).unwrap().lines() {
                let (name, value) = line.split_once('=').unwrap();
                self.outputs
                    .insert(format!("{id}.{name}"), value.to_owned());
            }
        }
    }

    fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }

    fn summary(&self) -> String {
        fs::read_to_string(self.path("summary.md")).unwrap()
    }
}

const SENTENCES: &str = "He said: \"it's 50 % off\".\n::error::not a command\n";

#[test]
fn the_action_runs_a_batch_and_uploads_its_page() {
    let arguments = "sentences.txt\n--model builtin --layers 0\n--views 'overview'";
    let runner = Runner::new(&[
        ("command", "batch"),
        ("arguments", arguments),
        ("program", "attnviz"),
        ("output", "the page"),
    ]);
    let runner = runner.with_attnviz().file("sentences.txt", SENTENCES).run();
    assert!(!runner.is_failed, "{}", runner.log);
    assert_eq!(runner.output("run.exit-code"), "0");
    let folder = runner.path("repository/the page");
    assert_eq!(Path::new(runner.output("run.output")), folder);
    assert!(folder.join("index.html").is_file());
    let (uses, with) = runner.used.last().unwrap();
    assert_eq!(uses, "actions/upload-artifact@v4");
    assert_eq!(
        (with["name"].as_str(), Path::new(&with["path"])),
        ("attention", folder.as_path())
    );
    // Neither a program nor models are to be cached.
    assert_eq!(runner.used.len(), 1);
    let summary = runner.summary();
    assert!(summary.contains("2 inputs"), "{summary}");
    assert!(summary.contains("artifact `attention`"), "{summary}");
    // What inputs say is between two lines that keep GitHub from obeying it.
    let stop = runner
        .log
        .lines()
        .find_map(|line| line.strip_prefix("::stop-commands::"));
    let stop = stop.unwrap();
    assert_eq!(stop.len(), 32);
    assert!(
        runner.log.contains(&format!("\n::{stop}::\n")),
        "{}",
        runner.log
    );
}

#[test]
fn the_action_fails_as_the_command_does_and_says_why() {
    let runner = Runner::new(&[
        ("command", "batch"),
        ("arguments", "missing.txt --model builtin"),
        ("program", "attnviz"),
    ]);
    let runner = runner.with_attnviz().run();
    assert!(runner.is_failed);
    assert_eq!(runner.output("run.exit-code"), "1");
    let said = "\n::error title=attnviz batch::error: ";
    assert!(runner.log.contains(said), "{}", runner.log);
    let summary = runner.summary();
    assert!(
        summary.starts_with("## attnviz batch\n<pre>\n"),
        "{summary}"
    );
    // Where no folder was written, none is uploaded or spoken of.
    assert_eq!(runner.output("run.output"), "");
    assert!(runner.used.is_empty());
    assert!(!summary.contains("artifact"), "{summary}");
}

#[test]
fn a_program_is_built_once_and_models_are_downloaded_once() {
    let hub =
        LoopbackHub::serve([ServedRepository::new("bert-base-uncased")
            .directory(&root().join("assets/minilm-l6-v2"))]);
    let inputs = [
        ("command", "scores"),
        (
            "arguments",
            "sentences.txt --model bert-base-uncased --offline",
        ),
        ("models", "\n  bert-base-uncased\n"),
    ];
    // In the place of a build, which is going on right now.
    let build = format!(
        "[ \"$1 $2 $3 $4 $6\" = 'install --path . --root --locked' ] || exit 1\n\
         [ \"$PWD\" = '{}' ] || exit 1\n\
         mkdir -p \"$5/bin\"; cp '{}' \"$5/bin/attnviz\"",
        root().display(),
        env!("CARGO_BIN_EXE_attnviz")
    );
    let mut runner = Runner::new(&inputs)
        .with_program("cargo", &build)
        .file("sentences.txt", SENTENCES);
    runner
        .variables
        .push(("HF_ENDPOINT".to_owned(), hub.endpoint()));
    let runner = runner.run();
    assert!(!runner.is_failed, "{}", runner.log);
    let uses: Vec<&str> = runner.used.iter().map(|(uses, _)| uses.as_str()).collect();
    let [restore, save] = ["actions/cache/restore@v4", "actions/cache/save@v4"];
    // Saved before the command may fail, and with it the job.
    assert_eq!(
        uses,
        [restore, save, restore, save, "actions/upload-artifact@v4"]
    );
    let [program, kept_program, models, kept_models] =
        [0, 1, 2, 3].map(|step| &runner.used[step].1);
    assert_eq!((program, models), (kept_program, kept_models));
    let key = &program["key"];
    assert!(
        key.starts_with("attnviz-Linux-X64-") && key.len() == 18 + 64,
        "{key}"
    );
    assert_eq!(
        Path::new(&program["path"]),
        runner.path("temp/attnviz-program")
    );
    assert!(
        models["key"].starts_with("attnviz-models-Linux-"),
        "{models:?}"
    );
    // Where the model is now.
    let hub_cache = Path::new(&models["path"]);
    assert_eq!(hub_cache, runner.path("home/.cache/huggingface/hub"));
    assert!(hub_cache.join("models--bert-base-uncased").is_dir());

    // The cache has it the next time, and there is no cargo.
    let mut next = Runner::new(&inputs).file("sentences.txt", SENTENCES);
    next.variables
        .push(("HF_ENDPOINT".to_owned(), hub.endpoint()));
    for cache in ["cache", "models-cache"] {
        next.outputs
            .insert(format!("{cache}.cache-hit"), "true".to_owned());
    }
    let folder = next.path("temp/attnviz-program/bin");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_attnviz"), folder.join("attnviz")).unwrap();
    let next = next.run();
    assert!(!next.is_failed, "{}", next.log);
    assert_eq!(next.used[0].1["key"], *key);
    // A machine with other libraries builds its own.
    let mut other = Runner::new(&inputs);
    other
        .variables
        .push(("ImageOS".to_owned(), "ubuntu22".to_owned()));
    assert_ne!(other.run().used[0].1["key"], *key);
    assert!(next.used.iter().all(|(uses, _)| uses != save));
}

#[test]
fn the_workflow_of_the_readme_runs() {
    let workflow = Yaml::of(&blocks("yaml")[0]);
    let job = workflow.get("jobs").and_then(|jobs| jobs.get("attention"));
    let Some(Yaml::List(steps)) = job.and_then(|job| job.get("steps")) else {
        panic!("no steps: {workflow:?}");
    };
    let ours: Vec<&Yaml> = steps
        .iter()
        .filter(|step| {
            step.text("uses")
                .is_some_and(|uses| uses.contains("/attnviz@"))
        })
        .collect();
    assert_eq!(ours.len(), 2);
    let rules = blocks("toml").remove(0);
    let hub = LoopbackHub::serve([ServedRepository::new("google-bert/bert-base-uncased")
        .directory(&root().join("assets/minilm-l6-v2"))]);
    for step in ours {
        let mut inputs = texts(step.get("with").unwrap());
        inputs.push(("program", "attnviz"));
        let mut runner = Runner::new(&inputs)
            .with_attnviz()
            .file("sentences.txt", "Hello, how are you?\n")
            .file("attention.toml", &rules);
        let endpoint = ("HF_ENDPOINT".to_owned(), hub.endpoint());
        runner.variables.push(endpoint);
        if runner.value("inputs.command") == "check" {
            // As README says, once, before it is committed.
            let accept = Command::new(env!("CARGO_BIN_EXE_attnviz"))
                .args(["check", "attention.toml", "--accept"])
                .current_dir(runner.path("repository"))
                .output()
                .unwrap();
            assert!(accept.status.success(), "{accept:?}");
        }
        let runner = runner.run();
        assert!(!runner.is_failed, "{}", runner.log);
        let page = Path::new(runner.output("run.output")).join("index.html");
        assert!(page.is_file(), "{}", page.display());
        let (_, upload) = runner.used.last().unwrap();
        assert_eq!(upload["name"], runner.value("inputs.artifact"));
    }
}
