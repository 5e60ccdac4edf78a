//! A figure as an SVG: the same layout as the PNG, with text as text.
//!
//! Everything is written by an XML writer that escapes it; there is no script,
//! no style sheet and nothing that is fetched. The cells of a map are an
//! embedded picture of one pixel a cell, which viewers enlarge without
//! smoothing, so that many maps stay a small file. Each line of text is fitted
//! into the width that it was measured with, so that it overlaps nothing
//! whatever font a viewer has.

mod image;

use std::collections::BTreeSet;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use unicode_bidi::{Direction, get_base_direction};

use super::colormap::{Color, ColorTable};
use super::fonts::named_families;
use super::png::length;
use super::text::{BOX, TextShaper, is_invisible, modifies_neighbours};
use super::{Picture, RenderError};
use crate::figure::Figure;
use crate::figure::layout::{self, Item, Layout, Rect, Rotation, TextItem, Weight};
use image::{Image, cell_images, color_bar_image};

type SvgWriter = Writer<Vec<u8>>;

/// Draws a figure. The same figure gives the same bytes, whatever the shaper
/// drew before.
///
/// # Errors
/// When the figure does not fit a canvas, or encoding its cells fails.
pub fn encode(figure: &Figure<'_>, shaper: &mut TextShaper) -> Result<Picture, RenderError> {
    let layout = layout::layout(figure, shaper)?;
    let missing_glyphs = missing_glyphs(&layout, shaper);
    let colors = ColorTable::new(layout.palette);
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 1);
    write_root_start(&layout, &mut writer)?;
    write_element("title", &figure.title, &mut writer)?;
    write_element("desc", &description(figure), &mut writer)?;
    let canvas = Rect {
        x: 0,
        y: 0,
        width: layout.width,
        height: layout.height,
    };
    write_rectangle(canvas, colors.background(), &mut writer)?;
    for item in &layout.items {
        match item {
            Item::Rectangle { rect, ink } => {
                write_rectangle(*rect, colors.ink(*ink), &mut writer)?;
            }
            Item::Cells(cells) => {
                if !(cells.rows.gaps.is_empty() && cells.columns.gaps.is_empty()) {
                    // What shows between the images.
                    write_rectangle(cells.rect(), colors.background(), &mut writer)?;
                }
                for image in cell_images(cells, &colors) {
                    write_image(&image, &mut writer)?;
                }
            }
            Item::ColorBar(rect) => write_image(&color_bar_image(*rect, &colors), &mut writer)?,
            Item::Text(text) => write_text(text, &colors, shaper, &mut writer)?,
        }
    }
    writer.write_event(Event::End(BytesEnd::new("svg")))?;
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    Ok(Picture {
        bytes,
        width: length(layout.width),
        height: length(layout.height),
        missing_glyphs,
    })
}

impl From<io::Error> for RenderError {
    fn from(error: io::Error) -> Self {
        let message = error.to_string();
        Self::Drawing { message }
    }
}

/// Letters of a layout that no font has.
fn missing_glyphs(layout: &Layout<'_>, shaper: &mut TextShaper) -> BTreeSet<char> {
    layout
        .texts()
        .flat_map(|text| shaper.shape(&text.text, text.font).missing.clone())
        .collect()
}

fn write_root_start(layout: &Layout<'_>, writer: &mut SvgWriter) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let (width, height) = (layout.width.to_string(), layout.height.to_string());
    let view_box = format!("0 0 {width} {height}");
    let fonts = font_families();
    let root = BytesStart::new("svg").with_attributes([
        ("xmlns", "http://www.w3.org/2000/svg"),
        // The older way to name an image, which every viewer knows.
        ("xmlns:xlink", "http://www.w3.org/1999/xlink"),
        ("width", &width),
        ("height", &height),
        ("viewBox", &view_box),
        ("role", "img"),
        ("font-family", &fonts),
        // Hinted letters would change their shape with the zoom.
        ("text-rendering", "geometricPrecision"),
        ("shape-rendering", "crispEdges"),
        // Spaces are tokens, too.
        ("xml:space", "preserve"),
    ]);
    writer.write_event(Event::Start(root))
}

/// The fonts that the PNG is written with, where a viewer has them, then a
/// common one with many scripts, then whatever there is.
fn font_families() -> String {
    let families: Vec<&str> = named_families().chain(["sans-serif"]).collect();
    families.join(", ")
}

/// What the picture shows, for those who cannot see it.
fn description(figure: &Figure<'_>) -> String {
    let captions: Vec<String> = figure
        .captions
        .iter()
        .map(|caption| format!("“{caption}”"))
        .collect();
    let input = format!("Attention over the input {}.", captions.join(", "));
    let colors = format!("Colours: {}.", figure.color_scale.label);
    let notes = figure.notes.iter().cloned();
    let sentences: Vec<String> = [input, colors].into_iter().chain(notes).collect();
    sentences.join(" ")
}

fn write_element(name: &str, content: &str, writer: &mut SvgWriter) -> io::Result<()> {
    writer
        .create_element(name)
        .write_text_content(BytesText::new(&written(content)))?;
    Ok(())
}

fn write_rectangle(rect: Rect, color: Color, writer: &mut SvgWriter) -> io::Result<()> {
    let element = writer.create_element("rect");
    let element = element.with_attributes(placed(rect).each_ref().map(borrowed));
    element
        .with_attribute(("fill", hexadecimal(color).as_str()))
        .write_empty()?;
    Ok(())
}

fn write_image(image: &Image, writer: &mut SvgWriter) -> Result<(), RenderError> {
    let address = image.address()?;
    let element = writer.create_element("image");
    let element = element.with_attributes(placed(image.rect).each_ref().map(borrowed));
    element
        .with_attributes([
            ("preserveAspectRatio", "none"),
            // The older word for those who do not know the newer one, which
            // goes before it.
            ("image-rendering", "optimizeSpeed"),
            ("style", "image-rendering:pixelated"),
            ("xlink:href", address.as_str()),
        ])
        .write_empty()?;
    Ok(())
}

fn write_text(
    item: &TextItem,
    colors: &ColorTable,
    shaper: &mut TextShaper,
    writer: &mut SvgWriter,
) -> io::Result<()> {
    let (rect, font) = (item.rect, item.font);
    let (extent, corner) = match item.rotation {
        Rotation::Level => (rect.width, (rect.x, rect.y)),
        Rotation::Upward => (rect.height, (rect.x, rect.bottom())),
    };
    if item.text.is_empty() || extent <= 0 {
        return Ok(());
    }
    let size = shaper.shape(&item.text, font).size;
    let baseline = corner.1 + font.baseline();
    let mut attributes = vec![
        ("y", baseline.to_string()),
        ("font-size", number(size)),
        ("fill", hexadecimal(colors.ink(item.ink))),
        ("textLength", extent.to_string()),
        ("lengthAdjust", "spacingAndGlyphs".to_owned()),
    ];
    match get_base_direction(item.text.as_str()) {
        // The middle is the same place for every viewer, whether it knows of
        // directions or not.
        Direction::Rtl => attributes.extend([
            ("x", number(corner.0 as f32 + extent as f32 / 2.0)),
            ("text-anchor", "middle".to_owned()),
            ("direction", "rtl".to_owned()),
        ]),
        Direction::Ltr | Direction::Mixed => attributes.push(("x", corner.0.to_string())),
    }
    if font.weight == Weight::Bold {
        attributes.push(("font-weight", "bold".to_owned()));
    }
    if item.rotation == Rotation::Upward {
        let turn = format!("rotate(-90 {} {})", corner.0, corner.1);
        attributes.push(("transform", turn));
    }
    writer
        .create_element("text")
        .with_attributes(attributes.iter().map(borrowed))
        .write_text_content(BytesText::new(&written(&item.text)))?;
    Ok(())
}

/// The letters of a text, with a box in the place of those that XML forbids,
/// that would be invisible, or that would turn the direction of others: the
/// same that are boxes in the PNG.
fn written(text: &str) -> String {
    let mut follows_letter = false;
    text.chars()
        .map(|letter| {
            let is_joined = follows_letter && modifies_neighbours(letter);
            let is_boxed = is_invisible(letter) && !is_joined || is_no_character(letter);
            follows_letter = !is_boxed;
            if is_boxed { BOX } else { letter }
        })
        .collect()
}

/// Code points that no XML document may hold, besides the control characters.
fn is_no_character(letter: char) -> bool {
    matches!(letter, '\u{fffe}' | '\u{ffff}')
}

fn placed(rect: Rect) -> [(&'static str, String); 4] {
    [
        ("x", rect.x.to_string()),
        ("y", rect.y.to_string()),
        ("width", rect.width.to_string()),
        ("height", rect.height.to_string()),
    ]
}

fn borrowed<'text>(attribute: &'text (&'static str, String)) -> (&'text str, &'text str) {
    (attribute.0, attribute.1.as_str())
}

fn hexadecimal([red, green, blue]: Color) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// At most two decimals.
fn number(value: f32) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    rounded.to_string()
}
