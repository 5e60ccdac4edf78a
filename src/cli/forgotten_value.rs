//! A value that was forgotten: an option whose value may begin with "-" would
//! take the option behind it as its text, and nobody would notice.

use std::ffi::OsString;

use anyhow::Result;
use clap::{Command, CommandFactory};

use super::args::Arguments;
use super::typed::known;
use super::usage::UsageError;
use crate::remedy::Remedy;

/// Looks at a command line before it is understood.
///
/// # Errors
/// When an option of the command, or "--", stands where the value of another
/// one should. Behind "=" it is a value.
pub fn check_values(typed: &[OsString]) -> Result<()> {
    let typed: Vec<&str> = typed
        .iter()
        .map(|word| word.to_str().unwrap_or(""))
        .collect();
    let root = Arguments::command();
    let Some(command) = typed.iter().find_map(|word| root.find_subcommand(word)) else {
        return Ok(());
    };
    for (&option, &found) in typed.iter().zip(typed.iter().skip(1)) {
        if option == "--" {
            break;
        }
        let takes_anything = known(command, option)
            .is_some_and(|(known, takes_value)| takes_value && known.is_allow_hyphen_values_set());
        if takes_anything && is_option(command, found) {
            return Err(UsageError::error(
                format!("{option} needs a value, found the option {found}"),
                Remedy::JoinValue([option, found].map(str::to_owned)),
            ));
        }
    }
    Ok(())
}

/// Whether it is one of the command's options, to the letter: a text may begin
/// like one.
fn is_option(command: &Command, word: &str) -> bool {
    let is_whole = word.starts_with("--") || word.chars().count() == 2;
    let is_everywhere = ["--", "--help", "-h"].contains(&word);
    is_everywhere || is_whole && !word.contains(' ') && known(command, word).is_some()
}
