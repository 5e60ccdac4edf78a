//! Positions beside labels: those of the run's own units, in their place.

use attnviz::analysis::{Crop, Direction, MapId, Maps, ReshapeOptions, SpecialTokens};
use attnviz::figure::layout::{self, Layout, Role, TextItem};
use attnviz::figure::{Figure, FigureOptions, overview, single_map, unit_profile};
use attnviz::render::TextShaper;
use attnviz::run::Run;

use super::{FIRST, check, map, run, words};
use crate::runs::reshaped;

fn cropped(run: &Run, first: usize, last: usize, special_tokens: SpecialTokens) -> Maps<'static> {
    let options = ReshapeOptions {
        special_tokens,
        crop: Some(Crop { first, last }),
        ..ReshapeOptions::default()
    };
    reshaped(run, &options).unwrap().into_owned()
}

fn laid_out<'figure>(figure: &'figure Figure<'_>) -> Layout<'figure> {
    let layout = layout::layout(figure, &mut TextShaper::new()).unwrap();
    check(&layout);
    layout
}

fn positions<'layout>(layout: &'layout Layout<'_>) -> Vec<&'layout TextItem> {
    layout
        .texts()
        .filter(|text| text.role == Role::Position)
        .collect()
}

/// The positions that are written, each once.
fn written(layout: &Layout<'_>) -> Vec<usize> {
    let texts = positions(layout).into_iter();
    let mut numbers: Vec<usize> = texts
        .map(|text| text.text.strip_prefix('@').unwrap().parse().unwrap())
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

#[test]
fn a_map_of_a_stretch_has_the_positions_of_the_runs_own_units() {
    for (count, first, last) in [(8, 2, 5), (30, 3, 28), (130, 1, 128), (600, 40, 551)] {
        for segments in [1, 2] {
            let run = run(&words(count), segments, 1, 1);
            for special in [SpecialTokens::Keep, SpecialTokens::Hide] {
                let maps = cropped(&run, first, last, special);
                let options = FigureOptions::default();
                let figure = single_map(&run, &maps, MapId::Head(FIRST), &options).unwrap();
                let layout = laid_out(&figure);
                let labelled: Vec<usize> = layout
                    .texts()
                    .filter_map(|text| match text.role {
                        Role::RowLabel(row) => Some(maps.rows.units[row].first),
                        _ => None,
                    })
                    .collect();
                assert_eq!(written(&layout), labelled, "{count}");
                // Small, and one beside each label of each axis.
                assert_eq!(positions(&layout).len(), 2 * labelled.len());
                for text in positions(&layout) {
                    assert!((12.0..=17.0).contains(&text.font.size), "{text:?}");
                }
            }
        }
    }
}

#[test]
fn a_map_of_everything_has_none() {
    let run = run(&words(8), 1, 1, 1);
    assert_eq!(written(&laid_out(&map(&run))), [0; 0]);
}

#[test]
fn a_profile_has_the_positions_of_what_it_labels() {
    for count in [1, 8, 30, 128, 512] {
        let run = run(&words(count), 2.min(count), 3, 2);
        let maps = crate::runs::raw(&run);
        let options = FigureOptions::default();
        let marked = count / 2;
        let figure = unit_profile(&run, &maps, Direction::To, marked, &options).unwrap();
        assert!(figure.title.contains(&format!("(token @{marked})")));
        let layout = laid_out(&figure);
        let labelled: Vec<usize> = layout
            .texts()
            .filter_map(|text| match text.role {
                Role::ColumnLabel(column) => Some(column),
                _ => None,
            })
            .collect();
        assert_eq!(written(&layout), labelled, "{count}");
        assert!(labelled.contains(&marked));
    }
}

#[test]
fn the_overview_of_a_stretch_has_the_positions_of_its_ends() {
    for (layers, heads) in [(1, 1), (2, 3), (12, 12), (24, 16)] {
        for (count, first, last) in [(8, 2, 5), (140, 100, 130), (600, 40, 551)] {
            let run = run(&words(count), 2, layers, heads);
            let maps = cropped(&run, first, last, SpecialTokens::Keep);
            let figure = overview(&run, &maps, &FigureOptions::default()).unwrap();
            let layout = laid_out(&figure);
            assert_eq!(written(&layout), [first, last], "{layers} {heads} {count}");
            assert_eq!(positions(&layout).len(), 2 * (layers + heads));
        }
    }
}
