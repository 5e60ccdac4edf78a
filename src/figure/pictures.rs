//! The pictures that each view is, and the figure of each.

use std::collections::BTreeSet;

use super::{
    Figure, FigureError, FigureOptions, UnitChoice, View, line_figure, link_map, overview,
    rollout_by_layer, rollout_map, score_grids, shaded_text, similarity_map, single_map,
    unit_profile,
};
use crate::analysis::{
    Analyses, Direction, LinkByHead, MapId, Maps, Reduction, check_rollout, link_by_head,
};
use crate::attention::{HeadId, Selection};
use crate::run::Run;

/// One picture of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PictureId {
    /// All heads in a grid.
    Overview,
    /// The map of a head.
    Head(HeadId),
    /// Heads as one map: those of a layer, or all.
    Joined(Reduction, MapId),
    /// A unit's profile.
    Unit(Direction, UnitChoice),
    /// The attention from one unit to another in every head.
    Link(UnitChoice, UnitChoice),
    /// The rollout after the last layer.
    Rollout,
    /// The rollout after every layer.
    RolloutByLayer,
    /// How alike the heads are.
    Similarity,
    /// What each head does.
    Scores,
    /// A head as lines.
    Lines(HeadId),
    /// The input, shaded.
    Text(Option<UnitChoice>),
}

impl View {
    /// The pictures of the view, where these heads are shown.
    pub fn pictures(&self, selection: &Selection) -> Vec<PictureId> {
        let joined = |reduction| {
            let layers = selection.layer_indices().into_iter();
            let maps = layers.map(MapId::Layer).chain([MapId::All]);
            maps.map(|id| PictureId::Joined(reduction, id)).collect()
        };
        match self {
            Self::Heads => selection.head_ids().map(PictureId::Head).collect(),
            Self::Overview => vec![PictureId::Overview],
            Self::Mean => joined(Reduction::Mean),
            Self::Max => joined(Reduction::Max),
            Self::Unit(direction, choice) => vec![PictureId::Unit(*direction, choice.clone())],
            Self::Link(from, to) => vec![PictureId::Link(from.clone(), to.clone())],
            Self::Rollout => vec![PictureId::Rollout, PictureId::RolloutByLayer],
            Self::Similarity => vec![PictureId::Similarity],
            Self::Scores => vec![PictureId::Scores],
            Self::Lines => selection.head_ids().map(PictureId::Lines).collect(),
            Self::Text(choice) => vec![PictureId::Text(choice.clone())],
        }
    }
}

/// The figure of a picture.
///
/// # Errors
/// When the run has nothing of what the picture shows, or the options name no
/// range.
pub fn figure<'maps>(
    run: &Run,
    maps: &'maps Maps<'_>,
    analyses: &'maps Analyses<'_>,
    picture: &PictureId,
    options: &FigureOptions,
) -> Result<Figure<'maps>, FigureError> {
    match picture {
        PictureId::Overview => overview(run, maps, options),
        PictureId::Head(head) => single_map(run, maps, MapId::Head(*head), options),
        PictureId::Joined(reduction, id) => {
            single_map(run, analyses.reduced(*reduction), *id, options)
        }
        PictureId::Unit(direction, choice) => {
            let position = choice.resolve(*direction, run, maps)?;
            unit_profile(run, maps, *direction, position, options)
        }
        PictureId::Link(from, to) => {
            let ends = link_ends(run, maps, from, to)?;
            link_map(run, maps, ends, options)
        }
        PictureId::Rollout => rollout_map(run, analyses.rollout()?, options),
        PictureId::RolloutByLayer => rollout_by_layer(run, analyses.rollout()?, options),
        PictureId::Similarity => similarity_map(run, maps, analyses.similarity(), options),
        PictureId::Scores => score_grids(run, maps, analyses, options),
        PictureId::Lines(head) => line_figure(run, maps, *head, options),
        PictureId::Text(choice) => {
            let row = choice.as_ref().map(|choice| text_row(run, maps, choice));
            shaded_text(run, maps, row.transpose()?, options)
        }
    }
}

/// Whether all views are of something that is shown of the run, asked before
/// any is drawn.
///
/// # Errors
/// Why one is not, with the others, so that the whole list can be typed again.
pub fn check_views(
    run: &Run,
    maps: &Maps<'_>,
    analyses: &Analyses<'_>,
    views: &BTreeSet<View>,
) -> Result<(), FigureError> {
    let wrong = |view: &View| Some((view.clone(), check(view, run, maps, analyses).err()?));
    let Some((wrong, error)) = views.iter().find_map(wrong) else {
        return Ok(());
    };
    // What is wrong itself is no part of what to type.
    let others = views.iter().filter(|view| **view != wrong);
    let others = others.filter(|view| check(view, run, maps, analyses).is_ok());
    Err(FigureError::OfView {
        others: others.cloned().collect(),
        error: Box::new(error),
    })
}

/// Whether a view is of something that is shown of the run.
fn check(
    view: &View,
    run: &Run,
    maps: &Maps<'_>,
    analyses: &Analyses<'_>,
) -> Result<(), FigureError> {
    match view {
        View::Heads
        | View::Overview
        | View::Mean
        | View::Max
        | View::Similarity
        | View::Scores
        | View::Lines
        | View::Text(None) => Ok(()),
        View::Text(Some(choice)) => text_row(run, maps, choice).map(|_| ()),
        View::Unit(direction, choice) => choice.resolve(*direction, run, maps).map(|_| ()),
        View::Link(from, to) => link_ends(run, maps, from, to).map(|_| ()),
        View::Rollout => {
            let options = analyses.rollout_options();
            Ok(check_rollout(analyses.attention(), options)?)
        }
    }
}

/// The row of the unit that a text is shaded by.
///
/// # Errors
/// When there is no such unit, more than one, or it is not shown.
pub fn text_row(run: &Run, maps: &Maps<'_>, choice: &UnitChoice) -> Result<usize, FigureError> {
    let row = choice.resolve(Direction::From, run, maps);
    row.map_err(|error| FigureError::OfText {
        error: Box::new(error),
    })
}

/// The row and the column of a link.
///
/// # Errors
/// When there is no such unit, more than one, or it is not shown: of the query
/// first.
fn link_ends(
    run: &Run,
    maps: &Maps<'_>,
    from: &UnitChoice,
    to: &UnitChoice,
) -> Result<[usize; 2], FigureError> {
    let row = from.resolve(Direction::From, run, maps);
    let column = to.resolve(Direction::To, run, maps);
    // What can be typed has no other end that is wrong.
    let meant = |choice: &UnitChoice, found: &Result<usize, FigureError>| match found {
        Ok(_) => choice.clone(),
        Err(error) => UnitChoice::Position(error.meant_position()),
    };
    let of_link = |error: FigureError, ends: [UnitChoice; 2]| FigureError::OfLink {
        error: Box::new(error),
        ends: Box::new(ends),
    };
    match (row, column) {
        (Ok(row), Ok(column)) => Ok([row, column]),
        (Err(error), column) => {
            let other = meant(to, &column);
            Err(of_link(error, [from.clone(), other]))
        }
        (Ok(_), Err(error)) => Err(of_link(error, [from.clone(), to.clone()])),
    }
}

/// How much one unit attends to another in every head.
///
/// # Errors
/// When one of the two is not shown, or not one.
pub fn link_between(
    run: &Run,
    maps: &Maps<'_>,
    from: &UnitChoice,
    to: &UnitChoice,
) -> Result<LinkByHead, FigureError> {
    let [row, column] = link_ends(run, maps, from, to)?;
    link_by_head(maps, row, column).ok_or(FigureError::NothingJoined)
}
