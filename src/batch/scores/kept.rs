//! The scores that earlier batches left, found by what they were computed of.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::reader::{Rows, RowsPlace, ScoredInputs};
use crate::attention::HeadId;
use crate::digest::fingerprint;
use crate::store::batch_records::ResultRecord;
use crate::store::tables::{InputScores, ScoredInput};
use crate::store::write::batch_folder::BatchFolder;

/// Where an input's rows are: which folder, and where in it.
type Place = (usize, RowsPlace);

/// The scores that earlier batches left in the state of a folder.
pub(in crate::batch) struct KeptScores {
    folders: Vec<Rows>,
    /// By the key of an input.
    places: HashMap<u128, Place>,
    /// The row group that was read last: inputs mostly come in their order.
    last: Mutex<Option<(usize, RowsPlace, Vec<ScoredInput>)>>,
}

/// What the scores of an input depend on, apart from the model and its heads:
/// its texts, its units and their relations.
pub(in crate::batch) fn key(record: &ResultRecord) -> u128 {
    let ResultRecord {
        text,
        pair,
        tokens,
        relations,
        ..
    } = record;
    fingerprint(&format!("{text:?} {pair:?} {tokens:?} {relations:?}"))
}

impl KeptScores {
    /// Those of a batch's folder, with rows for these heads. What cannot be read
    /// is computed again.
    pub(in crate::batch) fn open(folder: &BatchFolder, heads: &[HeadId]) -> Self {
        let paths = folder.kept_scores();
        let mut places = HashMap::new();
        for (number, path) in paths.iter().enumerate() {
            let inputs = ScoredInputs::open(path, heads.to_vec())
                .into_iter()
                .flatten();
            for input in inputs.map_while(Result::ok) {
                if input.scores.is_some() {
                    places.insert(key(&input.record), (number, input.place));
                }
            }
        }
        let folders = paths.iter().map(|path| Rows::open(path, heads.to_vec()));
        Self {
            folders: folders.collect(),
            places,
            last: Mutex::default(),
        }
    }

    /// The scores of an input with this key.
    pub(in crate::batch) fn find(&self, key: u128) -> Option<InputScores> {
        let &(folder, place) = self.places.get(&key)?;
        // What was read is whole whoever panicked.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_last = |(other, at, _): &(usize, RowsPlace, Vec<ScoredInput>)| {
            (*other, at.file, at.group) == (folder, place.file, place.group)
        };
        if !last.as_ref().is_some_and(is_last) {
            let inputs = self.folders.get(folder)?.group(place).ok()?;
            *last = Some((folder, place, inputs));
        }
        let (.., inputs) = last.as_ref()?;
        inputs.get(place.position).map(|input| input.scores.clone())
    }
}
