//! The one place that creates files. A run's folder is staged beside its final
//! place, brought to the disk and renamed when it is whole, so that an error, a
//! full disk, a killed process or a lost machine never leaves half of one.

pub mod assembled;
pub mod batch_folder;
mod batch_folder_error;
mod batch_lock;
mod batch_places;
pub mod beneath;
mod durable;
mod error;
mod leftovers;
mod own_files;
pub mod report;
mod score_files;
mod staged_file;
mod staged_folder;
mod written;

pub use batch_lock::is_running;
pub use batch_places::StagedInput;
pub use beneath::is_same_place;
pub use error::WriteError;
pub use leftovers::PlaceLock;
pub use score_files::files_of_scores;
pub use staged_file::StagedFile;
pub use staged_folder::{Change, StagedFolder, check_root, files_below};
