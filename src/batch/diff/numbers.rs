//! Runs that were saved as pictures alone: which command saves their numbers.

use std::path::Path;

use super::DiffError;
use crate::checkpoint::{ModelProvenance, ModelSource};
use crate::input::Input;
use crate::remedy::Remedy;
use crate::store::batch_records::{BatchManifest, INPUTS};
use crate::store::write::beneath;
use crate::store::{MANIFEST, read_manifest};

/// That a run, or a folder of runs, holds no numbers, with the command that saves
/// them into the same folder, as far as the records there tell.
pub fn without_numbers(folder: &Path) -> DiffError {
    let batch = folder.parent().filter(|_| folder.ends_with(INPUTS));
    let remedy = batch
        .and_then(batch_again)
        .or_else(|| encode_again(folder))
        .unwrap_or(Remedy::SaveRun);
    DiffError::NoNumbers {
        folder: batch.unwrap_or(folder).to_owned(),
        remedy: Box::new(remedy),
    }
}

fn batch_again(folder: &Path) -> Option<Remedy> {
    let bytes = beneath::read(folder, MANIFEST).ok()?;
    let manifest: BatchManifest = serde_json::from_slice(&bytes).ok()?;
    let files = manifest.input_files.into_iter().map(|file| file.name);
    let command = ["batch".to_owned()].into_iter().chain(files).collect();
    Some(save(command, &manifest.model, folder))
}

fn encode_again(folder: &Path) -> Option<Remedy> {
    let bytes = beneath::read(folder, MANIFEST).ok()?;
    let manifest = read_manifest(&bytes).ok()?;
    let Input::Text { text, pair } = manifest.input else {
        return None;
    };
    let pair = pair.map(|pair| ["--pair".to_owned(), pair]);
    let command = ["encode".to_owned(), text].into_iter();
    let command = command.chain(pair.into_iter().flatten()).collect();
    Some(save(command, &manifest.model, folder.parent()?))
}

fn save(mut command: Vec<String>, model: &ModelProvenance, folder: &Path) -> Remedy {
    command.insert(0, "attnviz".to_owned());
    let lacks_model = match model.source {
        ModelSource::Hub | ModelSource::Builtin => {
            command.extend(["--model".to_owned(), model.id.clone()]);
            false
        }
        // Records do not say where a directory is.
        ModelSource::Directory | ModelSource::Elsewhere => true,
    };
    command.extend(["--format", "npz", "--output"].map(str::to_owned));
    command.push(folder.display().to_string());
    Remedy::SaveNumbers {
        command,
        lacks_model,
    }
}
