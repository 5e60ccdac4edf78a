//! The command that makes a batch of scores again, as a manifest knows it.

use super::wording::visible;
use crate::checkpoint::ModelSource;
use crate::ranges::{joined, ranges};
use crate::render::page::command::{folder_in_words, model_words};
use crate::store::batch_records::{BatchManifest, Reading};

/// Words behind `attnviz`, as they are typed before a shell sees them.
pub(super) fn command(manifest: &BatchManifest) -> Vec<String> {
    let mut words = vec!["scores".to_owned()];
    let names = manifest.input_files.iter().map(|file| file.name.clone());
    let is_like_option = |name: &String| name.starts_with('-') && name != "-";
    // Behind a folder it is no option.
    words.extend(names.map(|name| match is_like_option(&name) {
        true => format!("./{name}"),
        false => name,
    }));
    words.extend(model_words(&manifest.model));
    let list = |indices: &[usize]| joined(&ranges(indices), "-", ",");
    let mut add = |name: &str, value: String| words.extend([format!("--{name}"), value]);
    add("layers", list(&manifest.layers));
    add("heads", list(&manifest.heads));
    if let Some(count) = manifest.truncate {
        add("truncate", count.to_string());
    }
    if let Some(shard) = manifest.shard {
        add("shard", shard.to_string());
    }
    let Some(Reading {
        formats,
        quotes,
        columns,
    }) = &manifest.reading
    else {
        return words;
    };
    let by_name = |name: &str, format: &str| name.to_lowercase().ends_with(&format!(".{format}"));
    let mut files = manifest.input_files.iter().zip(formats);
    let first = formats.first();
    if files.any(|(file, format)| !by_name(&file.name, format))
        && let Some(format) = first.filter(|first| formats.iter().all(|other| other == *first))
    {
        add("input-format", format.clone());
    }
    for (name, column) in [
        ("text-column", &columns.text),
        ("pair-column", &columns.pair),
        ("id-column", &columns.id),
    ] {
        if let Some(column) = column {
            words.push(format!("--{name}={column}"));
        }
    }
    if *quotes {
        words.push("--quotes".to_owned());
    }
    words
}

/// Where a command that names files finds them: outputs say no more than their
/// names.
pub(super) fn place(manifest: &BatchManifest) -> String {
    const NAMED: usize = 3;
    let is_piped = |name: &str| name == "-";
    let files = manifest.input_files.iter().map(|file| file.name.as_str());
    let (piped, files): (Vec<&str>, Vec<&str>) = files.partition(|name| is_piped(name));
    let mut names: Vec<String> = files
        .iter()
        .take(NAMED)
        .map(|name| visible(name).into_owned())
        .collect();
    if files.len() > NAMED {
        names.push(format!("{} more files", files.len() - NAMED));
    }
    if manifest.model.source == ModelSource::Directory {
        names.push(folder_in_words(&manifest.model.id));
    }
    let verb = if names.len() == 1 { "is" } else { "are" };
    let named = match names.split_last() {
        Some((last, [])) => format!("where {last} {verb}"),
        Some((last, rest)) => format!("where {} and {last} {verb}", rest.join(", ")),
        None => String::new(),
    };
    match (piped.is_empty(), named.is_empty()) {
        (true, _) => named,
        (false, true) => "with the same inputs on standard input".to_owned(),
        (false, false) => format!("{named}, with the same inputs on standard input"),
    }
}
