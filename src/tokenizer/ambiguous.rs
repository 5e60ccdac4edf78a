//! Added tokens that are one and the same to the tokenizers crate: `COVID` and
//! `covid`, where texts are put into lower case before tokens are looked for in
//! them. Which of the two it finds is left to chance there, anew in every run.

use std::collections::BTreeMap;

use tokenizers::{NormalizedString, Normalizer as _, Tokenizer};

use super::guard::guard;

/// Such tokens by their ids, each with the pair of which it is one.
pub(super) fn ambiguous_tokens(tokenizer: &Tokenizer) -> BTreeMap<u32, [u32; 2]> {
    let mut ambiguous = BTreeMap::new();
    let Some(normalizer) = tokenizer.get_normalizer() else {
        return ambiguous;
    };
    let mut by_form: BTreeMap<String, u32> = BTreeMap::new();
    let added: BTreeMap<u32, _> = tokenizer.get_added_tokens_decoder().into_iter().collect();
    for (id, token) in added {
        let mut form = NormalizedString::from(token.content.as_str());
        if !token.normalized || guard(|| normalizer.normalize(&mut form)).is_err() {
            continue;
        }
        match by_form.get(form.get()) {
            Some(&other) => {
                ambiguous.entry(other).or_insert([other, id]);
                ambiguous.insert(id, [other, id]);
            }
            None => {
                by_form.insert(form.get().to_owned(), id);
            }
        }
    }
    ambiguous
}
