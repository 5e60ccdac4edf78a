//! A user's home, in which the binary itself runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::files_below;
use crate::loopback_hub::{Fault, FaultKind, ServedRepository, sha256};

pub(super) const SMALL: &str = "owner/small";
pub(super) const SHARDS: &str = "gelu-new-shards";
pub(super) const SECOND_SHARD: &str = "model-00002-of-00002.safetensors";
pub(super) const OUTPUT: &str = "out";
pub(super) const FOREVER: usize = usize::MAX;

/// A user's home and working directory, of which nothing is known before.
pub(super) struct Home(pub(super) TempDir);

/// What a command came to.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Home {
    pub(super) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(super) fn hugging_face(&self) -> PathBuf {
        self.0.path().join("hugging-face")
    }

    pub(super) fn output(&self) -> PathBuf {
        self.0.path().join(OUTPUT)
    }

    /// A command that knows no hub, token and proxy but the ones given here.
    pub(super) fn isolated(&self, program: &str, endpoint: &str) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy().to_uppercase();
            let matters = ["HF_", "HUGGING", "TRANSFORMERS_", "XDG_", "SSL_"]
                .iter()
                .any(|beginning| text.starts_with(beginning));
            if matters || text.ends_with("_PROXY") || text.ends_with("_BUNDLE") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.0.path())
            .env("HOME", self.0.path())
            .env("HF_HOME", self.hugging_face())
            .env("HF_ENDPOINT", endpoint);
        command
    }

    pub(super) fn run(
        &self,
        endpoint: &str,
        variables: &[(&str, &str)],
        arguments: &[&str],
    ) -> Ran {
        let output = self
            .isolated(env!("CARGO_BIN_EXE_attnviz"), endpoint)
            .envs(variables.iter().copied())
            .args(arguments)
            .output()
            .unwrap();
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// One small picture of one text, with further arguments.
    pub(super) fn encode(&self, endpoint: &str, variables: &[(&str, &str)], more: &[&str]) -> Ran {
        let mut arguments = vec!["encode", "a b", "--views", "overview", "--output", OUTPUT];
        arguments.extend(["--layers", "0", "--heads", "0"]);
        arguments.extend(more);
        self.run(endpoint, variables, &arguments)
    }

    pub(super) fn manifest(&self) -> Value {
        let bytes = fs::read(self.output().join("a-b/manifest.json")).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    /// Every file of the output by its path, and its bytes.
    pub(super) fn written(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut paths = files_below(&self.output());
        paths.sort();
        paths
            .into_iter()
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect()
    }

    pub(super) fn blobs(&self, folder: &str) -> Vec<String> {
        files_below(&self.hugging_face().join("hub").join(folder).join("blobs"))
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect()
    }
}

impl Ran {
    pub(super) fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    pub(super) fn warnings(&self) -> Vec<&str> {
        let lines = self.stderr.lines();
        lines.filter(|line| line.starts_with("warning:")).collect()
    }

    /// Refused with status 1, nothing on standard output, nothing written,
    /// and a message that says all of this.
    pub(super) fn refused(&self, name: &str, home: &Home, says: &[&str]) {
        assert_eq!(self.code, Some(1), "{name}: {self:?}");
        assert_eq!(self.stdout, "", "{name}");
        assert!(self.stderr.contains("error: "), "{name}: {self:?}");
        assert!(self.stderr.contains("\nhint: "), "{name}: {self:?}");
        for part in says {
            assert!(
                self.stderr.contains(part),
                "{name}: no {part:?} in {self:?}"
            );
        }
        assert!(!home.output().exists(), "{name}: there is an output folder");
    }
}

pub(super) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// A checkpoint of the fixtures under a hub's name, its weights kept where a
/// hub keeps large files.
pub(super) fn served(id: &str, checkpoint: &str) -> ServedRepository {
    ServedRepository::new(id)
        .linked_from(50_000)
        .directory(&fixture(checkpoint))
}

pub(super) fn always(kind: FaultKind) -> Fault {
    Fault {
        method: None,
        file: String::new(),
        kind,
        times: FOREVER,
    }
}

/// Whether the manifest's or the report's model is a fixture, file by file.
pub(super) fn assert_digests(model: &Value, checkpoint: &str) {
    let files = model["files"].as_array().unwrap();
    assert!(files.len() >= 3, "{model}");
    for file in files {
        let content = fs::read(fixture(checkpoint).join(file["name"].as_str().unwrap())).unwrap();
        assert_eq!(file["sha256"], sha256(&content), "{file}");
    }
}
