//! Pieces of hints: words as a shell takes them, examples, and how to convert
//! what cannot be read.

use std::path::Path;

use crate::remedy::{CheckpointPart, ForeignFile, ForeignWeights};

pub(super) const PASS_A_TOKEN: &str =
    "set HF_TOKEN to a token from https://huggingface.co/settings/tokens";

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./:,@%+=".contains(letter);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// A path as a shell takes it.
pub(super) fn quoted_path(path: &Path) -> String {
    quoted(&path.display().to_string())
}

/// A value that an option takes, where one helps more than a list of all.
pub(super) fn example_of(option: &str) -> Option<&'static str> {
    Some(match option {
        "--batch-tokens" => "1024",
        "--color" => "auto",
        "--color-scale" => "logarithmic",
        "--colormap" => "cividis",
        "--crop" => "10-40",
        "--format" => "png,safetensors",
        "--heads" | "--layers" => "0-3,-1",
        "--id-column" => "id",
        "--input-format" => "txt",
        "--junit" => "report.xml",
        "--key-labels" | "--labels" => "tokens.txt",
        "--links" => "all",
        "--max-failures" | "--top-k" => "10",
        "--model" => "builtin",
        "--output" => "attnviz-out",
        "--pair" => "\"She went home.\"",
        "--pair-column" => "pair",
        "--revision" => "main",
        "--scale" => "unit",
        "--shard" => "1/2",
        "--show=" => "heads",
        "--special-tokens" => "hide",
        "--summary" => "summary.md",
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

/// As a shell takes it for one word: in quotes where it has to be.
pub(super) fn in_quotes(word: &str) -> String {
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

/// How to list the tokens of a text or pair.
pub(super) fn list_tokens(text: &str, pair: Option<&str>, model: Option<&str>) -> String {
    let model = model.map(|model| format!("--model {} ", in_quotes(model)));
    let pair = pair.map(|pair| format!("--pair {} ", always_in_quotes(pair)));
    let end = text.starts_with('-').then(|| "-- ".to_owned());
    let options: String = [model, pair, end].into_iter().flatten().collect();
    format!("attnviz tokens {options}{}", always_in_quotes(text))
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

/// How to make a file of inputs of one that is none.
pub(super) fn convert_file(file: &str, kind: ForeignFile) -> String {
    let pandas = |read: &str| {
        format!(
            "in Python: pandas.{read}(\"{}\").to_json(\"inputs.jsonl\", orient=\"records\", lines=True)",
            file.trim_matches('\'')
        )
    };
    let unpacked = |tool: &str| {
        format!("{tool} < {file} | attnviz batch - --input-format csv, or what else is in it")
    };
    let encoded = |from: &str| format!("iconv -f {from} -t UTF-8 {file} > utf-8.txt");
    match kind {
        ForeignFile::Parquet => pandas("read_parquet"),
        ForeignFile::Arrow => pandas("read_feather"),
        ForeignFile::Spreadsheet => {
            "save it as CSV UTF-8 in the program that it comes from".to_owned()
        }
        ForeignFile::Gzip => unpacked("gzip -dc"),
        ForeignFile::Bzip2 => unpacked("bzip2 -dc"),
        ForeignFile::Xz => unpacked("xz -dc"),
        ForeignFile::Zstandard => unpacked("zstd -dc"),
        ForeignFile::Archive => format!("unpack it first: {file}"),
        ForeignFile::Document => "save it as plain text, one text a line".to_owned(),
        ForeignFile::Database => "export a table of it as CSV".to_owned(),
        ForeignFile::TokenLines => {
            "write each sentence as one line of text, or read each line as a text: --input-format txt"
                .to_owned()
        }
        ForeignFile::Utf16LittleEndian => encoded("UTF-16LE"),
        ForeignFile::Utf16BigEndian => encoded("UTF-16BE"),
        ForeignFile::Utf32 => encoded("UTF-32"),
        ForeignFile::Picture | ForeignFile::Arrays | ForeignFile::Binary => {
            "name a file of texts, such as sentences.txt".to_owned()
        }
        ForeignFile::Unknown => {
            "--input-format txt, if each line is a text; or jsonl, json, csv, tsv".to_owned()
        }
    }
}
