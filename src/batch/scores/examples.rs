//! `examples.jsonl`: the inputs that excite each head most and least.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;

use crate::analysis::{Link, Score};
use crate::attention::HeadId;
use crate::store::batch_records::{RESULTS, ResultRecord};
use crate::store::tables::{End, Example, ExampleLink, InputScores};
use crate::store::write::beneath;

/// So many inputs of each end are kept.
pub const EXAMPLE_COUNT: usize = 3;
/// No text is longer, in characters; `results.jsonl` has all.
const LONGEST_TEXT: usize = 500;

/// An input at an end.
#[derive(Debug, Clone, Copy)]
struct Extreme {
    value: f32,
    index: u64,
    /// Where its result is, in bytes.
    offset: u64,
    link: Option<Link>,
}

/// The inputs at both ends of every score of every head while inputs come.
#[derive(Debug)]
pub(super) struct Extremes {
    heads: Vec<HeadId>,
    /// `[score, head]`, at each end the first the outermost.
    ends: Vec<[Vec<Extreme>; 2]>,
}

impl Extremes {
    pub(super) fn new(heads: Vec<HeadId>) -> Self {
        let count = heads.len() * Score::ALL.len();
        Self {
            heads,
            ends: vec![Default::default(); count],
        }
    }

    /// Adds an input, whose index is greater than the last one's: of equal
    /// values the first ones stay.
    pub(super) fn add(&mut self, index: u64, offset: u64, scores: &InputScores) {
        for (place, (ends, &value)) in self.ends.iter_mut().zip(&scores.values).enumerate() {
            if value.is_nan() {
                continue;
            }
            let [most, least] = ends;
            let head = place % self.heads.len().max(1);
            let extreme = || Extreme {
                value,
                index,
                offset,
                link: scores.links.get(head).copied().flatten(),
            };
            insert(most, |other| other.value >= value, extreme);
            insert(least, |other| other.value <= value, extreme);
        }
    }

    /// Writes them, score by score and head by head, out of the results of a
    /// folder.
    ///
    /// # Errors
    /// When the results cannot be read, or `out` cannot be written.
    pub(super) fn write(&self, root: &Path, out: &mut dyn Write) -> io::Result<()> {
        let mut results = BufReader::new(beneath::open(root, RESULTS)?);
        let scores = Score::ALL.iter();
        let places = scores.flat_map(|score| self.heads.iter().map(move |head| (score, head)));
        for ((score, head), [most, least]) in places.zip(&self.ends) {
            for (end, extremes) in [(End::Most, most), (End::Least, least)] {
                for (place, extreme) in extremes.iter().enumerate() {
                    let record = record_at(&mut results, extreme.offset)?;
                    let example = Example {
                        score: score.to_string(),
                        layer: head.layer,
                        head: head.head,
                        end,
                        rank: place + 1,
                        value: extreme.value,
                        index: extreme.index,
                        link: extreme.link.map(|link| labelled(link, &record)),
                        id: record.id,
                        text: record.text.map(beginning),
                        pair: record.pair.map(beginning),
                    };
                    serde_json::to_writer(&mut *out, &example)?;
                    out.write_all(b"\n")?;
                }
            }
        }
        Ok(())
    }
}

/// Puts an input behind all that come before it, where there is room.
fn insert(
    extremes: &mut Vec<Extreme>,
    is_before: impl Fn(&Extreme) -> bool,
    extreme: impl Fn() -> Extreme,
) {
    let place = extremes.partition_point(is_before);
    if place < EXAMPLE_COUNT {
        extremes.truncate(EXAMPLE_COUNT - 1);
        extremes.insert(place, extreme());
    }
}

fn record_at(results: &mut BufReader<File>, offset: u64) -> io::Result<ResultRecord> {
    results.seek(SeekFrom::Start(offset))?;
    let mut line = String::new();
    results.read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}

fn labelled(link: Link, record: &ResultRecord) -> ExampleLink {
    let label = |position: usize| -> String {
        let label = record.labels.get(&position);
        let label = label.or_else(|| record.tokens.get(position));
        label.cloned().unwrap_or_default()
    };
    ExampleLink {
        query: link.query,
        query_label: label(link.query),
        key: link.key,
        key_label: label(link.key),
        value: link.value,
    }
}

fn beginning(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST_TEXT) {
        text.truncate(end);
        text.push('…');
    }
    text
}
