//! The command that makes a page again. Outputs hold no paths: of files and
//! folders a command has the names, and beside it stands where it is to be run.

use std::path::Path;

use crate::checkpoint::{LabelFiles, ModelProvenance, ModelSource};
use crate::input::Input;
use crate::run::Run;

/// What is typed to see the run again, without any option of looks: the
/// subcommand, the text or file, then options. Nothing where no command makes such
/// a run.
pub(super) fn command(run: &Run) -> Vec<String> {
    let model = &model_of(run);
    if let ModelSource::Elsewhere = model.source {
        let Some(file) = file_from_elsewhere(model) else {
            return Vec::new();
        };
        let mut words = vec!["render".to_owned(), file.to_owned()];
        let stem = Path::new(file).file_stem();
        if stem.is_some_and(|stem| stem.to_string_lossy() != model.id) {
            words.push(format!("--title={}", model.id));
        }
        let LabelFiles { queries, keys } = &model.label_files;
        let of =
            |option: &str, file: &Option<String>| Some(format!("--{option}={}", file.as_ref()?));
        words.extend(of("labels", queries));
        words.extend(of("key-labels", keys));
        return words;
    }
    let Input::Text { text, pair } = &run.input else {
        return Vec::new();
    };
    let mut words = vec!["encode".to_owned(), text.clone()];
    if let Some(pair) = pair {
        words.push(format!("--pair={pair}"));
    }
    words.extend(model_words(model));
    if let Some(cut) = run.streams.iter().find(|stream| stream.dropped > 0) {
        words.extend(["--truncate".to_owned(), cut.units.len().to_string()]);
    }
    if run.neurons.is_some() {
        words.push("--neurons".to_owned());
    }
    words
}

/// The model of a run. Its files are known where they are no model's: those are
/// still read for their SHA-256, and no command names them.
fn model_of(run: &Run) -> ModelProvenance {
    let model = &run.model;
    let files = match model.source {
        ModelSource::Elsewhere => model.wait().map(|model| model.files).unwrap_or_default(),
        ModelSource::Hub | ModelSource::Directory | ModelSource::Builtin => Vec::new(),
    };
    ModelProvenance {
        id: model.id.clone(),
        source: model.source,
        commit: model.commit.clone(),
        weights_prefix: model.weights_prefix.clone(),
        backend: model.backend.clone(),
        label_files: model.label_files.clone(),
        files,
    }
}

/// Where that is to be run; empty where it does not matter.
pub(super) fn place(run: &Run) -> String {
    let model = &model_of(run);
    match (model.source, file_from_elsewhere(model)) {
        (ModelSource::Elsewhere, Some(file)) => {
            let LabelFiles { queries, keys } = &model.label_files;
            let mut files = vec![file];
            files.extend(queries.iter().chain(keys).map(String::as_str));
            match files.split_last() {
                Some((last, [])) => format!("where {last} is"),
                Some((last, others)) => format!("where {} and {last} are", others.join(", ")),
                None => String::new(),
            }
        }
        (ModelSource::Directory, _) => format!("where {} is", folder_in_words(&model.id)),
        (ModelSource::Elsewhere, None) | (ModelSource::Hub | ModelSource::Builtin, _) => {
            String::new()
        }
    }
}

fn file_from_elsewhere(model: &ModelProvenance) -> Option<&str> {
    model.files.first().map(|file| file.name.as_str())
}

/// The folder of a model that was named by one.
pub fn folder_in_words(id: &str) -> String {
    format!("the folder {id} of the model")
}

/// What names a model: of a directory its own name, since where it is outputs do
/// not say.
pub fn model_name(id: &str, source: ModelSource) -> String {
    match source {
        ModelSource::Builtin => "builtin".to_owned(),
        // Without the dot it may be one of the hub.
        ModelSource::Directory => format!("./{id}"),
        ModelSource::Hub | ModelSource::Elsewhere => id.to_owned(),
    }
}

/// The options that name a model, and what computes it.
pub fn model_words(model: &ModelProvenance) -> Vec<String> {
    let mut words = vec!["--model".to_owned(), model_name(&model.id, model.source)];
    if let Some(commit) = &model.commit {
        words.extend(["--revision".to_owned(), commit.clone()]);
    }
    if let Some(prefix) = &model.weights_prefix {
        words.push(format!("--weights-prefix={prefix}"));
    }
    if let Some(backend) = &model.backend {
        words.extend(["--backend".to_owned(), backend.clone()]);
    }
    words
}
