//! Models of other families than BERT come over a hub as BERT does.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::home::{Home, fixture};
use crate::binary::{sha256, tree};
use crate::loopback_hub::{COMMIT, LoopbackHub, ServedRepository};

/// A model without an owner, so that a folder of the same name is the same
/// model to a picture.
const SMALL: &str = "small";

/// What every run draws, from whatever the model is read.
const DRAWN: [&str; 6] = [
    "encode",
    "Hello, a naïve 🎉 dog.",
    "--views",
    "overview,heads",
    "--format",
    "png,svg,json",
];

/// A checkpoint in a folder of the model's name.
struct Folder(TempDir);

impl Folder {
    fn path(&self) -> PathBuf {
        self.0.path().join(SMALL)
    }
}

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) {
    fs::write(folder.join(name), content).unwrap();
}

/// A fixture as it is.
fn whole(family: &str) -> Folder {
    let folder = Folder(TempDir::new().unwrap());
    fs::create_dir(folder.path()).unwrap();
    for (name, bytes) in tree(&fixture(&format!("families/{family}"))) {
        write(&folder.path(), &name, bytes);
    }
    folder
}

/// A fixture whose `tokenizer.json` is taken apart into the two files that
/// came before it.
fn in_two_files(family: &str, class: &str) -> Folder {
    let folder = whole(family);
    let path = folder.path().join("tokenizer.json");
    let json: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    fs::remove_file(&path).unwrap();
    let merges = json["model"]["merges"].as_array().unwrap().iter();
    let merges = merges.map(|pair| {
        let part = |index: usize| pair[index].as_str().unwrap();
        format!("{} {}\n", part(0), part(1))
    });
    write(&folder.path(), "merges.txt", merges.collect::<String>());
    let ids = json["model"]["vocab"].to_string();
    write(&folder.path(), "vocab.json", ids);
    let config = json!({"tokenizer_class": class});
    write(&folder.path(), "tokenizer_config.json", config.to_string());
    folder
}

/// An ALBERT whose vocabulary is a model of SentencePiece.
fn with_pieces() -> Folder {
    let folder = whole("albert");
    for name in ["tokenizer.json", "tokenizer_config.json"] {
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    write(&folder.path(), "spiece.model", pieces());
    folder
}

/// A protobuf of SentencePiece: a list of pieces, each with a score and a kind.
fn pieces() -> Vec<u8> {
    let special = [("<pad>", 3), ("<unk>", 2), ("[CLS]", 3), ("[SEP]", 3)];
    let special = special.into_iter().chain([("[MASK]", 3)]);
    let letters = "▁ a b c d e f g h i j k l m n o p q r s t u v w x y z , . ▁dog";
    let plain = letters.split(' ').map(|piece| (piece, 1));
    let mut model = Vec::new();
    for (index, (piece, kind)) in special.chain(plain).enumerate() {
        let mut message = vec![0x0A, u8::try_from(piece.len()).unwrap()];
        message.extend(piece.as_bytes());
        message.push(0x15);
        message.extend((-(index as f32)).to_le_bytes());
        message.extend([0x18, kind]);
        model.extend([0x0A, u8::try_from(message.len()).unwrap()]);
        model.extend(message);
    }
    // The trainer's settings: the kind is unigram.
    model.extend([0x12, 0x02, 0x18, 0x01]);
    model
}

/// Every file of a run but the manifest, and the manifest.
fn drawn(home: &Home, arguments: &[&str], endpoint: &str) -> (BTreeMap<String, Vec<u8>>, Value) {
    let _ = fs::remove_dir_all(home.output());
    let all = [&DRAWN[..], &["--output", "out"], arguments].concat();
    home.run(endpoint, &[], &all).succeeded();
    let mut files = tree(&home.output());
    let names: Vec<String> = files.keys().cloned().collect();
    let name = names.iter().find(|name| name.ends_with("manifest.json"));
    let manifest = files.remove(name.expect("there is a manifest")).unwrap();
    assert!(files.len() > 2, "{names:?}");
    (files, serde_json::from_slice(&manifest).unwrap())
}

/// Name and digest of each of a model's files, in the order of the names.
fn digests(model: &Value) -> BTreeMap<String, String> {
    let files = model["files"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    files
        .map(|file| (text(&file["name"]), text(&file["sha256"])))
        .collect()
}

fn without_model(json: &[u8]) -> Value {
    let mut json: Value = serde_json::from_slice(json).unwrap();
    let manifest = json["manifest"].as_object_mut().unwrap();
    manifest.remove("model").unwrap();
    json
}

fn check_family(what: &str, folder: &Folder) {
    let served = ServedRepository::new(SMALL).linked_from(20_000);
    let hub = LoopbackHub::serve([served.directory(&folder.path())]);
    let endpoint = hub.endpoint();
    let home = Home::new();
    let all: BTreeMap<String, String> = tree(&folder.path())
        .into_iter()
        .map(|(name, bytes)| (name, sha256(&bytes)))
        .collect();

    let pulled = home.run(&endpoint, &[], &["pull", SMALL, "--json"]);
    let pulled: Value = serde_json::from_str(&pulled.succeeded().stdout).unwrap();
    assert_eq!(digests(&pulled[0]), all, "{what}");
    let gets = |hub: &LoopbackHub| {
        let requests = hub.requests();
        let gets = requests.iter().filter(|request| request.method == "GET");
        gets.count()
    };
    let once = gets(&hub);
    let again = home.run(&endpoint, &[], &["pull", SMALL]).succeeded();
    assert!(!again.stderr.contains("downloading"), "{what}: {again:?}");
    let online = drawn(&home, &["--model", SMALL], &endpoint);
    assert_eq!(gets(&hub), once, "{what}: something came twice");

    let before = hub.requests().len();
    let offline = drawn(&home, &["--model", SMALL, "--offline"], &endpoint);
    assert_eq!(hub.requests().len(), before, "{what}");
    assert!(offline == online, "{what}: another run offline");
    let (files, manifest) = offline;
    assert_eq!(manifest["model"]["id"], SMALL, "{what}");
    assert_eq!(manifest["model"]["source"], "hub", "{what}");
    assert_eq!(manifest["model"]["commit"], COMMIT, "{what}");
    assert_eq!(digests(&manifest["model"]), all, "{what}");

    // What is JSON says from where the model is; all else is the same.
    let directory = folder.path().display().to_string();
    let (of_directory, manifest) = drawn(&home, &["--model", &directory], &endpoint);
    assert_eq!(digests(&manifest["model"]), all, "{what}");
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&files), names(&of_directory), "{what}");
    for (name, bytes) in &files {
        let same = match name.ends_with(".json") {
            true => without_model(bytes) == without_model(&of_directory[name]),
            false => *bytes == of_directory[name],
        };
        assert!(same, "{what}: {name} is another one");
    }
}

#[test]
fn every_kind_of_vocabulary_is_pulled_once_and_drawn_as_from_a_directory() {
    for (what, folder) in [
        ("roberta", whole("roberta")),
        ("gpt2", whole("gpt2")),
        ("bloom in a pickle", whole("bloom")),
        ("llama", whole("llama")),
        (
            "roberta in two files",
            in_two_files("roberta", "RobertaTokenizer"),
        ),
        ("gpt2 in two files", in_two_files("gpt2", "GPT2Tokenizer")),
        ("albert with pieces", with_pieces()),
    ] {
        check_family(what, &folder);
    }
}
