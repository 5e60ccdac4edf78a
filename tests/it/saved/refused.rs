//! What cannot be drawn: a clear error, a hint, and nothing written.

use std::fs;

use safetensors::Dtype;

use super::{FOLDER, TEXT, attention, encoded, f32_bytes, npy, npz, safetensors_file};
use crate::bad_input::check_refused;
use crate::binary::Workplace;

/// A safetensors file of one tensor.
fn tensor(shape: &[usize], values: &[f32]) -> Vec<u8> {
    safetensors_file(&[("attention", Dtype::F32, shape, f32_bytes(values))])
}

fn changed(position: usize, value: f32) -> Vec<u8> {
    let mut values = attention(2, 2, 3);
    values[position] = value;
    tensor(&[2, 2, 3, 3], &values)
}

/// The file is refused with these words.
fn check_file(bytes: &[u8], words: &[&str]) {
    let workplace = Workplace::new();
    fs::write(workplace.path().join("it"), bytes).expect("the file can be written");
    check_refused(&workplace, &["render", "it"], 1, words);
}

#[test]
fn what_is_no_file_of_arrays_is_refused() {
    let words = "expected a safetensors, npz, npy, JSON or PyTorch file, found";
    check_file(b"", &[words, "an empty file"]);
    check_file(b"hello", &[words]);
    check_file(b"{\"attention\": ", &["EOF while parsing"]);
    check_file(b"[[1.0, NaN]]", &["what JSON has not, such as NaN"]);
    let shapeless = npy("<f4", false, &[1], &[0; 4]);
    check_file(&shapeless, &["[layer, head, query, key]", "[1]"]);
    let workplace = Workplace::new();
    check_refused(&workplace, &["render", "nowhere"], 1, &["nowhere: "]);
    check_refused(&workplace, &["render", "home"], 1, &["found neither"]);
}

#[test]
fn what_is_no_attention_is_refused() {
    let values = attention(2, 2, 3);
    check_file(
        &tensor(&[36], &values),
        &["[head, query, key] or [layer, head, query, key]", "[36]"],
    );
    check_file(&tensor(&[2, 2, 1, 3, 3], &values), &["a batch of one"]);
    check_file(
        &tensor(&[0, 2, 3, 3], &[]),
        &["at least one layer", "[0, 2, 3, 3]"],
    );
    check_file(
        &changed(13, f32::NAN),
        &["layer 0, head 1, query 1, key 1", "NaN"],
    );
    check_file(
        &changed(35, f32::INFINITY),
        &["layer 1, head 1, query 2, key 2", "inf"],
    );
    check_file(
        &changed(0, -0.5),
        &["layer 0, head 0, query 0, key 0", "-0.5"],
    );
    let ints = [("attention", Dtype::I64, [1, 1, 1, 1].as_slice(), vec![0; 8])];
    check_file(&safetensors_file(&ints), &["found I64"]);
    let other = [("weights", Dtype::I64, [1].as_slice(), vec![0; 8])];
    check_file(
        &safetensors_file(&other),
        &["called attention, found weights [1]"],
    );
    let layers = [
        ("attn.0", Dtype::F32, [1, 2, 2].as_slice(), vec![0; 16]),
        ("attn.1", Dtype::F32, [1, 1, 1].as_slice(), vec![0; 4]),
    ];
    check_file(&safetensors_file(&layers), &["the shape of the first"]);
    let batch = [
        ("attn.0", Dtype::F32, [2, 1, 1, 1].as_slice(), vec![0; 8]),
        ("attn.1", Dtype::F32, [2, 1, 1, 1].as_slice(), vec![0; 8]),
    ];
    check_file(&safetensors_file(&batch), &["a batch of one", "attn.0"]);
    check_file(&npz(&[]), &["no array"]);
    let huge = f64::MAX.to_le_bytes().to_vec();
    let array = npy("<f8", false, &[1, 1, 1, 1], &huge);
    check_file(&npz(&[("attention.npy", array)]), &["inf"]);
}

#[test]
fn headers_that_lie_are_refused() {
    let whole = tensor(&[2, 2, 3, 3], &attention(2, 2, 3));
    check_file(&whole[..whole.len() - 1], &["bytes follow the header"]);
    let mut longer = whole.clone();
    longer.push(0);
    check_file(&longer, &["bytes follow the header"]);
    let mut header = whole.clone();
    header[..8].copy_from_slice(&(1_u64 << 60).to_le_bytes());
    check_file(&header, &["its header says"]);
    let big = "99999999999";
    let json = format!(
        "{{\"attention\":{{\"dtype\":\"F32\",\"shape\":[{big},{big},{big},{big}],\"data_offsets\":[0,0]}}}}"
    );
    let lie = [&(json.len() as u64).to_le_bytes()[..], json.as_bytes()].concat();
    check_file(&lie, &["header"]);
    let one =
        |shape: &[usize], data: &[u8]| npz(&[("attention.npy", npy("<f4", false, shape, data))]);
    check_file(
        &one(&[1, 1, 2, 2], &[0; 12]),
        &["expected 16 bytes", "found 12"],
    );
    check_file(
        &one(&[1, 1, 100_000, 100_000], &[0; 16]),
        &["values are read"],
    );
    check_file(
        &one(&[usize::MAX, usize::MAX, 2, 0], &[]),
        &["values are read"],
    );
    let structured = npy("<f4", false, &[1], &[0; 4]);
    let text = String::from_utf8_lossy(&structured[10..]).replace("'<f4'", "[('a', '<f4')]");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    check_file(
        &npz(&[("attention.npy", bytes)]),
        &["not one that NumPy writes"],
    );
}

#[test]
fn a_damaged_archive_is_refused() {
    let data = f32_bytes(&attention(2, 2, 3));
    let whole = npz(&[("attention.npy", npy("<f4", false, &[2, 2, 3, 3], &data))]);
    check_file(&whole[..whole.len() - 30], &["npz"]);
    check_file(&whole[..60], &["npz"]);
    let mut flipped = whole.clone();
    let position = whole
        .windows(4)
        .position(|bytes| bytes == 0.75_f32.to_le_bytes());
    flipped[position.expect("the value is there")] ^= 1;
    check_file(&flipped, &["checksum"]);
    // Only the directory's size is what a reader may believe, and it lies.
    let mut bomb = whole;
    let directory = bomb.windows(4).rposition(|bytes| bytes == b"PK\x01\x02");
    let directory = directory.expect("there is a directory");
    bomb[directory + 10] = 8;
    bomb[directory + 24..directory + 28].copy_from_slice(&u32::MAX.to_le_bytes()[..]);
    bomb[directory + 27] = 0x7f;
    check_file(&bomb, &["which is no attention"]);
}

#[test]
fn labels_that_do_not_fit_are_refused() {
    let workplace = Workplace::new();
    let file = tensor(&[2, 2, 3, 3], &attention(2, 2, 3));
    fs::write(workplace.path().join("it"), file).expect("it can be written");
    let cases: [(&[u8], &str); 13] = [
        (b"a\nb\n", "expected 3 labels, one for each token, found 2"),
        (b"a\nb\nc\nd", "found 4"),
        (b"[\"a\", \"b\"]", "found 2"),
        (b"[\"a\", 1, \"c\"]", "found a number at 1"),
        (b"[1, 2, 3]", "a JSON array of strings"),
        (b"[\"a\", \"b\", \"c\"", "a JSON array of strings"),
        (b"[[\"a\"], [\"b\"], [\"c\"]]", "a list of 3 lists: a batch"),
        (b"[[\"a\", \"b\"]]", "found 2"),
        (
            b"{\"ids\": [1]}",
            "a list under tokens, found the entries ids",
        ),
        (b"{\"tokens\": 3}", "a list under tokens, found a number"),
        (b"{\"tokens\": [\"a\"", "a JSON array of strings"),
        (b"{\"tokens\": []}", "found 0"),
        (b"\xff\n\xfe\n\xfd", "UTF-8"),
    ];
    for (labels, word) in cases {
        fs::write(workplace.path().join("labels"), labels).expect("it can be written");
        let arguments = ["render", "it", "--labels", "labels"];
        check_refused(&workplace, &arguments, 1, &["labels: ", word]);
    }
    let arguments = ["render", "it", "--labels", "nowhere"];
    check_refused(&workplace, &arguments, 1, &["nowhere: "]);
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let workplace = Workplace::new();
    encoded(
        &workplace,
        TEXT,
        &["--layers", "1", "-f", "safetensors,npz"],
        "saved",
    );
    let run = format!("saved/{FOLDER}");
    let cases: [(&[&str], i32, &str); 13] = [
        (
            &["--layers", "0"],
            2,
            "does not hold layer 0; it holds layers 1",
        ),
        (&["--layers", "-2"], 2, "does not hold layer -2"),
        (&["--layers", "1-5"], 2, "does not hold layer 5"),
        (&["--heads", "99"], 2, "does not hold head 99"),
        (&["--crop", "3-99"], 2, "the stretch 3-99 does not exist"),
        (&["--colormap", "jet"], 2, "jet"),
        (&["--vmin", "0.5", "--vmax", "0.25"], 2, "from low to high"),
        (&["--views", "from:nobody"], 2, "no token \"nobody\""),
        (
            &["--views", "from:[CLS]", "--special-tokens", "hide"],
            2,
            "\"[CLS]\" of the input (@0) is not shown: special tokens are hidden",
        ),
        (
            &["--views", "from:[CLS]", "--crop", "1-2"],
            2,
            "hint: --crop 0-2",
        ),
        (
            &["--labels", "labels"],
            2,
            "its tokens and its model are in it\nhint: leave --labels out\n",
        ),
        (
            &["--title", "mine", "--key-labels", "keys"],
            2,
            "its tokens and its model are in it\nhint: leave --key-labels and --title out\n",
        ),
        (&["--threads", "0"], 2, "--threads"),
    ];
    for (options, code, word) in cases {
        let mut arguments = vec!["render", &run];
        arguments.extend(options);
        check_refused(&workplace, &arguments, code, &[word]);
    }
}

/// An own file with something changed in its manifest, or its values, is
/// refused with these words.
fn check_own(change: impl Fn(&mut serde_json::Value, &mut Vec<u8>), words: &[&str]) {
    let workplace = Workplace::new();
    let folder = encoded(&workplace, TEXT, &["-f", "safetensors"], "saved");
    let bytes = fs::read(folder.join("attention.safetensors")).expect("it is there");
    let (_, metadata) = safetensors::SafeTensors::read_metadata(&bytes).expect("it is whole");
    let fields = metadata.metadata().clone().expect("it has metadata");
    let mut manifest: serde_json::Value =
        serde_json::from_str(&fields["attnviz"]).expect("the manifest is JSON");
    let file = safetensors::SafeTensors::deserialize(&bytes).expect("it is whole");
    let tensor = file.tensor("attention").expect("attention is there");
    let mut data = tensor.data().to_vec();
    change(&mut manifest, &mut data);
    let view = safetensors::tensor::TensorView::new(Dtype::F32, tensor.shape().to_vec(), &data);
    let view = view.expect("the sizes agree");
    let fields = [("attnviz".to_owned(), manifest.to_string())].into();
    let bytes = safetensors::serialize([("attention", view)], Some(fields)).expect("it is valid");
    fs::write(workplace.path().join("it"), bytes).expect("it can be written");
    check_refused(&workplace, &["render", "it"], 1, words);
}

#[test]
fn own_files_that_contradict_themselves_are_refused() {
    use serde_json::json;
    check_own(
        |manifest, _| manifest["streams"][0]["units"] = json!([]),
        &["it has no source tokens"],
    );
    check_own(
        |manifest, _| {
            drop(
                manifest
                    .as_object_mut()
                    .map(|fields| fields.remove("streams")),
            )
        },
        &["streams"],
    );
    check_own(
        |manifest, _| manifest["attention"][0]["layers"] = json!([0]),
        &["expected attention in F32"],
    );
    check_own(
        |manifest, _| manifest["attention"][0]["layers"] = json!([1, 0, 2, 3]),
        &["ascending"],
    );
    check_own(
        |manifest, _| manifest["schema_version"] = json!(99),
        &["found 99"],
    );
    check_own(|manifest, _| *manifest = json!("run"), &["schema_version"]);
    check_own(
        |_, data| data[..4].copy_from_slice(&0.9_f32.to_le_bytes()),
        &["to sum to 1", "layer 0, head 0"],
    );
    check_own(
        |_, data| data[4..8].copy_from_slice(&f32::NAN.to_le_bytes()),
        &["query 0, key 1", "NaN", "hint: save the run again"],
    );
    check_own(
        |manifest, data| {
            manifest["attention"][0]["row_sums"] = json!("less");
            data[..4].copy_from_slice(&7.0_f32.to_le_bytes());
        },
        &["to sum to 1"],
    );
    check_own(
        |manifest, _| manifest["attention"] = json!([]),
        &["expected one attention tensor, found 0"],
    );
    check_own(
        |manifest, _| manifest["attention"][0]["heads"] = json!([[0]]),
        &["found those of 1"],
    );
    check_own(
        |manifest, _| {
            manifest["attention"][0]["masks"] = json!(["causal", "causal", "full", "full"])
        },
        &["the mask forbids", "query 0, key 1"],
    );
}
