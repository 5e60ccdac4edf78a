//! Whether an earlier batch did an input already, to the very bytes.

use super::stage::has_thumbnails;
use crate::store::write::batch_folder::BatchFolder;
use crate::store::write::beneath;
use crate::store::{
    MANIFEST, Manifest, OptionsRecord, OutputOptions, manifest_json, read_manifest,
};

/// What an earlier batch did of an input.
pub struct Finished {
    /// The digest of its thumbnail, where it has one.
    pub thumbnail_sha256: Option<String>,
}

/// Whether a batch wrote an input's folder, and every file of it and its
/// thumbnail is what the input would get now. `expected` is the manifest without
/// files, `files` are their names and options. Other files may be beside them.
pub fn finished(
    folder: &BatchFolder,
    name: &str,
    expected: &Manifest,
    files: &[(String, OptionsRecord)],
    options: &OutputOptions,
) -> Option<Finished> {
    let path = folder.input(name);
    let is_there = folder.is_known(name) && beneath::is_real_folder(&path);
    let bytes = is_there.then(|| beneath::read(&path, MANIFEST).ok())??;
    let manifest = read_manifest(&bytes).ok()?;
    let without_files = Manifest {
        files: Vec::new(),
        // It follows from the units, the options and the files.
        shown: None,
        ..manifest.clone()
    };
    let same_files = manifest.files.len() == files.len()
        && manifest
            .files
            .iter()
            .zip(files)
            .all(|(file, (name, options))| file.name == *name && file.options == *options);
    let is_finished = without_files == *expected
        && same_files
        && manifest_json(&manifest).ok()? == bytes
        && manifest
            .files
            .iter()
            .all(|file| beneath::is_as_listed(&path, &file.name, &file.sha256));
    if !is_finished {
        return None;
    }
    let thumbnail_sha256 = match has_thumbnails(options) {
        true => Some(folder.earlier_thumbnail(name)?),
        false => None,
    };
    Some(Finished { thumbnail_sha256 })
}
