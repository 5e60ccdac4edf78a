//! Whose a batch's folder is: that of its input files and its model.

use super::{BatchManifest, InputFile};

/// What a batch may do with the folder of an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Do it again: inputs and model must be the same.
    Again,
    /// Go on from it: what is the same is kept, what changed is done again,
    /// what is no input any more goes. The shard must be the same, and the model's name and source.
    Resume,
    /// Replace it, whosever it is.
    Overwrite,
}

/// Why a folder is another batch's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// It is a batch of another kind.
    Kind,
    /// It holds another part of the inputs.
    Shard,
    /// It was made by a model of another name or source.
    Model,
    /// It was made by another version of the model.
    ModelVersion,
    /// It was made of other inputs.
    Inputs,
}

/// What a batch that is to begin lacks for the folder of an earlier one, if
/// anything. `sha256_of` reads the input file at a position: it is asked only
/// where the earlier batch knew the file's digest, and answers `None` where the
/// file cannot be read twice.
///
/// Options do not count: the same inputs and model may be drawn in other ways.
pub fn difference(
    earlier: &BatchManifest,
    now: &BatchManifest,
    claim: Claim,
    sha256_of: &dyn Fn(usize) -> Option<String>,
) -> Option<Difference> {
    let which = |manifest: &BatchManifest| {
        let model = &manifest.model;
        (model.name(), model.source)
    };
    let same_model = which(earlier) == which(now);
    match claim {
        Claim::Overwrite => None,
        Claim::Again | Claim::Resume if earlier.kind != now.kind => Some(Difference::Kind),
        Claim::Again | Claim::Resume if earlier.shard != now.shard => Some(Difference::Shard),
        Claim::Again | Claim::Resume if !same_model => Some(Difference::Model),
        Claim::Resume => None,
        Claim::Again if earlier.model != now.model => Some(Difference::ModelVersion),
        Claim::Again => {
            // What an older attnviz did not say was as it would be now.
            let read_alike = match (&earlier.reading, &now.reading) {
                (Some(earlier), Some(now)) => earlier == now,
                (None, _) | (_, None) => true,
            };
            let same_inputs =
                read_alike && are_same_inputs(&earlier.input_files, &now.input_files, sha256_of);
            (!same_inputs).then_some(Difference::Inputs)
        }
    }
}

/// Whether these are the same files in the same order. The digest decides where
/// both are known; the name where one is not, as of a pipe, or of a batch that
/// was interrupted.
fn are_same_inputs(
    earlier: &[InputFile],
    now: &[InputFile],
    sha256_of: &dyn Fn(usize) -> Option<String>,
) -> bool {
    let is_same = |(position, (earlier, now)): (usize, (&InputFile, &InputFile))| {
        let known = earlier.sha256.as_ref();
        let found = known.and_then(|_| now.sha256.clone().or_else(|| sha256_of(position)));
        match (known, found) {
            (Some(known), Some(found)) => *known == found,
            _ => earlier.name == now.name,
        }
    };
    earlier.len() == now.len() && earlier.iter().zip(now).enumerate().all(is_same)
}
