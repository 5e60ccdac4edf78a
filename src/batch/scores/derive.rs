//! What scores come to over all inputs, out of the files of scores and the
//! results alone: the same whoever wrote them, whole or in shards.

use std::fs::File;
use std::io;
use std::path::Path;

use super::examples::Extremes;
use super::reader::ScoredInputs;
use crate::analysis::{RelationCounts, Statistics};
use crate::attention::{HeadId, Selection};
use crate::batch::report::write_scores_page;
use crate::checkpoint::FileDigest;
use crate::digest::sha256_of;
use crate::figure;
use crate::render::{self, RenderError, TextShaper};
use crate::store::batch_records::{
    BatchManifest, EXAMPLES, HEADS, HEADS_PICTURE, PAGE, RELATIONS, RESULTS, RelationRecord,
};
use crate::store::tables::{
    InputScores, RankedRelation, ranked_relations, write_heads, write_relations,
};
use crate::store::write::assembled::AssembledFolder;
use crate::store::write::{WriteError, files_of_scores};

/// The heads that a batch's tables have rows of, in their order.
pub(in crate::batch) fn heads_of(manifest: &BatchManifest) -> Vec<HeadId> {
    Selection::of(&manifest.layers, &manifest.heads)
        .head_ids()
        .collect()
}

/// Makes everything of an assembled folder that has results and files of scores,
/// and lists it in the manifest. Returns what heads find of relations.
///
/// # Errors
/// When something cannot be read or written.
pub(in crate::batch) fn derive(
    folder: &AssembledFolder,
    manifest: &mut BatchManifest,
    results: FileDigest,
) -> Result<Vec<RankedRelation>, WriteError> {
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
    let mut relations = RelationCounts::default();
    let inputs = ScoredInputs::open(root, heads.clone()).map_err(read(RESULTS))?;
    for input in inputs {
        let input = input.map_err(read(RESULTS))?;
        if let Some((index, scores)) = &input.scores {
            statistics.add(&scores.values);
            extremes.add(*index, input.offset, scores);
            add_relations(&mut relations, &input.record.relations, scores);
        }
    }
    let relations = ranked_relations(&relations, &heads);
    let heads = folder.write(HEADS, |out| write_heads(&statistics, out))?;
    let examples = folder.write(EXAMPLES, |out| extremes.write(root, out))?;
    let picture = picture(manifest, &statistics).map_err(|error| WriteError {
        path: HEADS_PICTURE.into(),
        source: io::Error::other(error),
    })?;
    let picture = picture.map(|bytes| folder.write(HEADS_PICTURE, |out| out.write_all(&bytes)));
    let picture = picture.transpose()?;
    let page = folder.write(PAGE, |out| {
        write_scores_page(manifest, &statistics, &relations, root, out)
    })?;
    manifest.files = vec![page, results, heads, examples];
    manifest.files.extend(picture);
    if !relations.is_empty() {
        let file = folder.write(RELATIONS, |out| write_relations(&relations, out))?;
        manifest.files.push(file);
    }
    for name in files_of_scores(root) {
        let sha256 = digest(root, &name).map_err(|source| WriteError {
            path: name.clone().into(),
            source,
        })?;
        manifest.files.push(FileDigest { name, sha256 });
    }
    Ok(relations)
}

/// Counts what the heads find of the relations of an input.
fn add_relations(counts: &mut RelationCounts, relations: &[RelationRecord], scores: &InputScores) {
    for (place, relation) in relations.iter().enumerate() {
        let is_right = |marks: &String| marks.as_bytes().get(place) == Some(&b'1');
        let heads = scores.relations.iter();
        let right: Vec<[bool; 2]> = heads
            .map(|directions| directions.each_ref().map(is_right))
            .collect();
        let name = relation.to.map(|_| relation.name.as_str());
        counts.add(name, relation.is_asked, &relation.right_offsets, &right);
    }
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
