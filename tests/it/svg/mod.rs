//! SVG: the document, then how others draw it.

mod document;
mod looks;

use attnviz::figure::Figure;
use attnviz::figure::layout::{self, Layout};
use attnviz::render::{Picture, TextShaper, prepare, svg};
use resvg::usvg::roxmltree::{Document, Node};

fn encode(figure: &Figure<'_>, shaper: &mut TextShaper) -> Picture {
    svg::encode(&prepare(figure, shaper).unwrap()).unwrap()
}

/// The document and the layout that it was made of.
fn draw<'figure>(figure: &'figure Figure<'_>) -> (Picture, Layout<'figure>) {
    let mut shaper = TextShaper::new();
    let layout = layout::layout(figure, &mut shaper).unwrap();
    (encode(figure, &mut shaper), layout)
}

fn text_of(picture: &Picture) -> &str {
    std::str::from_utf8(&picture.bytes).unwrap()
}

/// A strict parser: no forbidden characters, no undeclared prefixes.
fn parse(picture: &Picture) -> Document<'_> {
    Document::parse(text_of(picture)).unwrap()
}

fn elements<'document>(document: &'document Document<'_>) -> Vec<Node<'document, 'document>> {
    let root = document.root_element();
    root.children().filter(Node::is_element).collect()
}

fn number(node: Node<'_, '_>, attribute: &str) -> f32 {
    let value = node.attribute(attribute);
    value
        .unwrap_or_else(|| panic!("{node:?} has no {attribute}"))
        .parse()
        .unwrap()
}
