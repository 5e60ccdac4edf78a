//! What the small files beside a vocabulary say: settings and added tokens,
//! put together as transformers 5.23 does it in `_from_pretrained`
//! (`tokenization_utils_base.py`).

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokenizers::AddedToken;

use super::class::Named;
use super::entries::{EXTRA, Entries};
use super::error::TokenizerError;
use crate::checkpoint::TokenizerFiles;

/// Names of special tokens, in the order in which they get ids.
const ATTRIBUTES: [&str; 7] = [
    "bos_token",
    "eos_token",
    "unk_token",
    "sep_token",
    "pad_token",
    "cls_token",
    "mask_token",
];

/// The fields of `tokenizer_config.json` that matter.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Config {
    /// Of BERT's tokenizer: `None` is yes.
    pub do_lower_case: Option<bool>,
    /// Of BERT's tokenizer: `None` is yes.
    pub tokenize_chinese_chars: Option<bool>,
    /// Of BERT's tokenizer: `None` is what lower-casing says.
    pub strip_accents: Option<bool>,
    /// Whether special tokens in a text are split like any other word.
    pub split_special_tokens: Option<bool>,
    truncation_side: Option<String>,
    model_input_names: Option<Vec<String>>,
    added_tokens_decoder: Option<BTreeMap<u32, Written>>,
}

/// An added token as files write it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Written {
    content: String,
    #[serde(default)]
    single_word: bool,
    #[serde(default)]
    lstrip: bool,
    #[serde(default)]
    rstrip: bool,
    normalized: Option<bool>,
    #[serde(default)]
    special: bool,
}

impl Written {
    fn token(self, special: bool) -> AddedToken {
        AddedToken {
            content: self.content,
            single_word: self.single_word,
            lstrip: self.lstrip,
            rstrip: self.rstrip,
            normalized: self.normalized.unwrap_or(!special),
            special,
        }
    }

    /// With what it says itself.
    pub(super) fn into_added(self) -> AddedToken {
        let special = self.special;
        self.token(special)
    }
}

/// An added token of `tokenizer.json`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Numbered {
    id: u32,
    #[serde(flatten)]
    token: Written,
}

impl Numbered {
    pub(super) fn content(&self) -> &str {
        &self.token.content
    }
}

/// What the files beside the vocabulary say together.
#[derive(Debug)]
pub(super) struct Settings {
    pub config: Config,
    pub class: Named,
    /// Special tokens with a name, in the order in which they get ids.
    named: Vec<(String, AddedToken)>,
    /// Names that are said to stand for no token.
    without_token: Vec<String>,
    /// Special tokens without one.
    extra: Vec<AddedToken>,
    /// Added tokens by the id that they had.
    added: BTreeMap<u32, AddedToken>,
}

impl Settings {
    /// Reads the files. Added tokens of `tokenizer.json` come from there.
    pub(super) fn read(
        files: &TokenizerFiles,
        of_json: Vec<Numbered>,
    ) -> Result<Self, TokenizerError> {
        let (config, class, mut entries) = match &files.config {
            Some(json) => (
                serde_json::from_slice::<Config>(json)?,
                serde_json::from_slice::<Named>(json)?,
                Entries::of_config(json)?,
            ),
            None => Default::default(),
        };
        let mut settings = Self {
            config,
            class,
            named: Vec::new(),
            without_token: Vec::new(),
            extra: Vec::new(),
            added: BTreeMap::new(),
        };
        match settings.config.added_tokens_decoder.take() {
            Some(added) => {
                let tokens = added.into_iter();
                settings.added = tokens.map(|(id, token)| (id, token.into_added())).collect();
            }
            None => settings.added = older_files(files, of_json, &mut entries)?,
        }
        for (key, value) in entries.settled() {
            settings.take(key, value)?;
        }
        settings.unify();
        Ok(settings)
    }

    /// Whether `--truncate` drops the beginning of a text rather than its end.
    pub(super) fn truncates_beginning(&self) -> bool {
        self.config.truncation_side.as_deref() == Some("left")
    }

    /// Whether the model is told which text a token is of; `default` is what the
    /// class says.
    pub(super) fn tells_segments(&self, default: bool) -> bool {
        let names = self.config.model_input_names.as_ref();
        names.map_or(default, |names| {
            names.iter().any(|name| name == "token_type_ids")
        })
    }

    /// The content of a named special token.
    pub(super) fn name(&self, key: &str) -> Option<&str> {
        let token = self.named.iter().find(|(name, _)| name == key);
        token.map(|(_, token)| token.content.as_str())
    }

    /// Names a special token, where no file says what it is, or that it is
    /// none.
    pub(super) fn default_name(&mut self, key: &str, content: &str) {
        if self.name(key).is_none() && !self.without_token.iter().any(|name| name == key) {
            let token = self.with_flags(AddedToken::from(content, true));
            self.named.push((key.to_owned(), token));
        }
    }

    /// All tokens that have to be added, in the order in which they get ids.
    /// `known` ones are in the tokenizer already.
    pub(super) fn tokens(&self, known: &[String]) -> Vec<AddedToken> {
        let mut tokens: Vec<AddedToken> = self.added.values().cloned().collect();
        let is_named: HashSet<&str> = self.named.iter().map(|(_, token)| content(token)).collect();
        for token in &mut tokens {
            token.special |= is_named.contains(content(token));
        }
        let attribute = |key: &str| ATTRIBUTES.iter().position(|name| *name == key);
        let mut named: Vec<&(String, AddedToken)> = self.named.iter().collect();
        // Those that all models have come first; the sort keeps the others.
        named.sort_by_key(|(key, _)| attribute(key).unwrap_or(ATTRIBUTES.len()));
        let named = named.into_iter().map(|(_, token)| token);
        let mut there: HashSet<&str> = known.iter().map(String::as_str).collect();
        there.extend(self.added.values().map(content));
        let more = named.chain(&self.extra);
        tokens.extend(more.filter(|token| there.insert(content(token))).cloned());
        tokens
    }

    fn take(&mut self, key: String, value: Value) -> Result<(), TokenizerError> {
        match (key, value) {
            (key, Value::Array(tokens)) if key == EXTRA => {
                let mut known: HashSet<AddedToken> = self.extra.iter().cloned().collect();
                for value in tokens {
                    if let Some(token) = token(value)?
                        && known.insert(token.clone())
                    {
                        self.extra.push(token);
                    }
                }
            }
            (key, Value::Null) if ATTRIBUTES.contains(&key.as_str()) => {
                self.without_token.push(key);
            }
            (key, value) if key.ends_with("_token") => {
                self.named.extend(token(value)?.map(|token| (key, token)));
            }
            _ => {}
        }
        Ok(())
    }

    /// A special token is matched as the list of added tokens says, where it is
    /// in there.
    fn unify(&mut self) {
        // Of several with one content the first counts.
        let added = self.added.values().rev();
        let added: HashMap<&str, &AddedToken> =
            added.map(|token| (content(token), token)).collect();
        for (_, token) in &mut self.named {
            if let Some(found) = added.get(content(token)) {
                *token = (*found).clone();
            }
        }
    }

    fn with_flags(&self, token: AddedToken) -> AddedToken {
        let mut added = self.added.values();
        let found = added.find(|other| other.content == token.content);
        found.cloned().unwrap_or(token)
    }
}

fn content(token: &AddedToken) -> &str {
    &token.content
}

/// The added tokens of the files that go before `added_tokens_decoder`, and
/// what they say of special ones among the `entries`.
fn older_files(
    files: &TokenizerFiles,
    of_json: Vec<Numbered>,
    entries: &mut Entries,
) -> Result<BTreeMap<u32, AddedToken>, TokenizerError> {
    if let Some(json) = &files.special_tokens_map {
        let wrong = |source| TokenizerError::SpecialTokensMap { source };
        entries.take_map(json).map_err(wrong)?;
    }
    let mut added = BTreeMap::new();
    if let Some(json) = &files.added_tokens {
        let wrong = |source| TokenizerError::AddedTokens { source };
        let tokens: BTreeMap<String, u32> = serde_json::from_slice(json).map_err(wrong)?;
        let special_ones = entries.contents(&ATTRIBUTES);
        for (content, id) in tokens {
            let special = special_ones.contains(content.as_str());
            added.insert(id, AddedToken::from(content, special));
        }
    }
    for Numbered { id, token } in of_json {
        added.insert(id, token.into_added());
    }
    Ok(added)
}

/// A token that is written as a name, or as an object with its matching rules;
/// `None` where there is neither.
fn token(value: Value) -> Result<Option<AddedToken>, TokenizerError> {
    match value {
        Value::String(name) => Ok(Some(AddedToken::from(name, true))),
        Value::Object(_) => {
            let written: Written = serde_json::from_value(value)?;
            Ok(Some(written.into_added()))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => Ok(None),
    }
}
