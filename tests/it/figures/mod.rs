//! Figures as data, then where everything goes, then the pixels.

mod colors;
mod compression;
mod data;
mod links;
mod palettes;
mod pixels;
mod placement;
mod profiles;
mod reference;
mod text;

use attnviz::analysis::{ShowOptions, Shown, show};
use attnviz::attention::{AttentionTensor, HeadId, Selection};
use attnviz::checkpoint::{ModelProvenance, ModelSource};
use attnviz::figure::layout::{CANVAS_LIMIT, CellMatrix, Ink, Item, Layout, Rect, Role, TextItem};
use attnviz::figure::{Figure, FigureError, FigureOptions, MapChoice, overview, single_map};
use attnviz::render::colormap::Color;
use attnviz::render::{Picture, RenderError, TextShaper, png, prepare};
use attnviz::run::Run;
use attnviz::tokenizer::{Token, TokenizedInput};

const FIRST: HeadId = HeadId { layer: 0, head: 0 };

/// A run with uneven but lawful attention.
pub fn run(tokens: &[&str], segments: usize, layer_count: usize, head_count: usize) -> Run {
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
        }
        .into(),
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

pub fn words(count: usize) -> Vec<&'static str> {
    ["[CLS]", "the", "##ization", "of", "attention", ",", "[SEP]"]
        .into_iter()
        .cycle()
        .take(count)
        .collect()
}

/// All of a run. What a test shows lives as long as the test binary, so that
/// figures can be handed around without what they borrow from.
fn whole(run: &Run) -> &'static Shown<'static> {
    let shown = show(run, &ShowOptions::default()).unwrap();
    Box::leak(Box::new(shown.into_owned()))
}

fn head_map(
    run: &Run,
    head: HeadId,
    options: &FigureOptions,
) -> Result<Figure<'static>, FigureError> {
    single_map(run, whole(run), MapChoice::Head(head), options)
}

pub fn overview_of(run: &Run, options: &FigureOptions) -> Result<Figure<'static>, FigureError> {
    overview(run, whole(run), options)
}

pub fn map(run: &Run) -> Figure<'static> {
    head_map(run, FIRST, &FigureOptions::default()).unwrap()
}

pub fn grid(run: &Run) -> Figure<'static> {
    overview_of(run, &FigureOptions::default()).unwrap()
}

/// A figure as a PNG.
pub fn encode(figure: &Figure<'_>, shaper: &mut TextShaper) -> Result<Picture, RenderError> {
    png::encode(&prepare(figure, shaper)?)
}

/// The paper of the light theme.
const BACKGROUND: Color = [255, 255, 255];

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
    let colored = layout.items.iter().filter_map(|item| match item {
        Item::Cells(cells) => Some(cells.rect()),
        Item::Rectangle {
            rect,
            ink: Ink::OnScale(_) | Ink::Bar | Ink::FaintBar,
        } => Some(*rect),
        _ => None,
    });
    let cells: Vec<Rect> = colored.collect();
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

pub fn matrices<'layout>(
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
        let decoded = Self::of(&picture.bytes);
        assert_eq!(decoded.width, picture.width as usize);
        let pixel_count = picture.width as usize * picture.height as usize;
        assert_eq!(decoded.pixels.len(), pixel_count * 3);
        decoded
    }

    fn of(bytes: &[u8]) -> Self {
        let mut decoder = ::png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(::png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let width = reader.next_frame(&mut pixels).unwrap().width as usize;
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
