//! Several encoders in one file.

use super::{ModelFolder, check_expected, pickle_of, prefixed, safetensors_of, tensors};
use crate::bad_input::{check_refused, state_dict, zip};

/// Two different encoders under two names; the first is that of the fixture.
fn two(prefixes: [&str; 2]) -> (ModelFolder, Vec<f32>) {
    let first = tensors();
    let mut second = first.clone();
    let (_, words) = second
        .get_mut("embeddings.word_embeddings.weight")
        .expect("the table is there");
    words.iter_mut().for_each(|value| *value = -*value);
    let alone = ModelFolder::new();
    alone.write("model.safetensors", safetensors_of(&second));
    let (other, _) = alone.attention(&[]);
    let both = ModelFolder::new();
    let mut all = prefixed(prefixes[0], &first);
    all.extend(prefixed(prefixes[1], &second));
    both.write("model.safetensors", safetensors_of(&all));
    (both, other)
}

#[test]
fn one_of_several_encoders_is_chosen_and_recorded() {
    for prefixes in [
        ["query_encoder.", "ctx_encoder."],
        ["bert.", "teacher.bert."],
        ["", "old."],
    ] {
        let (folder, other) = two(prefixes);
        let named = prefixes.map(|prefix| {
            if prefix.is_empty() {
                "no prefix"
            } else {
                prefix
            }
        });
        let stderr = folder.check_refused(&["holds 2 encoders", named[0], named[1]]);
        for (prefix, is_first) in [(prefixes[0], true), (prefixes[1], false)] {
            let shown = if prefix.is_empty() { "\"\"" } else { prefix };
            let hint = format!("--weights-prefix {shown}");
            assert!(stderr.contains(&hint), "{hint}: {stderr}");
            for typed in [prefix, prefix.strip_suffix('.').unwrap_or(prefix)] {
                let (found, manifest) = folder.attention(&["--weights-prefix", typed]);
                match is_first {
                    true => check_expected(&found, prefix),
                    false => assert_eq!(found, other, "{prefix}"),
                }
                assert_eq!(manifest["model"]["weights_prefix"], prefix);
            }
        }
    }
}

#[test]
fn runs_of_two_encoders_are_those_of_two_models() {
    let (folder, _) = two(["query_encoder.", "ctx_encoder."]);
    let workplace = &folder.workplace;
    let run = |prefix| {
        let arguments = [
            "encode",
            "hello",
            "-m",
            "./model",
            "-f",
            "svg",
            "--weights-prefix",
            prefix,
        ];
        let outcome = workplace.succeed(&arguments);
        assert!(
            outcome.stdout.contains(&format!("model ({prefix})")),
            "{}",
            outcome.stdout
        );
    };
    run("query_encoder.");
    run("ctx_encoder.");
    let runs = std::fs::read_dir(workplace.default_output()).expect("there are runs");
    assert_eq!(runs.count(), 2);
    let picture = workplace.default_output().join("hello/overview.svg");
    let picture = std::fs::read_to_string(picture).expect("the picture is there");
    assert!(
        picture.contains("query_encoder."),
        "the picture does not say which"
    );

    std::fs::write(workplace.path().join("texts.txt"), "hello\nworld\n").expect("a file");
    let batch = |prefix: &str, option: &str| {
        let arguments = [
            "batch",
            "texts.txt",
            "-m",
            "./model",
            "-o",
            "out",
            "--weights-prefix",
        ];
        let arguments: Vec<&str> = arguments.into_iter().chain([prefix, option]).collect();
        workplace.run(&arguments)
    };
    assert_eq!(batch("query_encoder.", "-q").code, Some(0));
    for option in ["-q", "--resume"] {
        let outcome = batch("ctx_encoder.", option);
        assert_eq!(outcome.code, Some(1), "{option}: {}", outcome.stderr);
        assert!(
            outcome.stderr.contains("model (query_encoder.)"),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn a_prefix_that_no_encoder_has_is_refused() {
    let (folder, _) = two(["query_encoder.", "ctx_encoder."]);
    let one = ModelFolder::new();
    one.write(
        "model.safetensors",
        safetensors_of(&prefixed("bert.", &tensors())),
    );
    for (folder, prefix, words) in [
        (
            &folder,
            "query",
            ["\"query\"", "ctx_encoder., query_encoder."],
        ),
        (&folder, "", ["\"\"", "--weights-prefix ctx_encoder."]),
        (&one, "encoder", ["\"encoder\"", "--weights-prefix bert."]),
    ] {
        let arguments = [
            "encode",
            "hello",
            "-m",
            "./model",
            "--weights-prefix",
            prefix,
        ];
        check_refused(&folder.workplace, &arguments, 1, &words);
    }
    // Of a single encoder it may be said, and changes nothing.
    let (found, manifest) = one.attention(&["--weights-prefix", "bert"]);
    check_expected(&found, "one encoder");
    assert!(manifest["model"].get("weights_prefix").is_none());
}

#[test]
fn an_encoder_that_is_saved_under_two_names_is_one() {
    let tensors = tensors();
    let (_, storage) = pickle_of(&tensors);
    let mut described = Vec::new();
    let both = [
        prefixed("bert.", &tensors),
        prefixed("model.bert.", &tensors),
    ];
    for names in &both {
        let mut offset = 0;
        for (name, (shape, values)) in names {
            described.push(super::at(name, offset, shape));
            offset += values.len() as i32;
        }
    }
    let bytes: Vec<u8> = storage
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let write = |pickle: &[u8]| {
        let folder = ModelFolder::new();
        let zip = zip(&[("m/data.pkl", pickle), ("m/data/0", &bytes)]);
        folder.write("pytorch_model.bin", zip);
        folder
    };
    let folder = write(&state_dict(&described));
    let (found, manifest) = folder.attention(&[]);
    check_expected(&found, "shared");
    assert!(manifest["model"].get("weights_prefix").is_none());
    // A single tensor that is another one makes it another encoder.
    let last = described.last_mut().expect("there are tensors");
    last.offset -= 1;
    write(&state_dict(&described)).check_refused(&["holds 2 encoders"]);
}

/// Transformers puts them together, and of two the first by its name counts.
#[test]
fn tensors_of_one_model_under_two_names_are_refused() {
    let is_layer = |name: &str| name.starts_with("encoder.");
    let is_first = |name: &str| name.starts_with("encoder.layer.0.");
    let is_table = |name: &str| name.starts_with("embeddings.word_embeddings.");
    let part = |prefix: &str, is_wanted: &dyn Fn(&str) -> bool| {
        let mut part = tensors();
        part.retain(|name, _| is_wanted(name));
        prefixed(prefix, &part)
    };
    for all in [
        [part("bert.", &is_layer), part("", &|name| !is_layer(name))],
        [part("", &is_layer), part("bert.", &|name| !is_layer(name))],
        [part("bert.", &is_first), part("", &|_| true)],
        [part("bert.", &is_table), part("", &|_| true)],
        [part("bert.", &|name| !is_first(name)), part("", &is_first)],
    ] {
        let all = all.into_iter().flatten().collect();
        let folder = ModelFolder::new();
        folder.write("model.safetensors", safetensors_of(&all));
        folder.check_refused(&["tensors of a model with", "no prefix", "bert.", "such as"]);
    }
    // Here it comes to the same.
    let mut all = part("bert.", &|_| true);
    all.extend(part("", &is_first));
    let folder = ModelFolder::new();
    folder.write("model.safetensors", safetensors_of(&all));
    check_expected(&folder.attention(&[]).0, "both");
}

#[test]
fn a_table_of_words_without_layers_is_no_encoder() {
    let folder = ModelFolder::new();
    let mut all = prefixed("bert.", &tensors());
    let table = all["bert.embeddings.word_embeddings.weight"].clone();
    all.insert(
        "generator.embeddings.word_embeddings.weight".to_owned(),
        table.clone(),
    );
    all.insert("embeddings.word_embeddings.weight".to_owned(), table);
    folder.write("model.safetensors", safetensors_of(&all));
    check_expected(&folder.attention(&[]).0, "tables");
}
