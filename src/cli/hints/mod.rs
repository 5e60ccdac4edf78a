//! What the user can type or do about an error, in words: all hints of the
//! crate, and nothing but them.

mod check;
mod checkpoint;
mod hub;

use std::error::Error;

use crate::analysis::{CropError, ReshapeError, RolloutError};
use crate::attention::{AttentionError, IndexListError, IndexNotSaved, IndexOutOfRange, listed};
use crate::batch::check::CheckError;
use crate::batch::diff::DiffError;
use crate::batch::{
    BatchError, ColumnError, FeedError, MergeError, OverlapError, ParquetFault, RecordError,
    SourceError, StreamError,
};
use crate::bench::BenchError;
use crate::checkpoint::hub::HubError;
use crate::checkpoint::{CheckpointError, DigestError, WrongKindError};
use crate::cli::diff_error::{ALIKE_TEXTS, OfSide, OfText};
use crate::cli::nearest::MistypedModel;
use crate::cli::parquet_phrases;
use crate::cli::phrases::{
    always_in_quotes, as_utf8, convert_file, encode_with, example_of, fit_memory, give_labels,
    kept, list_tokens, one_of_views, option_of, quoted, rollout_layers, save_array, take_array_out,
    turn_table,
};
use crate::cli::rules_file::RulesFileError;
use crate::cli::standard_output::StandardOutputError;
use crate::cli::text_argument::StandardInputError;
use crate::cli::threshold::ThresholdError;
use crate::cli::usage::UsageError;
use crate::compare::CompareError;
use crate::compare::rules::RulesError;
use crate::figure::{FigureError, ViewError};
use crate::memory::MemoryError;
use crate::model::{ConfigError, InstructionsError, ModelError};
use crate::names::UnknownName;
use crate::pipeline::{OutputError, PipelineError};
use crate::remedy::{FolderKind, InputColumn, Remedy};
use crate::render::RenderError;
use crate::store::SerializeError;
use crate::store::baseline::BaselineError;
use crate::store::batch_records::ShardError;
use crate::store::folder::FolderError;
use crate::store::saved::SavedError;
use crate::store::write::WriteError;
use crate::store::write::batch_folder::BatchFolderError;
use crate::tokenizer::TokenizerError;
use crate::weights::{HeaderError, PickleError, WeightsError};

pub use check::{about, of_check, of_rules};

/// What to type instead. An outer error knows what to make of the remedy of
/// the one below it, so that the first one of the chain that has a remedy is
/// heard.
pub fn hint(error: &anyhow::Error) -> Option<String> {
    let asked = error.downcast_ref::<OfText>();
    let cause = error.downcast_ref::<CompareError>();
    if let (Some(_), Some(CompareError::NothingInCommon { .. })) = (asked, cause) {
        return Some(ALIKE_TEXTS.to_owned());
    }
    let remedy = error.chain().find_map(remedy)?;
    if let Some(asked) = asked {
        return Some(asked.mended(&remedy).unwrap_or_else(|| in_words(&remedy)));
    }
    let words = in_words(&remedy);
    Some(match error.downcast_ref::<OfSide>() {
        Some(side) => side.mended(&remedy, words),
        None => words,
    })
}

/// The remedy of the error itself, whichever of the crate's it is.
pub(super) fn remedy(cause: &(dyn Error + 'static)) -> Option<Remedy> {
    macro_rules! of_any {
        ($($error:ty),+ $(,)?) => {
            None$(.or_else(|| cause.downcast_ref().and_then(<$error>::remedy)))+
        };
    }
    of_any!(
        UnknownName,
        ViewError,
        DigestError,
        MemoryError,
        HubError,
        WrongKindError,
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
        RolloutError,
        FigureError,
        CompareError,
        RenderError,
        SavedError,
        FolderError,
        WriteError,
        ShardError,
        BatchFolderError,
        MergeError,
        SerializeError,
        OutputError,
        ColumnError,
        RecordError,
        ParquetFault,
        SourceError,
        FeedError,
        OverlapError,
        BatchError,
        DiffError,
        StreamError,
        RulesError,
        BaselineError,
        CheckError,
        RulesFileError,
        BenchError,
        PipelineError,
        IndexListError,
        IndexOutOfRange,
        IndexNotSaved,
        MistypedModel,
        StandardInputError,
        StandardOutputError,
        ThresholdError,
        UsageError,
    )
}

/// What to type or do, as one line.
pub fn in_words(remedy: &Remedy) -> String {
    match remedy {
        Remedy::ReadHelp { subcommand: None } => "attnviz --help".into(),
        Remedy::ReadHelp {
            subcommand: Some(name),
        } => format!("attnviz {name} --help"),
        Remedy::TypeNearest { option, nearest } => {
            let space = if option.ends_with('=') { "" } else { " " };
            format!("did you mean {nearest}? {option}{space}{}", quoted(nearest))
        }
        Remedy::Retype { nearest, command } => {
            let words: Vec<_> = command.iter().map(|word| quoted(word)).collect();
            format!("did you mean {nearest}? attnviz {}", words.join(" "))
        }
        Remedy::GiveValue { option } => match example_of(option) {
            Some(example) if option.ends_with('=') => format!("{option}{example}"),
            Some(example) => format!("{option} {example}"),
            None => "attnviz --help".into(),
        },
        Remedy::SetValue([option, value]) => format!("{option} {}", quoted(value)),
        Remedy::JoinValue([option, value]) => format!("{option}={value}"),
        Remedy::UseOtherCommand([option, subcommand]) => {
            format!("attnviz {subcommand} --help; {option} is an option of that command")
        }
        Remedy::GiveOnce { option } => format!("{option} once"),
        Remedy::GiveOneOf {
            options: [one, other],
        } => format!(
            "{} or {}, not both",
            one.trim_end_matches('='),
            other.trim_end_matches('=')
        ),
        Remedy::QuoteText {
            subcommand,
            options,
            text,
        } => {
            let mut words = vec!["attnviz".to_owned(), subcommand.clone()];
            words.extend(options.iter().map(|option| quoted(option)));
            if text.starts_with('-') {
                words.push("--".to_owned());
            }
            words.push(always_in_quotes(text));
            words.join(" ")
        }
        Remedy::EncodeText { text } => format!("attnviz encode {}", always_in_quotes(text)),
        Remedy::PipeText => "echo \"Hello, how are you?\" | attnviz encode -".into(),
        Remedy::ConvertToUtf8 => "convert it first: iconv -f latin1 -t utf-8".into(),
        Remedy::StreamStandardInput => "cat inputs.jsonl | attnviz scores - --stream".into(),
        Remedy::UseBatch => "attnviz batch - reads a text from every line".into(),
        Remedy::GiveText => "attnviz encode \"Hello, how are you?\"".into(),
        Remedy::GivePair => "--pair \"Fine, thanks.\", or leave --pair out".into(),
        Remedy::NameRightSide { left, text } => {
            let text = text.as_deref().unwrap_or("Hello, how are you?");
            let (left, text) = (quoted(left), always_in_quotes(text));
            format!(
                "name another model or run behind it, or another text for the same model: attnviz diff {left} --text {text} --against \"Hello, who are you?\""
            )
        }
        Remedy::NameSidesOfOneKind => {
            "two models, two saved runs, two batches or two folders of scores".into()
        }
        Remedy::CompareWords => "--tokens word, which compares the words that both have".into(),
        Remedy::CompareTexts { model } => format!(
            "save both of the same text; or two texts on one model: attnviz diff {} --text \"The animal was tired.\" --against \"The animal was wide.\"",
            quoted(model.as_deref().unwrap_or("builtin"))
        ),
        Remedy::NameTokens => "--labels tokens.txt, with a token a line".into(),
        Remedy::CompareModelsByWords => {
            "compare the models themselves: --inputs sentences.txt --tokens word".into()
        }
        Remedy::SaveSameInputs => {
            "save both of the same files: attnviz batch sentences.txt --format safetensors, or attnviz scores sentences.txt".into()
        }
        Remedy::SaveBatchAgain => {
            "save it again, with the command that made it and another --output".into()
        }
        Remedy::CompareHeads {
            both: Some([layers, heads]),
        } => format!(
            "--layers {} --heads {}, which both sides hold",
            listed(layers),
            listed(heads)
        ),
        Remedy::CompareHeads { both: None } => {
            "attnviz scores sentences.txt tells what the heads of each model do, however many there are".into()
        }
        Remedy::GiveTextOrInputs => "--text \"Hello, how are you?\", or --inputs sentences.txt".into(),
        Remedy::NameInputs(files) => {
            let files: Vec<_> = files.iter().map(|file| quoted(file)).collect();
            format!("--inputs {}", files.join(" "))
        }
        Remedy::NameModelFolder(folder) => format!(
            "the folder that it is in, as a model: {}",
            quoted(&folder.display().to_string())
        ),
        Remedy::SaveNumbers {
            command,
            lacks_model,
        } => {
            let words: Vec<_> = command.iter().map(|word| quoted(word)).collect();
            let command = words.join(" ");
            match lacks_model {
                true => format!("save it with numbers: {command}, with the --model that made them"),
                false => format!("save it with numbers: {command}"),
            }
        }
        Remedy::LeaveOut(setting) => format!("leave {} out", option_of(*setting)),
        Remedy::RunWithout(setting) => format!(
            "leave {} out, so that each input has a page of its own; or give fewer inputs",
            option_of(*setting)
        ),
        Remedy::LeaveOutAll(settings) => {
            let options = settings.iter().copied().map(option_of);
            format!("leave {} out", options.collect::<Vec<_>>().join(" and "))
        }
        Remedy::CorrectValue { value } => value.clone(),
        Remedy::Truncate { maximum } => format!("--truncate {maximum}"),
        Remedy::ChooseOfModel { kind, count } => {
            let last = count.saturating_sub(1);
            format!("--{kind}s 0-{last} (or --{kind}s -1 for the last one)")
        }
        Remedy::ChooseOfFile { kind, available } => format!("--{kind}s {}", listed(available)),
        Remedy::MendRollout(layers) => rollout_layers(*layers),
        Remedy::Crop { first, last } => format!("--crop {first}-{last}"),
        Remedy::Keep(hidden) => kept(*hidden).join(" "),
        Remedy::ShowUnit {
            views,
            crop,
            hidden,
        } => {
            let views = views.as_ref();
            let views = views.map(|views| format!("--views {}", quoted(views)));
            let crop = crop.map(|(first, last)| format!("--crop {first}-{last}"));
            let mut options: Vec<String> = [views, crop].into_iter().flatten().collect();
            options.extend(kept(*hidden));
            options.join(" ")
        }
        Remedy::NameView { view } => format!("--views {}", quoted(view)),
        Remedy::NameUnitByPosition { views } => format!(
            "--views {}, with the position of the token as this lists it: \
             attnviz tokens \"Hello, how are you?\"",
            quoted(views)
        ),
        Remedy::ListTokens { text, pair, model } => {
            list_tokens(text, pair.as_deref(), model.as_deref())
        }
        Remedy::NameUnit { choices } => one_of_views(choices),
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
        Remedy::NameFiles(files) => {
            let files: Vec<_> = files.iter().map(|file| quoted(file)).collect();
            format!("attnviz batch {}", files.join(" "))
        }
        Remedy::NameReadableInputs => {
            "name files that can be read, or - for standard input".into()
        }
        Remedy::NameStandardInputOnce => "name - once".into(),
        Remedy::NameColumn { column, names } => match names.first() {
            Some(name) => format!("{column} {}", quoted(name)),
            None if *column != InputColumn::Text => format!("leave {column} out"),
            None => "write each input under a name: {\"text\": \"Hello.\"}".into(),
        },
        Remedy::NameColumnOrWriteHeader { names } => match names.first() {
            Some(name) => format!(
                "--text-column {}; or, where the first line is no header, write one above it that calls the texts: text",
                quoted(name)
            ),
            None => "a first line such as: id,text,pair; or --input-format txt".into(),
        },
        Remedy::NameTextAndPair { names } => {
            let name = |index: usize| quoted(names.get(index).map_or("text", String::as_str));
            format!(
                "--text-column {}; and --pair-column {}, where the two are a pair",
                name(0),
                name(1)
            )
        }
        Remedy::TakeArrayOut {
            name,
            of_tokens,
            is_in_array,
            file,
        } => take_array_out(name, *of_tokens, *is_in_array, file.as_deref()),
        Remedy::TurnTable { orient, file } => turn_table(orient, file.as_deref()),
        Remedy::ReadAsCsv => "--input-format csv".into(),
        Remedy::ReadAsJson => "--input-format json".into(),
        Remedy::SayDelimiter { delimiter } => {
            format!("write this line above the header: sep={delimiter}")
        }
        Remedy::LeaveOutColumn(column) => format!("leave {column} out, or --input-format csv"),
        Remedy::RenameColumns => "give each column a name of its own".into(),
        Remedy::ConvertFile { file, kind } => convert_file(file, *kind),
        Remedy::GiveInputs => "echo \"Hello, how are you?\" | attnviz batch -".into(),
        Remedy::FillOrRemoveLine => "write a text there, or take the line out".into(),
        Remedy::GiveOwnIds => {
            "give each input an id of its own, or name another column with --id-column".into()
        }
        Remedy::SplitTexts => "make several lines of it".into(),
        Remedy::LeaveOutFields => "leave out what is no text, pair or id".into(),
        Remedy::SaveAsUtf8 { file } => format!(
            "save it as UTF-8: {}, with its encoding in place of WINDOWS-1252",
            as_utf8("WINDOWS-1252", file.as_deref().unwrap_or("in.txt"))
        ),
        Remedy::WriteWholeLetters => {
            "in Python: text.encode(\"utf-16\", \"surrogatepass\").decode(\"utf-16\", \"replace\")".into()
        }
        Remedy::WriteJson => {
            "write inputs as {\"text\": \"Hello.\"}, in Python with json.dumps: one a line in .jsonl, an array of them in .json".into()
        }
        Remedy::WriteTextsAsStrings => {
            "write texts as strings: {\"id\": \"greeting\", \"text\": \"Hello.\", \"pair\": \"Hi.\"}".into()
        }
        Remedy::WriteConllu => {
            "write ten columns between tabs and a blank line behind each sentence, as universaldependencies.org/format.html says".into()
        }
        Remedy::WriteRelations => {
            "{\"text\": \"She slept.\", \"relations\": [{\"name\": \"nsubj\", \"from\": [0, 3], \"to\": [4, 9]}]}".into()
        }
        Remedy::ReadQuotes => "--quotes, where quotation marks enclose fields".into(),
        Remedy::QuoteFields => {
            "put a field that holds commas and the like into quotation marks, no space before them: 1,\"Hello, you\"".into()
        }
        Remedy::FillFields => "give each row as many fields as the header has".into(),
        Remedy::CloseQuote => {
            "close it, and double one that is a letter: \"She said \"\"no\"\".\"".into()
        }
        Remedy::SayInputFormat => "--input-format csv, or what else is in it".into(),
        Remedy::Parquet(remedy) => parquet_phrases::in_words(remedy),
        Remedy::NameReport {
            option: variable @ "GITHUB_STEP_SUMMARY",
        } => format!("set {variable} to a file that you may write to, or unset it"),
        Remedy::NameReport { option } => {
            format!("{option} FILE, with a file that you may write to, or leave {option} out")
        }

        Remedy::SaveRun => {
            "save it first: attnviz encode \"Hello, how are you?\" --format png,safetensors".into()
        }
        Remedy::SaveRunAgain => "save the run again, with --format safetensors".into(),
        Remedy::SaveAttention => {
            "save it in Python: numpy.savez(\"attention.npz\", attention=attention); of a PyTorch tensor attention=attention.detach().float().cpu().numpy()".into()
        }
        Remedy::SaveArray(form) => save_array(*form),
        Remedy::EncodeWith(folder) => encode_with(folder),
        Remedy::StackMaps => {
            "numpy.savez(\"attention.npz\", attention=numpy.stack(maps)[None]) of the heads of a layer, [:, None] of layers with a head each".into()
        }
        Remedy::SaveProbabilities => {
            "save attention after its softmax, such as outputs.attentions of transformers".into()
        }
        Remedy::AskForAttention => {
            "AutoModel.from_pretrained(name, attn_implementation=\"eager\"), and output_attentions=True in its call".into()
        }
        Remedy::SaveOneAttention(name) => format!(
            "save one of them under the name attention: numpy.savez(\"attention.npz\", attention={name})"
        ),
        Remedy::SaveOneCall => {
            "save what one call of the model returns: torch.save(model(input_ids, output_attentions=True).attentions, \"attention.pt\")".into()
        }
        Remedy::SaveFloats => {
            "save it as float32: attention.astype(numpy.float32) in NumPy, attention.to_dense().float() in PyTorch".into()
        }
        Remedy::CutPadding { count: 0 } => {
            "save the attention of one text without padding: tokenizer(text, padding=False, return_tensors=\"pt\")".into()
        }
        Remedy::CutPadding { count } => format!(
            "save it without the padding: numpy.save(\"attention.npy\", attention[..., {count}:, {count}:])"
        ),
        Remedy::ComputeInSingle => {
            "run the model in float32: AutoModel.from_pretrained(name, attn_implementation=\"eager\", dtype=torch.float32)".into()
        }
        Remedy::SaveLess => "save fewer layers or heads, or a shorter input".into(),
        Remedy::WriteFileAgain => "write the file again; this one is damaged or incomplete".into(),
        Remedy::GiveLabels { of, count } => give_labels(*of, *count),

        Remedy::FitMemory {
            longest,
            fewer_maps,
        } => fit_memory(*longest, *fewer_maps),
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
        Remedy::ResumeIn(folder) => {
            format!("the same command with --output {} --resume", folder.display())
        }
        Remedy::NameEveryShard => {
            "name the folder of every shard once: attnviz merge shard-1 shard-2 -o attnviz-out"
                .into()
        }
        Remedy::NameShards => "name folders that attnviz batch or attnviz scores has written with --shard".into(),
        Remedy::RunShardsWithout(setting) => format!(
            "run every shard again without {} and with --resume, which keeps what is done",
            option_of(*setting)
        ),
        Remedy::RunShardAgain => {
            "run the shard again: the same command with its --shard and --output".into()
        }
        Remedy::RenameInputFiles => {
            "give the input files different names and run the shards again".into()
        }

        Remedy::Check(remedy) => check::in_words(remedy),
        Remedy::Checkpoint(remedy) => checkpoint::in_words(remedy),
        Remedy::Hub(remedy) => hub::in_words(remedy),
    }
}
