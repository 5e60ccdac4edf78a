//! Two runs, unit beside unit and head beside head.

use super::difference::of_heads;
use super::keys::keys;
use super::unlike::unlike;
use super::{
    Alignment, CompareError, Differences, Pairing, ScoreDifferences, UnlikeUnits, aligned,
    alignment, differences,
};
use crate::analysis::{
    Axis, AxisUnit, Granularity, MapId, Maps, ReshapeOptions, head_scores, reshape, truncation_note,
};
use crate::attention::HeadId;
use crate::input::{StreamRole, Unit};
use crate::run::Run;

/// What is said where scores are not compared.
pub const NO_SCORES: &str =
    "Scores of heads are not compared: they depend on the tokens, which differ.";

/// Two runs, unit beside unit and head beside head.
#[derive(Debug, Clone)]
pub struct Comparison<'run> {
    /// The left maps, of the units that are compared.
    pub left: Maps<'run>,
    /// The right maps, of as many.
    pub right: Maps<'run>,
    /// Which queries stand beside one another, as each side has them.
    pub rows: Alignment,
    /// Which keys do.
    pub columns: Alignment,
    /// How far the maps are apart.
    pub differences: Differences,
    /// What each head does on both sides; `None` where their tokens differ.
    pub scores: Option<ScoreDifferences>,
    /// The units that are not the same on both sides, the keys' first, then those
    /// of queries that are another sequence.
    pub unlike: UnlikeUnits,
    /// What the reader has to know, as sentences.
    pub notes: Vec<String>,
}

/// The cell of a head that differs most.
#[derive(Debug, Clone, PartialEq)]
pub struct GreatestCell {
    /// The unit of its row on the left and on the right.
    pub query: [AxisUnit; 2],
    /// The unit of its column on the left and on the right.
    pub key: [AxisUnit; 2],
    /// The left side's attention.
    pub left: f32,
    /// The right side's.
    pub right: f32,
}

impl GreatestCell {
    /// What its query and its key are called; of a unit that another one
    /// replaces, both: `tired|wide`.
    pub fn names(&self) -> [String; 2] {
        // The same token is written by one tokenizer as it stands in the text, and by
        // another that lacks it as the vocabulary has it.
        let is_same = |left: &AxisUnit, right: &AxisUnit| {
            left.label == right.label || (left.text == right.text && left.first == right.first)
        };
        [&self.query, &self.key].map(|[left, right]| match is_same(left, right) {
            true => left.label.clone(),
            false => format!("{}|{}", left.label, right.label),
        })
    }
}

impl Comparison<'_> {
    /// Where the maps of a head differ most; `None` where they are equal.
    pub fn greatest_cell(&self, head: HeadId) -> Option<GreatestCell> {
        let place = self
            .differences
            .selection
            .head_ids()
            .position(|id| id == head)?;
        let [query, key] = *self.differences.greatest_cells.get(place)?;
        let cell = query * self.left.columns.len() + key;
        let value = |maps: &Maps<'_>| maps.map(MapId::Head(head))?.get(cell).copied();
        let (left, right) = (value(&self.left)?, value(&self.right)?);
        let both = |left: &Axis, right: &Axis, place: usize| {
            Some([
                left.units.get(place)?.clone(),
                right.units.get(place)?.clone(),
            ])
        };
        (left != right).then(|| {
            Some(GreatestCell {
                query: both(&self.left.rows, &self.right.rows, query)?,
                key: both(&self.left.columns, &self.right.columns, key)?,
                left,
                right,
            })
        })?
    }

    /// How many units are compared, and of how many: those of the side that has
    /// more of them, queries and keys where these are two sequences.
    pub fn unit_counts(&self) -> [usize; 2] {
        let counts = |alignment: &Alignment| {
            let alone = alignment.left_only.len().max(alignment.right_only.len());
            [alignment.pairs.len(), alignment.pairs.len() + alone]
        };
        let [rows, columns] = [counts(&self.rows), counts(&self.columns)];
        match rows == columns {
            true => columns,
            false => [rows[0] + columns[0], rows[1] + columns[1]],
        }
    }

    /// The rows and the columns whose unit is another one on the right.
    pub fn replaced(&self) -> [Vec<usize>; 2] {
        [&self.rows, &self.columns].map(|alignment| {
            let pairs = alignment.pairs.iter().enumerate();
            let replaced = pairs.filter(|(_, pair)| !pair.is_same);
            replaced.map(|(place, _)| place).collect()
        })
    }
}

/// Compares the attention of two runs, of their first kind.
///
/// # Errors
/// When their heads differ; when their units do and the runs are of the same
/// input and are to be compared by tokens; when they have no unit in common
/// that stands for text.
pub fn compare_runs<'run>(
    left: &'run Run,
    right: &'run Run,
    granularity: Granularity,
    pairing: Pairing,
) -> Result<Comparison<'run>, CompareError> {
    let runs = [left, right];
    let [Some(of_left), Some(of_right)] = runs.map(|run| run.attention.first()) else {
        return Err(CompareError::NoAttention);
    };
    if of_left.kind() != of_right.kind() {
        return Err(CompareError::OtherKinds {
            kinds: [of_left.kind(), of_right.kind()],
        });
    }
    let selections = [of_left, of_right].map(|attention| attention.maps().selection());
    of_heads(selections)?;
    let options = ReshapeOptions {
        granularity,
        ..ReshapeOptions::default()
    };
    let maps = [
        reshape(left, of_left, &options)?,
        reshape(right, of_right, &options)?,
    ];
    let [rows, columns] = [
        [&maps[0].rows, &maps[1].rows],
        [&maps[0].columns, &maps[1].columns],
    ]
    .map(|axes| {
        let [left, right] = keys(runs, axes, granularity, pairing);
        paired(alignment(&left, &right), pairing)
    });
    let mut unlike_units = unlike(&columns, [&maps[0].columns, &maps[1].columns]);
    if !maps[0].is_square() || !maps[1].is_square() {
        unlike_units.extend(unlike(&rows, [&maps[0].rows, &maps[1].rows]));
    }
    let is_by_token = granularity == Granularity::Subword && pairing == Pairing::SameInput;
    if is_by_token && !unlike_units.is_empty() {
        return Err(CompareError::UnitsDiffer {
            unlike: unlike_units,
        });
    }
    let has_text = |axis: &Axis, alignment: &Alignment| {
        let mut pairs = alignment.pairs.iter();
        pairs.any(|pair| axis.units.get(pair.left).is_some_and(|unit| !unit.special))
    };
    if !has_text(&maps[0].rows, &rows) || !has_text(&maps[0].columns, &columns) {
        return Err(CompareError::NothingInCommon {
            unlike: unlike_units,
        });
    }
    let same_tokens = of_same_tokens(runs, &maps, pairing);
    let [left_maps, right_maps] = maps;
    let notes = notes(runs, [&left_maps, &right_maps], &columns);
    let left_maps = compared(left_maps, &rows, &columns, |pair| pair.left);
    let right_maps = compared(right_maps, &rows, &columns, |pair| pair.right);
    Ok(Comparison {
        differences: differences(&left_maps, &right_maps)?,
        scores: same_tokens.then(|| ScoreDifferences {
            left: head_scores(left, of_left),
            right: head_scores(right, of_right),
        }),
        left: left_maps,
        right: right_maps,
        rows,
        columns,
        unlike: unlike_units,
        notes,
    })
}

/// Whether the same input became the same tokens on both sides, asked before
/// anything is computed.
///
/// # Errors
/// When it did not.
pub fn check_tokens(left: &[Unit], right: &[Unit]) -> Result<(), CompareError> {
    match unlike_tokens(left, right) {
        unlike if unlike.is_empty() => Ok(()),
        unlike => Err(CompareError::UnitsDiffer { unlike }),
    }
}

/// The tokens that are not the same on both sides.
pub fn unlike_tokens(left: &[Unit], right: &[Unit]) -> UnlikeUnits {
    let texts =
        |units: &[Unit]| -> Vec<String> { units.iter().map(|unit| unit.text.clone()).collect() };
    let axes = [left, right].map(|units| Axis::new(StreamRole::Source, units));
    let alignment = paired(alignment(&texts(left), &texts(right)), Pairing::SameInput);
    unlike(&alignment, [&axes[0], &axes[1]])
}

/// Of the same input, what merely stands at the same place is not compared.
fn paired(mut alignment: Alignment, pairing: Pairing) -> Alignment {
    match pairing {
        Pairing::OtherInput => {}
        Pairing::SameInput => {
            let replaced = alignment.pairs.iter().filter(|pair| !pair.is_same);
            let (left, right): (Vec<usize>, Vec<usize>) =
                replaced.map(|pair| (pair.left, pair.right)).unzip();
            alignment.left_only.extend(left);
            alignment.right_only.extend(right);
            alignment.left_only.sort_unstable();
            alignment.right_only.sort_unstable();
            alignment.pairs.retain(|pair| pair.is_same);
        }
    }
    alignment
}

/// Whether both runs are of the same tokens, whatever they are compared by:
/// scores of other tokens say something else.
fn of_same_tokens(runs: [&Run; 2], maps: &[Maps<'_>; 2], pairing: Pairing) -> bool {
    let axes = [
        [maps[0].rows.role, maps[1].rows.role],
        [maps[0].columns.role, maps[1].columns.role],
    ];
    axes.iter().all(|[left, right]| {
        let axes = [
            Axis::new(*left, runs[0].units(*left)),
            Axis::new(*right, runs[1].units(*right)),
        ];
        let axes = [&axes[0], &axes[1]];
        let [left, right] = keys(runs, axes, Granularity::Subword, pairing);
        left == right
    })
}

/// The maps of the units that both sides have; as they are where that is all.
fn compared<'run>(
    maps: Maps<'run>,
    rows: &Alignment,
    columns: &Alignment,
    side: impl Fn(&super::UnitPair) -> usize,
) -> Maps<'run> {
    let kept = |alignment: &Alignment| alignment.pairs.iter().map(&side).collect::<Vec<_>>();
    let (rows, columns) = (kept(rows), kept(columns));
    match rows.len() == maps.rows.len() && columns.len() == maps.columns.len() {
        true => maps,
        false => aligned(&maps, &rows, &columns),
    }
}

/// A sentence where both sides have the same tokens under other numbers, with
/// the first of them: the models were asked about other rows of their word
/// embeddings. Attention from elsewhere has no numbers.
pub fn other_ids(runs: [&Run; 2]) -> Option<String> {
    let [left, right] = runs.map(|run| run.units(StreamRole::Source));
    let has_ids = |units: &[Unit]| units.iter().any(|unit| unit.id != 0);
    let are_same = left.len() == right.len()
        && left
            .iter()
            .zip(right)
            .all(|(left, right)| left.text == right.text);
    if !are_same || !has_ids(left) || !has_ids(right) {
        return None;
    }
    let mut pairs = left.iter().zip(right).enumerate();
    let (position, (left, right)) = pairs.find(|(_, (left, right))| left.id != right.id)?;
    Some(format!(
        "The token {:?} at {position} is number {} of the left vocabulary and {} of the right: \
         each model was asked about its own number.",
        left.text, left.id, right.id
    ))
}

fn notes(runs: [&Run; 2], [left, right]: [&Maps<'_>; 2], columns: &Alignment) -> Vec<String> {
    let mut notes = cut_off(runs);
    notes.extend(other_ids(runs));
    notes.extend(left.notes.iter().cloned());
    let others = right.notes.iter().filter(|note| !left.notes.contains(note));
    notes.extend(others.cloned());
    let (of_left, of_right) = (columns.left_only.len(), columns.right_only.len());
    if of_left + of_right > 0 {
        let units = if of_left == 1 { "unit" } else { "units" };
        notes.push(format!(
            "{of_left} {units} of the left side and {of_right} of the right have nothing beside them and are left out; rows are not scaled back to 1."
        ));
    }
    notes
}

/// What was cut off the inputs, of both sides at once where that is the same.
fn cut_off(runs: [&Run; 2]) -> Vec<String> {
    let [left, right] = runs.map(|run| {
        let streams = run.streams.iter();
        let notes = streams.filter_map(|it| truncation_note(it.dropped, it.units.len()));
        notes.collect::<Vec<String>>()
    });
    if left == right {
        return left;
    }
    let left = left.iter().map(|note| format!("Left: {note}"));
    let right = right.iter().map(|note| format!("Right: {note}"));
    left.chain(right).collect()
}

/// What is said where not all units are compared; `None` where all are. The
/// counts are as [`Comparison::unit_counts`] has them, of one input or of many
/// together.
pub fn of_units([compared, all]: [u64; 2]) -> Option<String> {
    (compared < all).then(|| format!("of {compared} of {all} units"))
}
