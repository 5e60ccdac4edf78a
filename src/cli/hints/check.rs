//! What to type or do about a rules file, its inputs and its baseline, in words.
//! Of inputs, a rules file has no options to tell how they are read: hints of
//! `check` tell how the files themselves become right.

use std::path::{Path, PathBuf};

use crate::cli::args::{Arguments, Command};
use crate::cli::check_again::Again;
use crate::cli::phrases::{convert_file, quoted};
use crate::remedy::{CheckRemedy, ForeignFile, InputColumn, Remedy};

/// What to type instead of these arguments, or to do about what stopped them.
pub fn about(arguments: &Arguments, error: &anyhow::Error) -> Option<String> {
    match &arguments.command {
        Command::Check(check) => of_check(error, &Again::new(check)),
        Command::Encode(_)
        | Command::Batch(_)
        | Command::Scores(_)
        | Command::Diff(_)
        | Command::Render(_)
        | Command::Tokens(_)
        | Command::Merge(_)
        | Command::Pull(_)
        | Command::Bench(_)
        | Command::Completions(_)
        | Command::Man => super::hint(error),
    }
}

/// What to type instead of what was, or to do. The command that a hint tells has
/// what was typed besides.
pub fn of_check(error: &anyhow::Error, again: &Again) -> Option<String> {
    let remedy = error.chain().find_map(super::remedy)?;
    Some(match &remedy {
        Remedy::Check(CheckRemedy::Init { .. }) => again.init(),
        Remedy::Check(CheckRemedy::Accept { .. }) => accept(&again.command(&["--accept"])),
        Remedy::Check(CheckRemedy::AcceptExact { .. }) => {
            accept_exact(&again.command(&["--accept", "--exact"]))
        }
        Remedy::NameFiles(files) => {
            // Paths in the file are relative to it.
            let folder = again.rules().parent().unwrap_or(Path::new(""));
            let files = files.iter().map(|file| {
                let below = Path::new(file).strip_prefix(folder);
                let below = below.map_or_else(|_| file.clone(), |file| file.display().to_string());
                format!("{below:?}")
            });
            let files: Vec<String> = files.collect();
            let rules = again.quoted_rules();
            format!("name its files in {rules}: inputs = [{}]", files.join(", "))
        }
        Remedy::Check(_) => of_rules(&remedy),
        _ => {
            let words = of_rules(&remedy);
            // Who typed no model has that of the rules.
            match words.contains("--model ") && !again.names_model() {
                true => format!("{words}; or change model in {}", again.quoted_rules()),
                false => words,
            }
        }
    })
}

/// The same of an input that failed, which needs no other command.
pub fn of_rules(remedy: &Remedy) -> String {
    match remedy {
        Remedy::EncodeText { text } => format!(
            "inputs names files; a text stands in the rules file itself, below [[input]]: text = {}",
            serde_json::Value::from(text.as_str())
        ),
        Remedy::NameReadableInputs | Remedy::NameFiles(_) | Remedy::NameStandardInputOnce => {
            "name a file of texts that can be read: inputs in the rules file, whose paths are \
             relative to it"
                .into()
        }
        Remedy::GiveInputs => {
            "write a text into a line of it, or an [[input]] with a text into the rules file".into()
        }
        Remedy::NameColumn { column, names } => call_column(*column, names),
        Remedy::NameColumnOrWriteHeader { names } => format!(
            "{}; or, where the first line is no header, call the file .txt",
            call_column(InputColumn::Text, names)
        ),
        Remedy::NameTextAndPair { names } => {
            let name = |index: usize| names.get(index).map_or("text", String::as_str);
            format!(
                "call the column {:?} text; and {:?} pair, where the two are a pair",
                name(0),
                name(1)
            )
        }
        Remedy::LeaveOutColumn(column) => call_column(*column, &[]),
        Remedy::ReadAsCsv => "call the file .csv".into(),
        Remedy::ReadAsJson => "call the file .json".into(),
        Remedy::ReadQuotes => {
            "save it as .csv, where quotation marks enclose fields; or double none".into()
        }
        Remedy::SayInputFormat => "call the file what it is: .txt, .csv, .jsonl or .json".into(),
        Remedy::GiveOwnIds => "give each input an id of its own".into(),
        Remedy::FitMemory { longest, .. } => match longest {
            Some(longest) => format!("--truncate {longest}; or make several texts of it"),
            None => "make several texts of it".into(),
        },
        Remedy::ConvertFile { file, kind } => convert(file, *kind),
        _ => super::in_words(remedy),
    }
}

/// What a column is to be called, where one is likely to be meant.
fn call_column(column: InputColumn, names: &[String]) -> String {
    let right = match column {
        InputColumn::Text => "text",
        InputColumn::Pair => "pair",
        InputColumn::Id => "id",
    };
    match names.first() {
        Some(name) => format!("call the column {name:?} {right}"),
        None => format!("call the column of it {right}"),
    }
}

/// How a file of inputs is made of what is none.
fn convert(file: &str, kind: ForeignFile) -> String {
    let unpacked = |tool: &str| {
        let name = PathBuf::from(file).with_extension("");
        let name = name.file_name().unwrap_or_default().to_string_lossy();
        format!(
            "{tool} {}; then name {} in inputs",
            quoted(file),
            quoted(&name)
        )
    };
    match kind {
        ForeignFile::Parquet => "call the file .parquet".into(),
        ForeignFile::Gzip => unpacked("gzip -d"),
        ForeignFile::Bzip2 => unpacked("bzip2 -d"),
        ForeignFile::Xz => unpacked("xz -d"),
        ForeignFile::Zstandard => unpacked("zstd -d"),
        ForeignFile::TokenLines => {
            "write each sentence as one line of text, or call the file .txt, where each line is a text"
                .into()
        }
        ForeignFile::Unknown => {
            "call the file .txt, if each line is a text; or .jsonl, .json, .csv, .tsv".into()
        }
        ForeignFile::Arrow
        | ForeignFile::Spreadsheet
        | ForeignFile::Archive
        | ForeignFile::LfsPointer
        | ForeignFile::Document
        | ForeignFile::Picture
        | ForeignFile::Database
        | ForeignFile::Arrays
        | ForeignFile::Utf16LittleEndian
        | ForeignFile::Utf16BigEndian
        | ForeignFile::Utf32
        | ForeignFile::Binary => convert_file(file, kind),
    }
}

fn accept(command: &str) -> String {
    format!("if the model is as it should be: {command}")
}

fn accept_exact(command: &str) -> String {
    format!("name a greater number, or keep exact ones: {command}")
}

/// What to type or do, as one line.
pub(super) fn in_words(remedy: &CheckRemedy) -> String {
    match remedy {
        CheckRemedy::WriteToml => {
            "write it as TOML; this makes a file to start from: attnviz check start.toml --init"
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
            "write a rule; this makes a file with one of every kind: attnviz check start.toml --init"
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
        CheckRemedy::Accept { rules } => {
            accept(&format!("attnviz check {} --accept", path(rules)))
        }
        CheckRemedy::AcceptExact { rules } => {
            let rules = rules.as_deref().unwrap_or(Path::new("rules.toml"));
            accept_exact(&format!("attnviz check {} --accept --exact", path(rules)))
        }
        CheckRemedy::NameOtherFile => "name another file, or move what is there away".into(),
        CheckRemedy::NameWritableFile => {
            "name a file that you may write to, in a folder, on a disk that has room".into()
        }
        CheckRemedy::NameOtherOrOverwrite => {
            "name another file, or write over what is there: --init --overwrite".into()
        }
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
