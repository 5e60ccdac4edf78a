//! Every error says what can be done about it, and one folder has the words.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use attnviz::batch::BatchError;
use attnviz::batch::MergeError;
use attnviz::checkpoint::CheckpointError;
use attnviz::cli::{Arguments, hint};
use attnviz::figure::FigureError;
use attnviz::model::{ConfigError, ModelError};
use attnviz::pipeline::OutputError;
use attnviz::store::write::WriteError;
use clap::CommandFactory;
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ExprLit, ImplItem, ImplItemFn, ItemImpl, Lit, Pat, Type, Visibility};

const HINTS: &str = "cli/hints/mod.rs";
/// Those about one thing, and pieces of hints.
const PARTS: [&str; 4] = [
    "cli/hints/check.rs",
    "cli/hints/checkpoint.rs",
    "cli/hints/hub.rs",
    "cli/phrases.rs",
];

/// Errors, remedies and texts of one file.
#[derive(Default)]
struct Findings {
    /// Public types that are errors.
    errors: BTreeSet<String>,
    /// Types with a public function `remedy` of their own.
    with_remedy: BTreeSet<String>,
    /// Texts within a function `remedy`.
    texts: Vec<String>,
    /// Whether a function makes hints.
    has_hints: bool,
}

fn is_error(visibility: &Visibility, attributes: &[Attribute]) -> bool {
    let derives_error = attributes.iter().any(|attribute| {
        let mut found = false;
        if attribute.path().is_ident("derive") {
            let read = attribute.parse_nested_meta(|derived| {
                let last = derived.path.segments.last();
                found |= last.is_some_and(|segment| segment.ident == "Error");
                Ok(())
            });
            read.unwrap();
        }
        found
    });
    matches!(visibility, Visibility::Public(_)) && derives_error
}

fn type_name(of: &Type) -> Option<String> {
    match of {
        Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        _ => None,
    }
}

impl<'syntax> Visit<'syntax> for Findings {
    fn visit_item_enum(&mut self, item: &'syntax syn::ItemEnum) {
        if is_error(&item.vis, &item.attrs) {
            self.errors.insert(item.ident.to_string());
        }
    }

    fn visit_item_struct(&mut self, item: &'syntax syn::ItemStruct) {
        if is_error(&item.vis, &item.attrs) {
            self.errors.insert(item.ident.to_string());
        }
    }

    fn visit_item_impl(&mut self, item: &'syntax ItemImpl) {
        if item.trait_.is_none() {
            for function in item.items.iter().filter_map(function) {
                if function.sig.ident == "remedy" && matches!(function.vis, Visibility::Public(_)) {
                    self.with_remedy.extend(type_name(&item.self_ty));
                    Texts(&mut self.texts).visit_block(&function.block);
                }
            }
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_signature(&mut self, signature: &'syntax syn::Signature) {
        self.has_hints |= signature.ident.to_string().contains("hint");
        visit::visit_signature(self, signature);
    }
}

fn function(item: &ImplItem) -> Option<&ImplItemFn> {
    match item {
        ImplItem::Fn(function) => Some(function),
        _ => None,
    }
}

/// The texts of a block that are not only compared with.
struct Texts<'found>(&'found mut Vec<String>);

impl Visit<'_> for Texts<'_> {
    fn visit_pat(&mut self, _: &Pat) {}

    fn visit_expr_lit(&mut self, literal: &ExprLit) {
        if let Lit::Str(text) = &literal.lit {
            self.0.push(text.value());
        }
    }

    fn visit_macro(&mut self, call: &syn::Macro) {
        // A macro's arguments are no syntax yet.
        self.0.push(call.tokens.to_string());
    }
}

/// What is found in every file of `src`, by its path in there.
fn findings() -> Vec<(String, Findings)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders: Vec<PathBuf> = vec![root.clone()];
    let mut all = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // A page's style sheet is no Rust.
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
            let source = fs::read_to_string(&path).unwrap();
            all.push((name.replace('\\', "/"), find(&source)));
        }
    }
    all
}

fn find(source: &str) -> Findings {
    let mut found = Findings::default();
    let file = syn::parse_file(source);
    found.visit_file(&file.unwrap_or_else(|error| panic!("{error} in: {source}")));
    found
}

#[test]
fn every_public_error_has_a_remedy() {
    let all = findings();
    let errors: BTreeSet<&String> = all.iter().flat_map(|(_, found)| &found.errors).collect();
    let with_remedy: BTreeSet<&String> = all
        .iter()
        .flat_map(|(_, found)| &found.with_remedy)
        .collect();
    assert!(errors.len() > 20, "only {errors:?}");
    let without: Vec<_> = errors.difference(&with_remedy).collect();
    assert!(without.is_empty(), "{without:?} have no remedy");
}

#[test]
fn every_public_error_is_asked_for_its_remedy() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src")
        .join(HINTS);
    let hints = fs::read_to_string(path).unwrap();
    for error in findings().iter().flat_map(|(_, found)| &found.errors) {
        let asked = hints.lines().any(|line| line.trim() == format!("{error},"));
        assert!(asked, "{HINTS} does not ask {error}");
    }
}

#[test]
fn remedies_are_put_into_words_in_one_place() {
    for (name, found) in findings() {
        assert_eq!(found.texts, [""; 0], "{name}: words of a remedy");
        let has_hints = found.has_hints;
        assert_eq!(has_hints, name == HINTS, "{name}: a function of hints");
    }
}

/// Every text in a piece of source, comments left out.
fn add_texts(source: TokenStream, texts: &mut Vec<String>) {
    let mut is_attribute = false;
    for token in source {
        match token {
            TokenTree::Group(group) if !is_attribute => add_texts(group.stream(), texts),
            TokenTree::Literal(literal) => {
                let literal = syn::parse_str::<syn::LitStr>(&literal.to_string());
                texts.extend(literal.map(|text| text.value()));
            }
            TokenTree::Punct(ref sign) => {
                is_attribute = sign.as_char() == '#' || is_attribute && sign.as_char() == '!';
                continue;
            }
            TokenTree::Group(_) | TokenTree::Ident(_) => {}
        }
        is_attribute = false;
    }
}

/// The texts of the hints, with what a placeholder stands for left open.
fn hints() -> Vec<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut texts = Vec::new();
    for file in PARTS.into_iter().chain([HINTS]) {
        let source = fs::read_to_string(source.join(file)).unwrap();
        add_texts(source.parse().unwrap(), &mut texts);
    }
    assert!(texts.len() > 50, "{} texts", texts.len());
    texts
}

#[test]
fn every_hint_can_be_typed() {
    let root = Arguments::command();
    let commands: Vec<_> = root.get_subcommands().collect();
    let options: BTreeSet<String> = std::iter::once(&root)
        .chain(commands.iter().copied())
        .flat_map(clap::Command::get_arguments)
        .filter_map(|argument| Some(format!("--{}", argument.get_long()?)))
        .chain(["--help".to_owned()])
        .collect();
    for text in hints() {
        assert!(!text.contains('…'), "{text}");
        let words =
            text.split(|letter: char| !letter.is_alphanumeric() && !"-{}_".contains(letter));
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        for word in &words {
            let option = word.replace("{kind}", "layer");
            // Python's options have other signs in them.
            let is_option = option.starts_with("--") && option.len() > 2 && !option.contains('_');
            let is_known = !is_option || option.contains('{') || options.contains(&option);
            assert!(is_known, "{option} of {text:?} is no option");
        }
        for pair in words.windows(2) {
            let is_command = |name: &str| commands.iter().any(|command| command.get_name() == name);
            let follows = pair[0] == "attnviz" && !text.starts_with("the same");
            let is_known = !follows || pair[1].starts_with(['-', '{']) || is_command(pair[1]);
            assert!(is_known, "{} of {text:?} is no command", pair[1]);
        }
    }
}

#[test]
fn errors_without_a_remedy_and_words_elsewhere_would_be_found() {
    let found = find(
        r#"
        #[derive(Debug, thiserror::Error)]
        pub enum OneError {}
        #[derive(Clone, Error)]
        pub struct OtherError(String);
        #[derive(Clone, Error)]
        struct OwnError;
        impl OneError {
            pub fn remedy(&self) -> Option<Remedy> {
                match self.which { "pair" => Remedy::Say("leave it out"), _ => format!("{x}") }
            }
            fn the_hint() {}
        }
        impl Other for OtherError { fn remedy(&self) {} }
        "#,
    );
    assert_eq!(
        found.errors,
        BTreeSet::from(["OneError", "OtherError"].map(str::to_owned))
    );
    assert_eq!(found.with_remedy, BTreeSet::from(["OneError".to_owned()]));
    assert_eq!(found.texts.len(), 2, "{:?}", found.texts);
    assert!(found.texts.iter().any(|text| text == "leave it out"));
    assert!(found.has_hints);
}

#[test]
fn the_outermost_error_that_has_a_remedy_is_heard() {
    let write = |kind: io::ErrorKind| WriteError {
        path: PathBuf::from("out"),
        source: kind.into(),
    };
    let output = OutputError::Write(write(io::ErrorKind::StorageFull));
    let stopped = BatchError::Output {
        id: "1".to_owned(),
        source: Box::new(output),
    };
    let range = FigureError::EmptyRange {
        minimum: 1.0,
        maximum: 0.0,
    };
    let unknown = ModelError::UnknownSegment {
        segment: 1,
        segment_count: 1,
    };
    for (error, expected) in [
        // An outer one builds on that of an inner one.
        (
            stopped.into(),
            "--output FOLDER on another disk, or fewer pictures: --views overview; \
             then the same command with --resume",
        ),
        // A cause behind a transparent error is none of the chain.
        (
            MergeError::Write(write(io::ErrorKind::PermissionDenied)).into(),
            "--output FOLDER, with a folder that you may write to",
        ),
        (OutputError::Figure(range).into(), "--vmin 0.01 --vmax 1"),
        // One that has none leaves it to its cause.
        (
            CheckpointError::Config(Box::new(ConfigError::NoModelType { looks_like: None })).into(),
            "--model google-bert/bert-base-uncased, or any other model of one of these types; \
             or save attention and tokens in Python, then: \
             attnviz render attention.npz --labels tokens.txt",
        ),
        (
            anyhow::Error::from(unknown).context("what was tried"),
            "leave --pair out",
        ),
    ] {
        assert_eq!(hint(&error).as_deref(), Some(expected), "{error:?}");
    }
    let unknown = anyhow::Error::from(io::Error::from(io::ErrorKind::NotFound));
    assert_eq!(hint(&unknown), None);
}
