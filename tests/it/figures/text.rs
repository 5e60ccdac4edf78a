//! Text and fonts: what is shaped, and what no font has.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use attnviz::figure::layout::{self, Role, TextFont, Weight};
use attnviz::render::TextShaper;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::{Decoded, encode, map, run};

#[test]
fn a_missing_glyph_is_a_box_and_reported() {
    // An Egyptian hieroglyph, and a bidirectional override that is no letter.
    let run = run(&["\u{13000}", "\u{202e}"], 1, 1, 1);
    let figure = map(&run);
    let mut shaper = TextShaper::new();
    let picture = encode(&figure, &mut shaper).unwrap();
    assert_eq!(picture.missing_glyphs, BTreeSet::from(['\u{13000}']));
    let decoded = Decoded::new(&picture);
    let layout = layout::layout(&figure, &mut shaper).unwrap();
    for text in layout.texts() {
        if matches!(text.role, Role::RowLabel(_) | Role::ColumnLabel(_)) {
            assert!(text.rect.width >= 10 && text.rect.height >= 10);
            assert!(decoded.ink_in(text.rect) > 80, "{text:?}");
        }
    }
}

#[test]
fn scripts_are_shaped_not_spelled() {
    let mut shaper = TextShaper::new();
    let font = TextFont::regular(24.0);
    let mut width = |text: &str| shaper.shape(text, font).width;
    // Joined letters, a conjunct, a syllable of jamo, a mark above its base.
    assert!(width("ببب") < 3 * width("ب"));
    assert!(width("क्ष") < width("क") + width("ष"));
    assert_eq!(width("\u{1112}\u{1161}\u{11ab}"), width("한"));
    assert_eq!(width("น้"), width("น"));
}

#[test]
fn blank_text_takes_no_room_and_makes_no_fuss() {
    let shaped = TextShaper::new().shape("", TextFont::regular(20.0));
    assert_eq!((shaped.width, shaped.coverage.len()), (0, 0));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_letter_of_the_built_in_vocabulary_has_a_glyph() {
    let path = root().join("assets/minilm-l6-v2/tokenizer.json");
    let text = std::fs::read_to_string(path).unwrap();
    let tokenizer: serde_json::Value = serde_json::from_str(&text).unwrap();
    let vocabulary = tokenizer["model"]["vocab"].as_object().unwrap();
    let letters: BTreeSet<char> = vocabulary.keys().flat_map(|token| token.chars()).collect();
    assert!(letters.len() > 900);
    let mut shaper = TextShaper::new();
    let font = TextFont::regular(24.0);
    let missing: Vec<char> = letters
        .into_iter()
        .filter(|&letter| {
            let shaped = shaper.shape(&letter.to_string(), font);
            !shaped.missing.is_empty()
        })
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_fonts_are_what_their_checksums_say_and_no_more_than_ten_megabytes() {
    let folder = root().join("assets/fonts");
    let sums = std::fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
    let sums: HashMap<&str, &str> = sums
        .lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(sum, name)| (name, sum))
        .collect();
    let mut total = 0;
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if !name.ends_with(".ttf") && !name.ends_with(".otf") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let digest = Sha256::digest(&bytes);
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(sums.get(name), Some(&digest.as_str()), "{name}");
        total += bytes.len();
        count += 1;
    }
    assert_eq!(count, sums.len());
    assert!(total <= 10_000_000, "{total} bytes");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn ink_stays_in_its_line(text in "\\PC{0,12}", size in 6.0_f32..60.0) {
        let font = TextFont::regular(size);
        let shaped = TextShaper::new().shape(&text, font);
        prop_assert!(shaped.width >= 0);
        prop_assert_eq!(shaped.height, font.line_height());
        let area = usize::try_from(shaped.width * shaped.height).unwrap();
        prop_assert_eq!(shaped.coverage.len(), area);
    }
}

#[test]
fn a_sign_among_the_letters_of_a_title_leaves_them_bold() {
    let mut shaper = TextShaper::new();
    let bold = TextFont {
        weight: Weight::Bold,
        ..TextFont::regular(32.0)
    };
    let regular = TextFont::regular(32.0);
    let mut width = |text: &str, font: TextFont| shaper.shape(text, font).width;
    let (sign, letters) = ("\u{2581}", "model from token");
    assert!(width(letters, bold) > width(letters, regular));
    let whole = format!("{sign}{letters}");
    let expected = width(sign, regular) + width(letters, bold);
    assert!((width(&whole, bold) - expected).abs() <= 2);
    // A word is written in one font: none of two.
    let (han, mixed) = ("\u{8a9e}", "a\u{8a9e}b c");
    let expected = width("a", regular) + width(han, regular) + width("b", regular);
    let rest = width(" c", bold);
    assert!((width(mixed, bold) - expected - rest).abs() <= 3);
}
