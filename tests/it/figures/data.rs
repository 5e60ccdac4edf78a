//! What a figure says, before anything is placed.

use attnviz::analysis::{ReshapeError, ReshapeOptions};
use attnviz::attention::HeadId;
use attnviz::figure::{
    Body, ColorRange, Colormap, FigureError, FigureOptions, Progression, Scale, ValueRange,
};

use crate::runs::{head_maps, reshaped};

use super::{FIRST, grid, head_map, overview_of, run, words};

fn upto(maximum: f32) -> ColorRange {
    ColorRange::Shared(ValueRange::up_to(maximum, Progression::Linear))
}

#[test]
fn a_head_map_says_what_it_shows() {
    let mut run = run(&["[CLS]", "one", "[SEP]", "two", ""], 2, 2, 3);
    run.streams[0].dropped = 7;
    let head = HeadId { layer: 1, head: 2 };
    let figure = head_map(&run, head, &FigureOptions::default()).unwrap();
    assert_eq!(figure.title, "bert-base-uncased · layer 1 · head 2");
    assert_eq!(figure.captions.len(), 2);
    assert!(figure.notes[0].contains("truncated: 7 tokens"));
    let values = head_maps(&run).map(head).unwrap();
    let maximum = values.iter().copied().fold(0.0, f32::max);
    assert_eq!(figure.color_scale.range, upto(maximum));
    let Body::Map(map) = &figure.body else {
        panic!("a head map is one map");
    };
    assert_eq!(map.matrix.values.as_ref(), values);
    assert_eq!(map.row_segment_starts, [3]);
    assert!(map.rows[0].special && !map.columns[1].special);
    assert_eq!(map.rows[4].text, "“”", "an empty token shows as such");
}

const PER_PANEL: ColorRange = ColorRange::PerPanel {
    minimum: None,
    progression: Progression::Linear,
};

#[test]
fn scales_set_the_range() {
    let run = run(&words(5), 1, 2, 2);
    let range = |scale| {
        let options = FigureOptions {
            scale: Some(scale),
            ..FigureOptions::default()
        };
        let map = head_map(&run, FIRST, &options).unwrap();
        let grid = overview_of(&run, &options).unwrap();
        (map.color_scale.range, grid.color_scale.range)
    };
    let maximum = head_maps(&run).values().iter().copied().fold(0.0, f32::max);
    let (whole, one) = (upto(maximum), upto(1.0));
    assert_eq!(range(Scale::Run), (whole, whole));
    assert_eq!(range(Scale::Unit), (one, one));
    assert_eq!(range(Scale::Head).1, PER_PANEL);
    assert_eq!(grid(&run).color_scale.range, one);
}

#[test]
fn what_a_run_lacks_is_an_error() {
    let mut run = run(&words(3), 1, 1, 1);
    let head = HeadId { layer: 4, head: 0 };
    let error = head_map(&run, head, &FigureOptions::default()).unwrap_err();
    assert_eq!(error, FigureError::NoSuchHead { head });
    run.streams[0].units.pop();
    let error = reshaped(&run, &ReshapeOptions::default()).unwrap_err();
    assert!(matches!(error, ReshapeError::ShapeMismatch { .. }));
}

#[test]
fn names_of_scales_and_colormaps_parse() {
    for &colormap in Colormap::ALL {
        assert_eq!(colormap.to_string().parse(), Ok(colormap));
    }
    for &scale in Scale::ALL {
        assert_eq!(scale.to_string().parse(), Ok(scale));
    }
    let error = "jet".parse::<Colormap>().unwrap_err();
    assert!(error.to_string().contains("viridis, cividis"));
    assert!("half".parse::<Scale>().is_err());
}
