//! Pieces of hints: words as a shell takes them, examples, and how to convert
//! what cannot be read.

use std::path::Path;

use crate::analysis::Drowning;
use crate::batch::InputFormat;
use crate::remedy::{
    Alteration, ArrayForm, CheckpointPart, ForeignFile, ForeignWeights, HiddenUnits, LabelsOf,
    RolloutLayers, Setting, StateDictPlace,
};

pub(super) const PASS_A_TOKEN: &str =
    "set HF_TOKEN to a token from https://huggingface.co/settings/tokens";

/// So many things of a kind are named in a hint.
const MAXIMUM_ALTERNATIVES: usize = 6;

/// As a shell takes it for one word: in quotes where it has to be.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./:,=@+%".contains(letter);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => always_in_quotes(word),
    }
}

/// In double quotes, as people type them; in single ones where a shell would
/// read something into these.
pub(super) fn always_in_quotes(text: &str) -> String {
    match text.contains(['"', '$', '`', '\\', '!']) {
        false => format!("\"{text}\""),
        true => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// A path as a shell takes it.
pub(super) fn quoted_path(path: &Path) -> String {
    quoted(&path.display().to_string())
}

/// A value that an option takes, where one helps more than a list of all.
pub(super) fn example_of(option: &str) -> Option<&'static str> {
    Some(match option {
        "--against" => "\"She stayed.\"",
        "--against-pair" | "--pair" => "\"She went home.\"",
        "--backend" => "plain",
        "--batch-tokens" => "1024",
        "--color" => "auto",
        "--color-scale" => "logarithmic",
        "--colormap" => "cividis",
        "--crop" => "10-40",
        "--format" => "png,safetensors",
        "--fuse" => "max",
        "--heads" | "--layers" => "0-3,-1",
        "--id-column" => "id",
        "--input-format" => "txt",
        "--inputs" => "sentences.txt",
        "--junit" => "report.xml",
        "--key-labels" | "--labels" => "tokens.txt",
        "--links" => "all",
        "--max-failures" | "--top-k" => "10",
        "--max-abs" => "1e-4",
        "--max-js-bits" | "--max-total-variation" => "0.05",
        "--measure" => "total_variation",
        "--model" => "builtin",
        "--output" => "attnviz-out",
        "--pair-column" => "pair",
        "--revision" => "main",
        "--scale" => "unit",
        "--shard" => "1/2",
        "--show=" => "heads",
        "--sink" | "--special-tokens" => "hide",
        "--sort" => "entropy",
        "--start-layer" => "0",
        "--summary" => "summary.md",
        "--text" => "\"Hello, how are you?\"",
        "--text-column" => "text",
        "--theme" => "dark",
        "--threads" => "2",
        "--title" => "gpt2",
        "--tokenizer" => "builtin",
        "--tokens" => "word",
        "--truncate" => "512",
        "--views" => "overview,mean",
        "--vmax" => "1",
        "--vmin" => "0.01",
        "--weights-prefix" => "encoder.",
        _ => return None,
    })
}

/// What is typed for something that can be left out.
pub(super) fn option_of(setting: Setting) -> &'static str {
    match setting {
        Setting::Pair => "--pair",
        Setting::Revision => "--revision",
        Setting::Crop => "--crop",
        Setting::Words => "--tokens word",
        Setting::Labels => "--labels",
        Setting::KeyLabels => "--key-labels",
        Setting::Title => "--title",
        Setting::Rollout => "--views rollout",
        Setting::NoResidual => "--no-residual",
        Setting::Against => "--against",
        Setting::Text => "--text",
        Setting::Inputs => "--inputs",
        Setting::MaxJsBits => "--max-js-bits",
        Setting::MaxTotalVariation => "--max-total-variation",
        Setting::MaxAbs => "--max-abs",
        Setting::SingleFile => "--single-file",
    }
}

/// Which layers rollout can have.
pub(super) fn rollout_layers(layers: RolloutLayers) -> String {
    match layers {
        RolloutLayers::Above(start) => format!("--layers all, or --start-layer {start}"),
        RolloutLayers::Last(last) => format!("--start-layer {last}"),
    }
}

/// What shows tokens that are left out: the first one, and special ones.
pub(super) fn kept(hidden: HiddenUnits) -> Vec<String> {
    let HiddenUnits { first, special } = hidden;
    let options = [(first, "--sink keep"), (special, "--special-tokens keep")];
    let asked = options.into_iter().filter(|(is_hidden, _)| *is_hidden);
    asked.map(|(_, option)| option.to_owned()).collect()
}

/// How to see what the first token drowns.
pub(super) fn show_the_rest(drowning: Drowning) -> String {
    format!(
        "the first token takes {} % of the attention; this shows the rest: {}",
        drowning.percent(),
        drowning.option()
    )
}

/// How to list the tokens of a text or pair.
pub(super) fn list_tokens(text: &str, pair: Option<&str>, model: Option<&str>) -> String {
    let model = model.map(|model| format!("--model {} ", quoted(model)));
    let pair = pair.map(|pair| format!("--pair {} ", always_in_quotes(pair)));
    let end = text.starts_with('-').then(|| "-- ".to_owned());
    let options: String = [model, pair, end].into_iter().flatten().collect();
    format!("attnviz tokens {options}{}", always_in_quotes(text))
}

/// What takes less memory: fewer tokens, or fewer maps of them.
pub(super) fn fit_memory(longest: Option<usize>, fewer_maps: bool) -> String {
    let truncate = longest.map(|longest| format!("--truncate {longest}"));
    let maps = fewer_maps.then(|| "--layers 0 --heads 0, a single map".to_owned());
    let ways: Vec<String> = truncate.into_iter().chain(maps).collect();
    ways.join("; or ")
}

pub(super) fn convert_weights(format: ForeignWeights, from: &str) -> String {
    let with_old_transformers = |option: &str| {
        format!(
            "in Python with transformers 4: transformers.AutoModel.from_pretrained({from:?}, \
             {option}=True).save_pretrained(\"converted\"); then --model ./converted"
        )
    };
    match format {
        ForeignWeights::TensorFlow => with_old_transformers("from_tf"),
        ForeignWeights::Flax => with_old_transformers("from_flax"),
        ForeignWeights::TensorFlowCheckpoint => {
            "with transformers 4: python -m transformers.models.bert.convert_bert_original_tf_checkpoint_to_pytorch --tf_checkpoint_path bert_model.ckpt --bert_config_file bert_config.json --pytorch_dump_path pytorch_model.bin".into()
        }
        ForeignWeights::Onnx | ForeignWeights::Gguf => {
            "--model with the checkpoint that it was converted from; it has a model.safetensors or pytorch_model.bin".into()
        }
        ForeignWeights::OldTorch => {
            "in Python: torch.save(torch.load(\"pytorch_model.bin\", weights_only=False), \"pytorch_model.bin\")".into()
        }
    }
}

pub(super) fn use_original(alteration: Alteration) -> &'static str {
    match alteration {
        Alteration::Adapter => "--model with the model that the adapter was made for",
        Alteration::PrunedHeads => "--model with the model as it was before model.prune_heads()",
        Alteration::Quantization => {
            "--model with the model as it was before it was quantized, or in Python: model.dequantize().save_pretrained(\"whole\")"
        }
    }
}

pub(super) fn save_checkpoint(part: CheckpointPart) -> &'static str {
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

/// How to merge an adapter of this place: PEFT has a class for each task.
pub(super) fn merge_adapter(from: &str, task: Option<&str>) -> String {
    let class = match task {
        Some("SEQ_CLS") => "AutoPeftModelForSequenceClassification",
        Some("TOKEN_CLS") => "AutoPeftModelForTokenClassification",
        Some("QUESTION_ANS") => "AutoPeftModelForQuestionAnswering",
        Some("CAUSAL_LM") => "AutoPeftModelForCausalLM",
        Some("SEQ_2_SEQ_LM") => "AutoPeftModelForSeq2SeqLM",
        Some("FEATURE_EXTRACTION") => "AutoPeftModelForFeatureExtraction",
        Some(_) | None => "AutoPeftModel",
    };
    format!(
        "merge it in Python: peft.{class}.from_pretrained({from:?})\
         .merge_and_unload().save_pretrained(\"merged\"); then --model ./merged"
    )
}

/// How to save a state dict by itself, beside copies of the other files: the
/// file that holds more stays as it is.
pub(super) fn save_state_dict(path: &Path, within: &StateDictPlace) -> String {
    let value = match within {
        StateDictPlace::Model => ".state_dict()".to_owned(),
        StateDictPlace::First => "[0]".to_owned(),
        StateDictPlace::Keys(keys) => keys
            .first()
            .map_or_else(String::new, |key| format!("[\"{key}\"]")),
    };
    let keys: &[String] = match within {
        StateDictPlace::Keys(keys) => keys,
        StateDictPlace::Model | StateDictPlace::First => &[],
    };
    let others = keys.iter().skip(1).take(MAXIMUM_ALTERNATIVES);
    let others: String = others.map(|key| format!(", or with [\"{key}\"]")).collect();
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    let path = path.display().to_string();
    format!(
        "cp -rL {} state-dict; in Python: torch.save(torch.load({path:?}, weights_only=False)\
         {value}, \"state-dict/pytorch_model.bin\"){others}; then --model ./state-dict",
        quoted_path(folder)
    )
}

/// What to do with a Parquet table that comes from a pipe.
pub(super) const SAVE_FIRST: &str =
    "write it to a file first: cat > texts.parquet; then attnviz batch texts.parquet";

/// How to make a file of inputs of one that is none; `-` is standard input.
pub(super) fn convert_file(file: &str, kind: ForeignFile) -> String {
    let pandas = |read: &str| {
        format!(
            "in Python: pandas.{read}({file:?}).to_json(\"inputs.jsonl\", orient=\"records\", lines=True)"
        )
    };
    match kind {
        ForeignFile::Parquet if file == "-" => SAVE_FIRST.to_owned(),
        ForeignFile::Parquet => "--input-format parquet".to_owned(),
        ForeignFile::Arrow => pandas("read_feather"),
        ForeignFile::Spreadsheet => {
            "save it as CSV UTF-8 in the program that it comes from".to_owned()
        }
        ForeignFile::Gzip => unpacked("gzip -dc", file),
        ForeignFile::Bzip2 => unpacked("bzip2 -dc", file),
        ForeignFile::Xz => unpacked("xz -dc", file),
        ForeignFile::Zstandard => unpacked("zstd -dc", file),
        ForeignFile::Archive => format!("unpack it first: {}", quoted(file)),
        ForeignFile::LfsPointer => match Path::new(file).parent() {
            Some(folder) if !folder.as_os_str().is_empty() => {
                format!("cd {} && git lfs pull", quoted_path(folder))
            }
            _ => "git lfs pull".to_owned(),
        },
        ForeignFile::Document => "save it as plain text, one text a line".to_owned(),
        ForeignFile::Database => "export a table of it as CSV".to_owned(),
        ForeignFile::TokenLines => {
            "write each sentence as one line of text, or read each line as a text: --input-format txt"
                .to_owned()
        }
        ForeignFile::Utf16LittleEndian => as_utf8("UTF-16LE", file),
        ForeignFile::Utf16BigEndian => as_utf8("UTF-16BE", file),
        ForeignFile::Utf32 => as_utf8("UTF-32", file),
        ForeignFile::Picture | ForeignFile::Arrays | ForeignFile::Binary => {
            "name a file of texts, such as sentences.txt".to_owned()
        }
        ForeignFile::Unknown => {
            "--input-format txt, if each line is a text; or jsonl, json, csv, tsv".to_owned()
        }
    }
}

/// How to read what is in a compressed file.
fn unpacked(tool: &str, file: &str) -> String {
    let path = Path::new(file);
    let extension_of = |path: &Path| {
        let extension = path.extension().unwrap_or_default();
        extension.to_string_lossy().to_ascii_lowercase()
    };
    let inner = match (extension_of(path).as_str(), path.file_stem()) {
        ("gz" | "bz2" | "xz" | "zst", Some(inner)) => Path::new(inner),
        _ => path,
    };
    let extension = extension_of(inner);
    if matches!(extension.as_str(), "tar" | "tgz" | "tbz2" | "txz" | "tzst") {
        return format!("unpack it first: tar -xf {}", quoted(file));
    }
    let format = match InputFormat::of(inner) {
        Some(format) if !extension.is_empty() => format.to_string(),
        _ => "csv, or what else is in it".to_owned(),
    };
    let from = match file {
        "-" => String::new(),
        file => format!(" < {}", quoted(file)),
    };
    format!("{tool}{from} | attnviz batch - --input-format {format}")
}

/// The choices between lists of views.
pub(super) fn one_of_views(choices: &[String]) -> String {
    let choices = choices.iter().take(MAXIMUM_ALTERNATIVES);
    let choices: Vec<String> = choices.map(|views| quoted(views)).collect();
    format!("--views {}", choices.join(", or "))
}

/// How to make UTF-8 of a file in another encoding, under the same extension.
pub(super) fn as_utf8(encoding: &str, file: &str) -> String {
    if file == "-" {
        return format!("iconv -f {encoding} -t UTF-8 | attnviz batch -");
    }
    let extension = Path::new(file).extension().unwrap_or_default();
    let extension = match extension.to_string_lossy() {
        extension if extension.is_empty() => "txt".into(),
        extension => extension,
    };
    let converted = beside(file, "utf-8", &extension);
    format!(
        "iconv -f {encoding} -t UTF-8 {} > {}",
        quoted(file),
        quoted(&converted)
    )
}

/// A name for what is made of a file, which is not the file's own: a shell empties
/// what it is told to write before anybody reads it.
pub(super) fn beside(file: &str, stem: &str, extension: &str) -> String {
    let name = format!("{stem}.{extension}");
    match Path::new(file).file_name() {
        Some(own) if own.to_string_lossy().eq_ignore_ascii_case(&name) => {
            format!("new-{name}")
        }
        _ => name,
    }
}

/// How to make a file of inputs of the arrays that objects hold: of each the
/// elements, or their text where they are the tokens of one.
pub(super) fn take_array_out(
    name: &str,
    of_tokens: bool,
    is_in_array: bool,
    file: Option<&str>,
) -> String {
    let array = format!(".[{}]", serde_json::Value::from(name));
    let filter = match (is_in_array, of_tokens) {
        (false, false) => format!("{array}[]"),
        (true, false) => format!(".[] | {array}[]"),
        (false, true) => format!("{{text: ({array} | join(\" \"))}}"),
        (true, true) => format!(".[] | {{text: ({array} | join(\" \"))}}"),
    };
    let filter = quoted(&filter);
    match file.unwrap_or("in.json") {
        "-" => {
            format!("take the array out: jq -c {filter} | attnviz batch - --input-format jsonl")
        }
        file => format!(
            "write the array into a file of its own: jq -c {filter} {} > {}",
            quoted(file),
            beside(file, "inputs", "jsonl")
        ),
    }
}

/// How to make a file of inputs of a table that is turned otherwise.
pub(super) fn turn_table(orient: &str, file: Option<&str>) -> String {
    let file = file.filter(|file| *file != "-").unwrap_or("in.json");
    let inputs = beside(file, "inputs", "jsonl");
    format!(
        "write one object a row, in Python: pandas.read_json({file:?}, orient={orient:?})\
         .to_json({inputs:?}, orient=\"records\", lines=True)"
    )
}

/// A file of labels, of so many where that is known.
pub(super) fn give_labels(of: LabelsOf, count: Option<usize>) -> String {
    let option = match of {
        LabelsOf::Queries => "--labels",
        LabelsOf::Keys => "--key-labels",
    };
    match count {
        Some(count) => format!(
            "{option} FILE, a file of {count} lines with a token each, or a JSON array of {count} strings"
        ),
        None => {
            format!("{option} FILE, a file with one token a line, or a JSON array of strings")
        }
    }
}

/// All layers of the first input as one array, whatever kind of number and
/// wherever they are.
const STACK: &str = "numpy.savez(\"attention.npz\", attention=numpy.stack([layer[0].detach().float().cpu().numpy() for layer in attentions]))";

/// What to save instead of an array.
pub(super) fn save_array(form: ArrayForm) -> String {
    match form {
        ArrayForm::Layers => STACK.into(),
        ArrayForm::LayersOfOneInput => format!("save one input of the batch, the first with: {STACK}"),
        ArrayForm::Shaped => "give it its dimensions: numpy.savez(\"attention.npz\", attention=attention.reshape(layers, heads, queries, keys))".into(),
        ArrayForm::Numbers => "save arrays of numbers: numpy.savez(\"attention.npz\", **attention) of a dict, attention=attention[0] of layers with different shapes".into(),
        ArrayForm::OfFrame => "of a DataFrame, save its numbers: numpy.savez(\"attention.npz\", attention=frame.to_numpy())".into(),
        ArrayForm::OneInput { dimensions: 5 } => "save one input of the batch: numpy.savez(\"attention.npz\", attention=attention[0]), or attention[:, 0] or attention[:, :, 0] where the batch is the second or third dimension".into(),
        ArrayForm::OneInput { .. } => "save one input of the batch: numpy.savez(\"attention.npz\", attention=attention[0]); or, if its first dimension is layers: layers=attention".into(),
    }
}

/// How to have a model's folder compute attention.
pub(super) fn encode_with(folder: &Path) -> String {
    let folder = match folder.as_os_str().is_empty() {
        true => ".".into(),
        false => quoted_path(folder),
    };
    format!("attnviz encode --model {folder} \"Hello, how are you?\"")
}
