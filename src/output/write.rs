//! The one place that creates files. A run's folder is staged beside its final
//! place and renamed when it is whole, so that an error, a full disk or a
//! killed process never leaves half of one.

pub mod batch_folder;
pub(super) mod beneath;
mod error;
pub mod merge_files;
pub mod report;
mod staged_folder;

pub use error::WriteError;
pub(super) use staged_folder::files_below;
pub use staged_folder::{Change, StagedFolder};
