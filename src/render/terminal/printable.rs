//! Text of others in a terminal: nothing in it may steer the terminal.

use std::fmt::Display;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Text from outside (inputs, file names, servers) without control
/// characters, which could steer the terminal, and without those that turn
/// the direction of what follows.
pub struct Printable<'text>(pub &'text str);

impl Display for Printable<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for letter in self.0.chars() {
            let steers = letter.is_control() || turns_direction(letter);
            match steers && letter != '\n' {
                true => write!(formatter, "{}", letter.escape_unicode())?,
                false => write!(formatter, "{letter}")?,
            }
        }
        Ok(())
    }
}

/// The same in one line, for outputs of which every line means something: a text
/// with line ends must not look like two of them, nor like a command to a CI
/// system.
pub struct PrintableLine<'text>(pub &'text str);

impl Display for PrintableLine<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, part) in self.0.split('\n').enumerate() {
            if index > 0 {
                formatter.write_str("\\n")?;
            }
            write!(formatter, "{}", Printable(part))?;
        }
        Ok(())
    }
}

/// Marks, embeddings, overrides and isolates of Unicode's bidirectional text.
fn turns_direction(letter: char) -> bool {
    matches!(letter,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text of the input as one line of a terminal, at most so many columns wide.
pub fn one_line(text: &str, columns: usize) -> String {
    let printable = Printable(text).to_string().replace('\n', "\\n");
    elide(&printable, columns)
}

/// The beginning of a text, with … where something is left out.
pub(super) fn elide(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut width = 0;
    let mut elided: String = text
        .chars()
        .take_while(|letter| {
            width += letter.width().unwrap_or(0);
            width < columns
        })
        .collect();
    elided.push('…');
    elided
}
