//! Pure functions over a run: what is done to it before it is shown, what its
//! heads have in common, which links are the strongest. No pictures and no
//! files; plain numbers in, plain numbers out.

mod analyses;
mod forbidden;
mod link_by_head;
mod links;
mod maps;
mod merge;
mod options;
mod profile;
mod reduce;
mod relations;
mod reshape;
mod rollout;
mod scores;
mod similarity;
mod sink;
mod statistics;
mod summary;
mod uniform;

pub use analyses::Analyses;
pub use link_by_head::{LinkByHead, link_by_head};
pub use links::{Link, LinkChoice, strongest_links};
pub use maps::{Axis, AxisUnit, MapId, Maps, Measure};
pub use options::{
    Crop, CropError, Fusion, Granularity, ReshapeOptions, RolloutOptions, Sink, SpecialTokens,
};
pub use profile::{Direction, Profile, profile, received_profile};
pub use reduce::{Reduction, reduce};
pub use relations::{
    ALL_RELATIONS, Annotation, OFFSETS, Relation, RelationCounts, RelationDirection, RelationFound,
    RelationQuestions,
};
pub use reshape::{ReshapeError, reshape, truncation_note, uncropped_axis, words};
pub use rollout::{RolloutError, check_rollout, rollout};
pub use scores::{HeadScores, Score, head_scores};
pub use similarity::{Similarity, similar_heads, similarity, similarity_within};
pub use sink::{Drowning, drowning, drowning_of_row};
pub use statistics::{HeadStatistics, Statistics};
pub use summary::{Summary, quantile_step};
pub use uniform::attends_uniformly;
