//! One cache for attnviz and Python's huggingface_hub, asked of Python itself.

use std::io::Write;

use super::home::{Home, SMALL, fixture, served};
use crate::loopback_hub::{COMMIT, LoopbackHub, unreachable_endpoint};

const SHARDS: [&str; 5] = [
    "config.json",
    "tokenizer.json",
    "model.safetensors.index.json",
    "model-00001-of-00002.safetensors",
    "model-00002-of-00002.safetensors",
];

/// Prints every file's path, from the cache alone or from the hub, and fails
/// where the cache's own inspection finds fault with it.
const SCRIPT: &str = "
import sys
from huggingface_hub import hf_hub_download, scan_cache_dir
model, cached, *files = sys.argv[1:]
for file in files:
    print(hf_hub_download(model, file, local_files_only=cached == 'cached'))
found = scan_cache_dir()
assert not found.warnings, found.warnings
revisions = [revision.commit_hash for repo in found.repos for revision in repo.revisions]
print(*revisions)
";

/// The interpreter that has huggingface_hub: `ATTNVIZ_PYTHON`, else `python3`.
fn python(home: &Home) -> Option<String> {
    let program = std::env::var("ATTNVIZ_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = home
        .isolated(&program, &unreachable_endpoint())
        .args(["-c", "import huggingface_hub"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !found {
        // Not by a macro, whose output the test harness keeps to itself.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: {program} has no huggingface_hub; ATTNVIZ_PYTHON can name one that has"
        );
    }
    found.then_some(program)
}

/// Lets Python find the files and compares them; its last line is the commits.
fn check(home: &Home, program: &str, endpoint: &str, cached: &str) {
    let output = home
        .isolated(program, endpoint)
        .env("HF_HUB_DISABLE_XET", "1")
        .env("HF_HUB_DISABLE_TELEMETRY", "1")
        .args(["-c", SCRIPT, SMALL, cached])
        .args(SHARDS)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines.len(), SHARDS.len() + 1, "{lines:?}");
    for (path, file) in lines.iter().zip(SHARDS) {
        let expected = std::fs::read(fixture("gelu-new-shards").join(file)).unwrap();
        assert_eq!(std::fs::read(path).unwrap(), expected, "{path}");
    }
    assert_eq!(lines[SHARDS.len()], COMMIT);
}

#[test]
fn python_finds_what_attnviz_downloaded_and_the_other_way_round() {
    let hub = LoopbackHub::serve([served(SMALL, "gelu-new-shards")]);
    let home = Home::new();
    let Some(program) = python(&home) else { return };
    home.run(&hub.endpoint(), &[], &["pull", SMALL]).succeeded();
    check(&home, &program, &unreachable_endpoint(), "cached");

    let home = Home::new();
    check(&home, &program, &hub.endpoint(), "from the hub");
    let before = hub.requests().len();
    let offline = ["--model", SMALL, "--offline"];
    home.encode(&hub.endpoint(), &[], &offline).succeeded();
    assert_eq!(hub.requests().len(), before);
}
