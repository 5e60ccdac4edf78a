//! The backend of plotters that SVGs are written with.

use std::io;

use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontStyle, FontTransform,
};
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use unicode_bidi::{Direction, get_base_direction};

use super::SvgWriter;
use super::image::{Image, images};
use crate::figure::layout::Rect;
use crate::render::colormap::{Color, ColorTable};
use crate::render::draw::{Grid, GridBackend, LineBackend, Lines};
use crate::render::letters::{is_invisible, modifies_neighbours};
use crate::render::text::BOX;

/// An SVG between its head and its end.
pub(super) struct Document<'writer> {
    writer: &'writer mut SvgWriter,
    size: (u32, u32),
    colors: ColorTable,
}

impl<'writer> Document<'writer> {
    /// A document of nothing but paper.
    pub(super) fn new(
        writer: &'writer mut SvgWriter,
        size: (u32, u32),
        colors: ColorTable,
    ) -> io::Result<Self> {
        let mut document = Self {
            writer,
            size,
            colors,
        };
        let (width, height) = size;
        let place = [0, 0, width, height].map(|length| length.to_string());
        document.write_rectangle(place, colors.background())?;
        Ok(document)
    }

    fn write_rectangle(&mut self, place: Place, color: Color) -> io::Result<()> {
        let element = self.writer.create_element("rect");
        element
            .with_attributes(attributes(&place))
            .with_attribute(("fill", hexadecimal(color).as_str()))
            .write_empty()?;
        Ok(())
    }

    fn write_lines(&mut self, lines: &Lines<'_>) -> io::Result<()> {
        let area = lines.bundle.area;
        let [start, end] = [area.x, area.right()].map(|x| x.to_string());
        // Slanted edges are smooth.
        let group = BytesStart::new("g").with_attributes([("shape-rendering", "auto")]);
        self.writer.write_event(Event::Start(group))?;
        for (line, &step) in lines.bundle.lines.iter().zip(lines.steps) {
            let [from, to] = [line.left, line.right].map(|y| (area.y + y).to_string());
            let thickness = number(f64::from(line.thickness));
            let color = hexadecimal(self.colors.step_color(usize::from(step)));
            self.writer
                .create_element("line")
                .with_attributes([
                    ("x1", start.as_str()),
                    ("y1", &from),
                    ("x2", &end),
                    ("y2", &to),
                    ("stroke", &color),
                    ("stroke-width", &thickness),
                ])
                .write_empty()?;
        }
        self.writer.write_event(Event::End(BytesEnd::new("g")))
    }

    fn write_image(&mut self, image: &Image) -> io::Result<()> {
        let address = image.address()?;
        let Rect {
            x,
            y,
            width,
            height,
        } = image.rect;
        let place = [x, y, width, height].map(|length| length.to_string());
        let element = self.writer.create_element("image");
        element
            .with_attributes(attributes(&place))
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
}

type Outcome = Result<(), DrawingErrorKind<io::Error>>;

impl DrawingBackend for Document<'_> {
    type ErrorType = io::Error;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Outcome {
        Ok(())
    }

    fn present(&mut self) -> Outcome {
        Ok(())
    }

    /// plotters demands it; a pixel is the smallest rectangle.
    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Outcome {
        self.draw_rect(point, point, &color, true)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        _fill: bool,
    ) -> Outcome {
        let (width, height) = (right + 1 - left, bottom + 1 - top);
        let place = [left, top, width, height].map(|length| length.to_string());
        self.write_rectangle(place, channels(style.color()))
            .map_err(DrawingErrorKind::DrawingError)
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Outcome {
        let layout_box = style.layout_box(text);
        let ((left, top), (right, _)) =
            layout_box.map_err(|error| DrawingErrorKind::FontError(Box::new(error)))?;
        // Edges are not where the middle of a pixel is: a turned line begins
        // below its first pixel.
        let (y, is_upward) = match style.transform() {
            FontTransform::Rotate270 => (y + 1, true),
            FontTransform::None | FontTransform::Rotate90 | FontTransform::Rotate180 => (y, false),
        };
        let extent = right - left;
        let mut attributes = vec![
            ("y", (y - top).to_string()),
            ("font-size", number(style.size())),
            ("fill", hexadecimal(channels(style.color()))),
            ("textLength", extent.to_string()),
            ("lengthAdjust", "spacingAndGlyphs".to_owned()),
        ];
        match get_base_direction(text) {
            // The middle is the same place for every viewer, whether it knows of
            // directions or not.
            Direction::Rtl => attributes.extend([
                ("x", number(f64::from(x) + f64::from(extent) / 2.0)),
                ("text-anchor", "middle".to_owned()),
                ("direction", "rtl".to_owned()),
            ]),
            Direction::Ltr | Direction::Mixed => attributes.push(("x", x.to_string())),
        }
        match style.style() {
            FontStyle::Bold => attributes.push(("font-weight", "bold".to_owned())),
            FontStyle::Normal | FontStyle::Oblique | FontStyle::Italic => {}
        }
        if is_upward {
            attributes.push(("transform", format!("rotate(-90 {x} {y})")));
        }
        let attributes = attributes
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        self.writer
            .create_element("text")
            .with_attributes(attributes)
            .write_text_content(BytesText::new(&written(text)))
            .map_err(DrawingErrorKind::DrawingError)?;
        Ok(())
    }
}

impl GridBackend for Document<'_> {
    fn draw_grid(&mut self, corner: BackendCoord, grid: &Grid<'_>) -> Outcome {
        for image in images(corner, grid, &self.colors) {
            self.write_image(&image)
                .map_err(DrawingErrorKind::DrawingError)?;
        }
        Ok(())
    }
}

impl LineBackend for Document<'_> {
    fn draw_lines(&mut self, lines: &Lines<'_>) -> Outcome {
        self.write_lines(lines)
            .map_err(DrawingErrorKind::DrawingError)
    }
}

/// An element with a text in it.
pub(super) fn write_element(name: &str, content: &str, writer: &mut SvgWriter) -> io::Result<()> {
    writer
        .create_element(name)
        .write_text_content(BytesText::new(&written(content)))?;
    Ok(())
}

/// Left and upper edge, width and height.
type Place = [String; 4];

fn attributes(place: &Place) -> [(&str, &str); 4] {
    let [x, y, width, height] = place.each_ref().map(String::as_str);
    [("x", x), ("y", y), ("width", width), ("height", height)]
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

fn channels(color: BackendColor) -> Color {
    let (red, green, blue) = color.rgb;
    [red, green, blue]
}

fn hexadecimal([red, green, blue]: Color) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// At most two decimals.
fn number(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    rounded.to_string()
}
