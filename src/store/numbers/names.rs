//! What files of numbers, and what is in them, are called: for those who write
//! them and those who read them.

/// A file of numbers in the safetensors format.
pub(in crate::store) const SAFETENSORS: &str = "attention.safetensors";
/// A file of numbers in NumPy's.
pub(in crate::store) const NPZ: &str = "attention.npz";
/// A file of numbers in JSON.
pub(in crate::store) const JSON: &str = "attention.json";

/// The array of what the model returned.
pub(in crate::store) const RAW: &str = "attention";
/// The array of what is shown where that is something else.
pub(in crate::store) const SHOWN: &str = "shown";

/// What the scores of heads are made of.
pub(in crate::store) const QUERY: &str = "query";
pub(in crate::store) const KEY: &str = "key";
pub(in crate::store) const VALUE_NORM: &str = "value_norm";
pub(in crate::store) const SCORE_SCALE: &str = "score_scale";

/// The manifest: an array of npz, an entry of JSON.
pub(in crate::store) const MANIFEST_ENTRY: &str = "manifest";
/// The manifest in the metadata of safetensors.
pub(in crate::store) const MANIFEST_KEY: &str = "attnviz";
