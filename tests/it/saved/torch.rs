//! Attention that PyTorch saved (`tests/fixtures/make_attention.py`).

use attnviz::attention::RowSums;
use attnviz::store::saved::{ForeignNames, read};

use super::attention;
use crate::bad_input::check_refused;
use crate::binary::{Workplace, fixture};

#[test]
fn tensors_tuples_and_outputs_are_read_in_every_type() {
    for name in [
        "tensor.pt",
        "tuple.pt",
        "list.pth",
        "halves.pt",
        "doubles.pt",
        "turned.pt",
        "dict.pt",
        "output.pt",
        "legacy.pt",
    ] {
        let path = fixture("attention-from-elsewhere").join(name);
        let saved = read(&path, &ForeignNames::default());
        let saved = saved.unwrap_or_else(|error| panic!("{error}"));
        let found = &saved.run.attention[0];
        assert_eq!(found.maps().shape(), [2, 2, 3, 3], "{name}");
        assert_eq!(found.maps().values(), attention(2, 2, 3), "{name}");
        assert_eq!(found.row_sums(), RowSums::One, "{name}");
    }
}

#[test]
fn what_is_no_attention_in_it_is_refused_with_the_reason() {
    for (name, words) in [
        ("none.pt", ["is None", "attn_implementation=\"eager\""]),
        (
            "output-without.pt",
            ["is None", "attn_implementation=\"eager\""],
        ),
        ("batch.pt", ["a batch of one", "[2, 2, 3, 3]"]),
        ("shared.pt", ["claim", "more than the file can hold"]),
        ("integers.pt", ["F64, F32, F16 or BF16", "LongStorage"]),
    ] {
        let workplace = Workplace::new();
        let path = fixture("attention-from-elsewhere").join(name);
        let path = path.to_str().expect("the path is UTF-8");
        check_refused(&workplace, &["render", path], 1, &words);
    }
}

#[test]
fn files_that_pytorch_did_not_write_are_named() {
    let workplace = Workplace::new();
    let whole = std::fs::read(fixture("attention-from-elsewhere").join("tuple.pt"));
    let whole = whole.expect("the fixture is there");
    let files: [(&[u8], &str); 3] = [
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n",
            "git lfs pull",
        ),
        (
            b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00]\x94.",
            "pickle",
        ),
        (&whole[..whole.len() - 100], "it.pt"),
    ];
    for (bytes, word) in files {
        std::fs::write(workplace.path().join("it.pt"), bytes).expect("it can be written");
        check_refused(&workplace, &["render", "it.pt"], 1, &[word]);
    }
}
