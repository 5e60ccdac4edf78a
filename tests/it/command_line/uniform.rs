//! Models that attend to everything alike: probably loaded wrong, and told of.

use std::fs;

use safetensors::SafeTensors;

use crate::binary::{Workplace, copy_of_fixture};

const WARNING: &str = "every layer attends to all tokens nearly alike";
const LONG: &str = "The quick brown fox jumps over the lazy dog.";

/// A checkpoint whose query weights are 0 in the layers that are named.
fn without_queries(workplace: &Workplace, layers: &[&str]) {
    let folder = workplace.path().join("model");
    copy_of_fixture("families/bert", &folder);
    let path = folder.join("model.safetensors");
    let mut bytes = fs::read(&path).expect("the weights are there");
    let file = SafeTensors::deserialize(&bytes).expect("they are whole");
    let start = bytes.as_ptr() as usize;
    let tensors = file.tensors().into_iter();
    let of_queries: Vec<(usize, usize)> = tensors
        .filter(|(name, _)| {
            name.contains("query") && layers.iter().any(|layer| name.contains(layer))
        })
        .map(|(_, tensor)| (tensor.data().as_ptr() as usize - start, tensor.data().len()))
        .collect();
    assert_eq!(of_queries.len(), 2 * layers.len());
    for (start, length) in of_queries {
        bytes[start..start + length].fill(0);
    }
    fs::write(&path, bytes).expect("it can be written");
}

fn warnings(workplace: &Workplace, arguments: &[&str]) -> usize {
    let more = ["-m", "model", "--overwrite"];
    let stderr = workplace.succeed(&[arguments, &more].concat()).stderr;
    let lines = stderr.lines().filter(|line| line.contains(WARNING));
    assert!(
        lines.clone().all(|line| line.starts_with("warning: ")),
        "{stderr}"
    );
    lines.count()
}

#[test]
fn encode_warns_of_a_model_that_attends_to_everything_alike() {
    let workplace = Workplace::new();
    without_queries(&workplace, &["layer.0.", "layer.1."]);
    assert_eq!(warnings(&workplace, &["encode", LONG]), 1);
    // Of fewer than eight tokens nothing can be told.
    assert_eq!(warnings(&workplace, &["encode", "a b"]), 0);
    // One layer that does not is enough.
    without_queries(&workplace, &["layer.0."]);
    assert_eq!(warnings(&workplace, &["encode", LONG]), 0);
}

#[test]
fn batch_warns_once_where_every_input_that_can_tell_says_so() {
    let workplace = Workplace::new();
    let write = |lines: &str| fs::write(workplace.path().join("in.txt"), lines).expect("written");
    without_queries(&workplace, &["layer.0.", "layer.1."]);
    write(&format!("{LONG}\na b\n{LONG} {LONG}\n"));
    let batch = ["batch", "in.txt"];
    assert_eq!(warnings(&workplace, &batch), 1);
    let json = workplace.succeed(&["batch", "in.txt", "-m", "model", "--overwrite", "--json"]);
    assert!(json.stdout.contains(WARNING), "{}", json.stdout);
    write("a b\nb\n");
    assert_eq!(warnings(&workplace, &batch), 0);
    without_queries(&workplace, &["layer.0."]);
    write(&format!("{LONG}\n"));
    assert_eq!(warnings(&workplace, &batch), 0);
}
