//! The outer shape of a JSON value: its members with their values as they are
//! written. What no input is made of is looked at for its end alone, so that it
//! may hold what Python writes and JSON has no place for: `NaN`, `Infinity`,
//! numbers of any size, half surrogates.

use std::borrow::Cow;

use super::record::{MAXIMUM_FIELDS, RecordError};

/// What kind of value it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JsonKind {
    Text,
    Number,
    /// `NaN`, `Infinity`, `-Infinity`.
    NotANumber,
    Boolean,
    Null,
    Object,
    Array,
}

impl JsonKind {
    /// `a number`, for people.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Number => "a number",
            Self::NotANumber => "NaN or Infinity",
            Self::Boolean => "true or false",
            Self::Null => "null",
            Self::Object => "an object",
            Self::Array => "an array",
        }
    }
}

/// A value as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct JsonValue<'json> {
    pub(super) kind: JsonKind,
    pub(super) json: &'json str,
}

impl<'json> JsonValue<'json> {
    /// The only value of a text, `None` where there is only space.
    pub(super) fn parse(json: &'json str) -> Result<Self, RecordError> {
        let mut scanner = Scanner { json, position: 0 };
        scanner.space();
        let value = scanner.value()?;
        scanner.space();
        match scanner.peek() {
            None => Ok(value),
            Some(_) => Err(scanner.fault("the end of the line")),
        }
    }

    /// The members of an object with their names, in their order; those of an
    /// array without.
    pub(super) fn members(self) -> Result<Vec<(Cow<'json, str>, Self)>, RecordError> {
        let mut scanner = Scanner {
            json: self.json,
            position: 1,
        };
        let is_object = self.kind == JsonKind::Object;
        let mut members = Vec::new();
        loop {
            scanner.space();
            if matches!(scanner.peek(), None | Some(b'}' | b']')) {
                return Ok(members);
            }
            if members.len() == MAXIMUM_FIELDS {
                let maximum = MAXIMUM_FIELDS;
                return Err(RecordError::TooManyFields { maximum });
            }
            let name = match is_object {
                true => scanner.name()?,
                false => Cow::Borrowed(""),
            };
            scanner.space();
            members.push((name, scanner.value()?));
            scanner.space();
            // The value was looked at whole: this is a comma or the end.
            if scanner.peek() == Some(b',') {
                scanner.position += 1;
            }
        }
    }

    /// The text that a string stands for, `None` where it is no string.
    pub(super) fn text(self) -> Result<Option<String>, RecordError> {
        if self.kind != JsonKind::Text {
            return Ok(None);
        }
        serde_json::from_str(self.json).map(Some).map_err(|error| {
            match has_half_surrogate(self.json) {
                true => RecordError::HalfSurrogate,
                false => RecordError::NotJson {
                    expected: "a text",
                    column: error.column(),
                    found: "an escape or control character that JSON does not have".to_owned(),
                },
            }
        })
    }
}

/// Whether one of the `\ud83d` of a string is without its other half.
fn has_half_surrogate(json: &str) -> bool {
    let mut high = false;
    let mut rest = json.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let unit = match (byte, after) {
            (b'\\', [b'u', digits @ ..]) => digits
                .get(..4)
                .and_then(|digits| std::str::from_utf8(digits).ok())
                .and_then(|digits| u16::from_str_radix(digits, 16).ok()),
            _ => None,
        };
        match unit {
            Some(0xd800..=0xdbff) if !high => high = true,
            Some(0xdc00..=0xdfff) if high => high = false,
            Some(0xd800..=0xdfff) => return true,
            _ if high => return true,
            _ => {}
        }
        let length = match (unit, byte) {
            (Some(_), _) => 6,
            (None, b'\\') => 2,
            (None, _) => 1,
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    high
}

struct Scanner<'json> {
    json: &'json str,
    position: usize,
}

impl<'json> Scanner<'json> {
    fn peek(&self) -> Option<u8> {
        self.json.as_bytes().get(self.position).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.position += 1;
        }
    }

    fn fault(&self, expected: &'static str) -> RecordError {
        let before = self.json.get(..self.position).unwrap_or_default();
        let rest = self.json.get(self.position..).unwrap_or_default();
        RecordError::NotJson {
            expected,
            column: before.chars().count() + 1,
            found: match rest.chars().next() {
                None => "the end".to_owned(),
                Some(letter) => format!("{letter:?}"),
            },
        }
    }

    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), RecordError> {
        match self.peek() {
            Some(found) if found == byte => {
                self.position += 1;
                Ok(())
            }
            _ => Err(self.fault(expected)),
        }
    }

    /// A member's name and its colon.
    fn name(&mut self) -> Result<Cow<'json, str>, RecordError> {
        let start = self.position;
        self.string()?;
        let json = self.json.get(start..self.position).unwrap_or_default();
        self.space();
        self.expect(b':', "a colon")?;
        let plain = json.get(1..json.len() - 1).unwrap_or_default();
        // A name that is no text is none that anybody asks for.
        Ok(match plain.contains('\\') {
            false => Cow::Borrowed(plain),
            true => serde_json::from_str(json).map_or(Cow::Borrowed(plain), Cow::Owned),
        })
    }

    fn string(&mut self) -> Result<(), RecordError> {
        self.expect(b'"', "a name in quotation marks")?;
        let rest = self.json.as_bytes().get(self.position..);
        let mut is_escaped = false;
        let end = rest.unwrap_or_default().iter().position(|&byte| {
            let is_end = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            is_end
        });
        match end {
            Some(end) => {
                self.position += end + 1;
                Ok(())
            }
            None => {
                self.position = self.json.len();
                Err(self.fault("a quotation mark that ends the text"))
            }
        }
    }

    /// A whole value, however deep.
    fn value(&mut self) -> Result<JsonValue<'json>, RecordError> {
        let start = self.position;
        let mut open: Vec<u8> = Vec::new();
        let mut outermost = None;
        loop {
            self.space();
            let kind = match self.peek() {
                Some(b'{') => JsonKind::Object,
                Some(b'[') => JsonKind::Array,
                Some(b'"') => {
                    self.string()?;
                    JsonKind::Text
                }
                _ => self.word()?,
            };
            outermost = outermost.or(Some(kind));
            if let JsonKind::Object | JsonKind::Array = kind {
                let end = if kind == JsonKind::Object { b'}' } else { b']' };
                self.position += 1;
                self.space();
                if self.peek() != Some(end) {
                    open.push(end);
                    self.name_within(end)?;
                    continue;
                }
                self.position += 1;
            }
            // After a value: the ends of all that end with it, or a comma.
            loop {
                let Some(&end) = open.last() else {
                    let json = self.json.get(start..self.position).unwrap_or_default();
                    let kind = outermost.unwrap_or(kind);
                    return Ok(JsonValue { kind, json });
                };
                self.space();
                match self.peek() {
                    Some(b',') => {
                        self.position += 1;
                        self.space();
                        self.name_within(end)?;
                        break;
                    }
                    Some(found) if found == end => {
                        self.position += 1;
                        open.pop();
                    }
                    _ if end == b'}' => return Err(self.fault("a comma or }")),
                    _ => return Err(self.fault("a comma or ]")),
                }
            }
        }
    }

    /// The name of the next member of what ends with `}`.
    fn name_within(&mut self, end: u8) -> Result<(), RecordError> {
        match end {
            b'}' => self.name().map(|_| ()),
            _ => Ok(()),
        }
    }

    fn word(&mut self) -> Result<JsonKind, RecordError> {
        let rest = self.json.get(self.position..).unwrap_or_default();
        let is_end = |byte: u8| {
            matches!(
                byte,
                b',' | b']' | b'}' | b':' | b' ' | b'\t' | b'\n' | b'\r' | b'"' | b'{' | b'['
            )
        };
        let end = rest.bytes().position(is_end).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        let is_number = word.starts_with(|letter: char| letter == '-' || letter.is_ascii_digit())
            && word.ends_with(|letter: char| letter.is_ascii_digit())
            && word.parse::<f64>().is_ok();
        let kind = match word {
            "true" | "false" => JsonKind::Boolean,
            "null" => JsonKind::Null,
            "NaN" | "Infinity" | "-Infinity" => JsonKind::NotANumber,
            _ if is_number => JsonKind::Number,
            _ => return Err(self.fault("a value")),
        };
        self.position += end;
        Ok(kind)
    }
}
