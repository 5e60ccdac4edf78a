//! What the small files beside a vocabulary say: settings and added tokens,
//! put together as transformers 5.23 does it in `_from_pretrained`
//! (`tokenization_utils_base.py`).

use std::collections::{BTreeMap, HashMap, HashSet};

use ahash::AHashMap;
use serde::{Deserialize, Serialize};
use tokenizers::AddedToken;

use super::class::Named;
use super::entries::{ATTRIBUTES, Entries, Said};
use super::error::TokenizerError;
use crate::checkpoint::{Json, TokenizerFiles, VocabularyFile};

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
    /// Whether a text begins like a word behind a space.
    pub add_prefix_space: Option<bool>,
    /// Of RoBERTa's tokenizer: whether spaces are no part of tokens' places;
    /// `None` is yes.
    pub trim_offsets: Option<bool>,
    /// Of ALBERT's tokenizer: `None` is no.
    pub keep_accents: Option<bool>,
    /// Of DeBERTa's tokenizer: whether marks are words.
    pub split_by_punct: Option<bool>,
    /// Of DeBERTa's tokenizer: the id of what the vocabulary lacks.
    pub unk_id: Option<usize>,
    /// Of Llama's tokenizer: whether each part of a text between special tokens
    /// begins like a word behind a space.
    pub legacy: Option<bool>,
    add_bos_token: Option<bool>,
    add_eos_token: Option<bool>,
    /// A vocabulary that goes before that of `vocab.txt`.
    pub vocab: Option<Json>,
    truncation_side: Option<Side>,
    model_input_names: Option<Vec<String>>,
    added_tokens_decoder: Option<BTreeMap<u32, Written>>,
}

/// An end of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Side {
    /// Its beginning.
    Left,
    /// Its end.
    Right,
}

/// An added token as files write it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    /// One of which no more is said.
    fn of(content: String, normalized: Option<bool>, special: bool) -> Self {
        Self {
            content,
            single_word: false,
            lstrip: false,
            rstrip: false,
            normalized,
            special,
        }
    }

    /// Special ones are looked for in the text as it is, unless it is said
    /// otherwise.
    fn into_added(self) -> AddedToken {
        AddedToken {
            content: self.content,
            single_word: self.single_word,
            lstrip: self.lstrip,
            rstrip: self.rstrip,
            normalized: self.normalized.unwrap_or(!self.special),
            special: self.special,
        }
    }
}

/// An added token of `tokenizer.json`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Numbered {
    id: u32,
    #[serde(flatten)]
    token: Written,
}

/// What a `tokenizer.json` says of what the files beside it say as well.
#[derive(Debug, Default)]
pub(super) struct Defaults {
    pub added: Vec<Numbered>,
    pub truncation_side: Option<Side>,
    pub pad_token: Option<String>,
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
    named: Vec<(String, Written)>,
    /// Names that are said to stand for no token.
    without_token: Vec<String>,
    /// Names whose tokens are written as a text, or are not written at all.
    written_as_text: Vec<String>,
    /// The one to fill up with where no other file names one.
    pub default_pad_token: Option<String>,
    /// Special tokens without one.
    extra: Vec<Written>,
    /// Whether a file says what they are.
    said: Said,
    /// Whether a file gives them names of its own.
    gives_names: bool,
    /// Added tokens by the id that they had.
    added: BTreeMap<u32, Written>,
}

impl Settings {
    /// Reads the files beside a `tokenizer.json`, or beside a vocabulary.
    pub(super) fn read(files: &TokenizerFiles, of_json: Defaults) -> Result<Self, TokenizerError> {
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
            written_as_text: Vec::new(),
            default_pad_token: of_json.pad_token,
            extra: Vec::new(),
            said: Said::No,
            gives_names: false,
            added: BTreeMap::new(),
        };
        if let VocabularyFile::Json(_) = files.vocabulary {
            // Its template is believed instead.
            settings.config.add_bos_token = None;
            settings.config.add_eos_token = None;
        }
        settings.config.truncation_side =
            settings.config.truncation_side.or(of_json.truncation_side);
        match settings.config.added_tokens_decoder.take() {
            Some(added) => settings.added = added,
            None => settings.added = older_files(files, of_json.added, &mut entries)?,
        }
        let settled = entries.settled()?;
        settings.said = settled.said;
        settings.gives_names = settled.gives_names;
        let mut known = HashSet::new();
        for value in settled.extra {
            if let Some(token) = token(value)?
                && known.insert(token.clone())
            {
                settings.extra.push(token);
            }
        }
        for (key, value) in settled.named.0 {
            if let Json::Text(_) = value {
                settings.written_as_text.push(key.clone());
            }
            match token(value)? {
                Some(token) => settings.named.push((key, token)),
                None => settings.without_token.push(key),
            }
        }
        settings.unify();
        Ok(settings)
    }

    /// Whether `--truncate` drops the beginning of a text rather than its end.
    pub(super) fn truncates_beginning(&self) -> bool {
        self.config.truncation_side == Some(Side::Left)
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
            let token = Written::of(content.to_owned(), None, true);
            let token = self.with_flags(token);
            self.written_as_text.push(key.to_owned());
            self.named.push((key.to_owned(), token));
        }
    }

    /// The same for several names.
    pub(super) fn default_names(&mut self, tokens: &[(&str, &str)]) {
        for (key, content) in tokens {
            self.default_name(key, content);
        }
    }

    /// The contents of named special tokens that a class cannot do without.
    ///
    /// # Errors
    /// When one of them is said to be none.
    pub(super) fn contents<const COUNT: usize>(
        &self,
        class: &str,
        keys: [&'static str; COUNT],
    ) -> Result<[String; COUNT], TokenizerError> {
        if let Some(key) = keys.into_iter().find(|key| self.name(key).is_none()) {
            let class = class.to_owned();
            return Err(TokenizerError::NullToken { class, key });
        }
        Ok(keys.map(|key| self.name(key).unwrap_or_default().to_owned()))
    }

    /// Lets a named token have the space before it, unless a file describes it.
    pub(super) fn strip_space_before(&mut self, key: &str) {
        if !self.written_as_text.iter().any(|name| name == key) {
            return;
        }
        let (named, added) = (&mut self.named, &self.added);
        if let Some((_, token)) = named.iter_mut().find(|(name, _)| name == key) {
            let is_described = added.values().any(|other| other.content == token.content);
            token.lstrip |= !is_described;
        }
    }

    /// What the files give ids to.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (u32, &str)> {
        self.added.iter().map(|(&id, token)| (id, content(token)))
    }

    /// Whether a file says what the special tokens without a name are.
    pub(super) fn said(&self) -> Said {
        self.said
    }

    /// Whether a file gives names to special tokens that have none.
    pub(super) fn gives_names(&self) -> bool {
        self.gives_names
    }

    /// Forgets special tokens without a name of which was said late.
    pub(super) fn forget_late(&mut self) {
        if self.said == Said::Late {
            self.extra.clear();
            self.said = Said::No;
        }
    }

    /// Adds a token without a name that is looked for as it is.
    pub(super) fn add(&mut self, content: &str, special: bool) {
        let token = Written::of(content.to_owned(), Some(false), special);
        self.extra.push(token);
    }

    /// Checks that added tokens have the ids that the vocabulary gives them, or
    /// the next ones.
    ///
    /// # Errors
    /// When one of them has another.
    pub(super) fn check_ids(
        &self,
        vocabulary: &AHashMap<String, u32>,
    ) -> Result<(), TokenizerError> {
        let mut next = vocabulary.len();
        for (&id, token) in &self.added {
            let expected = match vocabulary.get(&token.content) {
                Some(&id) => id as usize,
                None => {
                    next += 1;
                    next - 1
                }
            };
            if id as usize != expected {
                return Err(TokenizerError::Vocabulary(format!(
                    "the files beside it give {:?} the id {id}, expected {expected}",
                    token.content
                )));
            }
        }
        Ok(())
    }

    /// Whether a file says which special tokens stand around texts.
    pub(super) fn says_marks(&self) -> bool {
        self.config.add_bos_token.is_some() || self.config.add_eos_token.is_some()
    }

    /// Whether one stands before a text, and one behind it; `begin` is whether
    /// there is one before it where no file says so.
    pub(super) fn marks(&self, begin: bool) -> (bool, bool) {
        (
            self.config.add_bos_token.unwrap_or(begin),
            self.config.add_eos_token.unwrap_or(false),
        )
    }

    /// All special tokens, to be looked for as they are.
    pub(super) fn special_tokens(&self) -> Vec<AddedToken> {
        let named = self.named.iter().map(|(_, token)| token);
        let all = named.chain(&self.extra);
        all.map(|token| AddedToken::from(token.content.as_str(), true))
            .collect()
    }

    /// All tokens that have to be added, in the order in which they get ids.
    /// `known` ones are in the tokenizer already.
    pub(super) fn tokens(&self, known: &[String]) -> Vec<AddedToken> {
        let mut tokens: Vec<&Written> = self.added.values().collect();
        let attribute = |key: &str| ATTRIBUTES.iter().position(|name| *name == key);
        let mut named: Vec<&(String, Written)> = self.named.iter().collect();
        // Those that all models have come first; the sort keeps the others.
        named.sort_by_key(|(key, _)| attribute(key).unwrap_or(ATTRIBUTES.len()));
        let named = named.into_iter().map(|(_, token)| token);
        let mut described: HashSet<&str> = known.iter().map(String::as_str).collect();
        described.extend(tokens.iter().copied().map(content));
        // Of two that are alike but for how they are looked for, the last
        // counts.
        let mut seen = HashSet::new();
        let more = named.chain(&self.extra);
        let more = more.filter(|token| !described.contains(content(token)) && seen.insert(*token));
        tokens.extend(more);
        // Whatever its own description says, a token with a name is special.
        let is_named: HashSet<&str> = self.named.iter().map(|(_, token)| content(token)).collect();
        let tokens = tokens.into_iter().map(|token| Written {
            special: token.special || is_named.contains(content(token)),
            ..token.clone()
        });
        tokens.map(Written::into_added).collect()
    }

    /// A special token is matched as the list of added tokens says, where it is
    /// in there.
    fn unify(&mut self) {
        // Of several with one content the first counts.
        let added = self.added.values().rev();
        let added: HashMap<&str, &Written> = added.map(|token| (content(token), token)).collect();
        for (_, token) in &mut self.named {
            if let Some(found) = added.get(content(token)) {
                *token = (*found).clone();
            }
        }
    }

    fn with_flags(&self, token: Written) -> Written {
        let mut added = self.added.values();
        let found = added.find(|other| other.content == token.content);
        found.cloned().unwrap_or(token)
    }
}

fn content(token: &Written) -> &str {
    &token.content
}

/// The added tokens of the files that go before `added_tokens_decoder`, and
/// what they say of special ones among the `entries`.
fn older_files(
    files: &TokenizerFiles,
    of_json: Vec<Numbered>,
    entries: &mut Entries,
) -> Result<BTreeMap<u32, Written>, TokenizerError> {
    if let Some(json) = &files.special_tokens_map {
        let wrong = |source| TokenizerError::SpecialTokensMap { source };
        entries.take_map(json).map_err(wrong)?;
    }
    let mut added = BTreeMap::new();
    if let Some(json) = &files.added_tokens {
        let wrong = |source| TokenizerError::AddedTokens { source };
        let tokens: BTreeMap<String, u32> = serde_json::from_slice(json).map_err(wrong)?;
        let special_ones = entries.contents();
        for (content, id) in tokens {
            let special = special_ones.contains(content.as_str());
            added.insert(id, Written::of(content, Some(!special), special));
        }
    }
    for Numbered { id, token } in of_json {
        added.insert(id, token);
    }
    Ok(added)
}

/// A token that is written as a name, or as an object with its matching rules;
/// `None` where there is neither.
fn token(value: Json) -> Result<Option<Written>, TokenizerError> {
    match value {
        Json::Text(name) => Ok(Some(Written::of(name, None, true))),
        Json::Object(_) => {
            let written = serde_json::from_value(serde_json::to_value(value)?)?;
            Ok(Some(written))
        }
        Json::Null | Json::Boolean(_) | Json::Number(_) | Json::List(_) => Ok(None),
    }
}
