//! The escape sequences for pictures.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::render::Picture;

/// A column of a terminal in pixels of a picture, which is twice as dense as
/// a screen.
const COLUMN_PIXELS: u32 = 18;
/// What kitty takes at a time, in bytes of base64.
const KITTY_CHUNK: usize = 4_096;

fn picture_columns(picture: &Picture, columns: usize) -> usize {
    let natural = picture.width.div_ceil(COLUMN_PIXELS);
    columns.min(usize::try_from(natural).unwrap_or(columns))
}

/// A picture for kitty: shown at once, in pieces of base64, without an answer.
pub(super) fn kitty(picture: &Picture, columns: usize) -> String {
    let data = STANDARD.encode(&picture.bytes);
    let columns = picture_columns(picture, columns);
    let mut text = String::with_capacity(data.len() + data.len() / 64);
    let mut rest = data.as_str();
    let mut control = format!("a=T,f=100,q=2,c={columns},");
    while !rest.is_empty() {
        // Base64 is ASCII, so that every place is between two letters.
        let (chunk, after) = rest.split_at(rest.len().min(KITTY_CHUNK));
        let more = u8::from(!after.is_empty());
        let _ = write!(text, "\x1b_G{control}m={more};{chunk}\x1b\\");
        control.clear();
        rest = after;
    }
    text.push('\n');
    text
}

/// A picture for iTerm2 and WezTerm.
pub(super) fn iterm(picture: &Picture, columns: usize) -> String {
    let data = STANDARD.encode(&picture.bytes);
    let columns = picture_columns(picture, columns);
    let size = picture.bytes.len();
    format!(
        "\x1b]1337;File=inline=1;size={size};width={columns};preserveAspectRatio=1:{data}\x07\n"
    )
}
