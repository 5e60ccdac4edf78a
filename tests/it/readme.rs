//! README's commands, run word for word, and its pictures, drawn again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::binary::Workplace;
use crate::loopback_hub::{LoopbackHub, ServedRepository};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The fenced blocks of README in a language, each as its lines.
pub fn blocks(language: &str) -> Vec<String> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let mut blocks = Vec::new();
    let mut block: Option<String> = None;
    for line in readme.lines() {
        match &mut block {
            None if line.strip_prefix("```") == Some(language) => block = Some(String::new()),
            None => {}
            Some(_) if line == "```" => blocks.extend(block.take()),
            Some(text) => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    blocks
}

/// What README takes for granted: a hub, a directory with a checkpoint, and
/// `attnviz` and `cargo` on the path. Building and testing are what is going on
/// right now, so that `cargo` has only to run.
fn prepare(workplace: &Workplace) -> PathBuf {
    let folder = workplace.path().join("bin");
    fs::create_dir(&folder).unwrap();
    let binary = env!("CARGO_BIN_EXE_attnviz");
    let scripts = [
        ("attnviz", format!("#!/bin/sh\nexec '{binary}' \"$@\"\n")),
        (
            "cargo",
            format!(
                "#!/bin/sh\ncase \"$*\" in\n\
                 'test --release' | 'install --path .') exit 0 ;;\n\
                 'run --release -- '*) shift 3; exec '{binary}' \"$@\" ;;\n\
                 *) echo \"cargo $*: not known to this test\" >&2; exit 1 ;;\nesac\n"
            ),
        ),
    ];
    for (name, text) in scripts {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    for (name, content) in [
        (
            "sentences.txt",
            "Hello, how are you?\nTime flies like an arrow.\n",
        ),
        (
            "pairs.jsonl",
            "{\"id\": \"greeting\", \"text\": \"Hello.\", \"pair\": \"Hi.\"}\n",
        ),
        ("table.csv", "id,text\nfirst,\"It was late, again.\"\n"),
        ("reviews.csv", "number;review\n1;It was late, again.\n"),
        (
            "pairs.tsv",
            "claim\tevidence\nIt was \"late\".\tShe went home.\n",
        ),
    ] {
        fs::write(workplace.path().join(name), content).unwrap();
    }
    let rules = blocks("toml");
    fs::write(workplace.path().join("attention.toml"), &rules[0]).unwrap();
    // What README's transformers script would save, of two causal heads.
    let half = 0.5_f32;
    let causal: Vec<u8> = [1.0, 0.0, half, half, 1.0, 0.0, half, half]
        .iter()
        .flat_map(|value: &f32| value.to_le_bytes())
        .collect();
    let tensor =
        safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![1, 2, 2, 2], &causal);
    let bytes = safetensors::serialize([("attention", tensor.unwrap())], None).unwrap();
    // The content tells the format, not the extension.
    fs::write(workplace.path().join("attention.npz"), bytes).unwrap();
    fs::write(
        workplace.path().join("tokens.json"),
        "[\"Hello\", \"\u{120}you\"]",
    )
    .unwrap();
    // One head from a translation of two words to a source of three.
    let cross = [0.5_f32, 0.25, 0.25, 0.0, 0.5, 0.5].map(f32::to_le_bytes);
    let tensor = safetensors::tensor::TensorView::new(
        safetensors::Dtype::F32,
        vec![1, 1, 2, 3],
        cross.as_flattened(),
    );
    let bytes = safetensors::serialize([("attention", tensor.unwrap())], None).unwrap();
    fs::write(workplace.path().join("cross.npz"), bytes).unwrap();
    fs::write(workplace.path().join("translation.txt"), "Guten\nTag\n").unwrap();
    fs::write(workplace.path().join("source.txt"), "Good\nday\n!\n").unwrap();
    let model = workplace.path().join("my-finetuned-bert");
    fs::create_dir(&model).unwrap();
    let export = workplace.path().join("my-export");
    fs::create_dir(&export).unwrap();
    for (from, to) in [
        ("tests/fixtures/gelu-tanh-cased-vocabulary", &model),
        // What the hub has, exported as it is.
        ("assets/minilm-l6-v2", &export),
    ] {
        for entry in fs::read_dir(root().join(from)).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    folder
}

fn run(
    workplace: &Workplace,
    program: &str,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> Output {
    // The workplace knows which variables to clear; only the program differs.
    let template = workplace.command::<&str>(&[]);
    let mut command = Command::new(program);
    command.args(arguments).current_dir(workplace.path());
    for (name, value) in template.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.envs(variables.iter().copied());
    command.output().unwrap()
}

#[test]
#[cfg(unix)]
fn every_command_of_the_readme_runs() {
    let workplace = Workplace::new();
    let programs = prepare(&workplace);
    let hub = LoopbackHub::serve(
        ["bert-base-uncased", "google-bert/bert-base-uncased"]
            .map(|id| ServedRepository::new(id).directory(&root().join("assets/minilm-l6-v2"))),
    );
    let path = format!("{}:/usr/bin:/bin", programs.display());
    let blocks = blocks("sh");
    assert!(
        blocks.len() >= 7,
        "README has {} blocks of commands",
        blocks.len()
    );
    let overview = workplace
        .default_output()
        .join("hello-how-are-you/overview.png");
    for (index, block) in blocks.iter().enumerate() {
        let variables = [("PATH", path.as_str()), ("HF_ENDPOINT", &hub.endpoint())];
        let output = run(&workplace, "/bin/sh", &["-euc", block], &variables);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{block}\n{errors}");
        // Later commands write the same text's folder in other formats.
        assert!(
            index > 0 || overview.is_file(),
            "the first command leaves no overview"
        );
    }
    run_python(&workplace);
    for left in ["attention-rules.xml", "whole/index.html"] {
        assert!(workplace.path().join(left).is_file(), "{left} is not there");
    }
}

/// The Python blocks read what the commands before them wrote.
fn run_python(workplace: &Workplace) {
    let python = std::env::var("ATTNVIZ_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let blocks = blocks("python");
    assert!(!blocks.is_empty());
    for block in blocks {
        let (modules, expected) = match block.contains("pandas") {
            true => ("pandas, pyarrow", "layer  head"),
            false => ("numpy, safetensors", "(6, 12, 8, 8)"),
        };
        let has_modules = Command::new(&python)
            .args(["-c", &format!("import {modules}")])
            .output()
            .is_ok_and(|output| output.status.success());
        if !has_modules {
            eprintln!(
                "SKIPPED: README's Python needs {modules}; name an interpreter in ATTNVIZ_PYTHON"
            );
            continue;
        }
        let output = run(workplace, &python, &["-c", &block], &[]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{block}\n{errors}");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(printed.contains(expected), "{printed}");
    }
}

struct Pixels {
    size: (u32, u32),
    bytes: Vec<u8>,
}

fn pixels(path: &Path) -> Pixels {
    let file = std::io::BufReader::new(fs::File::open(path).unwrap());
    let mut decoder = png::Decoder::new(file);
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    Pixels {
        size: (info.width, info.height),
        bytes,
    }
}

#[test]
fn the_pictures_of_the_readme_are_what_its_command_draws() {
    let workplace = Workplace::new();
    let text = "The animal didn't cross the street because it was too tired.";
    let output = workplace
        .command(&["encode", text, "--model", "builtin"])
        .output()
        .unwrap();
    assert!(output.status.success());
    let folder = workplace
        .default_output()
        .join("the-animal-didn-t-cross-the-street-because-it-was-too-tired");
    for (name, file) in [
        ("overview.png", "overview.png"),
        ("layer-03-head-01.png", "heads/layer-03-head-01.png"),
    ] {
        let committed = root().join("assets/readme").join(name);
        if std::env::var_os("ATTNVIZ_ACCEPT").is_some() {
            fs::copy(folder.join(file), &committed).unwrap();
        }
        assert_alike(&committed, &folder.join(file));
    }
}

/// Whether a committed picture is what was drawn just now.
pub fn assert_alike(committed: &Path, drawn: &Path) {
    let name = committed.display();
    let (expected, actual) = (pixels(committed), pixels(drawn));
    assert_eq!(expected.size, actual.size, "{name}");
    // Another processor may round a value the other way, and with it a digit;
    // anything more is another picture.
    let differing = expected.bytes.iter().zip(&actual.bytes);
    let differing = differing
        .filter(|(left, right)| left.abs_diff(**right) > 2)
        .count();
    assert!(
        differing * 2_000 < expected.bytes.len(),
        "{name}: {differing} of {} values differ; if the new picture is better, \
         run the test with ATTNVIZ_ACCEPT=1 and look at it",
        expected.bytes.len()
    );
}
