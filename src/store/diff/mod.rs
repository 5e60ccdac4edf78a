//! The folder of a comparison: what lies in it, whose it is, and what its
//! manifest says.

mod arrays;
mod folder;
mod manifest;
mod many;
mod options;
mod tables;

pub use arrays::arrays;
pub use folder::{DiffDestination, DiffPlace};
pub use manifest::{
    DIFF_SCHEMA_VERSION, DiffKind, DiffManifest, InputsRecord, SideRecord, UnitsRecord,
};
pub use many::many_arrays;
pub use options::{DiffOptions, FORMATS};
pub use tables::{heads_table, rows_table};

/// The page that shows all of a comparison.
pub const PAGE: &str = "index.html";
/// A row a head.
pub const HEADS_TABLE: &str = "diff.csv";
/// A row a row of a head.
pub const ROWS_TABLE: &str = "diff-rows.csv";
/// The grid of all heads, without its extension.
pub const GRID: &str = "differences";
/// The folder of the pictures of heads.
pub const HEADS: &str = "heads";
/// The numbers, without their extension.
pub const NUMBERS: &str = "diff";
/// A row an input, layer and head, where many inputs are compared.
pub const ROWS_OF_MANY: &str = "diff.parquet";
/// The folder of the pictures of the worst inputs.
pub const WORST_INPUTS: &str = "inputs";
