//! As a person would who ships a model: one file, a green check, a bad export,
//! a red one.

use std::fs;
use std::path::Path;

use half::f16;
use serde_json::Value;

use super::Repository;
use crate::binary::Workplace;
use crate::readme::blocks;

#[test]
fn a_model_that_is_exported_badly_breaks_the_rule_that_is_meant_for_it() {
    let repository = Repository::new();
    repository.write(
        "attention.toml",
        "model = './model'\ninputs = ['sentences.txt']\nbaseline = 'attention.baseline'\n\
         [tokens]\nunchanged = true\n[difference]\nmax_abs = 1e-4\n\
         [[layer]]\nscore = 'entropy_normalized'\nabove = 0.001\n",
    );
    // From another folder, paths stay relative to the file.
    let work = &repository.work;
    work.succeed(&["check", "attention.toml", "--accept"]);
    let path = repository.path("attention.toml").display().to_string();
    fs::create_dir(repository.path("elsewhere")).unwrap();
    let mut command = work.command(&["check", &path, "-o", "out"]);
    let output = command
        .current_dir(repository.path("elsewhere"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(repository.path("elsewhere/out/index.html").exists());

    repository.scale_head(0, 5, 1.01);
    let outcome = work.run(&["check", "attention.toml"]);
    assert_eq!(outcome.code, Some(4), "{}", outcome.stderr);
    let broken: Vec<&str> = outcome
        .stdout
        .lines()
        .filter(|line| line.starts_with("BROKEN"))
        .collect();
    assert_eq!(broken.len(), 1, "{}", outcome.stdout);
    assert!(broken[0].contains("difference max_abs"), "{}", broken[0]);
    assert!(
        repository
            .path("attnviz-out/check-attention/rules/001.png")
            .exists()
    );
}

/// A tensor of 16-bit floats in a file.
fn change_half_tensor(path: &Path, name: &str, change: impl FnOnce(&mut [f16])) {
    let mut bytes = fs::read(path).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    assert_eq!(header[name]["dtype"], "F16", "{name}");
    let place = |end: usize| header[name]["data_offsets"][end].as_u64().unwrap() as usize;
    let data = &mut bytes[8 + length + place(0)..8 + length + place(1)];
    let numbers = data.chunks_exact(2);
    let mut values: Vec<f16> = numbers
        .map(|bytes| f16::from_le_bytes([bytes[0], bytes[1]]))
        .collect();
    change(&mut values);
    for (bytes, value) in data.chunks_exact_mut(2).zip(&values) {
        bytes.copy_from_slice(&value.to_le_bytes());
    }
    fs::write(path, bytes).unwrap();
}

/// README's rules in a repository of a model's own, as a person copies them.
#[test]
fn readmes_rules_tell_what_happened_to_a_model_and_where() {
    let work = Workplace::new();
    let path = |name: &str| work.path().join(name);
    let copy_model = |name: &str| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/minilm-l6-v2");
        fs::create_dir(path(name)).unwrap();
        for entry in fs::read_dir(source).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), path(name).join(entry.file_name())).unwrap();
        }
    };
    let rules = blocks("toml").remove(0);
    assert!(rules.contains("model = \"builtin\""), "{rules}");
    let rules = rules.replacen("model = \"builtin\"", "model = \"./my-bert\"", 1);
    fs::write(path("attention.toml"), rules).unwrap();
    fs::write(path("sentences.txt"), "Hello, how are you?\n").unwrap();
    copy_model("my-bert");
    work.succeed(&["check", "attention.toml", "--accept"]);
    work.succeed(&["check", "attention.toml"]);

    let layer = |layer: usize, part: &str| format!("encoder.layer.{layer}.attention.self.{part}");
    let weights = |model: &str| path(model).join("model.safetensors");
    copy_model("one-weight");
    change_half_tensor(
        &weights("one-weight"),
        &layer(2, "query.weight"),
        |values| {
            values[5 * 384 + 7] += f16::from_f32(0.5);
        },
    );
    copy_model("lost-layer");
    for part in ["query.weight", "query.bias"] {
        change_half_tensor(&weights("lost-layer"), &layer(4, part), |values| {
            values.fill(f16::ZERO)
        });
    }
    copy_model("cased");
    let cased = "{\"do_lower_case\": false, \"tokenizer_class\": \"BertTokenizer\"}";
    fs::write(path("cased/tokenizer_config.json"), cased).unwrap();

    for (model, broken) in [
        // Nothing else is as strict as what an export must keep.
        (
            "one-weight",
            &[("difference max_abs", "in layer 2 · head 0")][..],
        ),
        (
            "lost-layer",
            &[
                ("difference max_abs", "in layer 4"),
                (
                    "layers all entropy_normalized",
                    "entropy_normalized 1 in layer 4",
                ),
            ],
        ),
        (
            "cased",
            &[
                (
                    "tokens unchanged",
                    "token @1 was \"hello\" in the baseline and is \"[UNK]\"",
                ),
                ("difference max_abs", "token @1 was"),
                ("drift js_bits", "token @1 was"),
            ],
        ),
    ] {
        let output = format!("out-{model}");
        let outcome = work.run(&[
            "check",
            "attention.toml",
            "-m",
            &format!("./{model}"),
            "-o",
            &output,
        ]);
        assert_eq!(outcome.code, Some(4), "{model}: {}", outcome.stderr);
        let said = outcome
            .stdout
            .lines()
            .filter(|line| line.starts_with("BROKEN"));
        let said: Vec<&str> = said.collect();
        for (rule, place) in broken {
            let line = said.iter().find(|line| line.contains(rule));
            assert!(
                line.is_some_and(|line| line.contains(place)),
                "{model} {rule}: {said:?}"
            );
        }
        if model == "one-weight" {
            assert_eq!(said.len(), 1, "{said:?}");
        }
        // The page begins with what is broken, and with its picture where maps are
        // compared at all.
        let page = fs::read_to_string(path(&output).join("index.html")).unwrap();
        let first = page.find(broken[0].0).unwrap();
        let holds = page.find("link it").unwrap();
        assert!(first < holds, "{model}");
        let has_picture = path(&output).join("rules/001.png").is_file();
        assert_eq!(has_picture, model != "cased", "{model}");
    }

    // A model that lacks a part is no broken rule, but none at all.
    let file = weights("one-weight");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let outcome = work.run(&["check", "attention.toml", "-m", "./one-weight"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
}

#[test]
fn the_link_of_the_rules_to_start_from_holds_on_their_own_model() {
    let workplace = Workplace::new();
    workplace.succeed(&["check", "start.toml", "--init"]);
    let path = workplace.path().join("start.toml");
    let text = fs::read_to_string(&path).unwrap();
    let (before, link) = text.split_once("# [[link]]").unwrap();
    let (link, after) = link.split_once("\n\n").unwrap();
    let link = link.replace("\n# ", "\n");
    fs::write(&path, format!("{before}[[link]]{link}\n\n{after}")).unwrap();
    let outcome = workplace.run(&["check", "start.toml"]);
    assert_eq!(
        outcome.code,
        Some(0),
        "{}{}",
        outcome.stdout,
        outcome.stderr
    );
    assert!(
        outcome.stdout.contains("link it → animal"),
        "{}",
        outcome.stdout
    );
}
