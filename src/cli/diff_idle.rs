//! Options of `diff` that are right and do nothing where they stand: said, so that
//! nobody looks for what they did.

use super::diff_arguments::DiffArguments;
use crate::figure::Theme;
use crate::model::Backend;
use crate::store::Format;
use crate::store::diff::DiffOptions;

/// So many heads are in the printed table whatever `--top-k` says.
pub(super) const FEWEST_HEADS: usize = 5;

/// What is compared, as far as options depend on it.
pub(super) struct Subject {
    /// Models, rather than what is saved.
    pub(super) are_models: bool,
    pub(super) are_many_inputs: bool,
    /// Two runs or files, of one input.
    pub(super) are_files: bool,
}

/// What makes options work, whether it is there, and which of them are given.
type Group<'a> = (&'a str, bool, &'a [(&'a str, bool)]);

/// Options that do nothing where they stand, as warnings.
pub(super) fn idle(arguments: &DiffArguments, subject: &Subject) -> Vec<String> {
    let Subject {
        are_models,
        are_many_inputs: are_many,
        are_files,
    } = *subject;
    let draws = draws(arguments);
    let top = usize::from(arguments.top_k);
    // The page of many inputs opens so many without a picture, too.
    let uses_top = draws || are_many || top > FEWEST_HEADS;
    let reading = &arguments.reading;
    let is_of_backend = arguments.computation.backend != Backend::default();
    let groups: [Group<'_>; 5] = [
        (
            "files of attention from elsewhere",
            are_files,
            &[
                ("--labels", arguments.labels.is_some()),
                ("--key-labels", arguments.key_labels.is_some()),
            ],
        ),
        (
            "models",
            are_models,
            &[
                ("--tokenizer", arguments.tokenizer.is_some()),
                ("--truncate", arguments.truncate.limit().is_some()),
                ("--backend", is_of_backend),
                ("--offline", arguments.offline),
            ],
        ),
        (
            "--inputs",
            are_models && are_many,
            &[
                ("--input-format", reading.input_format.is_some()),
                ("--text-column", reading.text_column.is_some()),
                ("--pair-column", reading.pair_column.is_some()),
                ("--id-column", reading.id_column.is_some()),
                ("--quotes", reading.quotes),
            ],
        ),
        (
            "--format png or svg",
            draws,
            &[("--theme", arguments.theme != Theme::default())],
        ),
        (
            "--format png or svg",
            uses_top,
            &[("--top-k", top != DiffOptions::default().top)],
        ),
    ];
    let idle = groups.iter().filter(|(_, works, _)| !works);
    let idle = idle.flat_map(|(what, _, options)| {
        let given = options.iter().filter(|(_, is_given)| *is_given);
        given.map(move |(option, _)| format!("{option} does nothing without {what}"))
    });
    idle.collect()
}

/// Whether pictures are asked for.
fn draws(arguments: &DiffArguments) -> bool {
    let mut formats = arguments.formats.iter();
    formats.any(|format| match format {
        Format::Png | Format::Svg => true,
        Format::Html | Format::Safetensors | Format::Npz | Format::Json | Format::Csv => false,
    })
}
