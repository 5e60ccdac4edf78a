//! What a `tokenizer.json` may ask for. A few lines of one can make gigabytes
//! of a word: replacements in a row that double it, a map of characters that
//! claims more than the file holds, a template that repeats the text. All of
//! that can be told before a text is touched, from the file alone; and what it
//! takes to read the file can be told from its bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use tokenizers::models::wordpiece::WordPiece;

use super::error::TokenizerError;
use super::part::Part;
use super::settings::{Defaults, Numbered, Side};

/// A `tokenizer.json`, its model as far as somebody wants to know it.
#[derive(Deserialize)]
pub(super) struct File<Model> {
    model: Model,
    #[serde(default)]
    added_tokens: Vec<Numbered>,
    #[serde(default)]
    normalizer: Part,
    #[serde(default)]
    pre_tokenizer: Part,
    #[serde(default)]
    post_processor: Part,
    /// Read for its size alone.
    #[serde(default, rename = "decoder")]
    _decoder: Part,
    truncation: Option<Truncation>,
    padding: Option<Padding>,
}

/// What a `tokenizer.json` says beside its vocabulary that a class may take.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// The map that makes letters uniform, in Base64.
    pub charsmap: Option<String>,
    /// Its template, `null` where it has none.
    pub post_processor: Value,
}

/// How a `tokenizer.json` was last used to fill texts up.
#[derive(Deserialize)]
struct Padding {
    pad_token: Option<String>,
}

/// How a `tokenizer.json` was last used to cut texts.
#[derive(Deserialize)]
struct Truncation {
    direction: Option<String>,
}

/// A model without its vocabulary.
#[derive(Deserialize)]
pub(super) struct Outline {
    /// Of word pieces.
    max_input_chars_per_word: Option<u64>,
    /// Of a Unigram model.
    pub unk_id: Option<u32>,
}

/// How many bytes may become of one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Growth {
    /// Of a text before it is split into tokens.
    pub of_text: usize,
    /// Of an added token, which the normalizers alone touch.
    pub of_added: usize,
}

/// BERT's normalizer puts a Chinese character of three bytes between spaces;
/// taking letters apart makes no more of one.
pub(super) const BERT_GROWTH: Growth = Growth {
    of_text: 4,
    of_added: 4,
};

/// The most values of a JSON file of a tokenizer, of which each takes about a
/// hundred bytes; the largest in use have three million.
const MAXIMUM_VALUES: usize = 4 << 20;

/// The most lines of a `vocab.txt`; the largest in use have half a million.
const MAXIMUM_LINES: usize = 2 << 20;

/// The most bytes of all added tokens together: what looks for them in a text
/// takes eighty times as many, and a second for each few millions. A normalizer
/// may lengthen them as BERT's does; one that may lengthen them more leaves room
/// for less.
const MAXIMUM_ADDED: usize = 1 << 20;

/// The most bytes that may become of one byte of a text. SentencePiece's map of
/// characters makes 33 of three, and its file does not say of which.
const MAXIMUM_GROWTH: usize = 1_024;

/// The most steps of a normalizer, a pre-tokenizer or a template; the longest
/// in use have a dozen.
const MAXIMUM_STEPS: usize = 128;

/// The longest word that is looked up piece by piece, in characters: the time
/// grows with its cube. BERT's is 100.
const MAXIMUM_WORD: u64 = 512;

/// The longest pattern, in bytes; GPT-4's regular expression has 400.
const MAXIMUM_PATTERN: usize = 4_096;

impl File<WordPiece> {
    /// What may become of a text.
    pub(super) fn check(&self) -> Result<Growth, TokenizerError> {
        check_word(self.model.max_input_chars_per_word as u64)?;
        self.check_steps()
    }
}

impl File<Outline> {
    /// What may become of a text.
    pub(super) fn check(&self) -> Result<Growth, TokenizerError> {
        check_word(self.model.max_input_chars_per_word.unwrap_or_default())?;
        self.check_steps()
    }
}

impl<Model> File<Model> {
    /// What the other files need not say.
    pub(super) fn into_defaults(self) -> (Model, Defaults, Taken) {
        let direction = self.truncation.and_then(|truncation| truncation.direction);
        let defaults = Defaults {
            added: self.added_tokens,
            truncation_side: (direction.as_deref() == Some("Left")).then_some(Side::Left),
            pad_token: self.padding.and_then(|padding| padding.pad_token),
        };
        let mut normalizers = match self
            .normalizer
            .0
            .get("normalizers")
            .and_then(Value::as_array)
        {
            Some(normalizers) => normalizers.iter(),
            None => std::slice::from_ref(&self.normalizer.0).iter(),
        };
        let charsmap = normalizers.find_map(|step| {
            let is_map = step.get("type").is_some_and(|kind| kind == "Precompiled");
            is_map.then(|| step.get("precompiled_charsmap")?.as_str())?
        });
        let taken = Taken {
            charsmap: charsmap.map(str::to_owned),
            post_processor: self.post_processor.0,
        };
        (self.model, defaults, taken)
    }

    fn check_steps(&self) -> Result<Growth, TokenizerError> {
        for processor in steps(&self.post_processor.0, "processors")? {
            check_template(processor)?;
        }
        growth(&self.normalizer.0, &self.pre_tokenizer.0)
    }
}

/// What may become of a text with these parts.
pub(super) fn growth(normalizer: &Value, pre_tokenizer: &Value) -> Result<Growth, TokenizerError> {
    let of_added = growth_of_steps(normalizer, "normalizers")?;
    let of_splitting = growth_of_steps(pre_tokenizer, "pretokenizers")?;
    let growth = of_added.saturating_mul(of_splitting);
    match growth <= MAXIMUM_GROWTH {
        true => Ok(Growth {
            of_text: growth,
            of_added,
        }),
        false => Err(excessive(
            "normalizers and pre-tokenizers that lengthen a text",
            MAXIMUM_GROWTH,
            "times",
            growth,
        )),
    }
}

/// Whether a JSON file can be read in a few times the memory that the largest
/// in use take. Each value but the first stands behind one of four letters; in
/// texts there are few of them.
pub(super) fn check_values(file: &'static str, json: &[u8]) -> Result<(), TokenizerError> {
    check_count(file, "values", MAXIMUM_VALUES, json, |byte| {
        matches!(byte, b',' | b':' | b'[' | b'{')
    })
}

/// The same of a `vocab.txt`.
pub(super) fn check_lines(text: &[u8]) -> Result<(), TokenizerError> {
    check_count("vocab.txt", "lines", MAXIMUM_LINES, text, |byte| {
        byte == b'\n'
    })
}

fn check_count(
    file: &'static str,
    unit: &'static str,
    maximum: usize,
    bytes: &[u8],
    begins: impl Fn(u8) -> bool,
) -> Result<(), TokenizerError> {
    // Smaller files cannot have so many.
    let found = match bytes.len() > maximum {
        true => bytes.iter().filter(|&&byte| begins(byte)).count(),
        false => 0,
    };
    match found <= maximum {
        true => Ok(()),
        false => Err(TokenizerError::TooLarge {
            file,
            maximum,
            unit,
            found,
        }),
    }
}

/// Whether added tokens can be looked for.
pub(super) fn check_added<'a>(
    contents: impl Iterator<Item = &'a str>,
    growth: Growth,
) -> Result<(), TokenizerError> {
    let of_one = |content: &str| content.len().saturating_mul(growth.of_added);
    let found = contents.map(of_one).fold(0, usize::saturating_add);
    let maximum = MAXIMUM_ADDED * growth.of_added.min(BERT_GROWTH.of_added);
    match found <= maximum {
        true => Ok(()),
        false => Err(TokenizerError::AddedTooLong { maximum, found }),
    }
}

fn excessive(
    what: &'static str,
    maximum: usize,
    unit: &'static str,
    found: usize,
) -> TokenizerError {
    TokenizerError::Excessive {
        what,
        maximum,
        unit,
        found,
    }
}

fn check_word(found: u64) -> Result<(), TokenizerError> {
    match found <= MAXIMUM_WORD {
        true => Ok(()),
        false => Err(excessive(
            "words (max_input_chars_per_word)",
            MAXIMUM_WORD as usize,
            "characters",
            usize::try_from(found).unwrap_or(usize::MAX),
        )),
    }
}

/// The steps of a part, those of sequences one after the other.
fn steps<'json>(part: &'json Value, list: &str) -> Result<Vec<&'json Value>, TokenizerError> {
    let mut steps = Vec::new();
    let mut open = vec![part];
    while let Some(part) = open.pop() {
        match part.get(list).and_then(Value::as_array) {
            Some(inner) => open.extend(inner),
            None => steps.push(part),
        }
        // Before a list of a million is walked.
        let found = steps.len() + open.len();
        if found > MAXIMUM_STEPS {
            return Err(excessive("a part", MAXIMUM_STEPS, "steps", found));
        }
    }
    Ok(steps)
}

/// At most so many bytes become of one in all steps of a part.
fn growth_of_steps(part: &Value, list: &str) -> Result<usize, TokenizerError> {
    let mut growth = 1_usize;
    for step in steps(part, list)? {
        growth = growth.saturating_mul(growth_of(step)?);
    }
    Ok(growth)
}

/// At most so many bytes become of one in this step of a normalizer or a
/// pre-tokenizer.
fn growth_of(step: &Value) -> Result<usize, TokenizerError> {
    let text = |field: &str| step.get(field).and_then(Value::as_str);
    let pattern = step.get("pattern");
    let pattern_text = |kind: &str| pattern?.get(kind)?.as_str();
    let plain = pattern_text("String").or_else(|| pattern?.as_str());
    // Plain ones become regular expressions, too.
    if let Some(found) = pattern_text("Regex").or(plain).map(str::len)
        && found > MAXIMUM_PATTERN
    {
        return Err(excessive("a pattern", MAXIMUM_PATTERN, "bytes", found));
    }
    if let Some(map) = text("precompiled_charsmap") {
        return growth_of_map(map);
    }
    let content = text("content").map_or(0, str::len);
    Ok(match (text("type"), plain) {
        (Some("Replace"), Some(plain)) if !plain.is_empty() => content.div_ceil(plain.len()).max(1),
        // What matches nothing is put between all bytes.
        (Some("Replace"), _) if content > 1 => content + 1,
        (Some("Prepend"), _) => 1 + text("prepend").map_or(0, str::len),
        // Every byte becomes a letter of one or two.
        (Some("ByteLevel"), _) => 2,
        // A space becomes a mark, and one goes before.
        (Some("Metaspace"), _) => 1 + text("replacement").map_or(3, str::len),
        (_, _) => 1,
    })
}

/// The longest text that a SentencePiece map of characters puts in the place of
/// another. It begins with the size of its index, which is believed when the
/// map is read; behind the index stand the texts, each with a zero byte.
fn growth_of_map(base64: &str) -> Result<usize, TokenizerError> {
    let wrong = |reason: String| TokenizerError::Json(format!("precompiled_charsmap: {reason}"));
    let map = STANDARD
        .decode(base64)
        .map_err(|error| wrong(error.to_string()))?;
    // An empty one stands for none.
    let Some((size, rest)) = map.split_first_chunk::<4>() else {
        return Ok(1);
    };
    let size = u32::from_le_bytes(*size) as usize;
    let Some(texts) = rest.get(size..) else {
        let found = rest.len();
        return Err(wrong(format!(
            "expected an index of {size} bytes, as it says itself, found {found}"
        )));
    };
    let lengths = texts.split(|&byte| byte == 0).map(<[u8]>::len);
    Ok(lengths.max().unwrap_or_default().max(1))
}

/// A template has the text once, and the second text of a pair once.
fn check_template(processor: &Value) -> Result<(), TokenizerError> {
    for (template, expected) in [("single", ["A"].as_slice()), ("pair", &["A", "B"])] {
        let pieces = match processor.get(template).and_then(Value::as_array) {
            Some(pieces) => pieces,
            None => continue,
        };
        if pieces.len() > MAXIMUM_STEPS {
            let what = "a template";
            return Err(excessive(what, MAXIMUM_STEPS, "pieces", pieces.len()));
        }
        let texts = pieces.iter().filter_map(|piece| piece.get("Sequence"));
        let found: Vec<&str> = texts.filter_map(|text| text.get("id")?.as_str()).collect();
        let times = |id: &str| found.iter().filter(|other| **other == id).count();
        if let Some(id) = expected.iter().find(|id| times(id) != 1) {
            return Err(TokenizerError::Template {
                template,
                id: (*id).to_owned(),
                found: times(id),
            });
        }
    }
    Ok(())
}
