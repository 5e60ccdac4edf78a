//! A command line that is wrong: what clap says of it, and what to type instead.

use std::error::Error as _;
use std::ffi::OsString;

use anstyle::AnsiColor;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, Command, CommandFactory, Error};

use super::args::Arguments;
use super::hints::{in_words, remedy as known_remedy};
use super::messages::{labelled, print_error_as_json, print_line};
use super::nearest::nearest;
use super::phrases::example_of;
use crate::remedy::Remedy;

/// Subcommands whose argument is a text, which has to be in quotes.
const OF_TEXTS: [&str; 2] = ["encode", "tokens"];

/// Options whose value may have a comma and is no list.
const TAKE_ANYTHING: [&str; 6] = [
    "--pair",
    "--model",
    "--output",
    "--weights-prefix",
    "--tokenizer",
    "--revision",
];

/// Whether JSON is asked for, however wrong the rest of the command line is.
pub fn asks_for_json(typed: &[OsString]) -> bool {
    let options = typed.iter().take_while(|argument| *argument != "--");
    options.into_iter().any(|argument| argument == "--json")
}

/// What is wrong with the command line as clap says it, and what to type
/// instead in the place of its own tips, so that every error ends alike.
pub fn print_usage_error(mut error: Error, typed: &[OsString], json: bool) {
    let typed: Vec<String> = typed
        .iter()
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let remedy = in_words(&remedy(&error, &typed));
    for tip in [
        ContextKind::Suggested,
        ContextKind::SuggestedArg,
        ContextKind::SuggestedValue,
        ContextKind::SuggestedSubcommand,
    ] {
        error.remove(tip);
    }
    let rendered = error.render();
    let message = without_footer(rendered.ansi().to_string());
    print_line(format_args!("{}", message.trim_end()));
    labelled("hint", AnsiColor::Cyan, &remedy);
    if json {
        let message = without_footer(rendered.to_string());
        let message = message.split("\n\nUsage:").next().unwrap_or_default();
        let message = message.trim_start_matches("error: ").trim();
        print_error_as_json(message, &[], Some(&remedy), 2);
    }
}

/// Without clap's own line about its help.
fn without_footer(mut message: String) -> String {
    if let Some(end) = message.rfind("\n\nFor more information") {
        message.truncate(end);
    }
    message
}

/// What to type instead.
fn remedy(error: &Error, typed: &[String]) -> Remedy {
    let root = Arguments::command();
    let subcommand = typed
        .iter()
        .find_map(|argument| root.find_subcommand(argument));
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        _ => None,
    };
    let wrong = text(ContextKind::InvalidArg);
    // A value that is wrong may know a right one itself.
    let known = error.source().and_then(known_remedy);
    match known {
        None | Some(Remedy::ReadHelp { .. }) => {}
        Some(Remedy::CorrectValue { value }) => {
            if let Some(option) = wrong.as_deref().and_then(option_of) {
                return Remedy::SetValue([option, value]);
            }
        }
        Some(remedy) => return remedy,
    }
    let meant = (|| match error.kind() {
        ErrorKind::UnknownArgument => unknown(wrong.as_deref(), subcommand, typed).or_else(|| {
            let (wrong, suggested) = (wrong?, text(ContextKind::SuggestedArg)?);
            is_near(&wrong, &suggested).then(|| retyped(&wrong, &suggested, typed))?
        }),
        ErrorKind::TooManyValues => without_value(&wrong?, typed),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let option = wrong.as_deref().and_then(option_of);
            let valid = match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(names)) => names.as_slice(),
                _ => &[],
            };
            let meant = text(ContextKind::InvalidValue)
                .and_then(|found| nearest(&found, valid.iter().cloned()))
                .or_else(|| text(ContextKind::SuggestedValue));
            let found = text(ContextKind::InvalidValue).unwrap_or_default();
            let meant = meant.or_else(|| match option.as_deref() {
                Some("--truncate") => nearest(&found, ["never".to_owned()]),
                _ => None,
            });
            match (meant, option) {
                (Some(nearest), Some(option)) => {
                    let nearest = in_list(&found, &nearest, typed);
                    Some(Remedy::TypeNearest { option, nearest })
                }
                (Some(nearest), None) => {
                    retyped(&text(ContextKind::InvalidValue)?, &nearest, typed)
                }
                (None, option) => option
                    .filter(|option| example_of(option).is_some())
                    .map(|option| Remedy::GiveValue { option }),
            }
        }
        ErrorKind::InvalidSubcommand => {
            let wrong = text(ContextKind::InvalidSubcommand)?;
            if wrong.eq_ignore_ascii_case("version") {
                return Some(retype("--version".to_owned(), vec!["--version".to_owned()]));
            }
            let names = root
                .get_subcommands()
                .map(|known| known.get_name().to_owned());
            match nearest(&wrong, names.chain(["help".to_owned()])) {
                Some(nearest) => retyped(&wrong, &nearest, typed),
                None if typed.first().is_some_and(|first| first == "help") => None,
                None => with_text_in_quotes(root.find_subcommand("encode"), typed),
            }
        }
        ErrorKind::MissingRequiredArgument => subcommand
            .filter(|command| OF_TEXTS.contains(&command.get_name()))
            .map(|command| Remedy::QuoteText {
                subcommand: command.get_name().to_owned(),
                options: Vec::new(),
                text: "Hello, how are you?".to_owned(),
            }),
        ErrorKind::ArgumentConflict => match (wrong, text(ContextKind::PriorArg)) {
            (Some(one), Some(other)) if one == other => {
                option_of(&one).map(|option| Remedy::GiveOnce { option })
            }
            (Some(one), Some(other)) => Some(Remedy::GiveOneOf {
                options: [one, other].map(|option| option_of(&option).unwrap_or(option)),
            }),
            (Some(one), None) => option_of(&one).map(|option| Remedy::GiveOnce { option }),
            _ => None,
        },
        _ => None,
    })();
    meant.unwrap_or_else(|| Remedy::ReadHelp {
        subcommand: subcommand.map(|command| command.get_name().to_owned()),
    })
}

/// The command with the nearest name in the place of the wrong one.
fn retyped(wrong: &str, nearest: &str, typed: &[String]) -> Option<Remedy> {
    let at = typed
        .iter()
        .position(|argument| argument.split('=').next() == Some(wrong))?;
    let mut command = typed.to_vec();
    command[at] = command[at].replacen(wrong, nearest, 1);
    Some(retype(nearest.to_owned(), command))
}

fn retype(nearest: String, command: Vec<String>) -> Remedy {
    Remedy::Retype { nearest, command }
}

/// The command without the value of an option that takes none.
fn without_value(shown: &str, typed: &[String]) -> Option<Remedy> {
    let option = option_of(shown)?;
    let has_value = |argument: &String| {
        let value = argument.strip_prefix(option.as_str());
        value.is_some_and(|value| value.starts_with('='))
    };
    let at = typed.iter().position(has_value)?;
    let mut command = typed.to_vec();
    command[at].clone_from(&option);
    Some(retype(option, command))
}

/// Whether an option may have been meant by another name: a slip of the fingers,
/// or more or less of the same name. What merely sounds alike does something else.
fn is_near(wrong: &str, suggested: &str) -> bool {
    let wrong = wrong.split('=').next().unwrap_or_default();
    let begins = |long: &str, short: &str| short.len() > 3 && long.starts_with(short);
    begins(wrong, suggested)
        || begins(suggested, wrong)
        || nearest(wrong, [suggested.to_owned()]).is_some()
}

/// The list with commas that was typed with a wrong value in it, with the nearest
/// one in its place; the nearest alone where it was no list.
fn in_list(wrong: &str, nearest: &str, typed: &[String]) -> String {
    let values = typed.iter().map(|argument| match argument.split_once('=') {
        Some((option, value)) if option.starts_with("--") => value,
        _ => argument.as_str(),
    });
    let mut lists = values.filter(|value| value.contains(','));
    match lists.find(|list| list.split(',').any(|part| part == wrong)) {
        None => nearest.to_owned(),
        Some(list) => {
            let parts = list.split(',');
            let mended = parts.map(|part| if part == wrong { nearest } else { part });
            mended.collect::<Vec<_>>().join(",")
        }
    }
}

/// `--theme` of `--theme <NAME>`; nothing of `<SHELL>`.
fn option_of(shown: &str) -> Option<String> {
    let option = shown.split([' ', '=', '[']).next()?.trim_end_matches('.');
    // Of one that takes its value behind "=" alone, that is a part.
    let sign = if shown.contains("[=") { "=" } else { "" };
    option.starts_with('-').then(|| format!("{option}{sign}"))
}

/// An argument that nobody takes: a text without quotes, or one that looks like
/// an option, or the value of an option that wants `=`.
fn unknown(wrong: Option<&str>, subcommand: Option<&Command>, typed: &[String]) -> Option<Remedy> {
    let wrong = wrong?;
    let before = typed
        .iter()
        .position(|argument| argument == wrong)
        .and_then(|at| typed.get(at.checked_sub(1)?));
    if let Some(option) = before.filter(|option| *option == "--show") {
        return Some(Remedy::JoinValue([option.clone(), wrong.to_owned()]));
    }
    if ["--no-color", "--no-colour"].contains(&wrong) {
        return Some(Remedy::SetValue(["--color", "never"].map(str::to_owned)));
    }
    if let Some(remedy) = subcommand.and_then(|command| list_with_spaces(wrong, command, typed)) {
        return Some(remedy);
    }
    // What follows an option that takes a value was meant to be that.
    let of_option = subcommand.zip(before);
    let of_option = of_option.and_then(|(command, option)| known(command, option));
    if let Some((option, true)) = of_option {
        let option = format!("--{}", option.get_long()?);
        return Some(Remedy::GiveValue { option });
    }
    if let Some(remedy) = of_other_command(wrong, subcommand) {
        return Some(remedy);
    }
    match looks_like_option(wrong) {
        true => None,
        false => with_text_in_quotes(subcommand, typed),
    }
}

/// The list that was meant where spaces part its values: `--format png svg`.
fn list_with_spaces(wrong: &str, command: &Command, typed: &[String]) -> Option<Remedy> {
    let at = typed.iter().position(|argument| argument == wrong)?;
    let option = typed.get(at.checked_sub(2)?)?;
    let (option, takes_value) = known(command, option)?;
    let option = format!("--{}", option.get_long().filter(|_| takes_value)?);
    let values = typed.iter().skip(at - 1);
    let values = values.take_while(|argument| !looks_like_option(argument));
    let values: Vec<&str> = values.map(|value| value.trim_matches(',')).collect();
    let value = values.join(",");
    // Only a list takes them so.
    let mended = ["attnviz", command.get_name(), "x", &option, &value];
    let is_list = Arguments::command().try_get_matches_from(mended).is_ok();
    let is_list = is_list && !TAKE_ANYTHING.contains(&option.as_str());
    is_list.then_some(Remedy::SetValue([option, value]))
}

/// An option that another command has.
fn of_other_command(wrong: &str, subcommand: Option<&Command>) -> Option<Remedy> {
    let name = wrong.strip_prefix("--")?.split('=').next()?;
    let used = subcommand?.get_name();
    let root = Arguments::command();
    let mut others = root.get_subcommands().filter(|other| {
        let mut options = other.get_arguments().filter_map(clap::Arg::get_long);
        other.get_name() != used && options.any(|option| option == name)
    });
    let subcommand = others.next()?.get_name().to_owned();
    Some(Remedy::UseOtherCommand([format!("--{name}"), subcommand]))
}

/// The command with its leading words as one text in quotes, its options before
/// it. What stands behind an option that nobody knows may be its value.
fn with_text_in_quotes(subcommand: Option<&Command>, typed: &[String]) -> Option<Remedy> {
    let subcommand = subcommand.filter(|command| OF_TEXTS.contains(&command.get_name()))?;
    let name = subcommand.get_name();
    let (mut words, mut options) = (Vec::new(), Vec::new());
    let mut rest = typed
        .iter()
        .skip_while(|argument| *argument == name)
        .peekable();
    let mut is_after_unknown = false;
    while let Some(argument) = rest.next() {
        match known(subcommand, argument) {
            Some((_, takes_value)) => {
                options.push(argument.clone());
                if takes_value {
                    options.extend(rest.next().cloned());
                }
            }
            None if looks_like_option(argument) => {
                is_after_unknown = true;
                options.push(corrected(subcommand, argument));
            }
            None if is_after_unknown => options.push(argument.clone()),
            None => words.push(argument.clone()),
        }
    }
    Some(Remedy::QuoteText {
        subcommand: name.to_owned(),
        options,
        text: words.join(" "),
    })
}

/// Whether it can be nothing but an option, known or not.
fn looks_like_option(argument: &str) -> bool {
    let is_letter = matches!(argument.as_bytes(), [b'-', letter] if letter.is_ascii_alphabetic());
    is_letter || argument.len() > 2 && argument.starts_with("--") && !argument.contains(' ')
}

/// The option of the command with the nearest name, or what was typed.
fn corrected(command: &Command, argument: &str) -> String {
    let name = argument.split('=').next().unwrap_or_default();
    let options = command.get_arguments().filter_map(clap::Arg::get_long);
    match nearest(name, options.map(|option| format!("--{option}"))) {
        Some(option) => argument.replacen(name, &option, 1),
        None => argument.to_owned(),
    }
}

/// The option of the command that an argument is, and whether it takes the next
/// one.
pub(super) fn known(command: &Command, argument: &str) -> Option<(clap::Arg, bool)> {
    let root = Arguments::command();
    let mut all = command.get_arguments().chain(root.get_arguments());
    let takes_value = |known: &clap::Arg| {
        let takes = matches!(known.get_action(), ArgAction::Set | ArgAction::Append);
        takes && !known.is_require_equals_set()
    };
    if let Some(long) = argument.strip_prefix("--") {
        let (name, is_joined) = match long.split_once('=') {
            Some((name, _)) => (name, true),
            None => (long, false),
        };
        let known = all.find(|known| known.get_long() == Some(name))?;
        return Some((known.clone(), takes_value(known) && !is_joined));
    }
    let letter = argument.strip_prefix('-')?.chars().next()?;
    let known = all.find(|known| known.get_short() == Some(letter))?;
    let is_alone = argument.chars().count() == 2;
    Some((known.clone(), takes_value(known) && is_alone))
}
