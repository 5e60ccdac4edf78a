//! What lands on disk: folders of runs and of batches, their manifests, their
//! files of numbers, and the way back from saved files to runs. Nothing here
//! draws. [`mod@write`] alone creates files.

pub mod baseline;
pub mod batch_records;
pub mod check_record;
pub mod diff;
mod earlier_options;
pub mod folder;
mod heads_record;
mod manifest;
pub mod numbers;
mod options;
mod options_record;
mod pictures;
pub mod saved;
mod schema;
mod size;
pub mod tables;
pub mod write;

pub use heads_record::HeadsRecord;
pub use manifest::{
    AttentionRecord, FileRecord, MANIFEST, Manifest, SCHEMA_VERSION, SerializeError, ShownRecord,
    StreamRecord, UnitRecord, manifest_json,
};
pub use options::{Format, OutputOptions};
pub use options_record::OptionsRecord;
pub use pictures::{PAGE, ViewedPicture, expected_files, picture_formats, pictures, table_files};
pub use schema::read_manifest;
pub use size::{MAXIMUM_LENGTH, estimate, with_output};
