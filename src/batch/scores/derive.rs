//! What scores come to over all inputs, out of the files of scores and the
//! results alone: the same whoever wrote them, whole or in shards.

use std::fs::File;
use std::io;
use std::path::Path;

use super::examples::Extremes;
use super::reader::ScoredInputs;
use crate::analysis::Statistics;
use crate::attention::{HeadId, Selection};
use crate::batch::report::write_scores_page;
use crate::checkpoint::FileDigest;
use crate::digest::sha256_of;
use crate::figure;
use crate::render::{self, RenderError, TextShaper};
use crate::store::batch_records::{BatchManifest, EXAMPLES, HEADS, HEADS_PICTURE, PAGE, RESULTS};
use crate::store::tables::write_heads;
use crate::store::write::assembled::AssembledFolder;
use crate::store::write::{WriteError, files_of_scores};

/// The heads that a batch's tables have rows of, in their order.
pub(in crate::batch) fn heads_of(manifest: &BatchManifest) -> Vec<HeadId> {
    Selection::of(&manifest.layers, &manifest.heads)
        .head_ids()
        .collect()
}

/// Makes everything of an assembled folder that has results and files of scores,
/// and lists it in the manifest.
///
/// # Errors
/// When something cannot be read or written.
pub(in crate::batch) fn derive(
    folder: &AssembledFolder,
    manifest: &mut BatchManifest,
    results: FileDigest,
) -> Result<(), WriteError> {
    let root = folder.staged().path();
    let read = |name: &'static str| {
        move |source| WriteError {
            path: name.into(),
            source,
        }
    };
    let heads = heads_of(manifest);
    let mut statistics = Statistics::new(heads.clone());
    let mut extremes = Extremes::new(heads.clone());
    let inputs = ScoredInputs::open(root, heads).map_err(read(RESULTS))?;
    for input in inputs {
        let input = input.map_err(read(RESULTS))?;
        if let Some((index, scores)) = &input.scores {
            statistics.add(&scores.values);
            extremes.add(*index, input.offset, scores);
        }
    }
    let heads = folder.write(HEADS, |out| write_heads(&statistics, out))?;
    let examples = folder.write(EXAMPLES, |out| extremes.write(root, out))?;
    let picture = picture(manifest, &statistics).map_err(|error| WriteError {
        path: HEADS_PICTURE.into(),
        source: io::Error::other(error),
    })?;
    let picture = picture.map(|bytes| folder.write(HEADS_PICTURE, |out| out.write_all(&bytes)));
    let picture = picture.transpose()?;
    let page = folder.write(PAGE, |out| {
        write_scores_page(manifest, &statistics, root, out)
    })?;
    manifest.files = vec![page, results, heads, examples];
    manifest.files.extend(picture);
    for name in files_of_scores(root) {
        let sha256 = digest(root, &name).map_err(|source| WriteError {
            path: name.clone().into(),
            source,
        })?;
        manifest.files.push(FileDigest { name, sha256 });
    }
    Ok(())
}

/// The means of all scores as PNG; `None` where there are none, or more heads
/// than a picture has room for.
fn picture(
    manifest: &BatchManifest,
    statistics: &Statistics,
) -> Result<Option<Vec<u8>>, RenderError> {
    let selection = Selection::of(&manifest.layers, &manifest.heads);
    let (model, count) = (manifest.model.name(), manifest.counts.done);
    let Ok(figure) = figure::mean_grids(&model, statistics, &selection, count) else {
        return Ok(None);
    };
    match render::prepare(&figure, &mut TextShaper::new()) {
        Ok(drawing) => Ok(Some(render::png::encode(&drawing)?.bytes)),
        Err(RenderError::Layout(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn digest(root: &Path, name: &str) -> io::Result<String> {
    sha256_of(File::open(root.join(name))?)
}
