//! What is written in the document.

use std::collections::BTreeSet;

use attnviz::figure::layout::{CellMatrix, Item, Line, Rect, Rotation, TextItem};
use attnviz::figure::{Figure, FigureOptions, Palette, Theme};
use attnviz::render::TextShaper;
use attnviz::render::colormap::{Color, ColorTable};
use proptest::prelude::*;
use rayon::prelude::*;
use resvg::usvg::roxmltree::Node;

use super::{draw, elements, encode, number, parse, text_of};
use crate::figures::differences::map_difference;
use crate::figures::{self, grid, lines, map, overview_of, run, shaded, words};

const XLINK: &str = "http://www.w3.org/1999/xlink";

/// Everything that must hold of a document, whatever the figure.
fn check(figure: &Figure<'_>) {
    let (picture, layout) = draw(figure);
    let document = parse(&picture);
    let root = document.root_element();
    assert_eq!(number(root, "width"), layout.width as f32);
    assert_eq!(number(root, "height"), layout.height as f32);
    for node in document.descendants().filter(Node::is_element) {
        let name = node.tag_name().name();
        let known = ["svg", "title", "desc", "rect", "image", "text", "g", "line"];
        assert!(known.contains(&name), "{name}");
        for attribute in node.attributes() {
            assert!(!attribute.name().starts_with("on"), "{attribute:?}");
            let is_address = attribute.name().ends_with("href");
            let is_embedded = attribute.value().starts_with("data:image/png;base64,");
            assert_eq!(is_address, is_embedded, "{attribute:?}");
            assert!(!attribute.value().contains("url("), "{attribute:?}");
        }
    }
    for letter in text_of(&picture).chars() {
        let is_direction = matches!(letter,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!is_direction, "{}", letter.escape_unicode());
        assert!(!letter.is_control() || letter == '\n', "{letter:?}");
    }

    // Title, description and paper, then one item after the other.
    let mut nodes = elements(&document).into_iter().skip(3);
    let mut next = || nodes.next().unwrap();
    let colors = ColorTable::new(layout.palette);
    for item in &layout.items {
        match item {
            Item::Rectangle { rect, ink } => {
                let node = next();
                let [red, green, blue] = colors.ink(*ink);
                assert_eq!(rect_of(node), *rect);
                let fill = format!("#{red:02x}{green:02x}{blue:02x}");
                assert_eq!(node.attribute("fill"), Some(fill.as_str()));
            }
            Item::ColorBar(rect, part) => {
                let node = next();
                let (pixels, width) = image_of(node);
                assert_eq!((rect_of(node), width), (*rect, 1));
                assert_eq!(pixels.first(), Some(&colors.color(part.place(1.0))));
                assert_eq!(pixels.last(), Some(&colors.color(part.place(0.0))));
            }
            Item::Cells(cells) => check_cells(cells, &colors, &mut next),
            Item::Lines(bundle) => {
                let group = next();
                assert_eq!(group.tag_name().name(), "g");
                let mut drawn = group.children().filter(Node::is_element);
                for line in &bundle.lines {
                    check_line(line, bundle.area, &colors, drawn.next().unwrap());
                }
                assert_eq!(drawn.next(), None);
            }
            Item::Text(text) if text.text.is_empty() => {}
            Item::Text(text) => check_text(text, next()),
        }
    }
    assert_eq!(nodes.next(), None);
}

fn check_line(line: &Line, area: Rect, colors: &ColorTable, node: Node<'_, '_>) {
    let ends = [
        area.x,
        area.y + line.left,
        area.right(),
        area.y + line.right,
    ];
    for (name, end) in ["x1", "y1", "x2", "y2"].into_iter().zip(ends) {
        assert_eq!(number(node, name), end as f32, "{name}");
    }
    let [red, green, blue] = colors.color(line.fraction);
    let stroke = format!("#{red:02x}{green:02x}{blue:02x}");
    assert_eq!(node.attribute("stroke"), Some(stroke.as_str()));
    assert!((number(node, "stroke-width") - line.thickness).abs() <= 0.005);
}

fn check_text(text: &TextItem, node: Node<'_, '_>) {
    let rect = text.rect;
    let (x, y, extent) = match text.rotation {
        Rotation::Level => (rect.x, rect.y, rect.width),
        Rotation::Upward => (rect.x, rect.bottom(), rect.height),
    };
    assert_eq!(number(node, "textLength"), extent as f32, "{text:?}");
    let start = match node.attribute("text-anchor") {
        Some(_) => number(node, "x") - extent as f32 / 2.0,
        None => number(node, "x"),
    };
    assert_eq!(start, x as f32, "{text:?}");
    let baseline = number(node, "y") - y as f32;
    assert!(baseline > 0.0 && baseline < text.font.line_height() as f32);
    let turn = (text.rotation == Rotation::Upward).then(|| format!("rotate(-90 {x} {y})"));
    assert_eq!(node.attribute("transform"), turn.as_deref());
    let content = node.text().unwrap_or_default();
    assert_eq!(content.chars().count(), text.text.chars().count());
    let differs = content.chars().zip(text.text.chars());
    for (written, meant) in differs.filter(|(written, meant)| written != meant) {
        assert_eq!(written, '□', "{} in {text:?}", meant.escape_unicode());
    }
}

fn check_cells<'node>(
    cells: &CellMatrix<'_>,
    colors: &ColorTable,
    next: &mut dyn FnMut() -> Node<'node, 'node>,
) {
    if !cells.rows.gaps.is_empty() {
        let paper = next();
        assert_eq!(
            (rect_of(paper), paper.tag_name().name()),
            (cells.rect(), "rect")
        );
    }
    let stretches = if cells.rows.gaps.len() < 4 {
        cells.rows.gaps.len() + 1
    } else {
        1
    };
    let mut seen = 0;
    for _ in 0..stretches * stretches {
        let node = next();
        let (pixels, width) = image_of(node);
        let rect = rect_of(node);
        let scale = rect.width / i32::try_from(width).unwrap();
        assert!(cells.rect().contains(&rect), "{rect:?}");
        for row in 0..cells.rows.count {
            for column in 0..cells.columns.count {
                let x = cells.origin.0 + cells.column_offset(column);
                let y = cells.origin.1 + cells.row_offset(row);
                let corner = Rect {
                    x,
                    y,
                    width: cells.columns.cell,
                    height: cells.rows.cell,
                };
                if !rect.contains(&corner) {
                    continue;
                }
                let place = |distance: i32| usize::try_from(distance / scale).unwrap();
                let pixel = pixels[place(y - rect.y) * width + place(x - rect.x)];
                assert_eq!(pixel, colors.color(cells.fraction(row, column)));
                seen += 1;
            }
        }
    }
    assert_eq!(
        seen,
        cells.columns.count * cells.columns.count,
        "every cell is in one image"
    );
}

fn rect_of(node: Node<'_, '_>) -> Rect {
    let [x, y, width, height] = ["x", "y", "width", "height"].map(|name| number(node, name) as i32);
    Rect {
        x,
        y,
        width,
        height,
    }
}

/// The pixels of an image, and how many a row.
fn image_of(node: Node<'_, '_>) -> (Vec<Color>, usize) {
    use base64::Engine;
    assert_eq!(node.attribute("style"), Some("image-rendering:pixelated"));
    let address = node.attribute((XLINK, "href")).unwrap();
    let data = address.strip_prefix("data:image/png;base64,").unwrap();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(data)
        .unwrap();
    let mut decoder = ::png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(::png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.color_type, ::png::ColorType::Rgb);
    (pixels.as_chunks().0.to_vec(), info.width as usize)
}

#[test]
fn the_document_holds_what_the_layout_does() {
    for (count, segments) in [(1, 1), (8, 2), (30, 3), (200, 1), (60, 6), (512, 2)] {
        let run = run(&words(count), segments, 2, 3);
        check(&map(&run));
        check(&grid(&run));
        let dark = FigureOptions {
            palette: Palette {
                theme: Theme::Dark,
                ..Palette::default()
            },
            ..FigureOptions::default()
        };
        check(&overview_of(&run, &dark).unwrap());
        check(&lines(&run));
        check(&shaded(&run));
        check(&map_difference(count, &dark));
    }
}

#[test]
fn hostile_text_stays_text() {
    let hostile = [
        "</text><script>alert(1)</script>",
        "\"><image href=x onload='alert(1)'/>",
        "]]><!--",
        "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///e'>]>&e;",
        "&lt;&#0;&amp;",
        "a\u{0}\u{1b}[31m\u{fffe}\u{ffff}\u{7f}\u{85}\n\t",
        "abc\u{202e}fed\u{2066}x\u{200f}",
        "  two  spaces ",
        "क्\u{200d}ष",
    ];
    let mut run = run(&hostile, 1, 1, 1);
    run.model.id = hostile[0].to_owned();
    let figure = map(&run);
    check(&figure);
    check(&grid(&run));
    let (picture, _) = draw(&figure);
    let document = parse(&picture);
    let texts: BTreeSet<&str> = elements(&document).iter().filter_map(Node::text).collect();
    let unchanged = (0..5).chain([7, 8]).map(|index| hostile[index]);
    let boxed = ["a□□[31m□□□□□□", "abc□fed□x□"];
    for expected in unchanged.chain(boxed) {
        assert!(texts.contains(expected), "{expected:?} is not in {texts:?}");
    }
    let title = document.root_element().first_element_child().unwrap();
    assert!(title.text().unwrap().starts_with(hostile[0]));
}

#[test]
fn an_overview_of_12_by_12_at_30_tokens_is_below_a_megabyte() {
    for segments in [1, 2] {
        let run = run(&words(30), segments, 12, 12);
        let options = FigureOptions {
            maximum: Some(0.1),
            ..FigureOptions::default()
        };
        for figure in [grid(&run), overview_of(&run, &options).unwrap()] {
            let size = draw(&figure).0.bytes.len();
            assert!(size < 1_000_000, "{segments} segments: {size} bytes");
            eprintln!("12 × 12 at 30 tokens, {segments} segments: {size} bytes");
        }
    }
}

#[test]
fn the_same_figure_gives_the_same_bytes_as_svg() {
    let run = run(&["[CLS]", "नमस्ते", "مرحبا", "안녕", "བོད", "[SEP]"], 2, 2, 2);
    for figure in [map(&run), grid(&run)] {
        let (first, _) = draw(&figure);
        let again: Vec<_> = (0..8)
            .into_par_iter()
            .map_init(TextShaper::new, |shaper, _| encode(&figure, shaper))
            .collect();
        assert!(again.iter().all(|picture| *picture == first));
    }
}

#[test]
fn letters_without_a_font_are_kept_and_reported_as_in_the_png() {
    let run = run(&["\u{13000}", "x", "\u{202e}"], 1, 1, 1);
    let figure = map(&run);
    let (picture, _) = draw(&figure);
    let pixels = figures::encode(&figure, &mut TextShaper::new()).unwrap();
    assert_eq!(picture.missing_glyphs, BTreeSet::from(['\u{13000}']));
    assert_eq!(picture.missing_glyphs, pixels.missing_glyphs);
    assert_eq!(
        (picture.width, picture.height),
        (pixels.width, pixels.height)
    );
    assert!(text_of(&picture).contains(">\u{13000}</text>"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_text_is_written(texts in prop::collection::vec(any::<String>(), 1..6), caption: String) {
        let tokens: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut run = run(&tokens, 1, 1, 1);
        run.input = attnviz::input::Input::text(&caption);
        run.model.id = caption;
        check(&map(&run));
        check(&grid(&run));
    }
}
