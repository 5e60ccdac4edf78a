//! From a comparison to its folder: drawn, put into tables and arrays, put into
//! place.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use super::OutputError;
use super::diff_pictures::{DiffPicture, pictures};
use crate::analysis::Axis;
use crate::attention::HeadId;
use crate::compare::{Comparison, NO_SCORES, Pairing};
use crate::run::Run;
use crate::store::diff::{
    DiffManifest, DiffOptions, DiffPlace, HEADS_TABLE, NUMBERS, PAGE, ROWS_TABLE, SideRecord,
    UnitsRecord, arrays, heads_table, rows_table,
};
use crate::store::numbers::encode_comparison;
use crate::store::write::{StagedFolder, WriteError};
use crate::store::{FileRecord, HeadsRecord, MANIFEST, OptionsRecord, manifest_json};

/// What a comparison left on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenDiff {
    /// The folder.
    pub folder: PathBuf,
    /// What its `manifest.json` says.
    pub manifest: DiffManifest,
    /// Files of earlier commands that are still there.
    pub kept: BTreeSet<String>,
    /// Letters that no font has, drawn as boxes.
    pub missing_glyphs: BTreeSet<char>,
}

/// A picture of a comparison that its page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownPicture {
    /// Relative to the folder.
    pub name: String,
    /// Width and height in pixels.
    pub size: [u32; 2],
    /// Which head; `None` for the grid of all.
    pub head: Option<HeadId>,
    /// The whole file.
    pub bytes: Vec<u8>,
}

/// Makes the page of a comparison out of what its manifest says, apart from its
/// files, and of its pictures.
pub type PageOf<'a> = &'a dyn Fn(&DiffManifest, &[ShownPicture]) -> io::Result<Vec<u8>>;

/// Writes everything that the options ask for of a comparison of two runs,
/// drawing on all cores. The folder is put into place when it is whole; on an
/// error nothing is left of it. `notes` are sentences for the reader; `page` is
/// asked for the page when everything that it shows is drawn.
///
/// # Errors
/// When something cannot be drawn or written, or the folder is somebody else's.
pub fn write_comparison(
    comparison: &Comparison<'_>,
    runs: [&Run; 2],
    pairing: Pairing,
    options: &DiffOptions,
    place: &DiffPlace,
    notes: &[String],
    page: PageOf<'_>,
) -> Result<WrittenDiff, OutputError> {
    let staged = StagedFolder::create(&place.staging())?;
    let mut missing_glyphs = BTreeSet::new();
    let mut files = Vec::new();
    let made_by = made_by(comparison, options);
    let mut shown: Vec<ShownPicture> = Vec::new();
    for picture in pictures(comparison, runs, pairing, options, notes, &made_by)? {
        let DiffPicture {
            name,
            rendered,
            made_by,
            head,
        } = picture;
        // Of the same picture in other formats, the first is shown.
        if shown.iter().all(|other| other.head != head) {
            shown.push(ShownPicture {
                name: name.clone(),
                size: [rendered.width, rendered.height],
                head,
                bytes: rendered.bytes.clone(),
            });
        }
        missing_glyphs.extend(rendered.missing_glyphs);
        files.push(written(&staged, &name, &rendered.bytes, made_by)?);
    }
    let tables = [
        (HEADS_TABLE, heads_table(comparison)),
        (ROWS_TABLE, rows_table(comparison)),
    ];
    for (name, text) in tables {
        files.push(written(&staged, name, text.as_bytes(), made_by.clone())?);
    }
    let [left, right] = runs.map(side);
    let mut manifest = DiffManifest::new(left?, right?);
    manifest.units = Some(units(comparison));
    manifest.notes = notes.to_vec();
    if comparison.scores.is_none() {
        manifest.notes.push(NO_SCORES.to_owned());
    }
    let arrays = arrays(comparison);
    for &format in &options.formats {
        let tokens = [
            ("left_tokens", &comparison.left.rows),
            ("right_tokens", &comparison.right.rows),
        ];
        let tokens = tokens.map(|(name, axis)| {
            let units = axis.units.iter().map(|unit| unit.text.as_str());
            (name.to_owned(), units.collect::<Vec<&str>>())
        });
        let selection = &comparison.differences.selection;
        let bytes = encode_comparison(format, &arrays, &tokens, selection, &manifest)?;
        if let Some(bytes) = bytes {
            let name = format!("{NUMBERS}.{format}");
            files.push(written(&staged, &name, &bytes, made_by.clone())?);
        }
    }
    let page = page(&manifest, &shown).map_err(|source| WriteError {
        path: PAGE.into(),
        source,
    })?;
    files.push(written(&staged, PAGE, &page, made_by)?);
    // Only when all is drawn: who else writes there need not wait longer.
    let _lock = place.lock()?;
    let destination = place.choose(&manifest, options.overwrite)?;
    let destination = destination.without_other_numbers(&files);
    let kept = destination.kept_files(&files);
    files.extend(kept.iter().cloned());
    files.sort_by(|first, second| first.name.cmp(&second.name));
    manifest.files = files;
    staged.write(MANIFEST, &manifest_json(&manifest)?)?;
    let change = destination.change(&manifest, &kept)?;
    staged.publish(&destination.path, change.as_ref())?;
    Ok(WrittenDiff {
        folder: destination.path,
        manifest,
        kept: kept.into_iter().map(|file| file.name).collect(),
        missing_glyphs,
    })
}

fn written(
    staged: &StagedFolder,
    name: &str,
    bytes: &[u8],
    options: OptionsRecord,
) -> Result<FileRecord, OutputError> {
    let digest = staged.write(name, bytes)?;
    Ok(FileRecord {
        name: digest.name,
        sha256: digest.sha256,
        options,
    })
}

/// What made a file of all heads.
fn made_by(comparison: &Comparison<'_>, options: &DiffOptions) -> OptionsRecord {
    let selection = &comparison.differences.selection;
    OptionsRecord {
        tokens: options.granularity.to_string(),
        layers: selection.layer_indices(),
        heads: Some(HeadsRecord::from(selection)),
        ..OptionsRecord::default()
    }
}

fn side(run: &Run) -> Result<SideRecord, OutputError> {
    Ok(SideRecord {
        model: run.model.wait()?,
        input: Some(run.input.clone()),
    })
}

fn units(comparison: &Comparison<'_>) -> UnitsRecord {
    let beside = |left: &Axis, right: &Axis| {
        let pairs = left.units.iter().zip(&right.units);
        pairs
            .map(|(left, right)| [left.clone(), right.clone()])
            .collect()
    };
    let Comparison { left, right, .. } = comparison;
    let [replaced_rows, replaced_columns] = comparison.replaced();
    UnitsRecord {
        rows: beside(&left.rows, &right.rows),
        columns: beside(&left.columns, &right.columns),
        replaced_rows,
        replaced_columns,
        unlike: comparison
            .unlike
            .iter()
            .map(|row| row.clone().map(|unit| unit.map(|unit| unit.text)))
            .collect(),
    }
}
