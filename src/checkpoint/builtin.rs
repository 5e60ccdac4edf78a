//! The checkpoint that is compiled into the binary; `assets/minilm-l6-v2`
//! says where it comes from.

use super::digest::PendingDigest;
use super::{
    Checkpoint, ModelSource, TokenizerFiles, WeightFiles, file_kind, lookup, tokenizer_files,
};

/// What the built-in checkpoint is called in pictures and manifests: its name
/// on the hub.
pub const BUILTIN_ID: &str = "sentence-transformers/all-MiniLM-L6-v2";

static CONFIG: &[u8] = include_bytes!("../../assets/minilm-l6-v2/config.json");
static TOKENIZER: &[u8] = include_bytes!("../../assets/minilm-l6-v2/tokenizer.json");
static WEIGHTS: &[u8] = include_bytes!("../../assets/minilm-l6-v2/model.safetensors");

/// SHA-256 of the files above, so that no run has to compute them; a test
/// does.
const DIGESTS: [(&str, &str); 3] = [
    (
        lookup::CONFIG,
        "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    ),
    (
        tokenizer_files::TOKENIZER,
        "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    ),
    (
        file_kind::SAFETENSORS,
        "9c0bf732145c2a248a35b8d17263e9adefce68043737804b972f46d46b219189",
    ),
];

pub(super) fn checkpoint() -> Checkpoint {
    Checkpoint {
        id: BUILTIN_ID.to_owned(),
        source: ModelSource::Builtin,
        commit: None,
        config: CONFIG.to_vec(),
        tokenizer: TokenizerFiles::json(TOKENIZER.to_vec()),
        weights: WeightFiles::Builtin(WEIGHTS),
        weights_prefix: None,
        notice: None,
        digest_folder: None,
        digests: DIGESTS
            .iter()
            .map(|(name, sha256)| PendingDigest::known(name, (*sha256).to_owned()))
            .collect(),
    }
}
