//! `--single-file`: what is refused, and what is in the page.

use std::fs;
use std::io::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::{HOSTILE, batch, page, read, write_inputs};
use crate::binary::{Workplace, fixture, manifest, sha256};

/// So many inputs as `id`s with a text of two words.
fn many(workplace: &Workplace, count: usize) {
    let ids: Vec<String> = (0..count).map(|index| format!("input {index}")).collect();
    write_inputs(workplace, ids.iter().map(|id| (id.as_str(), "hello world")));
}

#[test]
fn one_page_asks_nobody_for_anything_and_is_listed() {
    let workplace = Workplace::new();
    write_inputs(&workplace, HOSTILE);
    batch(&workplace, 3, "out", &["-f", "html", "--single-file"]);
    let text = read(&page(&workplace, "out"));
    let between = |start: &str, end: &str| {
        let from = text.rfind(start).unwrap() + start.len();
        text[from..].split(end).next().unwrap().to_owned()
    };
    let hash = |content: String| STANDARD.encode(Sha256::digest(content));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data: blob:; base-uri 'none'; form-action 'none'",
        hash(between("<script>", "</script>")),
        hash(between("<style>", "</style>")),
    );
    let written = between("http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    assert_eq!(written, policy);
    assert_eq!(text.matches("<script>").count(), 1);
    assert!(!text.contains(" style=\""));
    assert_eq!(text.matches("<article ").count(), HOSTILE.len() - 1);
    assert_eq!(
        text.matches("data:image/png;base64,").count(),
        HOSTILE.len() - 1
    );
    // Who failed comes first, with what to do.
    let failed = text.find("class=\"failed\"").unwrap();
    assert!(failed < text.find("href=\"#input=").unwrap());
    assert!(text.contains("hint: "));
    let manifest = manifest(&workplace.path().join("out"));
    assert_eq!(manifest["single_file"], true);
    assert_eq!(manifest["files"][0]["name"], "index.html");
    assert_eq!(manifest["files"][0]["sha256"], sha256(text.as_bytes()));
}

#[test]
fn two_hundred_inputs_fit_one_page_and_one_more_does_not() {
    let workplace = Workplace::new();
    many(&workplace, 200);
    batch(&workplace, 0, "out", &["-f", "html", "--single-file"]);
    let text = read(&page(&workplace, "out"));
    assert_eq!(text.matches("<article ").count(), 200);
    many(&workplace, 201);
    let resumed = ["-f", "html", "--single-file", "--resume"];
    let refused = batch(&workplace, 1, "out", &resumed);
    for part in ["at most 200 inputs", "hint: leave --single-file out"] {
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
    }
    // Nothing was begun, and nothing is lost.
    assert_eq!(read(&page(&workplace, "out")), text);
    // All inputs count, whichever shard they are in.
    let sharded = ["-f", "html", "--single-file", "--shard", "1/2"];
    batch(&workplace, 1, "shard", &sharded);
    batch(&workplace, 0, "without", &["-f", "json"]);
}

#[test]
fn a_pipe_with_too_many_inputs_is_refused_on_its_way() {
    let workplace = Workplace::new();
    let model = fixture("relu-uncased-vocabulary");
    let all = [
        "batch",
        "-",
        "-m",
        model.to_str().unwrap(),
        "-f",
        "html",
        "--single-file",
    ];
    let mut lines = Vec::new();
    for _ in 0..201 {
        writeln!(lines, "hello world").unwrap();
    }
    let refused = workplace.run_with_input(&all, &lines);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    for part in ["at most 200", "hint: leave --single-file out"] {
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
    }
}

#[test]
fn one_page_is_made_of_pages() {
    let workplace = Workplace::new();
    write_inputs(&workplace, HOSTILE);
    let refused = batch(&workplace, 2, "out", &["--single-file"]);
    assert!(
        refused.stderr.contains("hint: --format html"),
        "{}",
        refused.stderr
    );
    assert!(!workplace.path().join("out").exists());
    let refused = workplace.run(&["render", "out", "--single-file"]);
    assert_eq!(refused.code, Some(2));
}

#[test]
fn render_joins_the_pages_of_a_batch() {
    let workplace = Workplace::new();
    write_inputs(&workplace, HOSTILE);
    batch(&workplace, 3, "out", &["-f", "json"]);
    workplace.succeed(&[
        "render",
        "out",
        "-f",
        "html",
        "--single-file",
        "-o",
        "pages",
    ]);
    let text = read(&page(&workplace, "pages"));
    assert_eq!(text.matches("<article ").count(), HOSTILE.len() - 1);
    // The maps are those of the page that the batch would have made.
    batch(&workplace, 3, "joined", &["-f", "html", "--single-file"]);
    let codes = |text: &str| -> Vec<String> {
        let parts = text.split("data-name=\"codes-0\">").skip(1);
        let mut codes: Vec<String> = parts
            .map(|part| part.split('<').next().unwrap().to_owned())
            .collect();
        codes.sort();
        codes
    };
    let joined = codes(&read(&page(&workplace, "joined")));
    assert_eq!(codes(&text), joined);
    assert_eq!(joined.len(), HOSTILE.len() - 1);
    // One run is one page anyway, and that is said.
    let one = fs::read_dir(workplace.path().join("out/inputs"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let one = one.path();
    let said = workplace.succeed(&[
        "render",
        one.to_str().unwrap(),
        "-f",
        "html",
        "--single-file",
        "-o",
        "one",
    ]);
    assert!(
        said.stderr.contains("--single-file does nothing"),
        "{}",
        said.stderr
    );
}
