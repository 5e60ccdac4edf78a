//! The command that makes a page again.

use crate::checkpoint::{ModelProvenance, ModelSource};
use crate::input::Input;
use crate::run::Run;

/// What is typed to see the run again, without any option of looks.
pub(super) fn command(run: &Run) -> Vec<String> {
    let texts = match &run.input {
        Input::Text { text, pair } => [Some(text), pair.as_ref()],
        Input::Translation { source, target } => [Some(source), Some(target)],
        Input::Image { name, .. } => [Some(name), None],
    };
    let model = match run.model.source {
        ModelSource::Hub | ModelSource::Directory => run.model.id.clone(),
        ModelSource::Builtin => "builtin".to_owned(),
        ModelSource::Elsewhere => return vec!["render".to_owned(), run.model.id.clone()],
    };
    let [text, pair] = texts;
    let mut words = vec!["encode".to_owned(), text.cloned().unwrap_or_default()];
    if let Some(pair) = pair {
        words.extend(["--pair".to_owned(), pair.clone()]);
    }
    words.extend(["--model".to_owned(), model]);
    words
}

/// The options that name a model. Of a directory its name alone is known: where
/// it is, outputs do not say.
pub fn model_words(model: &ModelProvenance) -> Vec<String> {
    let name = match model.source {
        ModelSource::Builtin => "builtin".to_owned(),
        ModelSource::Directory => format!("./{}", model.id),
        ModelSource::Hub | ModelSource::Elsewhere => model.id.clone(),
    };
    let mut words = vec!["--model".to_owned(), name];
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
