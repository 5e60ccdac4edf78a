//! Folder names from any text.

use attnviz::output::folder::folder_name;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

/// The longest name and the longest thing that is added to one.
const MAXIMUM_LENGTH: usize = 60;
const RESERVED_SUFFIX: &str = "-input";

fn name_of(text: &str, pair: Option<&str>) -> String {
    let texts: Vec<&str> = [text].into_iter().chain(pair).collect();
    folder_name(&texts)
}

fn check(text: &str, pair: Option<&str>) {
    let name = name_of(text, pair);
    let stem = name.strip_suffix(RESERVED_SUFFIX).unwrap_or(&name);
    assert!(!name.is_empty());
    assert!(name != "." && name != "..");
    assert!(stem.chars().count() <= MAXIMUM_LENGTH, "{name}");
    // A file system takes 255 bytes, and a hash with its dash are nine.
    assert!(name.len() + 9 <= 255, "{name}");
    for letter in name.chars() {
        assert!(letter.is_alphanumeric() || letter == '-', "{letter:?}");
        assert!(letter.to_lowercase().eq([letter]), "{letter:?}");
    }
    assert!(!name.starts_with('-') && !name.ends_with('-'), "{name}");
    assert!(!name.contains("--"), "{name}");
    // A name made from a name is the same, so nothing drifts.
    assert_eq!(name_of(&name, None), name);
    assert_eq!(name_of(text, pair), name);
}

#[test]
fn known_texts_have_known_folder_names() {
    for (text, pair, expected) in [
        ("Hello, how are you?", None, "hello-how-are-you"),
        ("", None, "input"),
        ("..", None, "input"),
        ("../../etc/passwd", None, "etc-passwd"),
        ("C:\\Windows", None, "c-windows"),
        ("CON", None, "con-input"),
        ("com1", None, "com1-input"),
        ("Größe ΑΒΓ 你好", None, "größe-αβγ-你好"),
        ("a", Some("b"), "a-b"),
        ("?!", Some("b"), "b"),
        ("-q", None, "q"),
    ] {
        assert_eq!(name_of(text, pair), expected, "{text:?} {pair:?}");
        check(text, pair);
    }
    check(&"a b".repeat(1_000), None);
    check(&"𝒜".repeat(1_000), Some("\0"));
}

proptest! {
    #![proptest_config(Config {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_260_101),
        ..Config::with_cases(2_000)
    })]

    #[test]
    fn any_text_has_a_safe_folder_name(text: String, pair: Option<String>) {
        check(&text, pair.as_deref());
    }

    #[test]
    fn any_text_of_hard_letters_has_a_safe_folder_name(
        text in "[./\\\\:*?\"<>|A-Zıİßſ\u{0}\u{300}\u{200f}\u{1F600}¹²٣Ⅷ -]{0,90}",
    ) {
        check(&text, None);
    }
}
