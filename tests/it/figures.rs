//! Figures as data, then where everything goes, then the pixels.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use attnviz::attention::{AttentionTensor, HeadId, Selection};
use attnviz::checkpoint::{ModelProvenance, ModelSource};
use attnviz::figure::layout::{
    self, CANVAS_LIMIT, CellMatrix, Item, Layout, Rect, Role, TextFont, TextItem,
};
use attnviz::figure::{
    Body, ColorRange, Colormap, Figure, FigureError, FigureOptions, Scale, head_map, overview,
};
use attnviz::render::colormap::{BACKGROUND, Color, ColorTable};
use attnviz::render::{Picture, TextShaper, png::encode};
use attnviz::run::Run;
use attnviz::tokenizer::{Token, TokenizedInput};
use proptest::prelude::*;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

const FIRST: HeadId = HeadId { layer: 0, head: 0 };

/// A run with uneven but lawful attention.
fn run(tokens: &[&str], segments: usize, layer_count: usize, head_count: usize) -> Run {
    let count = tokens.len();
    let tensor_row = |row: usize| {
        let weights: Vec<f32> = (0..count)
            .map(|key| 1.0 + ((row * 31 + key * 17 + row * key) % 23) as f32)
            .collect();
        let sum: f32 = weights.iter().sum();
        weights.into_iter().map(move |weight| weight / sum)
    };
    let values = (0..layer_count * head_count * count).flat_map(tensor_row);
    let shape = [layer_count, head_count, count, count];
    let token = |(index, text): (usize, &&str)| Token {
        id: 0,
        text: (*text).into(),
        special: text.starts_with('['),
        segment: u32::try_from(index * segments / count).unwrap(),
        word: None,
        start: 0,
        end: 0,
    };
    Run {
        model: ModelProvenance {
            id: "bert-base-uncased".into(),
            source: ModelSource::Hub,
            commit: None,
            files: Vec::new(),
        },
        input: TokenizedInput {
            text: tokens.join(" "),
            pair: (segments > 1).then(|| "and the second sentence".into()),
            tokens: tokens.iter().enumerate().map(token).collect(),
            truncated_tokens: 0,
        },
        selection: Selection::all(layer_count, head_count),
        attention: AttentionTensor::new(values.collect(), shape).unwrap(),
    }
}

fn words(count: usize) -> Vec<&'static str> {
    ["[CLS]", "the", "##ization", "of", "attention", ",", "[SEP]"]
        .into_iter()
        .cycle()
        .take(count)
        .collect()
}

fn map(run: &Run) -> Figure<'_> {
    head_map(run, FIRST, &FigureOptions::default()).unwrap()
}

fn grid(run: &Run) -> Figure<'_> {
    overview(run, &FigureOptions::default()).unwrap()
}

/// Everything that must hold of a layout, whatever the figure.
fn check(layout: &Layout<'_>) {
    let canvas = Rect {
        x: 0,
        y: 0,
        width: layout.width,
        height: layout.height,
    };
    assert!(layout.width <= CANVAS_LIMIT && layout.height <= CANVAS_LIMIT);
    let labels: Vec<&TextItem> = layout
        .texts()
        .filter(|text| !matches!(text.role, Role::Value(..)))
        .collect();
    let cells: Vec<Rect> = matrices(layout).map(CellMatrix::rect).collect();
    for (index, text) in labels.iter().enumerate() {
        assert!(canvas.contains(&text.rect), "{text:?} leaves {canvas:?}");
        for other in &labels[index + 1..] {
            assert!(!text.rect.overlaps(&other.rect), "{text:?} {other:?}");
        }
        for cells in &cells {
            assert!(!text.rect.overlaps(cells), "{text:?} covers {cells:?}");
        }
    }
    for item in &layout.items {
        let rect = match item {
            Item::Rectangle { rect, .. } | Item::ColorBar(rect) => *rect,
            Item::Cells(cells) => cells.rect(),
            Item::Text(text) => text.rect,
        };
        assert!(canvas.contains(&rect), "{rect:?} leaves {canvas:?}");
    }
}

fn matrices<'layout>(
    layout: &'layout Layout<'layout>,
) -> impl Iterator<Item = &'layout CellMatrix<'layout>> {
    layout.items.iter().filter_map(|item| match item {
        Item::Cells(cells) => Some(cells),
        _ => None,
    })
}

struct Decoded {
    pixels: Vec<u8>,
    width: usize,
}

impl Decoded {
    fn new(picture: &Picture) -> Self {
        let decoder = png::Decoder::new(std::io::Cursor::new(&picture.bytes));
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (picture.width, picture.height));
        let width = info.width as usize;
        Self { pixels, width }
    }

    fn at(&self, x: i32, y: i32) -> Color {
        let start = (usize::try_from(y).unwrap() * self.width + usize::try_from(x).unwrap()) * 3;
        self.pixels[start..start + 3].try_into().unwrap()
    }

    fn ink_in(&self, rect: Rect) -> usize {
        (rect.y..rect.bottom())
            .flat_map(|y| (rect.x..rect.right()).map(move |x| (x, y)))
            .filter(|&(x, y)| self.at(x, y) != BACKGROUND)
            .count()
    }
}

#[test]
fn a_head_map_says_what_it_shows() {
    let mut run = run(&["[CLS]", "one", "[SEP]", "two", ""], 2, 2, 3);
    run.input.truncated_tokens = 7;
    let head = HeadId { layer: 1, head: 2 };
    let figure = head_map(&run, head, &FigureOptions::default()).unwrap();
    assert_eq!(figure.title, "bert-base-uncased · layer 1 · head 2");
    assert_eq!(figure.captions.len(), 2);
    assert!(figure.notes[0].contains("truncated: 7 tokens"));
    let maximum = run.map(head).unwrap().maximum();
    assert_eq!(figure.color_scale.range, ColorRange::Shared(maximum));
    let Body::Map(map) = &figure.body else {
        panic!("a head map is one map");
    };
    assert_eq!(map.matrix.values.as_ref(), run.map(head).unwrap().values());
    assert_eq!(map.segment_starts, [3]);
    assert!(map.tokens[0].special && !map.tokens[1].special);
    assert_eq!(map.tokens[4].text, "“”", "an empty token shows as such");
}

#[test]
fn scales_set_the_range() {
    let run = run(&words(5), 1, 2, 2);
    let range = |scale| {
        let options = FigureOptions {
            scale: Some(scale),
            ..FigureOptions::default()
        };
        let map = head_map(&run, FIRST, &options).unwrap();
        let grid = overview(&run, &options).unwrap();
        (map.color_scale.range, grid.color_scale.range)
    };
    let maximum = run.attention.values().iter().copied().fold(0.0, f32::max);
    let (whole, one) = (ColorRange::Shared(maximum), ColorRange::Shared(1.0));
    assert_eq!(range(Scale::Run), (whole, whole));
    assert_eq!(range(Scale::Unit), (one, one));
    assert_eq!(range(Scale::Head).1, ColorRange::PerPanel);
    assert_eq!(grid(&run).color_scale.range, one);
}

#[test]
fn what_a_run_lacks_is_an_error() {
    let mut run = run(&words(3), 1, 1, 1);
    let head = HeadId { layer: 4, head: 0 };
    let error = head_map(&run, head, &FigureOptions::default()).unwrap_err();
    assert_eq!(error, FigureError::NoSuchHead { head });
    run.input.tokens.pop();
    let error = overview(&run, &FigureOptions::default()).unwrap_err();
    assert!(matches!(error, FigureError::ShapeMismatch { .. }));
}

#[test]
fn names_of_scales_and_colormaps_parse() {
    for colormap in Colormap::all() {
        assert_eq!(colormap.to_string().parse(), Ok(colormap));
    }
    for scale in Scale::all() {
        assert_eq!(scale.to_string().parse(), Ok(scale));
    }
    let error = "jet".parse::<Colormap>().unwrap_err();
    assert!(error.to_string().contains("viridis, cividis"));
    assert!("half".parse::<Scale>().is_err());
}

#[test]
fn every_token_is_labelled_while_there_is_room() {
    let mut shaper = TextShaper::new();
    for (count, every) in [(1, 1), (8, 1), (30, 1), (128, 1), (512, 5)] {
        let run = run(&words(count), 1, 1, 1);
        let figure = map(&run);
        let layout = layout::layout(&figure, &mut shaper).unwrap();
        check(&layout);
        let labelled = |role: fn(usize) -> Role| {
            (0..count)
                .filter(|&index| layout.texts().any(|text| text.role == role(index)))
                .collect::<Vec<_>>()
        };
        let expected: Vec<usize> = (0..count).step_by(every).collect();
        assert_eq!(labelled(Role::RowLabel), expected);
        assert_eq!(labelled(Role::ColumnLabel), expected);
        let says_so = layout
            .texts()
            .any(|text| text.role == Role::Note && text.text.contains("every 5th is labelled"));
        assert_eq!(says_so, every > 1);
        let cells = matrices(&layout).next().unwrap();
        assert_eq!(cells.side, count, "every token keeps its pixels");
        let values = layout
            .texts()
            .filter(|text| matches!(text.role, Role::Value(..)))
            .count();
        assert_eq!(values, if count <= 30 { count * count } else { 0 });
    }
}

#[test]
fn values_stay_in_their_cells() {
    let run = run(&words(30), 2, 1, 1);
    let figure = map(&run);
    let mut shaper = TextShaper::new();
    let layout = layout::layout(&figure, &mut shaper).unwrap();
    let cells = matrices(&layout).next().unwrap();
    for text in layout.texts() {
        let Role::Value(row, column) = text.role else {
            continue;
        };
        let cell = Rect {
            x: cells.origin.0 + cells.offset(column),
            y: cells.origin.1 + cells.offset(row),
            width: cells.cell,
            height: cells.cell,
        };
        assert!(cell.contains(&text.rect), "{text:?}");
        if let Ok(written) = text.text.parse::<f32>() {
            let value = cells.values[row * cells.side + column];
            assert!((written - value).abs() <= 0.005_01, "{written} for {value}");
        }
    }
}

#[test]
fn long_tokens_get_room_and_longer_ones_an_ellipsis() {
    let sixty = "abcdefghijkl".repeat(5);
    let endless = "w".repeat(5_000);
    let run = run(&[&sixty, &endless, "b"], 1, 1, 1);
    let figure = map(&run);
    let mut shaper = TextShaper::new();
    let layout = layout::layout(&figure, &mut shaper).unwrap();
    check(&layout);
    let label = |index| {
        let role = Role::RowLabel(index);
        layout.texts().find(|text| text.role == role).unwrap()
    };
    assert_eq!(label(0).text, sixty);
    assert!(label(1).text.starts_with("ww") && label(1).text.ends_with("ww"));
    assert!(label(1).text.contains('…'));
}

#[test]
fn overviews_stay_on_the_canvas() {
    let mut shaper = TextShaper::new();
    for (layers, heads, tokens) in [
        (6, 12, 8),
        (1, 1, 3),
        (24, 16, 40),
        (48, 32, 20),
        (2, 2, 512),
    ] {
        let run = run(&words(tokens), 2, layers, heads);
        let figure = grid(&run);
        let layout = layout::layout(&figure, &mut shaper).unwrap();
        check(&layout);
        assert_eq!(matrices(&layout).count(), layers * heads);
        for (role, count) in [
            (Role::RowLabel as fn(usize) -> Role, layers),
            (Role::ColumnLabel, heads),
        ] {
            for index in 0..count {
                let label = layout.texts().find(|text| text.role == role(index));
                assert_eq!(label.unwrap().text, index.to_string());
            }
        }
    }
}

#[test]
fn an_overview_of_many_tokens_says_its_resolution() {
    let run = run(&words(512), 1, 12, 12);
    let figure = grid(&run);
    let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
    check(&layout);
    assert!(layout.width < 4_000 && layout.height < 4_000);
    let cells = matrices(&layout).next().unwrap();
    let block = 512_usize.div_ceil(cells.side);
    let note = format!("each pixel shows the greatest of {block} × {block} values");
    assert!(layout.texts().any(|text| text.text.contains(&note)));
    let greatest = run.map(FIRST).unwrap().maximum();
    assert_eq!(cells.values.iter().copied().fold(0.0, f32::max), greatest);
}

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
            let options = FigureOptions {
                colormap,
                ..FigureOptions::default()
            };
            let figure = head_map(&run, FIRST, &options).unwrap();
            let picture = Decoded::new(&encode(&figure, &mut shaper).unwrap());
            let layout = layout::layout(&figure, &mut shaper).unwrap();
            let cells = matrices(&layout).next().unwrap();
            let colors = ColorTable::new(colormap);
            // A value may be written in the middle of a large cell.
            let inside = if count == 1 { 3 } else { cells.cell / 2 };
            for row in (0..count).step_by(7) {
                for column in (0..count).step_by(3) {
                    let value = run.map(FIRST).unwrap().row(row)[column];
                    let x = cells.origin.0 + cells.offset(column) + inside;
                    let y = cells.origin.1 + cells.offset(row) + inside;
                    assert_eq!(picture.at(x, y), colors.color(value / cells.maximum));
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
    let start = cells.offset(30);
    assert_eq!(cells.gaps, [30]);
    assert_eq!(start - cells.offset(29), cells.cell + cells.gap);
    for along in (0..cells.extent()).step_by(11) {
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
        let heads = run.selection.head_ids();
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
fn a_missing_glyph_is_a_box_and_reported() {
    // An Egyptian hieroglyph, and a bidirectional override that is no letter.
    let run = run(&["\u{13000}", "\u{202e}"], 1, 1, 1);
    let figure = map(&run);
    let mut shaper = TextShaper::new();
    let picture = encode(&figure, &mut shaper).unwrap();
    assert_eq!(picture.missing_glyphs, BTreeSet::from(['\u{13000}']));
    let decoded = Decoded::new(&picture);
    let layout = layout::layout(&figure, &mut shaper).unwrap();
    for text in layout.texts() {
        if matches!(text.role, Role::RowLabel(_) | Role::ColumnLabel(_)) {
            assert!(text.rect.width >= 10 && text.rect.height >= 10);
            assert!(decoded.ink_in(text.rect) > 80, "{text:?}");
        }
    }
}

#[test]
fn scripts_are_shaped_not_spelled() {
    let mut shaper = TextShaper::new();
    let font = TextFont::regular(24.0);
    let mut width = |text: &str| shaper.shape(text, font).width;
    // Joined letters, a conjunct, a syllable of jamo, a mark above its base.
    assert!(width("ببب") < 3 * width("ب"));
    assert!(width("क्ष") < width("क") + width("ष"));
    assert_eq!(width("\u{1112}\u{1161}\u{11ab}"), width("한"));
    assert_eq!(width("น้"), width("น"));
}

#[test]
fn blank_text_takes_no_room_and_makes_no_fuss() {
    let shaped = TextShaper::new().shape("", TextFont::regular(20.0));
    assert_eq!((shaped.width, shaped.coverage.len()), (0, 0));
}

#[test]
fn what_is_no_number_has_a_color_of_its_own() {
    for colormap in Colormap::all() {
        let colors = ColorTable::new(colormap);
        assert_ne!(colors.color(0.0), colors.color(1.0));
        assert_eq!(colors.color(-3.0), colors.color(0.0));
        assert_eq!(colors.color(f32::INFINITY), colors.color(1.0));
        assert_ne!(colors.color(f32::NAN), colors.color(0.0));
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_letter_of_the_built_in_vocabulary_has_a_glyph() {
    let path = root().join("assets/minilm-l6-v2/tokenizer.json");
    let text = std::fs::read_to_string(path).unwrap();
    let tokenizer: serde_json::Value = serde_json::from_str(&text).unwrap();
    let vocabulary = tokenizer["model"]["vocab"].as_object().unwrap();
    let letters: BTreeSet<char> = vocabulary.keys().flat_map(|token| token.chars()).collect();
    assert!(letters.len() > 900);
    let mut shaper = TextShaper::new();
    let font = TextFont::regular(24.0);
    let missing: Vec<char> = letters
        .into_iter()
        .filter(|&letter| {
            let shaped = shaper.shape(&letter.to_string(), font);
            !shaper.has_glyph(letter) || !shaped.missing.is_empty()
        })
        .collect();
    assert_eq!(missing, []);
}

#[test]
fn the_fonts_are_what_their_checksums_say_and_no_more_than_ten_megabytes() {
    let folder = root().join("assets/fonts");
    let sums = std::fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
    let sums: HashMap<&str, &str> = sums
        .lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(sum, name)| (name, sum))
        .collect();
    let mut total = 0;
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if !name.ends_with(".ttf") && !name.ends_with(".otf") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let digest = Sha256::digest(&bytes);
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(sums.get(name), Some(&digest.as_str()), "{name}");
        total += bytes.len();
        count += 1;
    }
    assert_eq!(count, sums.len());
    assert!(total <= 10_000_000, "{total} bytes");
}

#[test]
fn plotters_is_known_to_render_alone() {
    let mut folders: Vec<PathBuf> = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            if !path.starts_with(root().join("src/render")) {
                for name in ["plotters::", "plotters_backend", "cosmic_text", "colorous"] {
                    assert!(!source.contains(name), "{} in {}", name, path.display());
                }
            }
            if path.starts_with(root().join("src/figure")) {
                assert!(!source.contains("use crate::render"), "{}", path.display());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn labels_neither_overlap_nor_leave_the_canvas(
        count in 1_usize..700,
        lengths in prop::collection::vec(0_usize..90, 1..12),
        segments in 1_usize..4,
    ) {
        let texts: Vec<String> = lengths.iter().map(|&length| "mil".repeat(length)).collect();
        let tokens: Vec<&str> = texts.iter().map(String::as_str).cycle().take(count).collect();
        let run = run(&tokens, segments.min(count), 1, 1);
        let mut shaper = TextShaper::new();
        check(&layout::layout(&map(&run), &mut shaper).unwrap());
        check(&layout::layout(&grid(&run), &mut shaper).unwrap());
    }

    #[test]
    fn any_text_is_drawn(texts in prop::collection::vec(any::<String>(), 1..6), caption: String) {
        let tokens: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut run = run(&tokens, 1, 1, 1);
        run.input.text = caption.clone();
        run.model.id = caption;
        let mut shaper = TextShaper::new();
        let figure = map(&run);
        check(&layout::layout(&figure, &mut shaper).unwrap());
        encode(&figure, &mut shaper).unwrap();
        encode(&grid(&run), &mut shaper).unwrap();
    }

    #[test]
    fn ink_stays_in_its_line(text in "\\PC{0,12}", size in 6.0_f32..60.0) {
        let font = TextFont::regular(size);
        let shaped = TextShaper::new().shape(&text, font);
        prop_assert!(shaped.width >= 0);
        prop_assert_eq!(shaped.height, font.line_height());
        let area = usize::try_from(shaped.width * shaped.height).unwrap();
        prop_assert_eq!(shaped.coverage.len(), area);
    }
}
