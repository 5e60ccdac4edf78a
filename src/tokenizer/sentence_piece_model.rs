//! Models of SentencePiece: the few fields that transformers reads of the
//! protobuf (`sentencepiece_model.proto`,
//! <https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto>),
//! and the merges that it makes of the pieces.

use std::collections::HashMap;

use super::error::TokenizerError;

/// A piece of the vocabulary; its id is its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    pub text: String,
    /// The logarithm of how probable it is.
    pub score: f32,
    pub kind: PieceKind,
}

/// What a piece is for, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PieceKind {
    /// A part of texts.
    Text,
    /// No text: the beginning, the end.
    Control,
    /// A text that is never split.
    UserDefined,
}

/// How texts are split into pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PieceModel {
    /// The most probable pieces.
    Unigram,
    /// Merges of pairs, and whatever else SentencePiece knows.
    Other,
}

/// A file of SentencePiece.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SentencePieceModel {
    pub pieces: Vec<Piece>,
    pub model: PieceModel,
    /// Whether what no piece is like becomes bytes.
    pub byte_fallback: bool,
    /// Where `None`, there is none; as the other ids.
    pub unknown_id: Option<u32>,
    pub begin_id: Option<u32>,
    pub end_id: Option<u32>,
    pub unknown_piece: String,
    pub begin_piece: String,
    pub end_piece: String,
    /// What makes letters of a text uniform; empty for nothing.
    pub charsmap: Vec<u8>,
    /// Pieces that are called otherwise than in the file, by their ids.
    renamed: HashMap<u32, String>,
}

/// The most pieces; the largest vocabularies in use have half as many.
const MAXIMUM_COUNT: usize = 1 << 21;

/// The most work that finding the pairs of all pieces may be, in bytes looked
/// at: thousands of times that of the largest vocabularies in use, and seconds.
const MAXIMUM_PAIR_BYTES: usize = 1 << 30;

impl SentencePieceModel {
    /// Reads a file of this name.
    ///
    /// # Errors
    /// When it is something else, or cut off.
    pub(super) fn read(name: &'static str, file: &[u8]) -> Result<Self, TokenizerError> {
        let wrong = |reason: &str| TokenizerError::SentencePiece {
            file: name,
            reason: reason.to_owned(),
        };
        let mut model = Self {
            pieces: Vec::new(),
            model: PieceModel::Unigram,
            byte_fallback: false,
            unknown_id: Some(0),
            begin_id: Some(1),
            end_id: Some(2),
            unknown_piece: "<unk>".to_owned(),
            begin_piece: "<s>".to_owned(),
            end_piece: "</s>".to_owned(),
            charsmap: Vec::new(),
            renamed: HashMap::new(),
        };
        if file.len() > MAXIMUM_COUNT && Fields(file).flatten().count() > MAXIMUM_COUNT {
            return Err(TokenizerError::Excessive {
                what: "pieces",
                maximum: MAXIMUM_COUNT,
                unit: "of them",
                found: Fields(file).flatten().count(),
            });
        }
        let read = model.take(file);
        read.ok_or_else(|| wrong("it is no protobuf of one, or cut off"))?;
        match model.pieces.iter().any(|piece| piece.text.is_empty()) {
            true => Err(wrong("it has a piece without a letter")),
            false if model.pieces.is_empty() => Err(wrong("it has no pieces")),
            false => Ok(model),
        }
    }

    /// Takes what is read; `None` where the file is broken.
    fn take(&mut self, file: &[u8]) -> Option<()> {
        for field in Fields(file) {
            match field? {
                (1, Value::Bytes(piece)) => self.pieces.push(Piece::read(piece)?),
                (2, Value::Bytes(trainer)) => self.take_trainer(trainer)?,
                (3, Value::Bytes(normalizer)) => {
                    for field in Fields(normalizer) {
                        if let (2, Value::Bytes(charsmap)) = field? {
                            self.charsmap = charsmap.to_vec();
                        }
                    }
                }
                (_, _) => {}
            }
        }
        Some(())
    }

    fn take_trainer(&mut self, trainer: &[u8]) -> Option<()> {
        let id = |number: u64| u32::try_from(number as i64).ok();
        for field in Fields(trainer) {
            match field? {
                (3, Value::Number(kind)) => {
                    self.model = match kind {
                        1 => PieceModel::Unigram,
                        _ => PieceModel::Other,
                    }
                }
                (35, Value::Number(is_on)) => self.byte_fallback = is_on != 0,
                (40, Value::Number(number)) => self.unknown_id = id(number),
                (41, Value::Number(number)) => self.begin_id = id(number),
                (42, Value::Number(number)) => self.end_id = id(number),
                (45, Value::Bytes(piece)) => self.unknown_piece = text(piece)?,
                (46, Value::Bytes(piece)) => self.begin_piece = text(piece)?,
                (47, Value::Bytes(piece)) => self.end_piece = text(piece)?,
                (_, _) => {}
            }
        }
        Some(())
    }

    /// The ids of the pieces, of those that are alike the last.
    pub(super) fn ids(&self) -> HashMap<String, u32> {
        let named = self.pieces.iter().zip(0..).map(|(piece, id)| {
            let name = self.renamed.get(&id).unwrap_or(&piece.text);
            (name.clone(), id)
        });
        named.collect()
    }

    /// Lets tokens with the ids of other pieces take their places, unless they
    /// have one: vocabularies keep some pieces free for that.
    pub(super) fn rename<'token>(&mut self, tokens: impl Iterator<Item = (u32, &'token str)>) {
        let mut ids = self.ids();
        for (id, token) in tokens {
            let piece = self.pieces.get(id as usize);
            if let Some(piece) = piece.filter(|_| !ids.contains_key(token)) {
                ids.remove(&piece.text);
                ids.insert(token.to_owned(), id);
                self.renamed.insert(id, token.to_owned());
            }
        }
    }

    /// All pairs of pieces that make another one, those first that make the
    /// first pieces (`generate_merges` of `tokenization_utils_base.py`).
    ///
    /// # Errors
    /// When finding them would take too long.
    pub(super) fn merges(&self) -> Result<Vec<(String, String)>, TokenizerError> {
        let mut ids: HashMap<&str, u32> = HashMap::with_capacity(self.pieces.len());
        for (piece, id) in self.pieces.iter().zip(0..) {
            ids.insert(&piece.text, id);
        }
        let squares = ids.keys().map(|text| text.len().saturating_mul(text.len()));
        let found = squares.fold(0, usize::saturating_add);
        if found > MAXIMUM_PAIR_BYTES {
            return Err(TokenizerError::Excessive {
                what: "pieces so long that all their pairs",
                maximum: MAXIMUM_PAIR_BYTES,
                unit: "bytes",
                found,
            });
        }
        // With what orders them: the piece, then the letters of the first.
        let mut merges = Vec::new();
        for (&text, &id) in &ids {
            for (at, _) in text.char_indices().skip(1) {
                let (left, right) = text.split_at(at);
                if ids.contains_key(left) && ids.contains_key(right) {
                    merges.push(((id, left.chars().count()), left, right));
                }
            }
        }
        merges.sort_unstable_by_key(|(order, _, _)| *order);
        let pairs = merges.into_iter();
        let owned = pairs.map(|(_, left, right)| (left.to_owned(), right.to_owned()));
        Ok(owned.collect())
    }
}

impl Piece {
    fn read(piece: &[u8]) -> Option<Self> {
        let mut read = Self {
            text: String::new(),
            score: 0.0,
            kind: PieceKind::Text,
        };
        for field in Fields(piece) {
            match field? {
                (1, Value::Bytes(piece)) => read.text = text(piece)?,
                (2, Value::Four(score)) => read.score = f32::from_le_bytes(score),
                (3, Value::Number(3)) => read.kind = PieceKind::Control,
                (3, Value::Number(4)) => read.kind = PieceKind::UserDefined,
                (3, Value::Number(_)) => read.kind = PieceKind::Text,
                (_, _) => {}
            }
        }
        (!read.score.is_nan()).then_some(read)
    }
}

fn text(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(text.to_owned())
}

/// The value of a field of a protobuf.
enum Value<'file> {
    Number(u64),
    Bytes(&'file [u8]),
    Four([u8; 4]),
    /// Of no field that is read here.
    Eight,
}

/// The fields of a message of a protobuf
/// (<https://protobuf.dev/programming-guides/encoding/>), `None` in the place of
/// what is broken.
struct Fields<'file>(&'file [u8]);

impl<'file> Fields<'file> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn bytes(&mut self, length: usize) -> Option<&'file [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn field(&mut self) -> Option<(u64, Value<'file>)> {
        let key = self.number()?;
        let value = match key & 7 {
            0 => Value::Number(self.number()?),
            1 => self.bytes(8).map(|_| Value::Eight)?,
            2 => {
                let length = usize::try_from(self.number()?).ok()?;
                Value::Bytes(self.bytes(length)?)
            }
            5 => Value::Four(self.bytes(4)?.try_into().ok()?),
            // Groups, which nobody writes, and nothing at all.
            _ => return None,
        };
        Some((key >> 3, value))
    }
}

impl<'file> Iterator for Fields<'file> {
    type Item = Option<(u64, Value<'file>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}
