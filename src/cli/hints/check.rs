//! What to type or do about a rules file and its baseline, in words.

use std::path::Path;

use crate::cli::phrases::quoted;
use crate::remedy::CheckRemedy;

/// What to type or do, as one line.
pub(super) fn in_words(remedy: &CheckRemedy) -> String {
    match remedy {
        CheckRemedy::WriteToml => {
            "write it as TOML; this makes a file to start from: attnviz check rules.toml --init"
                .into()
        }
        CheckRemedy::WriteKey { nearest } => format!("did you mean {nearest}?"),
        CheckRemedy::WriteOneOf { keys } => {
            format!("write one of these, or leave it out: {}", keys.join(", "))
        }
        CheckRemedy::WriteLine { key, value } => match key.as_str() == value.trim_matches(['[', ']']) {
            // A table is no value of a line.
            true => format!("begin it with {value}"),
            false => format!("write {key} = {value}"),
        },
        CheckRemedy::NameReachable => {
            "name a bound that values can be on either side of, such as below = 0.6".into()
        }
        CheckRemedy::LeaveOut { key } => format!("leave {key} out"),
        CheckRemedy::ReplaceWords => {
            "name whole words of the text as they stand there: replace = { \"He\" = \"She\" }"
                .into()
        }
        CheckRemedy::WriteRules => {
            "write a rule; this makes a file with one of every kind: attnviz check rules.toml --init"
                .into()
        }
        CheckRemedy::NameInputs => {
            "write inputs = [\"sentences.txt\"] at the top, or an [[input]] with a text".into()
        }
        CheckRemedy::NameModel => {
            "write model = \"./my-bert\" at the top, or --model google-bert/bert-base-uncased".into()
        }
        CheckRemedy::NameBaseline => {
            "write baseline = \"attention.baseline\" at the top, and make it with --accept".into()
        }
        CheckRemedy::Init { rules } => format!("attnviz check {} --init", path(rules)),
        CheckRemedy::Accept { rules } => format!(
            "if the model is as it should be: attnviz check {} --accept",
            path(rules)
        ),
        CheckRemedy::AcceptExact { rules } => {
            let rules = rules.as_deref().unwrap_or(Path::new("rules.toml"));
            format!(
                "name a greater number, or keep exact ones: attnviz check {} --accept --exact",
                path(rules)
            )
        }
        CheckRemedy::NameOtherFile => "name another file, or move what is there away".into(),
        CheckRemedy::UpdateOrOverwrite => {
            "write over it: --accept --overwrite; or take the version that wrote it, or a newer one"
                .into()
        }
        CheckRemedy::MoveOrOverwrite => {
            "move it away, or write over it: --accept --overwrite".into()
        }
        CheckRemedy::MendInputs => "mend or remove the inputs that fail".into(),
    }
}

fn path(path: &Path) -> String {
    quoted(&path.display().to_string())
}
