//! How a browser and resvg draw the document: like the PNG.

use std::path::Path;
use std::sync::Arc;

use attnviz::figure::layout::{Item, Layout, Rect};
use attnviz::figure::{Coloring, Figure, FigureOptions, Palette, Theme};
use attnviz::render::colormap::Color;
use attnviz::render::{Picture, TextShaper};
use base64::Engine;
use resvg::{tiny_skia, usvg};
use serde_json::json;
use tempfile::TempDir;

use super::{draw, text_of};
use crate::batch_page::devtools::browser;
use crate::figures::differences::map_difference;
use crate::figures::{self, grid, lines, map, overview_of, run, shaded, words};

/// So far letters may reach over the edges of their rectangle, in pixels:
/// edges are softened, and fonts differ in what they hang over.
const LEEWAY: i32 = 2;
/// So much a channel may differ outside text.
const TOLERANCE: u8 = 2;
/// The same where two scales share the 256 colours of the PNG.
const TOLERANCE_OF_TWO: u8 = 6;

struct Pixels {
    colors: Vec<Color>,
    width: i32,
}

impl Pixels {
    fn of_png(bytes: &[u8]) -> Self {
        let mut decoder = ::png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(::png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut data = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut data).unwrap();
        Self {
            colors: data
                .chunks_exact(info.color_type.samples())
                .map(|pixel| [pixel[0], pixel[1], pixel[2]])
                .collect(),
            width: info.width.try_into().unwrap(),
        }
    }

    fn at(&self, x: i32, y: i32) -> Color {
        self.colors[usize::try_from(y * self.width + x).unwrap()]
    }

    /// Pixels that differ from the most common colour of the rectangle.
    fn ink_in(&self, rect: Rect) -> usize {
        let points =
            (rect.y..rect.bottom()).flat_map(|y| (rect.x..rect.right()).map(move |x| (x, y)));
        let mut counts = std::collections::HashMap::new();
        for (x, y) in points {
            *counts.entry(self.at(x, y)).or_insert(0_usize) += 1;
        }
        counts.values().sum::<usize>() - counts.values().max().unwrap()
    }
}

/// The figures that all viewers are asked for.
fn figures() -> Vec<Figure<'static>> {
    let pair = run(&words(14), 2, 3, 4);
    let many = run(&words(140), 1, 1, 1);
    let dark = FigureOptions {
        palette: Palette {
            theme: Theme::Dark,
            ..Palette::default()
        },
        ..FigureOptions::default()
    };
    vec![
        map(&pair),
        grid(&pair),
        map(&many),
        overview_of(&pair, &dark).unwrap(),
        lines(&pair),
        shaded(&pair),
        map_difference(14, &FigureOptions::default()),
        map_difference(9, &dark),
    ]
}

/// Outside text every pixel is that of the PNG, so that no letter leaves its
/// rectangle either; inside there is about as much ink.
fn check(viewer: &str, layout: &Layout<'_>, expected: &Pixels, found: &Pixels) {
    assert_eq!(
        (found.width, found.colors.len()),
        (expected.width, expected.colors.len())
    );
    let tolerance = match layout.palette.coloring {
        Coloring::Colormap => TOLERANCE,
        Coloring::Differences => TOLERANCE_OF_TWO,
    };
    let mut is_text = vec![false; expected.colors.len()];
    for text in layout.texts() {
        for y in text.rect.y - LEEWAY..text.rect.bottom() + LEEWAY {
            for x in text.rect.x - LEEWAY..text.rect.right() + LEEWAY {
                is_text[usize::try_from(y * expected.width + x).unwrap()] = true;
            }
        }
    }
    // Edges of slanted lines are softened otherwise, on the whole they are as dark.
    for item in &layout.items {
        let Item::Lines(bundle) = item else { continue };
        let area = bundle.area;
        let (mut difference, mut count) = (0.0, 0.0);
        for y in area.y..area.bottom() {
            for x in area.x..area.right() {
                let channels = expected.at(x, y).into_iter().zip(found.at(x, y));
                difference += channels
                    .map(|(left, right)| f64::from(left.abs_diff(right)))
                    .sum::<f64>();
                count += 3.0;
            }
        }
        // The ends of strokes are slanted, too.
        for y in area.y - 2 * LEEWAY..area.bottom() + 2 * LEEWAY {
            for x in area.x - 2 * LEEWAY..area.right() + 2 * LEEWAY {
                is_text[usize::try_from(y * expected.width + x).unwrap()] = true;
            }
        }
        let mean = difference / count;
        assert!(mean < 3.0, "{viewer}: lines differ by {mean}");
    }
    let differing: Vec<_> = (0..is_text.len())
        .filter(|&index| !is_text[index])
        .filter(|&index| {
            let channels = expected.colors[index].iter().zip(&found.colors[index]);
            channels
                .clone()
                .any(|(left, right)| left.abs_diff(*right) > tolerance)
        })
        .collect();
    let places: Vec<_> = differing
        .iter()
        .take(5)
        .map(|&index| {
            let width = expected.width as usize;
            (
                index % width,
                index / width,
                expected.colors[index],
                found.colors[index],
            )
        })
        .collect();
    assert!(
        differing.is_empty(),
        "{viewer}: {} pixels differ: {places:?}",
        differing.len()
    );
    for text in layout.texts().filter(|text| !text.text.trim().is_empty()) {
        let (meant, ink) = (expected.ink_in(text.rect), found.ink_in(text.rect));
        assert!(
            ink * 2 > meant && ink < meant * 2,
            "{viewer}: {ink} for {meant} of {text:?}"
        );
    }
    // Cells are crisp: the colours of neighbours meet without a mixture.
    for item in &layout.items {
        let Item::Cells(cells) = item else { continue };
        for index in 0..cells.columns.count.saturating_sub(1) {
            let x = cells.origin.0 + cells.column_offset(index) + cells.columns.cell - 1;
            let y = cells.origin.1 + cells.rows.cell - 1;
            let channels = found.at(x, y).into_iter().zip(expected.at(x, y));
            let difference = channels.map(|(left, right)| left.abs_diff(right)).max();
            assert!(difference <= Some(tolerance), "{viewer}: {difference:?}");
        }
    }
}

fn resvg_pixels(picture: &Picture, fonts: &Arc<usvg::fontdb::Database>) -> Pixels {
    let options = usvg::Options {
        fontdb: Arc::clone(fonts),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(text_of(picture), &options).unwrap();
    let mut canvas = tiny_skia::Pixmap::new(picture.width, picture.height).unwrap();
    resvg::render(&tree, tiny_skia::Transform::default(), &mut canvas.as_mut());
    Pixels {
        colors: canvas
            .data()
            .chunks_exact(4)
            .map(|pixel| [pixel[0], pixel[1], pixel[2]])
            .collect(),
        width: picture.width.try_into().unwrap(),
    }
}

#[test]
fn resvg_draws_the_same() {
    let mut fonts = usvg::fontdb::Database::new();
    for font in
        std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/fonts")).unwrap()
    {
        let path = font.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "ttf" || extension == "otf")
        {
            fonts.load_font_data(std::fs::read(path).unwrap());
        }
    }
    let fonts = Arc::new(fonts);
    // Which fonts a browser has for these is the machine's business.
    let mut scripts = run(
        &["[CLS]", "שלום", "مرحبا", "नमस्ते", "안녕", "བོད", "你好"],
        1,
        1,
        1,
    );
    // Lines of several scripts are a few pixels too long in resvg, which
    // stretches each of them by itself.
    scripts.input = attnviz::input::Input::text("שלום עולם");
    for figure in figures().into_iter().chain([map(&scripts)]) {
        let (picture, layout) = draw(&figure);
        let reference = figures::encode(&figure, &mut TextShaper::new()).unwrap();
        let found = resvg_pixels(&picture, &fonts);
        check("resvg", &layout, &Pixels::of_png(&reference.bytes), &found);
    }
}

#[test]
fn a_browser_draws_the_same() {
    let Some(mut browser) = browser() else { return };
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("figure.svg");
    for figure in figures() {
        let (picture, layout) = draw(&figure);
        let reference = figures::encode(&figure, &mut TextShaper::new()).unwrap();
        std::fs::write(&path, &picture.bytes).unwrap();
        browser.fit([picture.width, picture.height]);
        browser.open(&path);
        let shot = base64::engine::general_purpose::STANDARD
            .decode(browser.screenshot())
            .unwrap();
        check(
            "Chromium",
            &layout,
            &Pixels::of_png(&reference.bytes),
            &Pixels::of_png(&shot),
        );
    }
}

#[test]
fn nothing_runs_and_nothing_is_fetched_in_a_browser() {
    let Some(mut browser) = browser() else { return };
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("figure.svg");
    let hostile = [
        "</text><script>document.title='owned'</script>",
        "<image href='http://127.0.0.1:9/x'/>",
    ];
    let run = run(&hostile, 1, 1, 1);
    std::fs::write(&path, draw(&map(&run)).0.bytes).unwrap();
    browser.open(&path);
    assert_eq!(
        browser.value("document.querySelectorAll('script').length"),
        0
    );
    let texts = browser.value("[...document.querySelectorAll('text')].map(it => it.textContent)");
    for token in hostile {
        assert!(texts.as_array().unwrap().contains(&json!(token)), "{texts}");
    }
    let is_local =
        |address: &String| address.starts_with("\"file:") || address.starts_with("\"data:");
    let addresses = browser.addresses();
    assert!(
        !addresses.is_empty() && addresses.iter().all(is_local),
        "{addresses:?}"
    );
}
