//! `attnviz scores - --stream`: a filter from JSON Lines to JSON Lines, for
//! engines that feed a program a line at a time and read its answers.

use std::io;
use std::path::Path;

use anyhow::Result;

use super::batch::of_file;
use super::batch_arguments::ScoresArguments;
use super::hints::in_words;
use super::input_sources::sources;
use super::messages::{Messages, unknown_tokens};
use super::model;
use super::settings::{computed_model, set_threads};
use super::standard_output::StandardOutputError;
use super::usage::UsageError;
use crate::batch::{self, InputFormat, InputSource, Relations, StreamError, StreamOptions};
use crate::pipeline::{UNIFORM, Use};
use crate::remedy::Remedy;

/// Answers standard input. Lines that fail are answered with their errors, and
/// are no failure of the command: an engine that starts it would throw away the
/// good answers with the bad ones.
pub(super) fn run(arguments: &ScoresArguments, messages: &Messages) -> Result<()> {
    set_threads(arguments.cores.threads)?;
    let source = source(arguments)?;
    let settings = computed_model(&arguments.model, &arguments.computation)?;
    let (loaded, _) = model::load(&settings, Use::Often, messages)?;
    let options = StreamOptions {
        source,
        selection: model::selection(&loaded, &arguments.heads.layers, &arguments.heads.heads)?,
        limit: loaded.limit(arguments.course.truncate.limit()),
        batch_tokens: arguments.course.batch_tokens.get(),
        remedy_in_words: in_words,
    };
    let mut output = io::stdout().lock();
    let outcome = match batch::stream(&options, &loaded, &mut output) {
        // A reader who has enough is no error.
        Err(StreamError::Output(error)) => return Err(StandardOutputError::from(error).into()),
        outcome => outcome?,
    };
    if let Some(warning) = unknown_tokens(outcome.unknown_tokens, outcome.tokens) {
        messages.warning(&warning);
    }
    if outcome.is_uniform {
        messages.warning(format_args!("in every input {UNIFORM}"));
    }
    for warning in &outcome.warnings {
        messages.warning(format_args!("standard input: {}", of_file(warning)));
    }
    messages.detail(format_args!(
        "{} inputs answered, {} of them with an error",
        outcome.done + outcome.failed,
        outcome.failed
    ));
    Ok(())
}

/// Standard input, a JSON value a line unless another format is named.
fn source(arguments: &ScoresArguments) -> Result<InputSource> {
    let files = &arguments.inputs.files;
    if !matches!(files.as_slice(), [file] if file == Path::new("-")) {
        let found: Vec<_> = files
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        return Err(UsageError::error(
            format!(
                "--stream answers standard input (-), found {}",
                found.join(" ")
            ),
            Remedy::StreamStandardInput,
        ));
    }
    let mut sources = sources(
        files,
        &arguments.inputs.reading,
        Some(InputFormat::JsonLines),
        Relations::Ignored,
    )?;
    // Before the model is loaded: that it can be read only from its end.
    InputSource::check(&sources)?;
    // One was named.
    Ok(sources.remove(0))
}
