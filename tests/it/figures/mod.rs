//! Figures as data, then where everything goes, then the pixels.

mod colors;
mod compression;
mod data;
pub mod differences;
mod links;
mod masks;
mod palettes;
mod pixels;
mod placement;
mod pointed_out;
mod positions;
mod profiles;
mod readable;
mod rectangular;
mod reference;
mod scales;
mod score_differences;
mod scores;
mod text;

use attnviz::analysis::{MapId, Maps};
use attnviz::attention::HeadId;
use attnviz::checkpoint::ModelSource;
use attnviz::figure::layout::{CANVAS_LIMIT, CellMatrix, Ink, Item, Layout, Rect, Role, TextItem};
use attnviz::figure::{
    Figure, FigureError, FigureOptions, line_figure, overview, shaded_text, single_map,
};
use attnviz::input::{Input, Unit};
use attnviz::render::colormap::Color;
use attnviz::render::{Picture, RenderError, TextShaper, png, prepare};
use attnviz::run::Run;

use crate::runs::{own, raw, run_of, source, unit};

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
    let units = tokens.iter().enumerate().map(|(index, text)| Unit {
        segment: u32::try_from(index * segments / count).unwrap(),
        ..unit(text, text.starts_with('['))
    });
    run_of(
        ("bert-base-uncased", ModelSource::Hub),
        Input::pair(
            tokens.join(" "),
            (segments > 1).then(|| "and the second sentence".into()),
        ),
        source(units.collect()),
        own(values.collect(), shape),
    )
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
fn whole(run: &Run) -> &'static Maps<'static> {
    Box::leak(Box::new(raw(run).into_owned()))
}

fn head_map(
    run: &Run,
    head: HeadId,
    options: &FigureOptions,
) -> Result<Figure<'static>, FigureError> {
    single_map(run, whole(run), MapId::Head(head), options)
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

/// The first head as lines.
pub fn lines(run: &Run) -> Figure<'static> {
    line_figure(run, whole(run), FIRST, &FigureOptions::default()).unwrap()
}

/// The text, shaded by what its second unit attends to.
pub fn shaded(run: &Run) -> Figure<'static> {
    let row = whole(run).rows.len().min(2) - 1;
    shaded_text(run, whole(run), Some(row), &FigureOptions::default()).unwrap()
}

/// A figure as a PNG.
pub fn encode(figure: &Figure<'_>, shaper: &mut TextShaper) -> Result<Picture, RenderError> {
    png::encode(&prepare(figure, shaper)?)
}

/// The paper of the light theme.
const BACKGROUND: Color = [255, 255, 255];

/// Whether two rectangles share a pixel.
fn overlap(one: &Rect, other: &Rect) -> bool {
    one.x < other.right()
        && other.x < one.right()
        && one.y < other.bottom()
        && other.y < one.bottom()
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
            assert!(!overlap(&text.rect, &other.rect), "{text:?} {other:?}");
        }
        for cells in &cells {
            assert!(!overlap(&text.rect, cells), "{text:?} covers {cells:?}");
        }
    }
    for item in &layout.items {
        let rect = match item {
            Item::Rectangle { rect, .. } | Item::ColorBar(rect, _) => *rect,
            Item::Cells(cells) => cells.rect(),
            Item::Lines(bundle) => bundle.area,
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

pub struct Decoded {
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

    pub fn of(bytes: &[u8]) -> Self {
        let mut decoder = ::png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(::png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let width = reader.next_frame(&mut pixels).unwrap().width as usize;
        Self { pixels, width }
    }

    /// Whether no channel differs by more than one level.
    pub fn is_like(&self, other: &Self) -> bool {
        let channels = self.pixels.iter().zip(&other.pixels);
        self.width == other.width
            && self.pixels.len() == other.pixels.len()
            && channels
                .map(|(left, right)| left.abs_diff(*right))
                .all(|difference| difference <= 1)
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
