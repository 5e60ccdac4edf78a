//! Which tokens are special, where no tokenizer says so.

/// What tokenizers of usual models call their special tokens, those between
/// `<|` and `|>` apart.
const SPECIAL_TOKENS: [&str; 14] = [
    "[CLS]", "[SEP]", "[PAD]", "[MASK]", "[UNK]", "<s>", "</s>", "<pad>", "<mask>", "<unk>",
    "<cls>", "<sep>", "<bos>", "<eos>",
];

/// Whether a token looks like a special one: `[CLS]`, `</s>`, `<|endoftext|>`.
/// Brackets alone make none: `[1]` and `<0x0A>` are text.
pub fn looks_special(token: &str) -> bool {
    let between_bars = token
        .strip_prefix("<|")
        .and_then(|rest| rest.strip_suffix("|>"));
    SPECIAL_TOKENS.contains(&token) || between_bars.is_some_and(|name| !name.is_empty())
}
