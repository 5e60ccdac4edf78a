//! What the small files beside a vocabulary say: settings and added tokens,
//! put together as transformers 5.23 does it in `_from_pretrained`
//! (`tokenization_utils_base.py`).

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokenizers::AddedToken;

use super::class::Named;
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

/// The entries of an object, in the order of the file.
struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Entries;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Entries, M::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// What the files beside the vocabulary say together.
#[derive(Debug)]
pub(super) struct Settings {
    pub config: Config,
    pub class: Named,
    /// Special tokens with a name, in the order in which they get ids.
    named: Vec<(String, AddedToken)>,
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
        let (config, class, entries) = match &files.config {
            Some(json) => {
                let entries: Entries = serde_json::from_slice(json)?;
                (
                    serde_json::from_slice::<Config>(json)?,
                    serde_json::from_slice::<Named>(json)?,
                    entries.0,
                )
            }
            None => Default::default(),
        };
        let mut settings = Self {
            config,
            class,
            named: Vec::new(),
            extra: Vec::new(),
            added: BTreeMap::new(),
        };
        for (key, value) in entries {
            settings.take(&key, value, false)?;
        }
        match settings.config.added_tokens_decoder.take() {
            Some(added) => {
                let tokens = added.into_iter();
                settings.added = tokens.map(|(id, token)| (id, token.into_added())).collect();
            }
            None => settings.take_older_files(files, of_json)?,
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

    /// The content of a named special token, or what it is called otherwise.
    pub(super) fn name(&self, key: &str, default: &str) -> String {
        let token = self.named.iter().find(|(name, _)| name == key);
        token.map_or_else(|| default.to_owned(), |(_, token)| token.content.clone())
    }

    /// Names a special token, where nothing else does.
    pub(super) fn default_name(&mut self, key: &str, content: &str) {
        if !self.named.iter().any(|(name, _)| name == key) {
            let token = self.with_flags(AddedToken::from(content, true));
            self.named.push((key.to_owned(), token));
        }
    }

    /// All tokens that have to be added, in the order in which they get ids.
    /// `known` ones are in the tokenizer already.
    pub(super) fn tokens(&self, known: &[String]) -> Vec<AddedToken> {
        let mut tokens: Vec<AddedToken> = self.added.values().cloned().collect();
        let is_named = |token: &AddedToken| {
            let mut named = self.named.iter();
            named.any(|(_, other)| other.content == token.content)
        };
        tokens
            .iter_mut()
            .for_each(|token| token.special |= is_named(token));
        let attribute = |key: &str| ATTRIBUTES.iter().position(|name| *name == key);
        let mut named: Vec<&(String, AddedToken)> = self.named.iter().collect();
        // Those that all models have come first; the sort keeps the others.
        named.sort_by_key(|(key, _)| attribute(key).unwrap_or(ATTRIBUTES.len()));
        let named = named.into_iter().map(|(_, token)| token);
        for token in named.chain(&self.extra) {
            let is_there = known.contains(&token.content)
                || tokens.iter().any(|other| other.content == token.content);
            if !is_there {
                tokens.push(token.clone());
            }
        }
        tokens
    }

    /// Takes an entry of `tokenizer_config.json` or, as one of special tokens
    /// alone, of `special_tokens_map.json`.
    fn take(&mut self, key: &str, value: Value, is_map: bool) -> Result<(), TokenizerError> {
        match (key, value) {
            ("extra_special_tokens" | "additional_special_tokens", Value::Object(tokens)) => {
                for (name, value) in tokens {
                    self.take_named(&name, value, is_map)?;
                }
            }
            ("extra_special_tokens" | "additional_special_tokens", Value::Array(tokens)) => {
                for value in tokens {
                    let Some(token) = token(value, is_map)? else {
                        continue;
                    };
                    if !self.extra.contains(&token) {
                        self.extra.push(token);
                    }
                }
            }
            (key, value) if key.ends_with("_token") => self.take_named(key, value, is_map)?,
            _ => {}
        }
        Ok(())
    }

    fn take_named(&mut self, key: &str, value: Value, is_map: bool) -> Result<(), TokenizerError> {
        if let Some(token) = token(value, is_map)? {
            match self.named.iter_mut().find(|(name, _)| name == key) {
                Some((_, earlier)) => *earlier = token,
                None => self.named.push((key.to_owned(), token)),
            }
        }
        Ok(())
    }

    /// The files that go before `added_tokens_decoder`.
    fn take_older_files(
        &mut self,
        files: &TokenizerFiles,
        of_json: Vec<Numbered>,
    ) -> Result<(), TokenizerError> {
        if let Some(json) = &files.special_tokens_map {
            let wrong = |source| TokenizerError::SpecialTokensMap { source };
            let entries: Entries = serde_json::from_slice(json).map_err(wrong)?;
            for (key, value) in entries.0 {
                self.take(&key, value, true)?;
            }
        }
        if let Some(json) = &files.added_tokens {
            let wrong = |source| TokenizerError::AddedTokens { source };
            let tokens: BTreeMap<String, u32> = serde_json::from_slice(json).map_err(wrong)?;
            for (content, id) in tokens {
                let mut special = self.named.iter().map(|(_, token)| token).chain(&self.extra);
                let special = special.any(|token| token.content == content);
                self.added.insert(id, AddedToken::from(content, special));
            }
        }
        for Numbered { id, token } in of_json {
            self.added.insert(id, token.into_added());
        }
        Ok(())
    }

    /// A special token is matched as the list of added tokens says, where it is
    /// in there.
    fn unify(&mut self) {
        let named = std::mem::take(&mut self.named);
        let unified = named
            .into_iter()
            .map(|(key, token)| (key, self.with_flags(token)));
        self.named = unified.collect();
    }

    fn with_flags(&self, token: AddedToken) -> AddedToken {
        let mut added = self.added.values();
        let found = added.find(|other| other.content == token.content);
        found.cloned().unwrap_or(token)
    }
}

/// A token that is written as a name, or as an object with its matching rules;
/// `None` where there is neither.
fn token(value: Value, is_map: bool) -> Result<Option<AddedToken>, TokenizerError> {
    match value {
        Value::String(name) => Ok(Some(AddedToken::from(name, true))),
        Value::Object(_) => {
            let written: Written = serde_json::from_value(value)?;
            let special = is_map || written.special;
            Ok(Some(written.token(special)))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => Ok(None),
    }
}
