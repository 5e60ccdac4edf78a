//! `attnviz diff`: what differs between two models, two saved runs, or two
//! texts on one model.

use anyhow::Result;

use super::Outcome;
use super::diff_settings::DiffSettings;
use super::messages::Messages;

pub(super) fn run(settings: &DiffSettings, messages: &Messages) -> Result<Outcome> {
    messages.warnings(&settings.warnings);
    Ok(Outcome::Done)
}
