//! What a reviewer opens: the page, the reports for CI systems, thumbnails,
//! and shards joined into one batch.

mod browser;
pub mod devtools;
mod escaping;
mod merging;
mod thumbnails;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use attnviz::attention::Attention;
use attnviz::batch::report::write_page;
use attnviz::checkpoint::{self, CheckpointSource, LoadOptions, ModelProvenance, ModelSource};
use attnviz::figure::FigureOptions;
use attnviz::figure::View;
use attnviz::input::StreamRole;
use attnviz::model::{Backend, HiddenStates, Model};
use attnviz::pipeline::write_run;
use attnviz::render;
use attnviz::run::Run;
use attnviz::store::batch_records::{
    BATCH_SCHEMA_VERSION, BatchCounts, BatchKind, BatchManifest, InputFile, PAGE, RESULTS,
    ResultRecord, Shard, Status,
};
use attnviz::store::{Format, OptionsRecord, OutputOptions};
use attnviz::tokenizer::{TokenLimit, Tokenizer};
use tempfile::TempDir;

/// A sentence that would do harm, were it taken for anything but text.
const HOSTILE: &str = "</p></li><script>document.title='owned'</script>\
    <img src=x onerror=\"document.title='owned'\"> | `code` [link](javascript:alert(1)) ]]> &amp; '\"";

/// Real sentences in several scripts.
const SENTENCES: [&str; 9] = [
    "The keys to the cabinet are on the table.",
    "Hello, how are you?",
    "The animal didn't cross the street because it was too tired.",
    "Der Hund, der den Briefträger gebissen hatte, schlief schon wieder.",
    "مرحبا، كيف حالك اليوم؟",
    "नमस्ते, आप कैसे हैं?",
    "私は昨日、新しい本を買いました。",
    "Colorless green ideas sleep furiously.",
    HOSTILE,
];

struct Encoder {
    model: Model,
    tokenizer: Tokenizer,
    provenance: ModelProvenance,
}

/// The built-in model, loaded once.
fn encoder() -> &'static Encoder {
    static ENCODER: OnceLock<Encoder> = OnceLock::new();
    ENCODER.get_or_init(|| {
        let options = LoadOptions::default();
        let checkpoint = checkpoint::load(&CheckpointSource::Builtin, &options, &mut |_| {});
        let checkpoint = checkpoint.unwrap();
        Encoder {
            model: Model::load(&checkpoint, Backend::Fused).unwrap(),
            tokenizer: Tokenizer::from_checkpoint(&checkpoint).unwrap(),
            provenance: checkpoint.provenance().wait().unwrap(),
        }
    })
}

fn run(text: &str, pair: Option<&str>) -> Run {
    let encoder = encoder();
    let config = encoder.model.architecture();
    let limit = TokenLimit {
        maximum: config.maximum_token_count,
        truncate: Some(config.maximum_token_count),
    };
    let input = encoder.tokenizer.tokenize(text, pair, limit).unwrap();
    let mut output = encoder
        .model
        .forward(&[&input], HiddenStates::Drop)
        .unwrap();
    Run {
        model: encoder.provenance.clone().into(),
        input: input.input,
        streams: input.streams,
        attention: vec![Attention::Own(output.remove(0).attention)],
        neurons: None,
    }
}

fn done(id: &str, line: u64, text: &str) -> ResultRecord {
    ResultRecord {
        id: id.to_owned(),
        file: "sentences.txt".to_owned(),
        line,
        status: Status::Done,
        folder: Some(format!("inputs/{line:06}")),
        text: Some(text.to_owned()),
        pair: None,
        tokens: ["[CLS]", "hello", "##s", "[SEP]"].map(str::to_owned).into(),
        unknown_tokens: BTreeMap::new(),
        labels: BTreeMap::new(),
        relations: Vec::new(),
        truncated_tokens: 0,
        picture: Some(format!("inputs/{line:06}/overview.png")),
        page: None,
        thumbnail: Some(format!("thumbnails/{line:06}.png")),
        thumbnail_sha256: None,
        unlike_units: Vec::new(),
        error: None,
        hint: None,
    }
}

fn failed(id: &str, line: u64, text: Option<&str>, error: &str) -> ResultRecord {
    ResultRecord {
        status: Status::Failed,
        folder: None,
        text: text.map(str::to_owned),
        tokens: Vec::new(),
        picture: None,
        thumbnail: None,
        error: Some(error.to_owned()),
        ..done(id, line, "")
    }
}

fn manifest(records: &[ResultRecord]) -> BatchManifest {
    let failed = records
        .iter()
        .filter(|record| record.status == Status::Failed)
        .count() as u64;
    let inputs = records.len() as u64;
    BatchManifest {
        kind: BatchKind::Pictures,
        batch_schema_version: BATCH_SCHEMA_VERSION,
        attnviz_version: env!("CARGO_PKG_VERSION").to_owned(),
        model: ModelProvenance {
            id: "google-bert/bert-base-uncased".to_owned(),
            source: ModelSource::Hub,
            commit: Some("86b5e0934494bd15c9632b12f734a8a67f723594".to_owned()),
            weights_prefix: None,
            backend: None,
            label_files: attnviz::checkpoint::LabelFiles::default(),
            files: Vec::new(),
        },
        layers: (0..6).collect(),
        heads: (0..12).collect(),
        options: OptionsRecord::new(&OutputOptions::default()),
        truncate: None,
        shard: None,
        complete: true,
        input_files: vec![InputFile {
            name: "sentences.txt".to_owned(),
            sha256: Some("0".repeat(64)),
        }],
        reading: None,
        single_file: false,
        counts: BatchCounts {
            inputs,
            done: inputs - failed,
            failed,
        },
        files: Vec::new(),
    }
}

/// Writes `results.jsonl` and tells where it is.
fn write_results(folder: &Path, records: &[ResultRecord]) -> PathBuf {
    let lines: String = records
        .iter()
        .map(|record| serde_json::to_string(record).unwrap() + "\n")
        .collect();
    let path = folder.join(RESULTS);
    fs::write(&path, lines).unwrap();
    path
}

fn page_of(manifest: &BatchManifest, records: &[ResultRecord]) -> String {
    let folder = TempDir::new().unwrap();
    let results = write_results(folder.path(), records);
    let mut page = Vec::new();
    write_page(manifest, &results, &mut page).unwrap();
    String::from_utf8(page).unwrap()
}

fn options() -> OutputOptions {
    OutputOptions {
        reshape: Default::default(),
        views: [View::Overview].into(),
        formats: [Format::Png].into(),
        rollout: Default::default(),
        figure: FigureOptions::default(),
        large: false,
        overwrite: false,
    }
}

/// Encodes a text and writes its folder and thumbnail into a batch's folder.
fn write_input(root: &Path, line: u64, text: &str, pair: Option<&str>) -> ResultRecord {
    let run = run(text, pair);
    let written = write_run(&run, &options(), &root.join("scratch"), &|| {}).unwrap();
    let name = format!("{line:06}");
    fs::create_dir_all(root.join("inputs")).unwrap();
    fs::create_dir_all(root.join("thumbnails")).unwrap();
    fs::rename(&written.folder, root.join("inputs").join(&name)).unwrap();
    fs::remove_dir(root.join("scratch")).unwrap();
    let thumbnail = render::thumbnail(&run, &crate::runs::raw(&run), &options().figure).unwrap();
    let path = root.join("thumbnails").join(format!("{name}.png"));
    fs::write(path, &thumbnail.bytes).unwrap();
    let tokens = run.units(StreamRole::Source).iter();
    ResultRecord {
        pair: pair.map(str::to_owned),
        tokens: tokens.map(|token| token.text.clone()).collect(),
        truncated_tokens: run.streams[0].dropped,
        thumbnail_sha256: Some(crate::binary::sha256(&thumbnail.bytes)),
        ..done(&name, line, text)
    }
}

/// Writes the page and the manifest of a batch whose inputs are there.
fn finish_batch(root: &Path, records: &[ResultRecord], shard: Option<Shard>) {
    let manifest = BatchManifest {
        model: encoder().provenance.clone(),
        shard,
        ..manifest(records)
    };
    let results = write_results(root, records);
    let mut page = fs::File::create(root.join(PAGE)).unwrap();
    write_page(&manifest, &results, &mut page).unwrap();
    let digest = |name: &str| attnviz::checkpoint::FileDigest {
        name: name.to_owned(),
        sha256: crate::binary::sha256(&fs::read(root.join(name)).unwrap()),
    };
    let manifest = BatchManifest {
        files: vec![digest(PAGE), digest(RESULTS)],
        ..manifest
    };
    let mut bytes = serde_json::to_vec_pretty(&manifest).unwrap();
    bytes.push(b'\n');
    fs::write(root.join("manifest.json"), bytes).unwrap();
}

/// A whole small batch as `attnviz batch` leaves it.
fn write_batch(root: &Path) -> Vec<ResultRecord> {
    let lines = (1..).zip(SENTENCES);
    let mut records: Vec<ResultRecord> = lines
        .map(|(line, text)| write_input(root, line, text, None))
        .collect();
    records.push(write_input(
        root,
        10,
        "It was late.",
        Some("She went home without another word."),
    ));
    records.push(write_input(
        root,
        11,
        &"attention is all you need ".repeat(60),
        None,
    ));
    records.insert(3, failed("000012", 12, None, "not valid UTF-8 at byte 17"));
    records.insert(
        6,
        failed(
            "000013",
            13,
            Some(HOSTILE),
            "the input has 812 tokens, and the model takes 512",
        ),
    );
    for (line, record) in (1..).zip(&mut records) {
        record.line = line;
    }
    finish_batch(root, &records, None);
    records
}
