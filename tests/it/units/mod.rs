//! What a unit is called: by a text that stands once, or `@N`, in one count for
//! views, stretches, pictures, listings and errors.

mod earlier;
mod hints;
mod listing;
mod naming;

use crate::binary::Workplace;

/// `@0 [CLS] @1 in @2 5 @3 it @4 was @5 1999 @6 , @7 it @8 was @9 [SEP]`.
const TEXT: &str = "in 5 it was 1999, it was";
/// The folder of that text.
const FOLDER: &str = "in-5-it-was-1999-it-was";

/// The arguments of an `encode` of one small picture.
fn encode<'a>(text: &'a str, options: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["encode", text, "-m", "builtin", "-f", "svg"];
    arguments.extend(["--layers", "0", "--heads", "0"]);
    arguments.extend(options);
    arguments
}

/// What a picture of the text says.
fn picture(workplace: &Workplace, file: &str) -> String {
    let path = workplace.default_output().join(FOLDER).join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"))
}
