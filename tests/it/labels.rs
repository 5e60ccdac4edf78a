//! What tokens are called on an axis.

use attnviz::tokenizer::labels::labels;

#[test]
fn labels_are_what_people_read() {
    let cases: &[(&[&str], &[&str])] = &[
        // Byte-level: letters again, the mark of a space stays.
        (
            &[
                "Hello", "Ġworld", "Ċ", "caf", "Ã©", "Ġna", "Ã¯ve", "ĠĠ", "ĉ", "č",
            ],
            &[
                "Hello", "Ġworld", "↵", "caf", "é", "Ġna", "ïve", "ĠĠ", "⇥", "<0x0D>",
            ],
        ),
        // A character in two pieces, and in one.
        (
            &["Ġæ", "Ĺ", "¥", "æĹ¥", "ĠðŁ", "Ļ", "Ĥ", "ÂŃ", "Âł"],
            &[
                "Ġ<0xE6>",
                "<0x97>",
                "<0xA5>",
                "日",
                "Ġ<0xF0><0x9F>",
                "<0x99>",
                "<0x82>",
                "\u{ad}",
                "<U+00A0>",
            ],
        ),
        // What was added to a byte-level vocabulary is no byte of it.
        (
            &["<|endoftext|>", "Ġa", "<｜User｜>", "日本"],
            &["<|endoftext|>", "Ġa", "<｜User｜>", "日本"],
        ),
        // WordPiece: a letter is a letter.
        (
            &["[CLS]", "café", "Ã", "##©", "[SEP]"],
            &["[CLS]", "café", "Ã", "##©", "[SEP]"],
        ),
        (&["Ġ", "##or", "##ġ", "Borg"], &["Ġ", "##or", "##ġ", "Borg"]),
        (&["caf", "Ã©"], &["caf", "Ã©"]),
        // SentencePiece: the mark stays, bytes have their number or letter.
        (
            &[
                "<s>", "▁world", "Ã", "<0x0A>", "<0xE6>", "<0x41>", "▁", "<0x0a",
            ],
            &["<s>", "▁world", "Ã", "↵", "<0xE6>", "A", "▁", "<0x0a"],
        ),
        // A heading is no piece of a word.
        (&["##", "ĠHeading"], &["##", "ĠHeading"]),
    ];
    for (tokens, expected) in cases {
        assert_eq!(labels(tokens), *expected, "{tokens:?}");
    }
}

#[test]
fn every_byte_of_a_byte_level_vocabulary_becomes_itself_again() {
    // All letters that stand for bytes, in the order of the bytes.
    let printable = |byte: &u8| matches!(byte, 0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF);
    let mut next = 0x100_u32;
    let letters: Vec<char> = (0..=255_u8)
        .map(|byte| match printable(&byte) {
            true => char::from(byte),
            false => {
                next += 1;
                char::from_u32(next - 1).unwrap()
            }
        })
        .collect();
    let written = |text: &str| -> String {
        text.bytes()
            .map(|byte| letters[usize::from(byte)])
            .collect()
    };
    let text = "Straße, naïve 日本語 🙂 עברית";
    let label = labels(&[written(text)]).pop().unwrap();
    assert_eq!(label, text.replace(' ', "Ġ"));
    for byte in 0x80..=0xFF_u8 {
        let token = letters[usize::from(byte)].to_string();
        let found = labels(&["Ġ", &token]).pop().unwrap();
        assert_eq!(found, format!("<0x{byte:02X}>"));
    }
}
