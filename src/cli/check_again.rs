//! The command that a hint of `attnviz check` tells: the one that was typed, with
//! what it takes besides.

use std::path::{Path, PathBuf};

use super::check_arguments::CheckArguments;
use super::phrases::{quoted, quoted_path};

/// What every further `attnviz check` of the same rules has to be told as well.
#[derive(Debug, Clone, Default)]
pub struct Again {
    rules: PathBuf,
    /// Which model, as it was typed.
    model: Vec<String>,
    /// How it is loaded and computed.
    options: Vec<String>,
    /// How texts are cut.
    truncate: Vec<String>,
}

impl Again {
    /// Of what was typed.
    pub fn new(arguments: &CheckArguments) -> Self {
        let model = &arguments.model;
        let with_value = |option: &str, value: Option<String>| match value {
            // One that begins with a hyphen would be an option itself.
            Some(value) if value.starts_with('-') => vec![quoted(&format!("{option}={value}"))],
            Some(value) => vec![option.to_owned(), quoted(&value)],
            None => Vec::new(),
        };
        let name = |name: &super::model_name::ModelName| name.name().to_owned();
        let backend = arguments.computation.backend;
        let options = [
            with_value("--weights-prefix", model.weights_prefix.clone()),
            with_value("--tokenizer", model.tokenizer.as_ref().map(name)),
            with_value("--revision", model.revision.clone()),
            match model.offline {
                true => vec!["--offline".to_owned()],
                false => Vec::new(),
            },
            with_value(
                "--backend",
                (backend != crate::model::Backend::default()).then(|| backend.to_string()),
            ),
            with_value(
                "--threads",
                arguments.cores.threads.map(|threads| threads.to_string()),
            ),
        ];
        let truncate = arguments.truncate.limit();
        Self {
            rules: arguments.rules.clone(),
            model: with_value("--model", model.model.as_ref().map(name)),
            options: options.concat(),
            truncate: with_value("--truncate", truncate.map(|tokens| tokens.to_string())),
        }
    }

    /// The rules file.
    pub fn rules(&self) -> &Path {
        &self.rules
    }

    /// Whether a model was typed.
    pub fn names_model(&self) -> bool {
        !self.model.is_empty()
    }

    /// The rules file as a shell takes it.
    pub fn quoted_rules(&self) -> String {
        quoted_path(&self.rules)
    }

    /// `attnviz check RULES` with what was typed, and with more.
    pub fn command(&self, more: &[&str]) -> String {
        let parts = [&self.model, &self.options, &self.truncate];
        self.line(&parts, more)
    }

    /// The same for a rules file that is yet to be made, which has no texts to be
    /// cut.
    pub fn init(&self) -> String {
        self.line(&[&self.model, &self.options], &["--init"])
    }

    /// The same of a rules file that names the model.
    pub fn without_model(&self) -> String {
        self.line(&[&self.options, &self.truncate], &[])
    }

    fn line(&self, parts: &[&Vec<String>], more: &[&str]) -> String {
        let mut words = vec![
            "attnviz".to_owned(),
            "check".to_owned(),
            self.quoted_rules(),
        ];
        words.extend(parts.iter().flat_map(|part| part.iter().cloned()));
        words.extend(more.iter().map(|word| (*word).to_owned()));
        words.join(" ")
    }
}
