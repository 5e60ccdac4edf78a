//! The one road down, for everything that runs a model:
//!
//! ```text
//! checkpoint ─ load ─→ LoadedModel
//! Input ─ prepare ─→ Prepared ─ runs ─→ Run ─ write_run ─→ WrittenRun
//! ```

mod contents;
mod diff;
mod diff_pictures;
mod error;
mod output;
mod run;
mod side_names;

pub use contents::{Contents, Drawn};
pub use diff::{PageOf, ShownPicture, WrittenDiff, write_comparison};
pub use error::OutputError;
pub use output::{FoundLink, WrittenRun, picture_count, redraw_run, redraw_run_as, write_run};
pub use run::{
    LoadedModel, LoadedTokenizer, PipelineError, UNIFORM, Use, check_memory, doubt, is_uniform,
    load, load_tokenizer, prepare, runs, runs_in, runs_with_neurons,
};
pub use side_names::side_names;
