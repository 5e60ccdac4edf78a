//! Relative addresses for the page.

use crate::percent::{percent_encoded, percent_encoded_path};

/// A path of the batch's folder, `/` between its parts, as the address in a
/// link: every byte that could mean anything else is percent-encoded, and no
/// path can become another scheme, another host or a parent folder.
pub(super) fn address(path: &str) -> String {
    let parts = path
        .split('/')
        .filter(|part| !matches!(*part, "" | "." | ".."));
    percent_encoded_path(&parts.collect::<Vec<_>>().join("/"))
}

/// The address of an element of the page by its identifier.
pub(super) fn fragment(identifier: &str) -> String {
    format!("#{}", percent_encoded(identifier))
}

/// An identifier of an element: it must not hold white space.
pub(super) fn identifier(text: &str) -> String {
    let kept = |letter: char| match letter.is_whitespace() || letter.is_control() {
        true => '_',
        false => letter,
    };
    text.chars().map(kept).collect()
}
