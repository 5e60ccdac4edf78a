//! The import rules of the crate: which module may know which other, and which
//! alone may know a library, the network or the disk.
//!
//! The sources are parsed, so that `use crate::{cli::X}` is seen as well as
//! `crate::cli::X` in the middle of a function.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::{Item, UseTree, Visibility};

/// Modules in the order in which data passes them; each may import those
/// before it.
const ORDER: [&str; 23] = [
    "remedy",
    "names",
    "digest",
    "percent",
    "ranges",
    "excerpt",
    "memory",
    "input",
    "checkpoint",
    "weights",
    "tokenizer",
    "attention",
    "model",
    "run",
    "analysis",
    "compare",
    "figure",
    "render",
    "store",
    "pipeline",
    "batch",
    "bench",
    "cli",
];

/// Paths, or their ends, that only code below some folder or file may name.
const KEPT_TO: &[(&[&str], &[&str])] = &[
    (&["candle_core", "candle_nn", "gemm"], &["model/"]),
    (
        &[
            "plotters",
            "plotters_backend",
            "cosmic_text",
            "colorous",
            "png::Encoder",
        ],
        &["render/"],
    ),
    (
        &["ureq", "TcpStream", "TcpListener", "UdpSocket", "hf_hub"],
        &["checkpoint/hub/"],
    ),
    (
        &[
            "File::create",
            "File::options",
            "OpenOptions",
            "fs::write",
            "fs::rename",
            "fs::remove_file",
            "fs::remove_dir",
            "fs::remove_dir_all",
            "fs::copy",
            "fs::hard_link",
            "fs::create_dir",
            "fs::create_dir_all",
            "tempfile",
        ],
        &[
            "store/write/",
            "checkpoint/hub/",
            // What is remembered between runs.
            "checkpoint/remembered.rs",
        ],
    ),
    (
        &["println", "print", "eprintln", "dbg", "stdout", "stderr"],
        &["cli/", "main.rs"],
    ),
    (&["process::exit", "ExitCode"], &["main.rs"]),
    (&["anyhow"], &["cli/", "main.rs"]),
    (
        &["std::env", "env::var", "env::var_os"],
        &["cli/", "main.rs", "checkpoint/hub/"],
    ),
];

/// A path that a file names, from its first part on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NamedPath {
    parts: Vec<String>,
    /// Whether it is named to be seen from outside: `pub use`.
    is_exported: bool,
}

struct SourceFile {
    /// Relative to `src`, with `/`.
    name: String,
    /// Where it is in the crate: `["store", "write", "report"]`.
    module: Vec<String>,
    paths: Vec<NamedPath>,
    /// Lines that are no comment.
    code: Vec<String>,
}

impl SourceFile {
    fn parse(name: &str, text: &str) -> Self {
        let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut paths = Vec::new();
        collect_uses(&file.items, &mut paths);
        let tokens: TokenStream = text.parse().unwrap();
        collect_paths(tokens, &mut paths);
        let stem = name.strip_suffix(".rs").unwrap();
        let stem = stem.strip_suffix("/mod").unwrap_or(stem);
        Self {
            name: name.to_owned(),
            module: stem.split('/').map(str::to_owned).collect(),
            paths,
            code: text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .map(str::to_owned)
                .collect(),
        }
    }

    /// A path as it is from the crate on, `None` for that of another crate.
    fn absolute(&self, path: &NamedPath) -> Option<Vec<String>> {
        let mut rest = path.parts.as_slice();
        let mut absolute = match rest.first()?.as_str() {
            "crate" => Vec::new(),
            "self" | "super" => self.module.clone(),
            _ => return None,
        };
        while let Some((first, after)) = rest.split_first() {
            match first.as_str() {
                "super" => drop(absolute.pop()),
                "crate" | "self" => {}
                _ => break,
            }
            rest = after;
        }
        absolute.extend_from_slice(rest);
        Some(absolute)
    }

    fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.name.starts_with(place))
    }
}

/// Every path of the `use` items, those within modules and functions apart.
fn collect_uses(items: &[Item], paths: &mut Vec<NamedPath>) {
    for item in items {
        match item {
            Item::Use(item) => {
                let is_exported = !matches!(item.vis, Visibility::Inherited);
                flatten(&item.tree, &[], is_exported, paths);
            }
            Item::Mod(module) => {
                let items = module.content.as_ref().map(|(_, items)| items.as_slice());
                collect_uses(items.unwrap_or_default(), paths);
            }
            _ => {}
        }
    }
}

fn flatten(tree: &UseTree, before: &[String], is_exported: bool, paths: &mut Vec<NamedPath>) {
    let with = |name: String| -> Vec<String> { before.iter().cloned().chain([name]).collect() };
    let mut push = |parts| paths.push(NamedPath { parts, is_exported });
    match tree {
        UseTree::Path(path) => {
            flatten(
                &path.tree,
                &with(path.ident.to_string()),
                is_exported,
                paths,
            );
        }
        UseTree::Name(name) => push(with(name.ident.to_string())),
        UseTree::Rename(name) => push(with(name.ident.to_string())),
        UseTree::Glob(_) => push(before.to_vec()),
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, before, is_exported, paths);
            }
        }
    }
}

/// Every `a::b::c` and every `name!` among tokens, whatever they are part of.
fn collect_paths(tokens: TokenStream, paths: &mut Vec<NamedPath>) {
    let mut parts: Vec<String> = Vec::new();
    let mut colons = 0;
    let mut finish = |parts: &mut Vec<String>| {
        if !parts.is_empty() {
            paths.push(NamedPath {
                parts: std::mem::take(parts),
                is_exported: false,
            });
        }
    };
    let mut groups = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                if colons != 2 {
                    finish(&mut parts);
                }
                parts.push(ident.to_string());
                colons = 0;
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' && !parts.is_empty() => colons += 1,
            TokenTree::Group(group) => {
                finish(&mut parts);
                colons = 0;
                groups.push(group.stream());
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {
                finish(&mut parts);
                colons = 0;
            }
        }
    }
    finish(&mut parts);
    for group in groups {
        collect_paths(group, paths);
    }
}

/// Every Rust file of a folder, and its text.
fn rust_files(root: &Path) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                files.push((path, text));
            }
        }
    }
    files
}

fn source_files() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = rust_files(&root).into_iter().map(|(path, text)| {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
        SourceFile::parse(&name.replace('\\', "/"), &text)
    });
    files.collect()
}

/// Modules that a file must not import, since they come after its own.
fn forbidden_imports(file: &SourceFile) -> BTreeSet<String> {
    let position = |module: &str| ORDER.iter().position(|name| *name == module);
    let Some(own) = position(&file.module[0]) else {
        return BTreeSet::new();
    };
    let absolute = file.paths.iter().filter_map(|path| file.absolute(path));
    absolute
        .filter_map(|path| path.into_iter().next())
        .filter(|module| position(module).is_some_and(|position| position > own))
        .collect()
}

#[test]
fn modules_import_only_what_stands_before_them() {
    for file in source_files() {
        let forbidden = forbidden_imports(&file);
        assert!(forbidden.is_empty(), "{}: {forbidden:?}", file.name);
    }
}

#[test]
fn every_module_has_its_place_in_the_order() {
    for file in source_files() {
        let module = file.module[0].as_str();
        let known = ORDER.contains(&module) || ["lib", "main"].contains(&module);
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
fn no_file_is_longer_than_five_hundred_lines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["src", "tests", "benches"] {
        for (path, text) in rust_files(&root.join(folder)) {
            let lines = text.lines().count();
            assert!(lines <= 500, "{} has {lines} lines", path.display());
        }
    }
}

#[test]
fn folders_have_one_style() {
    let files = source_files();
    for file in &files {
        let folder = format!("{}/", file.module.join("/"));
        let has_folder = files.iter().any(|other| other.name.starts_with(&folder));
        let is_its_head = file.name == format!("{folder}mod.rs");
        assert!(
            !has_folder || is_its_head,
            "{} stands beside {folder}; it is to be {folder}mod.rs",
            file.name
        );
    }
}

/// Which of the crate's files each file imports. What a folder's `mod.rs` only
/// passes on is imported from where it is defined.
fn imports(files: &[SourceFile]) -> BTreeMap<&[String], BTreeSet<&[String]>> {
    let modules: BTreeSet<&[String]> = files.iter().map(|file| file.module.as_slice()).collect();
    let mut passed_on: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for file in files {
        for path in file.paths.iter().filter(|path| path.is_exported) {
            let child = [file.module.as_slice(), &path.parts[..1]].concat();
            let absolute = match modules.contains(child.as_slice()) {
                true => Some([file.module.as_slice(), &path.parts].concat()),
                false => file.absolute(path),
            };
            if let (Some(absolute), Some(name)) = (absolute, path.parts.last()) {
                let seen_as = [file.module.as_slice(), std::slice::from_ref(name)].concat();
                passed_on.insert(seen_as, absolute);
            }
        }
    }
    let defined_in = |mut path: Vec<String>| -> Option<&[String]> {
        for _ in 0..8 {
            let length = (1..=path.len())
                .rev()
                .find(|&length| modules.contains(&path[..length]))?;
            let seen_as = path.get(..length + 1).and_then(|path| passed_on.get(path));
            match seen_as {
                Some(absolute) => path = [absolute, &path[length + 1..]].concat(),
                None => return modules.get(&path[..length]).copied(),
            }
        }
        None
    };
    let of_file = |file: &SourceFile| {
        let paths = file.paths.iter().filter(|path| !path.is_exported);
        paths
            .filter_map(|path| file.absolute(path))
            .filter_map(defined_in)
            .collect()
    };
    files
        .iter()
        .map(|file| (file.module.as_slice(), of_file(file)))
        .collect()
}

/// Whether one module is the folder of another: they share their definitions.
fn is_folder_of(folder: &[String], module: &[String]) -> bool {
    module.starts_with(folder)
}

/// A way from a file back to itself, if there is one.
fn circle<'files>(
    start: &'files [String],
    imports: &BTreeMap<&'files [String], BTreeSet<&'files [String]>>,
) -> Option<Vec<String>> {
    let mut came_from: BTreeMap<&[String], &[String]> = BTreeMap::new();
    let mut waiting = vec![start];
    while let Some(module) = waiting.pop() {
        for &next in imports.get(module).into_iter().flatten() {
            if is_folder_of(next, module) || is_folder_of(module, next) {
                continue;
            }
            if next == start {
                let mut way = vec![start.join("::"), module.join("::")];
                let mut step = module;
                while let Some(&before) = came_from.get(step) {
                    way.push(before.join("::"));
                    step = before;
                }
                return Some(way);
            }
            if next != start && !came_from.contains_key(next) {
                came_from.insert(next, module);
                waiting.push(next);
            }
        }
    }
    None
}

#[test]
fn no_two_files_import_one_another_however_long_the_way() {
    let files = source_files();
    let imports = imports(&files);
    let circles: Vec<Vec<String>> = imports
        .keys()
        .filter_map(|module| circle(module, &imports))
        .collect();
    assert!(circles.is_empty(), "{circles:#?}");
}

/// Whether a path is a kept one, or something of it.
fn names(path: &NamedPath, kept: &str) -> bool {
    let kept: Vec<&str> = kept.split("::").collect();
    match kept.as_slice() {
        // A crate, or a name that is told by itself.
        [name] => {
            path.parts.first().is_some_and(|first| first == name)
                || path.parts.last().is_some_and(|last| last == name)
        }
        kept => path.parts.windows(kept.len()).any(|parts| parts == kept),
    }
}

#[test]
fn libraries_network_disk_and_terminal_are_kept_to_their_places() {
    let files = source_files();
    for (kept, places) in KEPT_TO {
        let mut is_used = false;
        for file in &files {
            let found = file
                .paths
                .iter()
                .find(|path| kept.iter().any(|kept| names(path, kept)));
            is_used |= found.is_some();
            if !file.is_in(places) {
                assert_eq!(found, None, "{}: {kept:?} is for {places:?}", file.name);
            }
        }
        assert!(is_used, "nothing uses {kept:?}: the rule is out of date");
    }
}

#[test]
fn an_import_against_the_rules_would_be_found() {
    let file = |name: &str, text: &str| SourceFile::parse(name, text);
    for text in [
        "use crate::cli::Arguments;",
        "use crate::{cli::Arguments, run::Run};",
        "use super::super::cli;",
        "fn f() { crate::cli::run(); }",
        "fn f() { g(format!(\"{}\", crate::cli::NAME)); }",
    ] {
        let found = forbidden_imports(&file("figure/layout.rs", text));
        assert_eq!(found, BTreeSet::from(["cli".to_owned()]), "{text}");
        assert!(forbidden_imports(&file("cli/args.rs", text)).is_empty());
    }
    let files = [
        file("run/mod.rs", "mod a; mod b; pub use a::A; pub use b::B;"),
        file("run/a.rs", "use super::B; pub struct A;"),
        file("run/b.rs", "use super::c::C; pub struct B;"),
        file("run/c.rs", "use crate::run::{A}; pub struct C;"),
    ];
    let imports = imports(&files);
    let start = ["run".to_owned(), "a".to_owned()];
    let way = circle(&start, &imports).expect("there is one");
    assert_eq!(way, ["run::a", "run::c", "run::b", "run::a"]);
    let path = |text: &str| file("model/x.rs", text).paths[0].clone();
    assert!(names(&path("use candle_core::Tensor;"), "candle_core"));
    assert!(names(&path("use std::fs::{rename};"), "fs::rename"));
    assert!(!names(&path("use crate::store::rename;"), "fs::rename"));
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
    let expected = expected.map(|(file, rule)| (file.to_owned(), rule.to_owned()));
    assert_eq!(rules, expected);
}
