//! A figure as an SVG: the same drawing as the PNG, with text as text.
//!
//! Everything is written by an XML writer that escapes it; there is no script,
//! no style sheet and nothing that is fetched. The cells of a map are an
//! embedded picture of one pixel a cell, which viewers enlarge without
//! smoothing, so that many maps stay a small file. Each line of text is fitted
//! into the width that it was measured with, so that it overlaps nothing
//! whatever font a viewer has.

mod document;
mod image;

use std::io;

use plotters::drawing::IntoDrawingArea;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, Event};

use super::draw::{Drawing, draw};
use super::fonts::named_families;
use super::{Picture, RenderError};
use crate::figure::{Body, Figure};
use document::Document;

type SvgWriter = Writer<Vec<u8>>;

/// Encodes a drawing. The same figure gives the same bytes on every machine.
///
/// # Errors
/// When encoding the cells of a map fails.
pub fn encode(drawing: &Drawing<'_>) -> Result<Picture, RenderError> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 1);
    write_root_start(drawing.size(), &mut writer)?;
    document::write_element("title", &drawing.figure.title, &mut writer)?;
    document::write_element("desc", &description(drawing.figure), &mut writer)?;
    let document = Document::new(&mut writer, drawing.size(), drawing.colors)?;
    draw(drawing, &document.into_drawing_area())?;
    writer.write_event(Event::End(BytesEnd::new("svg")))?;
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    Ok(drawing.picture(bytes))
}

impl From<io::Error> for RenderError {
    fn from(error: io::Error) -> Self {
        let message = error.to_string();
        Self::Drawing { message }
    }
}

fn write_root_start((width, height): (u32, u32), writer: &mut SvgWriter) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let (width, height) = (width.to_string(), height.to_string());
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
    let colors = match &figure.body {
        Body::Map(_)
        | Body::Grid(_)
        | Body::Profile(_)
        | Body::Scores(_)
        | Body::Lines(_)
        | Body::Text(_) => {
            format!("Colours: {}.", figure.color_scale.label)
        }
        Body::Difference(maps) => format!(
            "Colours of both sides: {}. Colours between them: {}.",
            figure.color_scale.label, maps.difference_scale.label
        ),
    };
    let notes = figure.notes.iter().cloned();
    let sentences: Vec<String> = [input, colors].into_iter().chain(notes).collect();
    sentences.join(" ")
}
