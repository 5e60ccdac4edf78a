//! What the two sides of a comparison are called.

use crate::compare::Pairing;
use crate::run::Run;

/// What the sides are called: by their models; where those have one name, by
/// their inputs; where those are one, too, by their places.
pub fn side_names([left, right]: [&Run; 2], pairing: Pairing) -> [String; 2] {
    let models = [left, right].map(|run| run.model.name());
    if models[0] != models[1] {
        return models;
    }
    let inputs = [left, right].map(|run| run.input.captions().join(" · "));
    let are_texts = pairing == Pairing::OtherInput && inputs[0] != inputs[1];
    match are_texts {
        true => inputs,
        false => ["left", "right"].map(|side| format!("{} ({side})", models[0])),
    }
}
