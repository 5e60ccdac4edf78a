//! Added tokens that are one and the same to the tokenizers crate: `COVID` and
//! `covid`, where texts are put into lower case before tokens are looked for in
//! them. Which of the two it finds is left to chance there, anew in every run.

use std::collections::BTreeMap;

use tokenizers::{NormalizedString, Normalizer as _, Tokenizer};

use super::guard::guard;

/// Such tokens by their ids, each with another one that it is mistaken for.
pub(super) fn ambiguous_tokens(tokenizer: &Tokenizer) -> BTreeMap<u32, [String; 2]> {
    let mut ambiguous = BTreeMap::new();
    let Some(normalizer) = tokenizer.get_normalizer() else {
        return ambiguous;
    };
    let mut by_form: BTreeMap<String, (u32, String)> = BTreeMap::new();
    let added: BTreeMap<u32, _> = tokenizer.get_added_tokens_decoder().into_iter().collect();
    for (id, token) in added {
        let mut form = NormalizedString::from(token.content.as_str());
        if !token.normalized || guard(|| normalizer.normalize(&mut form)).is_err() {
            continue;
        }
        match by_form.get(form.get()) {
            Some((other_id, other)) => {
                let both = [other.clone(), token.content];
                ambiguous.entry(*other_id).or_insert_with(|| both.clone());
                ambiguous.insert(id, both);
            }
            None => {
                by_form.insert(form.get().to_owned(), (id, token.content));
            }
        }
    }
    ambiguous
}
