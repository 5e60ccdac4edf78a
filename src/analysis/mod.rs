//! Pure functions over a run: which of its tokens are shown and in which
//! units, what its heads have in common, which links are the strongest. No
//! pictures and no files; plain numbers in, plain numbers out.

mod links;
mod reduce;
mod show;

pub use crate::attention::RowSums;
pub use links::{Link, strongest_links};
pub use reduce::{Direction, Profile, Reduction, all_heads, layer_heads, profile};
pub use show::{
    Crop, CropError, ShowError, ShowOptions, Shown, ShownToken, SpecialTokens, TokenUnit, show,
    truncation_note,
};
