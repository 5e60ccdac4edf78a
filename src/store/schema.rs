//! The one reader of manifests, whatever their schema: those of schema 1 become
//! what schema 2 would have said.

use serde::Deserialize;
use serde_json::Value;

use super::earlier_options::say_anew;
use super::{
    AttentionRecord, FileRecord, HeadsRecord, Manifest, OptionsRecord, SCHEMA_VERSION,
    StreamRecord, UnitRecord,
};
use crate::analysis::truncation_note;
use crate::attention::{AttentionKind, RowSums};
use crate::checkpoint::{FileDigest, ModelProvenance};
use crate::input::{Input, SpecialRole, StreamRole};

/// Reads a manifest of a run.
///
/// # Errors
/// With what was expected and found, in words.
pub fn read_manifest(json: &[u8]) -> Result<Manifest, String> {
    // The version first: what another one holds is not known.
    let value: Value = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let manifest = match value.get("schema_version").and_then(Value::as_u64) {
        Some(1) => serde_json::from_slice::<SchemaOne>(json)
            .map_err(|error| error.to_string())
            .and_then(SchemaOne::into_manifest)?,
        Some(version) if version == u64::from(SCHEMA_VERSION) => {
            let read = serde_json::from_slice(json);
            let mut manifest = read.map_err(|error| error.to_string())?;
            say_anew(&mut manifest);
            manifest
        }
        Some(version) => {
            return Err(format!(
                "expected schema version 1 to {SCHEMA_VERSION}, found {version}"
            ));
        }
        None => return Err("it has no schema_version".to_owned()),
    };
    Ok(manifest)
}

/// A manifest as attnviz 0.1 wrote it.
#[derive(Deserialize)]
struct SchemaOne {
    attnviz_version: String,
    model: ModelProvenance,
    text: String,
    pair: Option<String>,
    truncated_tokens: usize,
    tokens: Vec<Token>,
    layers: Vec<usize>,
    heads: Vec<usize>,
    options: OptionsRecord,
    /// What the files of numbers hold where it is not the run's own attention:
    /// then that is lost.
    shown: Option<Shown>,
    files: Vec<FileDigest>,
}

#[derive(Clone, Deserialize)]
struct Token {
    id: u32,
    text: String,
    special: bool,
    segment: u32,
    word: Option<u32>,
    start: usize,
    end: usize,
}

#[derive(Deserialize)]
struct Shown {
    tokens: Vec<ShownToken>,
    row_sums: RowSums,
    notes: Vec<String>,
}

/// A row and column, and the tokens that it stands for.
#[derive(Deserialize)]
struct ShownToken {
    text: String,
    special: bool,
    segment: u32,
    first: usize,
    count: usize,
}

impl SchemaOne {
    fn into_manifest(self) -> Result<Manifest, String> {
        let is_whole = self.shown.is_none();
        let (row_sums, mut notes) = match &self.shown {
            None => (None, Vec::new()),
            Some(shown) => (Some(shown.row_sums), shown.notes.clone()),
        };
        let units = match &self.shown {
            None => self.tokens.iter().map(Token::unit).collect(),
            Some(shown) => {
                let units = shown.tokens.iter().map(|token| token.unit(&self.tokens));
                let units: Option<Vec<UnitRecord>> = units.collect();
                units.ok_or("it shows tokens that the run does not have")?
            }
        };
        let dropped = match self.shown {
            None => self.truncated_tokens,
            // Said of the run's tokens, which are not these.
            Some(_) => {
                notes.extend(truncation_note(self.truncated_tokens, self.tokens.len()));
                0
            }
        };
        let options = self.options;
        let files = self.files.into_iter().map(|file| FileRecord {
            name: file.name,
            sha256: file.sha256,
            options: OptionsRecord {
                formats: Vec::new(),
                ..options.clone()
            },
        });
        let mut manifest = Manifest {
            schema_version: 1,
            attnviz_version: self.attnviz_version,
            model: self.model,
            input: Input::pair(self.text, self.pair),
            streams: vec![StreamRecord {
                role: StreamRole::Source,
                units,
                dropped,
            }],
            attention: vec![AttentionRecord {
                kind: AttentionKind::SelfAttention,
                layers: self.layers,
                heads: HeadsRecord::Same(self.heads),
                masks: Vec::new(),
                row_sums,
                notes,
            }],
            shown: None,
            files: files.collect(),
        };
        // Of what was shown alone, nobody can say any more which units it was.
        if is_whole {
            say_anew(&mut manifest);
        }
        Ok(manifest)
    }
}

impl Token {
    fn unit(&self) -> UnitRecord {
        // What was added had no bytes.
        let is_added = self.start == self.end;
        UnitRecord {
            id: self.id,
            text: self.text.clone(),
            label: self.text.clone(),
            special: self.special.then(|| SpecialRole::of(&self.text)),
            segment: self.segment,
            word: self.word,
            start: (!is_added).then_some(self.start),
            end: (!is_added).then_some(self.end),
        }
    }
}

impl ShownToken {
    /// As a unit of its own: of its pieces, the first one's number and place.
    fn unit(&self, tokens: &[Token]) -> Option<UnitRecord> {
        let first = tokens.get(self.first)?;
        let last = self.first.checked_add(self.count.checked_sub(1)?)?;
        let last = tokens.get(last)?;
        let unit = Token {
            text: self.text.clone(),
            special: self.special,
            segment: self.segment,
            end: last.end.max(first.start),
            ..first.clone()
        };
        Some(unit.unit())
    }
}
