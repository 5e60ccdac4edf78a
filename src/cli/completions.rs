//! `attnviz completions`: a script that makes a shell ask attnviz itself what
//! can stand where the cursor is, so that every shell offers the same, values
//! included.

use std::env;
use std::ffi::OsString;
use std::io::Write;

use anyhow::Result;
use clap::{CommandFactory, Error};
use clap_complete::Shell;
use clap_complete::env::{CompleteEnv, Shells};

use super::args::{Arguments, CompletionsArguments};
use super::standard_output::StandardOutputError;

/// What the script sets when it asks.
const VARIABLE: &str = "ATTNVIZ_COMPLETE";
const PROGRAM: &str = "attnviz";

/// Bash takes `--theme=d` for three words and completes the last. attnviz is
/// asked for the whole, of whose answers bash gets what stands behind the sign.
const BASH_SIGNS: &str = r#"
_attnviz_with_signs() {
    local words=() at=0 cursor=0 prefix="" word="$2"
    while [[ $at -lt ${#COMP_WORDS[@]} ]]; do
        local last=$((${#words[@]} - 1))
        if [[ "${COMP_WORDS[at]}" == "=" && $last -ge 0 && "${words[last]}" == --* ]]; then
            prefix="${words[last]}="
            words[last]="$prefix"
            if [[ $at -eq $COMP_CWORD ]]; then
                cursor=$last word="$prefix"
                break
            fi
            at=$((at + 1))
            if [[ $at -eq $COMP_CWORD ]]; then
                cursor=$last word="$prefix$2"
                break
            fi
            words[last]+="${COMP_WORDS[at]}"
        else
            words+=("${COMP_WORDS[at]}")
            if [[ $at -eq $COMP_CWORD ]]; then
                cursor=$((last + 1))
                break
            fi
        fi
        prefix=""
        at=$((at + 1))
    done
    local COMP_WORDS=("${words[@]}") COMP_CWORD=$cursor
    _clap_complete_attnviz "$1" "$word" "$3"
    COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
}
_attnviz_specification="$(complete -p attnviz)"
eval "${_attnviz_specification/_clap_complete_attnviz/_attnviz_with_signs}"
unset _attnviz_specification
"#;

pub(super) fn run(arguments: &CompletionsArguments) -> Result<()> {
    let name = arguments.shell.to_string();
    let mut script = Vec::new();
    if let Some(shell) = Shells::builtins().completer(&name) {
        shell.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
    }
    if arguments.shell == Shell::Bash {
        script.extend(BASH_SIGNS.as_bytes());
    }
    std::io::stdout()
        .write_all(&script)
        .map_err(StandardOutputError::from)?;
    Ok(())
}

/// Answers a shell that asks what can be typed; whether one did.
///
/// # Errors
/// When the question is none, or the answer cannot be printed.
pub fn complete(typed: impl Iterator<Item = OsString>) -> Result<bool, Error> {
    let folder = env::current_dir().ok();
    CompleteEnv::with_factory(Arguments::command)
        .var(VARIABLE)
        .bin(PROGRAM)
        .completer(PROGRAM)
        .try_complete(typed, folder.as_deref())
}
