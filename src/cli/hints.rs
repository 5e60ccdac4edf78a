//! What the user can type or do about an error, in words: all hints of the
//! crate, and nothing but them.

use std::error::Error;

use super::index_list::{IndexListError, IndexNotSaved, IndexOutOfRange, listed};
use super::nearest::MistypedModel;
use super::standard_output::StandardOutputError;
use super::text_argument::StandardInputError;
use super::usage::UsageError;
use crate::analysis::{CropError, ReshapeError};
use crate::attention::AttentionError;
use crate::batch::{BatchError, FeedError, MergeError, SourceError};
use crate::bench::BenchError;
use crate::checkpoint::hub::HubError;
use crate::checkpoint::{CheckpointError, DigestError};
use crate::figure::FigureError;
use crate::model::{ConfigError, InstructionsError, ModelError};
use crate::names::UnknownName;
use crate::pipeline::{OutputError, PipelineError};
use crate::remedy::{CheckpointPart, FolderKind, Remedy, Setting};
use crate::render::RenderError;
use crate::store::SerializeError;
use crate::store::batch_records::ShardError;
use crate::store::folder::FolderError;
use crate::store::saved::SavedError;
use crate::store::write::WriteError;
use crate::store::write::batch_folder::BatchFolderError;
use crate::tokenizer::TokenizerError;
use crate::weights::{HeaderError, PickleError, WeightsError};

/// What to type instead. An outer error knows what to make of the remedy of
/// the one below it, so that the first one of the chain that has a remedy is
/// heard.
pub fn hint(error: &anyhow::Error) -> Option<String> {
    let remedy = error.chain().find_map(remedy)?;
    Some(in_words(&remedy))
}

/// The remedy of the error itself, whichever of the crate's it is.
fn remedy(cause: &(dyn Error + 'static)) -> Option<Remedy> {
    macro_rules! of_any {
        ($($error:ty),+ $(,)?) => {
            None$(.or_else(|| cause.downcast_ref().and_then(<$error>::remedy)))+
        };
    }
    of_any!(
        UnknownName,
        DigestError,
        HubError,
        CheckpointError,
        TokenizerError,
        AttentionError,
        ConfigError,
        PickleError,
        HeaderError,
        WeightsError,
        InstructionsError,
        ModelError,
        CropError,
        ReshapeError,
        FigureError,
        RenderError,
        SavedError,
        FolderError,
        WriteError,
        ShardError,
        BatchFolderError,
        MergeError,
        SerializeError,
        OutputError,
        SourceError,
        FeedError,
        BatchError,
        BenchError,
        PipelineError,
        IndexListError,
        IndexOutOfRange,
        IndexNotSaved,
        MistypedModel,
        StandardInputError,
        StandardOutputError,
        UsageError,
    )
}

const PASS_A_TOKEN: &str = "set HF_TOKEN to a token from https://huggingface.co/settings/tokens";

/// What to type or do, as one line.
pub fn in_words(remedy: &Remedy) -> String {
    match remedy {
        Remedy::ReadHelp { subcommand: None } => "attnviz --help".into(),
        Remedy::ReadHelp {
            subcommand: Some(name),
        } => format!("attnviz {name} --help"),
        Remedy::TypeNearest { option, nearest } => {
            format!("did you mean {nearest}? {option} {}", in_quotes(nearest))
        }
        Remedy::Retype { nearest, command } => {
            let words: Vec<_> = command.iter().map(|word| in_quotes(word)).collect();
            format!("did you mean {nearest}? attnviz {}", words.join(" "))
        }
        Remedy::GiveValue { option } => match example_of(option) {
            Some(example) => format!("{option} {example}"),
            None => "attnviz --help".into(),
        },
        Remedy::JoinValue { option, value } => format!("{option}={value}"),
        Remedy::GiveOnce { option } => format!("{option} once"),
        Remedy::GiveOneOf {
            options: [one, other],
        } => format!("{one} or {other}, not both"),
        Remedy::QuoteText {
            subcommand,
            options,
            text,
        } => {
            let mut words = vec!["attnviz".to_owned(), subcommand.clone()];
            words.extend(options.iter().map(|option| in_quotes(option)));
            if text.starts_with('-') {
                words.push("--".to_owned());
            }
            words.push(always_in_quotes(text));
            words.join(" ")
        }
        Remedy::PipeText => "echo \"Hello, how are you?\" | attnviz encode -".into(),
        Remedy::ConvertToUtf8 => "convert it first: iconv -f latin1 -t utf-8".into(),
        Remedy::UseBatch => "attnviz batch - reads a text from every line".into(),
        Remedy::GiveText => "attnviz encode \"Hello, how are you?\"".into(),
        Remedy::GivePair => "--pair \"Fine, thanks.\", or leave --pair out".into(),
        Remedy::LeaveOut(Setting::Pair) => "leave --pair out".into(),
        Remedy::LeaveOut(Setting::Crop) => "leave --crop out".into(),
        Remedy::LeaveOut(Setting::Revision) => "leave --revision out".into(),
        Remedy::LeaveOut(Setting::LabelsAndTitle) => "leave --labels, --key-labels and --title out".into(),
        Remedy::Truncate { maximum } => format!("--truncate {maximum}"),
        Remedy::ChooseOfModel { kind, count } => {
            let last = count.saturating_sub(1);
            format!("--{kind}s 0-{last} (or --{kind}s -1 for the last one)")
        }
        Remedy::ChooseOfFile { kind, available } => format!("--{kind}s {}", listed(available)),
        Remedy::Crop { count } => format!("--crop 0-{}", count.saturating_sub(1)),
        Remedy::KeepSpecialTokens => "--special-tokens keep".into(),
        Remedy::ShowEveryToken => {
            "--special-tokens keep, --tokens subword, and a --crop that has it or none".into()
        }
        Remedy::NameTokenByPosition => {
            "--views from:0, with the position of a token counted from 0".into()
        }
        Remedy::NamePosition { count } => format!("--views from:{}", count.saturating_sub(1)),
        Remedy::NameOnePosition { first } => {
            format!("--views from:{first}, with the position of the one you mean")
        }
        Remedy::DrawFewerPanels => "--views heads, or fewer: --layers 0-11 --heads 0-11".into(),
        Remedy::WriteLess => {
            "--views overview, or less of it: --layers 0 --heads 0-3 --crop 0-63; or --large".into()
        }
        Remedy::SetScale => "--vmin 0.01 --vmax 1".into(),
        Remedy::SetScaleMinimum => "--vmin 0.01".into(),
        Remedy::SetThreads => "--threads 2".into(),
        Remedy::SetInstructionsVariable { available } => format!(
            "ATTNVIZ_INSTRUCTIONS={}; this machine has: {}",
            available.first().unwrap_or(&"portable"),
            available.join(", ")
        ),
        Remedy::SetThreadsVariable => "RAYON_NUM_THREADS=2, or --threads 2 whatever it says".into(),

        Remedy::LookAtFile => "look at the file with: ls -l".into(),
        Remedy::NameReadableInputs => {
            "name files that can be read, or - for standard input".into()
        }
        Remedy::NameStandardInputOnce => "name - once".into(),
        Remedy::NameTextColumn => {
            "a first line such as: id,text,pair; or --input-format txt".into()
        }

        Remedy::SaveRun => {
            "save it first: attnviz encode \"Hello, how are you?\" --format png,safetensors".into()
        }
        Remedy::SaveRunAgain => "save the run again, with --format safetensors".into(),
        Remedy::SaveAttention => {
            "save it in Python: numpy.savez(\"attention.npz\", attention=attention)".into()
        }
        Remedy::StackLayers => {
            "numpy.savez(\"attention.npz\", attention=numpy.stack([layer[0] for layer in attentions]))".into()
        }
        Remedy::SaveProbabilities => {
            "save attention after its softmax, such as outputs.attentions of transformers".into()
        }
        Remedy::SaveLess => "save fewer layers or heads, or a shorter input".into(),
        Remedy::WriteFileAgain => "write the file again; this one is damaged or incomplete".into(),
        Remedy::GiveLabels => {
            "--labels tokens.txt (for the keys --key-labels keys.txt), with one token a line, or a JSON array of strings".into()
        }

        Remedy::NameCheckpoint => {
            "--model builtin, or --model with a directory that holds config.json, tokenizer.json and model.safetensors".into()
        }
        Remedy::SaveCheckpoint(part) => save_checkpoint(*part).into(),
        Remedy::UseKnownFamily => {
            "--model google-bert/bert-base-uncased, or any other model of type bert".into()
        }
        Remedy::CompareWithBuiltin => {
            "--model builtin, to see whether the model is at fault".into()
        }
        Remedy::UseLessMemory => {
            "use a smaller model, or a machine with more memory; this shows what is free: free -m"
                .into()
        }

        Remedy::NameFolder(FolderKind::Other) => "--output FOLDER, with another folder".into(),
        Remedy::NameFolder(FolderKind::OtherOrOverwrite) => {
            "--output FOLDER, with another folder; or --overwrite".into()
        }
        Remedy::NameFolder(FolderKind::NewOrOverwrite) => {
            "--output FOLDER, with a new folder; or --overwrite".into()
        }
        Remedy::NameFolderOrResume => {
            "--output FOLDER, with another folder; --resume, to keep what is still the same; or \
             --overwrite"
                .into()
        }
        Remedy::NameFolder(FolderKind::New) => "--output FOLDER, with a new folder".into(),
        Remedy::NameFolder(FolderKind::Writable) => {
            "--output FOLDER, with a folder that you may write to".into()
        }
        Remedy::NameRoomierDisk => {
            "--output FOLDER on another disk, or fewer pictures: --views overview".into()
        }
        Remedy::WaitForBatch => {
            "wait for the other batch, or --output FOLDER, with another folder".into()
        }
        // Some commands write files before, some do not.
        Remedy::RedirectOutput => {
            "send standard output to a place that takes it; all else is done".into()
        }

        Remedy::Resume { first: None } => "the same command with --resume".into(),
        Remedy::Resume { first: Some(first) } => {
            format!("{}; then the same command with --resume", in_words(first))
        }
        Remedy::ResumeIn { folder } => {
            format!("the same attnviz batch with --output {} --resume", folder.display())
        }
        Remedy::NameEveryShard => {
            "name the folder of every shard once: attnviz merge shard-1 shard-2 -o attnviz-out"
                .into()
        }
        Remedy::NameShards => "name folders that attnviz batch --shard has written".into(),
        Remedy::RunShardAgain => {
            "run the shard again: the same attnviz batch with its --shard and --output".into()
        }
        Remedy::RenameInputFiles => {
            "give the input files different names and run the shards again".into()
        }

        Remedy::NameModel { nearest, is_pulled } => {
            let command = if *is_pulled { "attnviz pull" } else { "--model" };
            format!("did you mean {nearest}? {command} {}", in_quotes(nearest))
        }
        Remedy::NameHubModel => {
            "name it as on the hub: --model google-bert/bert-base-uncased".into()
        }
        Remedy::CheckModelName {
            authenticated: false,
        } => format!("check the spelling; if the model is private, {PASS_A_TOKEN}"),
        Remedy::CheckModelName {
            authenticated: true,
        } => "check the spelling, and that the token's owner may see the model".into(),
        Remedy::UseMainRevision => "leave out --revision to use `main`".into(),
        Remedy::UseOtherRevision => {
            "--revision main or another one that has the file, or another model such as --model google-bert/bert-base-uncased".into()
        }
        Remedy::SetEndpoint => {
            "unset HF_ENDPOINT, or set it to something like https://huggingface.co".into()
        }
        Remedy::CheckEndpoint => "check HF_ENDPOINT and the proxy settings".into(),
        Remedy::CheckConnection => {
            "check the connection, HF_ENDPOINT and HTTPS_PROXY; --offline uses what is cached, `--model builtin` needs neither".into()
        }
        Remedy::TrustCertificate => {
            "ask who runs your network for the certificate that it signs with, then type before the same command: SSL_CERT_FILE=company-root.pem".into()
        }
        Remedy::NameCertificates { variable } => {
            format!("unset {variable}, or let it name a file of certificates in PEM form")
        }
        Remedy::SetClock => "see what the clock says with: date".into(),
        Remedy::SetToken { expired: false } => PASS_A_TOKEN.into(),
        Remedy::SetToken { expired: true } => {
            format!("{PASS_A_TOKEN}; the present one may have expired")
        }
        Remedy::WriteTokenAgain { origin } => {
            format!("put a token into {origin} again, or remove it")
        }
        Remedy::CheckToken => "check that the token may read this repository".into(),
        Remedy::AskForAccess {
            id,
            host,
            authenticated,
        } => {
            let ask = format!("ask for access on the model's page ({host}/{id})");
            match authenticated {
                true => ask,
                false => format!("{ask}, then {PASS_A_TOKEN}"),
            }
        }
        Remedy::TryLater => {
            "try again later; what has arrived is kept and the download goes on from there".into()
        }
        Remedy::DownloadAgain => "run the command again to download it anew".into(),
        Remedy::Pull { id } => {
            format!("run `attnviz pull {id}` once with a connection, or use `--model builtin`")
        }
        Remedy::WaitForProcess => "wait for the other process, or end it".into(),
        Remedy::SetHuggingFaceHome => "set HF_HOME to a directory for the cache".into(),
        Remedy::SetCache => "set HF_HUB_CACHE to a directory that can be written".into(),
        Remedy::SetRoomierCache => {
            "free some space, or set HF_HUB_CACHE to a directory on another disk".into()
        }
    }
}

/// A value that an option takes, where one helps more than a list of all.
fn example_of(option: &str) -> Option<&'static str> {
    Some(match option {
        "--batch-tokens" => "1024",
        "--color" => "auto",
        "--color-scale" => "logarithmic",
        "--colormap" => "cividis",
        "--crop" => "10-40",
        "--format" => "png,safetensors",
        "--heads" | "--layers" => "0-3,-1",
        "--input-format" => "txt",
        "--max-failures" | "--top-k" => "10",
        "--model" => "builtin",
        "--output" => "attnviz-out",
        "--scale" => "unit",
        "--shard" => "1/2",
        "--special-tokens" => "hide",
        "--theme" => "dark",
        "--threads" => "2",
        "--title" => "gpt2",
        "--tokens" => "word",
        "--truncate" => "512",
        "--views" => "overview,mean",
        "--vmax" => "1",
        "--vmin" => "0.01",
        _ => return None,
    })
}

/// As a shell takes it for one word: in quotes where it has to be.
fn in_quotes(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./:,=@+%".contains(letter);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => always_in_quotes(word),
    }
}

/// In double quotes, as people type them; in single ones where a shell would
/// read something into these.
fn always_in_quotes(text: &str) -> String {
    match text.contains(['"', '$', '`', '\\', '!']) {
        false => format!("\"{text}\""),
        true => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

fn save_checkpoint(part: CheckpointPart) -> &'static str {
    match part {
        CheckpointPart::Whole => {
            "save it whole: model.save_pretrained(DIRECTORY) and tokenizer.save_pretrained(DIRECTORY)"
        }
        CheckpointPart::Model => "save the model again: model.save_pretrained(DIRECTORY)",
        CheckpointPart::ConfigWithWeights => {
            "save config and weights together: model.save_pretrained(DIRECTORY)"
        }
        CheckpointPart::Safetensors => {
            "save the weights as safetensors: model.float().save_pretrained(DIRECTORY)"
        }
        CheckpointPart::Config => "save the config again: config.save_pretrained(DIRECTORY)",
        CheckpointPart::Tokenizer => {
            "save the tokenizer that the model was trained with: tokenizer.save_pretrained(DIRECTORY)"
        }
    }
}
