//! Whether an earlier batch did an input already, to the very bytes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::output::write::batch_folder::BatchFolder;
use crate::output::write::{beneath, files_below};
use crate::output::{MANIFEST, Manifest, OptionsRecord, OutputOptions, read_manifest};
use crate::render;

/// The manifest of an input's folder, if it and every file of it is what the
/// input would get now. `expected` is the manifest without files, `files` are
/// their names and options.
pub fn finished(
    folder: &BatchFolder,
    name: &str,
    expected: &Manifest,
    files: &[(String, OptionsRecord)],
    options: &OutputOptions,
) -> Option<Manifest> {
    let path = folder.input(name);
    let bytes = match beneath::is_real_folder(&path) {
        true => beneath::read(&path, MANIFEST).ok()?,
        false => return None,
    };
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
        && manifest.to_json().ok()? == bytes
        && holds_only(&path, files)
        && manifest
            .files
            .iter()
            .all(|file| beneath::is_as_listed(&path, &file.name, &file.sha256))
        && thumbnail_is_right(&folder.thumbnail(name), options);
    is_finished.then_some(manifest)
}

fn holds_only(folder: &Path, files: &[(String, OptionsRecord)]) -> bool {
    let expected: BTreeSet<PathBuf> = files
        .iter()
        .map(|(name, _)| PathBuf::from(name))
        .chain([PathBuf::from(MANIFEST)])
        .collect();
    files_below(folder, Path::new(""))
        .is_ok_and(|found| found.into_iter().collect::<BTreeSet<_>>() == expected)
}

/// A thumbnail that is whole belongs to the folder beside it: it is put into
/// place while no folder is there.
fn thumbnail_is_right(path: &Path, options: &OutputOptions) -> bool {
    match super::has_thumbnails(options) {
        true => {
            beneath::is_real_file(path)
                && fs::read(path).is_ok_and(|bytes| render::png::is_whole(&bytes))
        }
        false => fs::symlink_metadata(path).is_err(),
    }
}
