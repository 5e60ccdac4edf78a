//! Pure functions over a run: what is done to it before it is shown, what its
//! heads have in common, which links are the strongest. No pictures and no
//! files; plain numbers in, plain numbers out.

mod forbidden;
mod links;
mod maps;
mod merge;
mod options;
mod profile;
mod reduce;
mod reshape;
mod scores;
mod sink;
mod uniform;

pub use links::{Link, LinkChoice, strongest_links};
pub use maps::{Axis, AxisUnit, MapId, Maps, Measure};
pub use options::{Crop, CropError, Granularity, ReshapeOptions, Sink, SpecialTokens};
pub use profile::{Direction, Profile, profile};
pub use reduce::{Reduction, Reductions, reduce};
pub use reshape::{ReshapeError, reshape, truncation_note, uncropped_axis};
pub use scores::{HeadScores, Score, head_scores};
pub use sink::{Drowning, drowning, drowning_of_row};
pub use uniform::attends_uniformly;
