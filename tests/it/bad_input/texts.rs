//! Texts and options that are wrong.

use attnviz::checkpoint::{self, CheckpointSource, LoadOptions};
use attnviz::tokenizer::{TokenLimit, Tokenizer, TokenizerError};

use super::check_refused;
use crate::binary::Workplace;

#[test]
fn a_text_without_tokens_is_refused() {
    let workplace = Workplace::new();
    for (text, word) in [
        ("", "the text is empty"),
        (" \t\n ", "the text is empty"),
        ("\u{3000}\u{a0}", "the text is empty"),
        ("\u{200b}\u{feff}", "the text becomes no token"),
        ("\u{1}\u{2}", "the text becomes no token"),
    ] {
        check_refused(&workplace, &["encode", text, "-m", "builtin"], 1, &[word]);
        let word = word.replace("text", "pair");
        let pair = ["encode", "hello", "--pair", text, "-m", "builtin"];
        check_refused(&workplace, &pair, 1, &[&word, "hint: --pair "]);
    }
    // Even a long one is not repeated whole.
    let long = "\u{200b}".repeat(30_000);
    let arguments = ["encode", &long, "-m", "builtin"];
    check_refused(&workplace, &arguments, 1, &["the text becomes no token"]);
}

#[test]
fn a_text_that_is_too_long_is_refused_with_the_limit_and_the_flag() {
    let workplace = Workplace::new();
    // The longest argument that Linux takes has 128 KiB.
    for (words, tokens) in [(511, "513"), (21_000, "21002")] {
        let text = "hello ".repeat(words);
        check_refused(
            &workplace,
            &["encode", &text, "-m", "builtin"],
            1,
            &[tokens, "512", "hint: --truncate 512"],
        );
        let half = "hello ".repeat(words / 2);
        let arguments = ["encode", &half, "--pair", &half, "-m", "builtin"];
        check_refused(&workplace, &arguments, 1, &["512", "hint: --truncate 512"]);
    }
    let longest = "hello ".repeat(510);
    workplace.succeed(&["encode", &longest, "-m", "builtin", "-f", "safetensors"]);
}

#[test]
fn a_megabyte_of_text_is_refused_by_its_count() {
    let options = LoadOptions::default();
    let checkpoint = checkpoint::load(&CheckpointSource::Builtin, &options, &mut |_| ());
    let checkpoint = checkpoint.expect("the built-in checkpoint loads");
    let tokenizer = Tokenizer::from_checkpoint(&checkpoint).expect("the tokenizer loads");
    let limit = |truncate| TokenLimit {
        maximum: 512,
        truncate,
    };
    let many_words = "hello ".repeat(170_000);
    match tokenizer.tokenize(&many_words, None, limit(None)) {
        Err(TokenizerError::TooLong { maximum, found, .. }) => {
            assert_eq!((maximum, found), (512, 170_002));
        }
        other => panic!("{other:?}"),
    }
    let cut = tokenizer
        .tokenize(&many_words, None, limit(Some(512)))
        .expect("the text is cut");
    assert_eq!((cut.source().len(), cut.streams[0].dropped), (512, 169_490));
    // One word of a megabyte is one unknown token.
    let one_word = "a".repeat(1 << 20);
    let input = tokenizer
        .tokenize(&one_word, None, limit(None))
        .expect("one word is short");
    assert_eq!(input.source().len(), 3);
}

#[test]
fn a_layer_or_head_that_does_not_exist_is_wrong_usage() {
    let workplace = Workplace::new();
    for (option, value, words) in [
        (
            "--layers",
            "6",
            ["layer 6 ", "6, numbered 0 to 5", "--layers 0-5"],
        ),
        ("--layers", "0-99", ["layer 99 ", "0 to 5", "--layers -1"]),
        ("--layers", "-7", ["layer -7 ", "0 to 5", "--layers 0-5"]),
        ("--heads", "12", ["head 12 ", "0 to 11", "--heads 0-11"]),
        (
            "--heads",
            "9223372036854775807",
            ["head 9223372036854775807 ", "0 to 11", "--heads"],
        ),
        (
            "--heads",
            "-9223372036854775808",
            ["head -9223372036854775808 ", "0 to 11", "--heads"],
        ),
    ] {
        let arguments = ["encode", "hello", "-m", "builtin", option, value];
        check_refused(&workplace, &arguments, 2, &words);
    }
}

#[test]
fn values_that_no_option_takes_are_wrong_usage() {
    let workplace = Workplace::new();
    for (option, value, words) in [
        (
            "--format",
            "pdf",
            &["pdf", "png, svg, html, safetensors, npz, json"][..],
        ),
        (
            "--format",
            "png,",
            &["--format", "png, svg, html, safetensors, npz, json"],
        ),
        ("--format", "", &["--format", "png"]),
        ("--views", "grid", &["grid", "heads, overview"]),
        ("--colormap", "jet", &["jet", "viridis"]),
        ("--scale", "log", &["log", "head"]),
        ("--layers", "first", &["first", "0-3,11"]),
        ("--layers", "", &["--layers", "0-3,11"]),
        ("--heads", "1-", &["1-", "0-3,11"]),
        ("--layers", "0,3-1", &["low to high", "1-3", "found 3-1"]),
        ("--heads", "-1--2", &["low to high", "-2--1", "found -1--2"]),
        ("--crop", "5-2", &["5-2"]),
        ("--vmin", "2", &["--vmin below 1", "found 2", "--vmin 0.01"]),
        ("--vmin", "1", &["--vmin below 1", "found 1"]),
        (
            "--heads",
            "99999999999999999999",
            &["99999999999999999999", "0-3,11"],
        ),
        ("--threads", "0", &["--threads", "1", "found 0"]),
        ("--threads", "100000", &["--threads", "found 100000"]),
        ("--threads", "-1", &["--threads"]),
        ("--threads", "many", &["--threads", "many"]),
        ("--truncate", "0", &["between 3 and 512", "found 0"]),
        ("--truncate", "1", &["between 3 and 512", "found 1"]),
        ("--truncate", "513", &["between 3 and 512", "found 513"]),
        ("--truncate", "99999999999999999999", &["--truncate"]),
        ("--truncate", "always", &["--truncate", "always", "never"]),
        ("--color", "pink", &["--color", "pink"]),
        ("--revision", "v1", &["--revision", "hub"]),
        ("--model", " ", &["--model"]),
        ("--colour", "never", &["--colour"]),
    ] {
        let arguments = ["encode", "hello", "-m", "builtin", option, value];
        let arguments = match option {
            "--model" => &["encode", "hello", option, value][..],
            _ => &arguments[..],
        };
        check_refused(&workplace, arguments, 2, words);
    }
    for (arguments, words) in [
        (
            &["encode"][..],
            &["<TEXT>", "hint: attnviz encode \"Hello, how are you?\""][..],
        ),
        (
            &["encode", "one", "two"],
            &["two", "hint: attnviz encode \"one two\""],
        ),
        (&["decode"], &["decode", "hint: attnviz encode \"decode\""]),
        (
            &["completions", "tcsh"],
            &["tcsh", "hint: did you mean zsh? attnviz completions zsh"],
        ),
        (&["pull"], &["<MODEL>", "hint: attnviz pull --help"]),
        (
            &["pull", "builtin", "--revision", "v1"],
            &["--revision", "builtin", "hint: leave --revision out"],
        ),
    ] {
        check_refused(&workplace, arguments, 2, words);
    }
}

#[cfg(unix)]
#[test]
fn arguments_that_are_not_unicode_are_wrong_usage() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let workplace = Workplace::new();
    let broken = OsStr::from_bytes(b"caf\xe9\xff");
    let [encode, hello, model] = ["encode", "hello", "--model"].map(OsStr::new);
    for arguments in [
        &[encode, broken, model, OsStr::new("builtin")][..],
        &[encode, hello, OsStr::new("--pair"), broken],
        &[encode, hello, model, broken],
        &[broken],
        &[OsStr::new("pull"), broken],
    ] {
        check_refused(&workplace, arguments, 2, &[]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_name_that_is_not_unicode_is_a_folder_like_any_other() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let workplace = Workplace::new();
    let folder = OsStr::from_bytes(b"caf\xe9");
    let arguments = [
        "encode", "hello", "-m", "builtin", "--views", "overview", "-o",
    ];
    let mut arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
    arguments.push(folder);
    workplace.succeed(&arguments);
    let written = workplace.path().join(folder).join("hello/overview.png");
    assert!(written.is_file());
}
