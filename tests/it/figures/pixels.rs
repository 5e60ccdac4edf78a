//! The pixels: colours, lines, and the same bytes every time.

use attnviz::figure::layout;
use attnviz::figure::{Colormap, FigureOptions, Palette};
use attnviz::input::Input;
use attnviz::render::colormap::ColorTable;
use attnviz::render::{Picture, TextShaper};
use proptest::prelude::*;
use rayon::prelude::*;

use crate::runs::{head_maps, row as held};

use super::{Decoded, FIRST, check, encode, grid, head_map, map, matrices, run, words};

#[test]
fn too_many_panels_are_refused() {
    let run = run(&["a"], 1, 4_000, 1);
    let error = encode(&grid(&run), &mut TextShaper::new()).unwrap_err();
    assert!(error.to_string().contains("4000 × 1 panels"), "{error}");
}

#[test]
fn pixels_have_the_colors_of_their_values() {
    let mut shaper = TextShaper::new();
    for count in [1, 60, 200, 512] {
        for colormap in [Colormap::Viridis, Colormap::Blues] {
            let run = run(&words(count), 1, 1, 1);
            let palette = Palette {
                colormap,
                ..Palette::default()
            };
            let options = FigureOptions {
                palette,
                ..FigureOptions::default()
            };
            let figure = head_map(&run, FIRST, &options).unwrap();
            let picture = Decoded::new(&encode(&figure, &mut shaper).unwrap());
            let layout = layout::layout(&figure, &mut shaper).unwrap();
            let cells = matrices(&layout).next().unwrap();
            let colors = ColorTable::new(palette);
            // A value may be written in the middle of a large cell.
            let inside = if count == 1 {
                3
            } else {
                cells.columns.cell / 2
            };
            for row in (0..count).step_by(7) {
                for column in (0..count).step_by(3) {
                    let value = held(&run, FIRST, row)[column];
                    let x = cells.origin.0 + cells.column_offset(column) + inside;
                    let y = cells.origin.1 + cells.row_offset(row) + inside;
                    assert_eq!(picture.at(x, y), colors.color(cells.range.fraction(value)));
                }
            }
        }
    }
}

#[test]
fn a_line_separates_the_sentences_of_a_pair() {
    let run = run(&words(60), 2, 1, 1);
    let figure = map(&run);
    let mut shaper = TextShaper::new();
    let picture = Decoded::new(&encode(&figure, &mut shaper).unwrap());
    let layout = layout::layout(&figure, &mut shaper).unwrap();
    let cells = matrices(&layout).next().unwrap();
    let (left, top) = cells.origin;
    let start = cells.row_offset(30);
    assert_eq!(cells.rows.gaps, [30]);
    assert_eq!(start - cells.row_offset(29), cells.rows.cell + cells.gap);
    for along in (0..cells.width()).step_by(11) {
        let across = (start - cells.gap..start)
            .filter(|&offset| {
                let row = picture.at(left + along, top + offset);
                let column = picture.at(left + offset, top + along);
                row.iter().all(|&channel| channel < 100)
                    && column.iter().all(|&channel| channel < 100)
            })
            .count();
        assert!(across >= 1, "no line at {along}");
    }
}

#[test]
fn the_same_figure_gives_the_same_bytes() {
    let tokens = ["[CLS]", "नमस्ते", "مرحبا", "안녕", "x", "[SEP]"];
    let run = run(&tokens, 1, 3, 4);
    let draw_all = |shaper: &mut TextShaper| -> Vec<Picture> {
        let heads = head_maps(&run).selection().head_ids();
        let maps = heads.map(|head| head_map(&run, head, &FigureOptions::default()).unwrap());
        maps.chain([grid(&run)])
            .map(|figure| encode(&figure, shaper).unwrap())
            .collect()
    };
    let mut shaper = TextShaper::new();
    let first = draw_all(&mut shaper);
    assert_eq!(draw_all(&mut shaper), first, "with a warm shaper");
    let on_threads: Vec<Vec<Picture>> = (0..4)
        .into_par_iter()
        .map_init(TextShaper::new, |shaper, _| draw_all(shaper))
        .collect();
    assert!(on_threads.iter().all(|pictures| *pictures == first));
}

#[test]
fn what_is_no_number_has_the_color_of_the_paper() {
    for &colormap in Colormap::ALL {
        let colors = ColorTable::new(Palette {
            colormap,
            ..Palette::default()
        });
        assert_ne!(colors.color(0.0), colors.color(1.0));
        assert_eq!(colors.color(-3.0), colors.color(0.0));
        assert_eq!(colors.color(f32::INFINITY), colors.color(1.0));
        assert_eq!(colors.color(f32::NAN), colors.background());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_text_is_drawn(texts in prop::collection::vec(any::<String>(), 1..6), caption: String) {
        let tokens: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut run = run(&tokens, 1, 1, 1);
        run.input = Input::text(&caption);
        run.model.id = caption;
        let mut shaper = TextShaper::new();
        let figure = map(&run);
        check(&layout::layout(&figure, &mut shaper).unwrap());
        encode(&figure, &mut shaper).unwrap();
        encode(&grid(&run), &mut shaper).unwrap();
    }
}
