//! Which of Python's classes are dicts, whatever else they are.

/// Whether calling the class makes a dict whose entries are set afterwards.
pub(super) fn is_dict(module: &str, name: &str) -> bool {
    match module {
        "collections" => matches!(name, "OrderedDict" | "defaultdict"),
        // What a model of transformers or its `generate()` returns, in whichever
        // module. Its fields are set again as entries, those apart that are None.
        _ => module.starts_with("transformers.") && name.contains("Output"),
    }
}
