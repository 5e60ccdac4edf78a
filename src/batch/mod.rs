//! Many inputs through the same pipeline: read, tokenize, encode, draw, write.
//!
//! A thread of its own reads and tokenizes (`feed`); it is never far ahead.
//! What it delivers is taken in windows. While one window is drawn and written,
//! the next is encoded, both on all cores, so that memory holds two windows
//! however many inputs there are, and results stand in the order of the inputs.
//! What an input gets does not depend on its window: see
//! [`pipeline::runs`](crate::pipeline::runs).

pub mod check;
pub mod diff;
mod error;
mod feed;
mod finish;
mod identity;
mod in_flight;
mod ledger;
mod merge;
mod merge_scores;
mod options;
mod outcome;
mod overlap;
pub mod report;
mod report_files;
mod resume;
mod room;
mod run;
mod scores;
mod shards;
mod source;
mod stage;
mod stream;
mod window;

pub use error::BatchError;
pub use feed::FeedError;
pub use merge::merge;
pub use options::{BatchModel, BatchOptions};
pub use outcome::{BatchEvent, BatchOutcome};
pub use overlap::{OverlapError, check_places, real_place};
pub use report_files::{ReportFile, Reports};
pub use run::run;
pub use shards::MergeError;
pub use source::{
    ColumnError, FileWarning, HeaderLayout, InputFormat, InputSource, ParquetFault, ReadOptions,
    RecordError, Relations, SourceError, decoded,
};
pub use stream::{StreamError, StreamOptions, StreamOutcome, stream};
