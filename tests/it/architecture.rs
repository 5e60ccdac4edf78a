//! The import rules of the crate: which module may know which other, and which
//! alone may know a library, the network or the disk.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules in the order in which data passes them; each may import those
/// before it.
const ORDER: [&str; 14] = [
    "names",
    "checkpoint",
    "weights",
    "tokenizer",
    "attention",
    "model",
    "run",
    "analysis",
    "figure",
    "render",
    "output",
    "batch",
    "bench",
    "cli",
];

/// Words that only code below some path may contain.
const KEPT_TO: &[(&[&str], &[&str])] = &[
    (&["candle_core", "candle_nn", "gemm::"], &["model/"]),
    (
        &["plotters", "cosmic_text", "colorous", "png::Encoder"],
        &["render/"],
    ),
    (
        &["ureq", "TcpStream", "TcpListener", "UdpSocket", "hf_hub"],
        &["checkpoint/hub.rs", "checkpoint/hub/"],
    ),
    (
        &[
            "File::create",
            "File::options",
            "OpenOptions",
            "fs::write",
            "fs::rename",
            "fs::remove_",
            "fs::copy",
            "fs::hard_link",
            "create_dir",
            "tempfile",
            "TempDir",
        ],
        &[
            "output/write.rs",
            "output/write/",
            "checkpoint/hub.rs",
            "checkpoint/hub/",
        ],
    ),
    (
        &["println!", "print!", "dbg!", "stdout()", "stderr()"],
        &["cli/", "main.rs"],
    ),
    (&["process::exit", "ExitCode"], &["main.rs"]),
    (&["anyhow"], &["cli/", "main.rs"]),
    (
        &["std::env", "env::var"],
        &["cli/", "main.rs", "checkpoint/hub"],
    ),
];

struct SourceFile {
    /// Relative to `src`, with `/`.
    name: String,
    /// Lines that are no comment.
    code: Vec<String>,
}

fn source_files() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
            let text = fs::read_to_string(&path).unwrap();
            let code = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            files.push(SourceFile {
                name: name.replace('\\', "/"),
                code: code.map(str::to_owned).collect(),
            });
        }
    }
    files
}

/// The modules of this crate that a line names.
fn imported_modules(line: &str) -> Vec<&str> {
    line.split("crate::")
        .skip(1)
        .map(|rest| {
            let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
            &rest[..end.unwrap_or(rest.len())]
        })
        .collect()
}

/// Lines of `code` that a module called `module` must not have.
fn forbidden_imports<'code>(module: &str, code: &'code [String]) -> Vec<&'code str> {
    let Some(own) = ORDER.iter().position(|name| *name == module) else {
        return Vec::new();
    };
    let is_forbidden = |line: &&String| {
        imported_modules(line).iter().any(|imported| {
            let position = ORDER.iter().position(|name| name == imported);
            position.is_some_and(|position| position > own)
        })
    };
    code.iter()
        .filter(is_forbidden)
        .map(String::as_str)
        .collect()
}

fn module_of(name: &str) -> &str {
    name.split(['/', '.']).next().unwrap_or_default()
}

#[test]
fn modules_import_only_what_stands_before_them() {
    for file in source_files() {
        let forbidden = forbidden_imports(module_of(&file.name), &file.code);
        assert!(forbidden.is_empty(), "{}: {forbidden:?}", file.name);
    }
}

#[test]
fn every_module_has_its_place_in_the_order() {
    for file in source_files() {
        let module = module_of(&file.name).to_owned();
        let known = ORDER.contains(&module.as_str()) || ["lib", "main"].contains(&module.as_str());
        assert!(known, "{} is of no module of the order", file.name);
    }
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs"));
    let lib = lib.unwrap();
    let declared: Vec<&str> = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    assert_eq!(declared, ORDER, "lib.rs lists the modules in another order");
}

#[test]
fn libraries_network_disk_and_terminal_are_kept_to_their_places() {
    let files = source_files();
    for (words, places) in KEPT_TO {
        for file in &files {
            if places.iter().any(|place| file.name.starts_with(place)) {
                continue;
            }
            for word in *words {
                let found = file.code.iter().find(|line| line.contains(word));
                assert_eq!(found, None, "{}: {word} is for {places:?}", file.name);
            }
        }
        let used = files
            .iter()
            .flat_map(|file| &file.code)
            .any(|line| words.iter().any(|word| line.contains(word)));
        assert!(used, "nothing uses {words:?}: the rule is out of date");
    }
}

#[test]
fn unsafe_code_is_allowed_in_the_folder_of_the_kernels_alone() {
    let mut rules = Vec::new();
    for file in source_files() {
        let is_kernel = file.name.starts_with("model/ops/kernels/");
        for line in file.code.iter().filter(|line| line.contains("unsafe")) {
            match line.trim().strip_suffix("(unsafe_code)]") {
                Some(rule) => rules.push((file.name.clone(), rule.to_owned())),
                None => assert!(is_kernel, "{}: {line}", file.name),
            }
        }
    }
    rules.sort();
    let expected = [
        ("lib.rs", "#![deny"),
        ("main.rs", "#![forbid"),
        ("model/ops/kernels/mod.rs", "#![allow"),
    ];
    assert_eq!(
        rules,
        expected.map(|(file, rule)| (file.to_owned(), rule.to_owned()))
    );
}

#[test]
fn an_import_against_the_order_would_be_found() {
    let code = ["use crate::cli::Arguments;", "use crate::run::Run;"].map(str::to_owned);
    assert_eq!(forbidden_imports("figure", &code), [code[0].as_str()]);
    assert_eq!(forbidden_imports("model", &code).len(), 2);
    assert_eq!(forbidden_imports("cli", &code).len(), 0);
}
