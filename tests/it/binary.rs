//! The real binary as a user runs it, cut off from the network and from the
//! home of whoever runs the tests.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// Variables that change what attnviz or its libraries do.
const VARIABLES: [&str; 26] = [
    "ATTNVIZ_INSTRUCTIONS",
    "GITHUB_STEP_SUMMARY",
    "HF_TOKEN",
    "HF_TOKEN_PATH",
    "HF_HUB_CACHE",
    "HF_HUB_OFFLINE",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN",
    "HUGGING_FACE_HUB_TOKEN",
    "HUGGINGFACE_HUB_CACHE",
    "XDG_CACHE_HOME",
    "RAYON_NUM_THREADS",
    "RUST_BACKTRACE",
    "NO_COLOR",
    "CLICOLOR_FORCE",
    "CLICOLOR",
    "COLUMNS",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
];

/// A folder to work in, with a home of its own and nothing else in it.
pub struct Workplace {
    folder: TempDir,
}

impl Workplace {
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        fs::create_dir(folder.path().join("home")).expect("the home can be made");
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The folder that attnviz writes to when nobody names another.
    pub fn default_output(&self) -> PathBuf {
        self.path().join("attnviz-out")
    }

    /// The binary with these arguments, to be changed further.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_attnviz"));
        for name in VARIABLES {
            command.env_remove(name);
        }
        let home = self.path().join("home");
        command
            .args(arguments)
            .current_dir(self.path())
            .env("HOME", &home)
            .env("USERPROFILE", &home)
            .env("HF_HOME", home.join("hugging-face"))
            .env("HF_ENDPOINT", "http://127.0.0.1:9")
            .stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Outcome {
        Outcome::of(self.command(arguments).output())
    }

    /// Runs the binary to its end with these bytes on standard input.
    pub fn run_with_input<A: AsRef<OsStr>>(&self, arguments: &[A], input: &[u8]) -> Outcome {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut pipe = child.stdin.take().expect("there is a pipe");
        let output = thread::scope(|scope| {
            // Who has read enough goes away.
            scope.spawn(move || {
                let _ = pipe.write_all(input);
            });
            child.wait_with_output()
        });
        Outcome::of(output)
    }

    /// Runs the binary and expects that it succeeds.
    pub fn succeed<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Outcome {
        let outcome = self.run(arguments);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        outcome
    }
}

/// How a run of the binary ended.
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    pub fn of(output: std::io::Result<Output>) -> Self {
        let output = output.expect("the binary starts");
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        }
    }
}

/// Says that a test could not do its work here, past the test harness, which
/// keeps what a passing test prints.
pub fn skipped(reason: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {reason}");
}

/// Every file below a folder with its content, by its path with `/`.
pub fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    add_tree(root, "", &mut files);
    files
}

fn add_tree(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let entry = entry.expect("the entry can be read");
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        match entry.file_type().expect("the entry has a type").is_dir() {
            true => add_tree(&entry.path(), &format!("{name}/"), files),
            false => {
                let bytes = fs::read(entry.path()).expect("the file can be read");
                files.insert(name, bytes);
            }
        }
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The manifest of a run's folder.
pub fn manifest(folder: &Path) -> serde_json::Value {
    let bytes = fs::read(folder.join("manifest.json")).expect("the folder has a manifest");
    serde_json::from_slice(&bytes).expect("the manifest is JSON")
}

/// A checkpoint of `tests/fixtures`.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// A copy of a fixture that may be damaged.
pub fn copy_of_fixture(name: &str, destination: &Path) {
    fs::create_dir_all(destination).expect("the folder can be made");
    for (file, bytes) in tree(&fixture(name)) {
        fs::write(destination.join(file), bytes).expect("the copy can be written");
    }
}
