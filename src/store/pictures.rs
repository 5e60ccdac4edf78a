//! What the pictures of a run are called, and which of them the options ask for.

use std::collections::BTreeSet;

use super::folder::file_stem;
use super::numbers::FILES;
use super::{Format, OptionsRecord, OutputOptions};
use crate::analysis::{Direction, MapId, Reduction};
use crate::attention::Selection;
use crate::figure::{PictureId, Scale, UnitChoice, View};

/// The page of a run, in its folder.
pub const PAGE: &str = "index.html";

/// A picture and the view that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewedPicture {
    /// Which picture.
    pub id: PictureId,
    /// The view that asks for it.
    pub view: View,
}

impl ViewedPicture {
    /// Where the picture goes in the run's folder.
    pub fn file_name(&self, format: Format) -> String {
        format!("{}.{format}", stem(&self.id))
    }

    /// The options that shape the picture, of a run of these heads.
    pub fn options(&self, selection: &Selection, options: &OutputOptions) -> OptionsRecord {
        let is_of_one_head = match &self.id {
            PictureId::Head(_) | PictureId::Lines(_) | PictureId::Joined(_, MapId::Head(_)) => {
                options.figure.scale != Some(Scale::Run)
            }
            PictureId::Overview
            | PictureId::Joined(..)
            | PictureId::Unit(..)
            | PictureId::Link(..)
            | PictureId::Rollout
            | PictureId::RolloutByLayer
            | PictureId::Similarity
            | PictureId::Scores
            | PictureId::Text(_) => false,
        };
        let heads = (!is_of_one_head).then_some(selection);
        OptionsRecord::of_picture(&self.view.to_string(), heads, options)
    }
}

/// Where a picture goes in the run's folder, without its extension.
fn stem(picture: &PictureId) -> String {
    let word = |reduction: &Reduction| match reduction {
        Reduction::Mean => "mean",
        Reduction::Max => "max",
    };
    match picture {
        PictureId::Overview => "overview".to_owned(),
        PictureId::Head(id) | PictureId::Joined(_, MapId::Head(id)) => {
            format!("heads/layer-{:02}-head-{:02}", id.layer, id.head)
        }
        PictureId::Joined(reduction, MapId::Layer(layer)) => {
            format!("{}/layer-{layer:02}", word(reduction))
        }
        PictureId::Joined(reduction, MapId::All) => format!("{}/all", word(reduction)),
        PictureId::Unit(direction, choice) => {
            let folder = match direction {
                Direction::From => "from",
                Direction::To => "to",
            };
            format!("{folder}/{}", stem_of_unit(choice))
        }
        PictureId::Link(from, to) => format!("link/{}", stem_of_link(from, to)),
        PictureId::Rollout => "rollout".to_owned(),
        PictureId::RolloutByLayer => "rollout-layers".to_owned(),
        PictureId::Similarity => "similarity".to_owned(),
        PictureId::Scores => "scores".to_owned(),
        PictureId::Lines(id) => format!("lines/layer-{:02}-head-{:02}", id.layer, id.head),
        PictureId::Text(None) => "text".to_owned(),
        PictureId::Text(Some(choice)) => format!("text/{}", stem_of_unit(choice)),
    }
}

/// No stem of a text has an @.
fn stem_of_unit(choice: &UnitChoice) -> String {
    match choice {
        UnitChoice::Text(text) => file_stem(text),
        UnitChoice::Position(position) => format!("@{position}"),
    }
}

/// Both ends with a hyphen between, where neither has one or is written
/// otherwise than its file would be; else with a hash that no other link has.
fn stem_of_link(from: &UnitChoice, to: &UnitChoice) -> String {
    let is_plain = |choice: &UnitChoice| match choice {
        UnitChoice::Text(text) => file_stem(text) == *text && !text.contains('-'),
        UnitChoice::Position(_) => true,
    };
    match is_plain(from) && is_plain(to) {
        true => format!("{from}-{to}"),
        false => file_stem(&format!("{from}:{to}")),
    }
}

/// The pictures of a run, in the order in which its manifest lists them: the
/// overview first.
pub fn pictures(selection: &Selection, options: &OutputOptions) -> Vec<ViewedPicture> {
    if picture_formats(options).is_empty() {
        return Vec::new();
    }
    let of_view = |view: &View| {
        let pictures = view.pictures(selection).into_iter();
        let view = view.clone();
        pictures.map(move |id| ViewedPicture {
            id,
            view: view.clone(),
        })
    };
    let is_overview = |view: &&View| **view == View::Overview;
    let (first, others): (Vec<&View>, Vec<&View>) = options.views.iter().partition(is_overview);
    first.into_iter().chain(others).flat_map(of_view).collect()
}

/// The formats that pictures are written in.
pub fn picture_formats(options: &OutputOptions) -> BTreeSet<Format> {
    options
        .formats
        .iter()
        .copied()
        .filter(|format| match format {
            Format::Png | Format::Svg => true,
            Format::Html | Format::Safetensors | Format::Npz | Format::Json | Format::Csv => false,
        })
        .collect()
}

/// The files of the tables of all views, each with its view; none where nobody
/// asks for tables.
pub fn table_files(options: &OutputOptions) -> Vec<(String, &View)> {
    if !options.formats.contains(&Format::Csv) {
        return Vec::new();
    }
    let files = |view| files_of(view).into_iter().map(move |file| (file, view));
    options.views.iter().flat_map(files).collect()
}

/// The files of one view.
fn files_of(view: &View) -> Vec<String> {
    let of_picture = |picture: PictureId| vec![stem(&picture).replace('/', "-")];
    let stems = match view {
        View::Heads | View::Overview | View::Lines => Vec::new(),
        View::Mean => vec!["mean".to_owned(), "mean-all".to_owned()],
        View::Max => vec!["max".to_owned(), "max-all".to_owned()],
        View::Unit(direction, choice) => of_picture(PictureId::Unit(*direction, choice.clone())),
        View::Link(from, to) => of_picture(PictureId::Link(from.clone(), to.clone())),
        View::Rollout => of_picture(PictureId::Rollout),
        View::Similarity => of_picture(PictureId::Similarity),
        View::Scores => of_picture(PictureId::Scores),
        View::Text(choice) => of_picture(PictureId::Text(choice.clone())),
    };
    stems
        .into_iter()
        .map(|stem| format!("{stem}.csv"))
        .collect()
}

/// Every file that a run's folder gets but the manifest, in the manifest's
/// order, with the options that make it.
pub fn expected_files(
    selection: &Selection,
    options: &OutputOptions,
) -> Vec<(String, OptionsRecord)> {
    let formats = picture_formats(options);
    let mut files = Vec::new();
    for picture in pictures(selection, options) {
        let record = picture.options(selection, options);
        let names = formats.iter().map(|&format| picture.file_name(format));
        files.extend(names.map(|name| (name, record.clone())));
    }
    if options.formats.contains(&Format::Html) {
        files.push((PAGE.to_owned(), OptionsRecord::of_page(selection, options)));
    }
    let numbers = FILES.into_iter();
    files.extend(
        numbers
            .filter(|(format, _)| options.formats.contains(format))
            .map(|(_, name)| {
                (
                    name.to_owned(),
                    OptionsRecord::of_numbers(selection, options),
                )
            }),
    );
    let tables = table_files(options).into_iter();
    files.extend(tables.map(|(name, view)| {
        let record = OptionsRecord::of_table(&view.to_string(), selection, options);
        (name, record)
    }));
    files
}
