//! The entries of `tokenizer_config.json` and of `special_tokens_map.json`, put
//! together as transformers 5.23 does it in `_from_pretrained` and in the
//! tokenizer's constructor (`tokenization_utils_base.py`).

use std::collections::HashSet;

use crate::checkpoint::{Json, Members};

use super::error::TokenizerError;

/// Names of special tokens, in the order in which they get ids.
pub(super) const ATTRIBUTES: [&str; 7] = [
    "bos_token",
    "eos_token",
    "unk_token",
    "sep_token",
    "pad_token",
    "cls_token",
    "mask_token",
];

/// Special tokens without a name.
pub(super) const EXTRA: &str = "extra_special_tokens";

/// What [`EXTRA`] was called before.
const ADDITIONAL: &str = "additional_special_tokens";

/// Special tokens with other names than [`ATTRIBUTES`].
const SPECIFIC: &str = "model_specific_special_tokens";

/// The entries of an object, in the order of the file, each key once.
#[derive(Debug, Default)]
pub(super) struct Entries {
    members: Members,
    /// What the tokens are that `special_tokens_map.json` describes.
    described: HashSet<String>,
    /// See [`Settled::gives_names`].
    gives_names: bool,
}

/// What the entries come to.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Special tokens by their names.
    pub named: Members,
    /// Special tokens without one.
    pub extra: Vec<Json>,
    /// Whether a file says what those are.
    pub said: Said,
    /// Whether a file gives names to those without one, which a class may know
    /// by other names.
    pub gives_names: bool,
}

/// Whether a file says what the special tokens without a name are, be it that
/// there are none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Said {
    /// It does not.
    #[default]
    No,
    /// By the older key, and so late that a class may say otherwise.
    Late,
    /// It does.
    Yes,
}

impl Entries {
    /// Those of `tokenizer_config.json`.
    pub(super) fn of_config(json: &[u8]) -> Result<Self, serde_json::Error> {
        let mut entries: Members = serde_json::from_slice(json)?;
        if !entries.get(EXTRA).is_some_and(Json::is_truthy)
            && let Some(tokens) = entries.remove(ADDITIONAL)
        {
            entries.set(EXTRA, tokens);
        }
        let is_specific = |(key, value): &(String, Json)| {
            is_token_of_model(key) && matches!(value, Json::Text(_))
        };
        let (specific, entries) = entries.0.into_iter().partition(is_specific);
        let mut specific = Members(specific);
        let mut entries = Self {
            members: Members(entries),
            described: HashSet::new(),
            gives_names: false,
        };
        entries.name_extra(&mut specific);
        if !specific.0.is_empty() {
            // Those that the file itself has under this key are gone.
            entries.members.set(SPECIFIC, Json::Object(specific));
        }
        Ok(entries)
    }

    /// Lets those of `special_tokens_map.json` go before. All tokens there are
    /// special.
    pub(super) fn take_map(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        let map: Members = serde_json::from_slice(json)?;
        for (key, value) in &map.0 {
            let tokens = match value {
                Json::List(tokens) if key == EXTRA => tokens.as_slice(),
                token => std::slice::from_ref(token),
            };
            let described = tokens.iter().filter_map(content).map(str::to_owned);
            self.described.extend(described);
        }
        let before = |(key, value): (String, Json)| {
            let value = match (value, self.members.get(EXTRA)) {
                (Json::Object(token), _) if key != EXTRA => Json::Object(as_special(token)),
                (Json::List(more), earlier) if key == EXTRA => {
                    let tokens = match earlier {
                        Some(Json::List(tokens)) => tokens.as_slice(),
                        _ => &[],
                    };
                    Json::List(with_more(tokens, more))
                }
                (value, _) => value,
            };
            (key, value)
        };
        let map: Vec<(String, Json)> = map.0.into_iter().map(before).collect();
        self.members.update(map);
        let mut named = Members::default();
        self.name_extra(&mut named);
        if !named.0.is_empty() {
            let mut specific = match self.members.remove(SPECIFIC) {
                Some(Json::Object(specific)) => specific,
                _ => Members::default(),
            };
            specific.update(named.0);
            self.members.set(SPECIFIC, Json::Object(specific));
        }
        Ok(())
    }

    /// What the usual tokens are, and those without a name, as far as
    /// `added_tokens.json` takes notice of them: not of those that
    /// `tokenizer_config.json` describes.
    pub(super) fn contents(&self) -> HashSet<&str> {
        let named = ATTRIBUTES.iter().filter_map(|key| self.members.get(key));
        let extra = match self.members.get(EXTRA) {
            Some(Json::List(tokens)) => tokens.as_slice(),
            _ => &[],
        };
        let known = named.chain(extra).filter_map(|token| {
            let content = content(token)?;
            let is_name = matches!(token, Json::Text(_));
            (is_name || self.described.contains(content)).then_some(content)
        });
        known.collect()
    }

    /// All special tokens. A list with the older key counts where there is none
    /// with the newer one, be it empty.
    ///
    /// # Errors
    /// When one of the entries that hold tokens holds something else.
    pub(super) fn settled(mut self) -> Result<Settled, TokenizerError> {
        let mut said = match self.members.get(EXTRA) {
            Some(_) => Said::Yes,
            None => Said::No,
        };
        if said == Said::No
            && let Some(tokens) = self.members.remove(ADDITIONAL)
        {
            said = Said::Late;
            self.members.set(EXTRA, tokens);
        }
        let wrong = |key: &str, value: &Json| TokenizerError::SpecialToken {
            key: key.to_owned(),
            found: value.in_words(),
        };
        let mut settled = Settled {
            said,
            gives_names: self.gives_names,
            ..Settled::default()
        };
        let (extra, specific) = (self.members.remove(EXTRA), self.members.remove(SPECIFIC));
        for key in ATTRIBUTES {
            if let Some(value) = self.members.remove(key) {
                settled.named.set(key, value);
            }
        }
        match extra {
            Some(Json::List(tokens)) => settled.extra = tokens,
            Some(Json::Object(tokens)) => {
                settled.gives_names |= !tokens.0.is_empty();
                settled.take(tokens);
            }
            Some(Json::Null) | None => {}
            Some(other @ (Json::Boolean(_) | Json::Number(_) | Json::Text(_))) => {
                return Err(wrong(EXTRA, &other));
            }
        }
        settled.take(Members(
            self.members
                .0
                .into_iter()
                .filter(|(key, value)| is_token_of_model(key) && is_token(value))
                .collect(),
        ));
        match specific {
            Some(Json::Object(tokens)) => settled.take(tokens),
            Some(Json::Null) | None => {}
            Some(other @ (Json::Boolean(_) | Json::Number(_) | Json::Text(_) | Json::List(_))) => {
                return Err(wrong(SPECIFIC, &other));
            }
        }
        let is_wrong = |value: &Json| match value {
            Json::Text(_) => false,
            // Older versions wrote no `__type`.
            Json::Object(token) => token.get("content").is_none(),
            Json::Null | Json::Boolean(_) | Json::Number(_) | Json::List(_) => true,
        };
        let is_none = |key: &str, value: &Json| ATTRIBUTES.contains(&key) && *value == Json::Null;
        let mut named = settled.named.0.iter();
        if let Some((key, value)) =
            named.find(|(key, value)| is_wrong(value) && !is_none(key, value))
        {
            return Err(wrong(key, value));
        }
        match settled.extra.iter().find(|value| is_wrong(value)) {
            Some(value) => Err(wrong(EXTRA, value)),
            None => Ok(settled),
        }
    }

    /// Tokens without a name that have one are put among those that do.
    fn name_extra(&mut self, named: &mut Members) {
        match self.members.remove(EXTRA) {
            Some(Json::Object(tokens)) => {
                self.gives_names |= !tokens.0.is_empty();
                named.update(tokens.0);
            }
            Some(other) => self.members.set(EXTRA, other),
            None => {}
        }
    }
}

impl Settled {
    fn take(&mut self, tokens: Members) {
        self.named.update(tokens.0);
    }
}

/// Whether a key may name a special token of the model's own.
fn is_token_of_model(key: &str) -> bool {
    key.ends_with("_token") && !ATTRIBUTES.contains(&key)
}

/// Whether a value is a token: a text, or an object that says it is one.
fn is_token(value: &Json) -> bool {
    match value {
        Json::Text(_) => true,
        Json::Object(token) => token.get(TYPE) == Some(&Json::Text(TOKEN.to_owned())),
        Json::Null | Json::Boolean(_) | Json::Number(_) | Json::List(_) => false,
    }
}

/// What a token is that is written as a text, or as an object.
fn content(token: &Json) -> Option<&str> {
    let content = match token {
        Json::Object(token) => token.get("content")?,
        other => other,
    };
    match content {
        Json::Text(text) => Some(text),
        Json::Null | Json::Boolean(_) | Json::Number(_) | Json::List(_) | Json::Object(_) => None,
    }
}

/// The tokens and `more` special ones, but for those that are there.
fn with_more(tokens: &[Json], more: Vec<Json>) -> Vec<Json> {
    let more: Vec<Json> = more
        .into_iter()
        .map(|token| match token {
            Json::Object(token) => Json::Object(as_special(token)),
            token => token,
        })
        .collect();
    let mut there: HashSet<&Json> = tokens.iter().collect();
    let more = more.iter().filter(|token| there.insert(token));
    tokens.iter().chain(more).cloned().collect()
}

/// What says of an object that it is a token.
const TYPE: &str = "__type";
const TOKEN: &str = "AddedToken";

/// A token, marked as a special one.
fn as_special(mut token: Members) -> Members {
    if token.get("content").is_some() {
        token.set("special", Json::Boolean(true));
        token.set(TYPE, Json::Text(TOKEN.to_owned()));
    }
    token
}
