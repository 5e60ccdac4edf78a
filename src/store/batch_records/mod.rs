//! What a batch leaves beside its inputs' folders: the results line by line,
//! the page that a reviewer opens, reports for CI systems, and a manifest of
//! the whole.
//!
//! ```text
//! attnviz-out/
//!   index.html            for people: failures first, then every input
//!   results.jsonl         for programs: one ResultRecord a line, in input order
//!   manifest.json         model, options, input files, counts, SHA-256 of both
//!   inputs/000001/…       one folder an input, as `encode` writes it
//!   thumbnails/000001.png small pictures for index.html
//! ```
//!
//! `attnviz scores` leaves no folders of inputs but tables of all of them:
//!
//! ```text
//! attnviz-scores/
//!   index.html            for people: failures first, then the heads by score
//!   heads.csv             mean, deviation and quantiles a layer, head and score
//!   heads.png             the means as pictures
//!   examples.jsonl        the inputs that excite each head most and least
//!   relations.csv         what heads find of relations, where inputs have some
//!   scores.parquet/part-00000.parquet …   a row an input, layer and head
//!   results.jsonl         as above, without folders
//!   manifest.json         as above
//! ```
//!
//! The folder belongs to its inputs and its model. Before a batch begins, its
//! shard, its model (name, source, commit and the digest of every file) and its
//! input files are compared with those of the batch that is there. The digest of
//! an input file decides where the earlier batch knew it and the file can be
//! read twice; else its name, as for a pipe, or after a batch that did not come
//! to its end. How they are read counts as well: a file holds other inputs where
//! another column is the text. Options of pictures do not count: the same inputs
//! may be drawn otherwise. `--resume` goes on from the folder of any inputs and any
//! version of the same model and of the same shard: what is the same is kept, what
//! changed is done again, what is no input any more goes. `--overwrite` takes any
//! folder. Whoever takes it replaces and deletes only what a batch wrote: the names
//! in `results.jsonl` and, of a batch that did not come to its end, in its ledger.
//! See [`difference`].

mod kind;
mod owner;
mod reading;
mod record;
mod results;

pub use kind::BatchKind;
pub use owner::{Claim, Difference, difference};
pub use reading::{Columns, Reading};
pub use record::{
    BATCH_SCHEMA_VERSION, BatchCounts, BatchManifest, InputFile, RelationRecord, ResultRecord,
    Shard, ShardError, Status,
};
pub use results::ResultReader;

/// The folder of the inputs' folders.
pub const INPUTS: &str = "inputs";
/// The folder of the small pictures.
pub const THUMBNAILS: &str = "thumbnails";
/// The page.
pub const PAGE: &str = "index.html";
/// The results, line by line.
pub const RESULTS: &str = "results.jsonl";
/// The statistics of heads.
pub const HEADS: &str = "heads.csv";
/// The picture of their means.
pub const HEADS_PICTURE: &str = "heads.png";
/// The inputs that excite heads most and least.
pub const EXAMPLES: &str = "examples.jsonl";
/// What heads find of the relations between words.
pub const RELATIONS: &str = "relations.csv";
/// The folder of the tables of scores.
pub const SCORES: &str = "scores.parquet";
/// So many inputs, by their place among all, have their scores in one file.
pub const PART_LENGTH: u64 = 10_000;

/// The file of scores that an input is in, by its place among all inputs.
pub fn part_of(index: u64) -> String {
    format!("{SCORES}/part-{:05}.parquet", index / PART_LENGTH)
}

/// Whether a file of a batch's folder has the name of a file of scores.
pub fn is_part(name: &str) -> bool {
    let number = name
        .strip_prefix(SCORES)
        .and_then(|name| name.strip_prefix("/part-")?.strip_suffix(".parquet"));
    number.is_some_and(|number| {
        number.len() >= 5 && number.bytes().all(|letter| letter.is_ascii_digit())
    })
}
