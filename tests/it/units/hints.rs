//! Every hint about units, stretches, layers and heads can be typed, and works.

use super::{FOLDER, TEXT, encode};
use crate::binary::Workplace;

/// The options that a hint names first, as a shell would read them.
fn typed(hint: &str) -> Vec<String> {
    let end = [", ", "; ", " ("]
        .iter()
        .filter_map(|mark| hint.find(mark))
        .min();
    let command = &hint[..end.unwrap_or(hint.len())];
    command
        .split(' ')
        .map(|word| word.trim_matches('\'').to_owned())
        .collect()
}

/// Runs a command that fails, then again with what its hint says in place of
/// the same options, or beside the others.
fn follow(workplace: &Workplace, arguments: &[&str], expected: &str) {
    let outcome = workplace.run(arguments);
    assert_eq!(outcome.code, Some(2), "{arguments:?}: {}", outcome.stderr);
    let hint = outcome
        .stderr
        .lines()
        .last()
        .and_then(|line| line.strip_prefix("hint: "));
    let hint = hint.unwrap_or_else(|| panic!("{arguments:?}: {}", outcome.stderr));
    assert!(!hint.contains('…'), "{hint}");
    let typed = typed(hint);
    assert_eq!(
        typed.join(" "),
        expected,
        "{arguments:?}: {}",
        outcome.stderr
    );
    let mut mended: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
    for option in typed.chunks(2) {
        match mended.iter().position(|word| *word == option[0]) {
            Some(place) => mended[place + 1].clone_from(&option[1]),
            None => mended.extend_from_slice(option),
        }
    }
    let again = workplace.run(&mended);
    assert_eq!(again.code, Some(0), "{mended:?}: {}", again.stderr);
}

#[test]
fn what_a_hint_says_works() {
    let workplace = Workplace::new();
    let saved = ["-o", "saved", "-f", "safetensors"];
    workplace.succeed(&encode(TEXT, &saved));
    let saved = format!("saved/{FOLDER}");
    for (options, expected) in [
        (&["--views", "from:1"][..], "--views from:@1"),
        (&["--views", "to:1"], "--views to:@1"),
        (&["--views", "from:IN"], "--views from:@1"),
        (&["--views", "from:@10"], "--views from:@9"),
        (&["--views", "to:@99"], "--views to:@9"),
        (&["--views", "from:it"], "--views from:@3"),
        (&["--views", "text:it"], "--views text:@3"),
        (&["--views", "lines,text:it"], "--views lines,text:@3"),
        (&["--views", "to:was"], "--views to:@4"),
        (&["--views", "form:@3"], "--views from:@3"),
        (&["--views", "tu:5"], "--views to:5"),
        (&["--views", "heeds"], "--views heads"),
        (&["--views", "from:"], "--views from:@0"),
        (&["--views", "to:,heads"], "--views to:@0,heads"),
        // The other views of the list stay, but for those that are wrong.
        (&["--views", "heads,from:IN"], "--views heads,from:@1"),
        (
            &["--views", "from:IN,mean,to:@99,heads"],
            "--views heads,mean,from:@1",
        ),
        (
            &["--views", "to:,,heads,from:1"],
            "--views heads,to:,,from:@1",
        ),
        (
            &["--views", "heads,from:it,max"],
            "--views heads,max,from:@3",
        ),
        (
            &["--views", "heads,from:it", "--crop", "1-2"],
            "--views heads,from:@3 --crop 1-3",
        ),
        (
            &["--views", "mean,from:,heads"],
            "--views mean,from:@0,heads",
        ),
        (
            &["--views", "mean,from:19,99,heads"],
            "--views mean,from:@0,heads",
        ),
        (
            &["--views", "mean,from:19,99,heeds"],
            "--views mean,from:@0",
        ),
        (&["--views", "heads,form"], "--views heads,from:@0"),
        (&["--views", "from:19,99"], "--views from:@0"),
        (
            &["--views", "from:[CLS]", "--special-tokens", "hide"],
            "--special-tokens keep",
        ),
        (&["--views", "from:@0", "--crop", "2-5"], "--crop 0-5"),
        (&["--views", "to:,", "--crop", "2-5"], "--crop 2-6"),
        (
            &[
                "--views",
                "to:[SEP]",
                "--crop",
                "2-5",
                "--special-tokens",
                "hide",
            ],
            "--crop 2-9 --special-tokens keep",
        ),
        (
            &["--views", "from:it", "--crop", "1-2"],
            "--views from:@3 --crop 1-3",
        ),
        (&["--crop", "3-99"], "--crop 3-9"),
        (&["--crop", "50-99"], "--crop 0-9"),
        (&["--crop", "5-2"], "--crop 2-5"),
        (&["--crop", "4"], "--crop 4-4"),
        (&["--crop", "some"], "--crop 0-1"),
        (&["--crop", "3:5"], "--crop 3-5"),
        (&["--crop", "5..3"], "--crop 3-5"),
        (&["--crop", "3 - 5"], "--crop 3-5"),
        (&["--crop", "-3"], "--crop 0-3"),
        (&["--views", "from"], "--views from:@0"),
        (&["--views", "from:@-1"], "--views from:@9"),
        (&["--views", "from:-2"], "--views from:@8"),
        (
            &["--crop", "0-0", "--special-tokens", "hide"],
            "--special-tokens keep",
        ),
        (&["--heads", "99"], "--heads 0-11"),
        (&["--heads", "1-"], "--heads all"),
        (&["--heads", "3-1,-1--2"], "--heads 1-3,-2--1"),
        (&["--layers", "first"], "--layers 0"),
        (&["--layers", "last"], "--layers -1"),
        (&["--layers", "some"], "--layers all"),
    ] {
        let mut arguments = vec![
            "encode", TEXT, "-m", "builtin", "-f", "svg", "--layers", "0",
        ];
        let is_heads = options.contains(&"--heads") || options.contains(&"--layers");
        if !is_heads {
            arguments.extend(["--heads", "0"]);
        }
        if options.contains(&"--layers") {
            arguments.truncate(6);
        }
        follow(&workplace, &[&arguments, options].concat(), expected);
        // A saved run holds one head.
        if !is_heads {
            let arguments = ["render", &saved, "-f", "svg", "-o", "again"];
            follow(&workplace, &[&arguments, options].concat(), expected);
        }
    }
    let arguments = [
        "render", &saved, "-f", "svg", "-o", "again", "--layers", "7",
    ];
    follow(&workplace, &arguments, "--layers 0");
}

#[test]
fn a_hint_names_the_unit_that_was_meant() {
    let workplace = Workplace::new();
    for (text, view, expected) in [
        ("the old animal sat", "from:animla", "--views from:@3"),
        ("the old animal sat", "to:Animal", "--views to:@3"),
        ("the old animal sat", "to:teh", "--views to:@1"),
        ("a cafe is open", "from:café", "--views from:@2"),
        ("her resume is here", "from:Résumé", "--views from:@2"),
        ("I ☕ it", "from:☕", "--views from:@2"),
        ("she didn't go", "from:didn't", "--views from:@2"),
        ("she didn't go", "from: go ", "--views from:@5"),
        ("we go to new york", "from:new york", "--views from:@4"),
    ] {
        follow(&workplace, &encode(text, &["--views", view]), expected);
    }
    // Of several that look alike, each.
    let outcome = workplace.run(&encode("it was it", &["--views", "from:IT"]));
    let hint = "hint: --views from:@1, or from:@3";
    assert!(outcome.stderr.contains(hint), "{}", outcome.stderr);
}

#[test]
fn where_nothing_is_near_a_hint_lists_the_tokens() {
    let workplace = Workplace::new();
    for (text, pair, view, expected) in [
        (
            "the old animal sat",
            None,
            "from:nobody",
            "attnviz tokens --model builtin \"the old animal sat\"",
        ),
        (
            "she sat",
            None,
            "to:he",
            "attnviz tokens --model builtin \"she sat\"",
        ),
        (
            "it costs $5",
            Some("so what"),
            "from:money",
            "attnviz tokens --model builtin --pair \"so what\" 'it costs $5'",
        ),
    ] {
        let pair = pair.map(|pair| ["--pair", pair]);
        let options: Vec<&str> = pair
            .into_iter()
            .flatten()
            .chain(["--views", view])
            .collect();
        let outcome = workplace.run(&encode(text, &options));
        assert_eq!(outcome.code, Some(2), "{view}: {}", outcome.stderr);
        let hint = outcome.stderr.lines().last().unwrap_or_default();
        assert_eq!(hint, format!("hint: {expected}"));
    }
}

#[test]
fn a_unit_is_meant_without_its_mark_and_by_its_label_before_its_text() {
    let workplace = Workplace::new();
    let row = [0.25_f32; 16];
    let bytes: Vec<u8> = row.iter().flat_map(|value| value.to_le_bytes()).collect();
    let view =
        safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![1, 1, 4, 4], &bytes);
    let file = safetensors::serialize([("attention", view.expect("it fits"))], None);
    let write = |name: &str, content: &[u8]| {
        std::fs::write(workplace.path().join(name), content).expect("it can be written");
    };
    write("marked", &file.expect("it is valid"));
    for (labels, view, expected) in [
        ("Ġworld\nĠit\nĠis\nĠit", "from:world", None),
        ("▁world\n▁it\n▁is\n▁it", "to:world", None),
        ("Ġworld\nĠit\nĠis\nĠit", "from:it", Some("@1 @3")),
        // As it is, without a mark, before those with one.
        ("Ġworld\nĠit\nis\nit", "from:it", None),
        ("Ġworld\nĠit\nĠis\nĠit", "from:word", Some("from:@0")),
    ] {
        write("labels.txt", labels.as_bytes());
        let outcome = workplace.run(&[
            "render",
            "marked",
            "--labels",
            "labels.txt",
            "--views",
            view,
            "-f",
            "svg",
        ]);
        match expected {
            None => assert_eq!(outcome.code, Some(0), "{labels} {view}: {}", outcome.stderr),
            Some(says) => {
                assert_eq!(outcome.code, Some(2), "{labels} {view}: {}", outcome.stderr);
                assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
            }
        }
    }
    // Both have the vocabulary's text "the".
    for view in ["from:the", "from:The"] {
        let options = ["--tokens", "word", "--views", view];
        workplace.succeed(&encode("The cat saw the dog", &options));
    }
}

#[test]
fn of_hidden_units_of_one_text_a_hint_shows_one() {
    let workplace = Workplace::new();
    let mut arguments = encode("it was", &["--pair", "late", "--views", "to:[SEP]"]);
    arguments.extend(["--special-tokens", "renormalize"]);
    let expected = "--views to:@3 --special-tokens keep";
    follow(&workplace, &arguments, expected);
    // k ##kk ##kk ##kk: each of the pieces means the one word.
    let options = ["--tokens", "word", "--views", "from:##kk"];
    workplace.succeed(&encode("kkkkkkk is it", &options));
    follow(
        &workplace,
        &encode("kkkkkkk is it", &options[2..]),
        "--views from:@2",
    );
}

#[test]
fn a_hint_names_every_unit_of_the_text() {
    let workplace = Workplace::new();
    let outcome = workplace.run(&encode(TEXT, &["--views", "to:it"]));
    for line in [
        "error: the token \"it\" is there more than once, at @3 @7",
        "hint: --views to:@3, or to:@7",
    ] {
        assert!(
            outcome.stderr.lines().any(|found| found == line),
            "{}",
            outcome.stderr
        );
    }
    let outcome = workplace.run(&encode(TEXT, &["--views", "from:9"]));
    assert!(
        outcome.stderr.contains("among: @0 [CLS]  @1 in  @2 5"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_line_of_a_batch_that_lacks_the_unit_says_where_units_are() {
    let workplace = Workplace::new();
    std::fs::write(workplace.path().join("texts.txt"), "the cat sat\nit\n").expect("written");
    let arguments = ["batch", "texts.txt", "-m", "builtin", "--views", "from:@4"];
    let outcome = workplace.run(&arguments);
    assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
    let reason = "texts.txt:2: there is no token @4: the run has 3, numbered @0 to @2";
    assert!(outcome.stderr.contains(reason), "{}", outcome.stderr);
    let page = std::fs::read_to_string(workplace.default_output().join("index.html"));
    let page = page.expect("there is a page");
    assert!(
        page.contains("@3</small>") && page.contains("from:@4"),
        "{page}"
    );
}

#[test]
fn the_option_that_is_at_fault_is_named() {
    let workplace = Workplace::new();
    let write = |name: &str, text: &[u8]| {
        std::fs::write(workplace.path().join(name), text).expect("it can be written");
    };
    let row = [0.5_f32, 0.25, 0.25];
    let bytes: Vec<u8> = [row; 2]
        .concat()
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let view =
        safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![1, 1, 2, 3], &bytes);
    let file = safetensors::serialize([("attention", view.expect("it fits"))], None);
    write("it", &file.expect("it is valid"));
    write("two", b"a\nb\n");
    write("three", b"a\nb\nc\n");
    write("bytes", b"\xff\xfe\xfd");
    for (labels, keys, fault, count) in [
        ("three", "three", "--labels", "2 lines"),
        ("two", "two", "--key-labels", "3 lines"),
        ("bytes", "three", "--labels", "one token a line"),
        ("two", "bytes", "--key-labels", "one token a line"),
    ] {
        let outcome = workplace.run(&["render", "it", "--labels", labels, "--key-labels", keys]);
        assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
        let hint = outcome.stderr.lines().last().unwrap_or_default();
        assert!(hint.starts_with(&format!("hint: {fault} FILE")), "{hint}");
        assert!(hint.contains(count), "{hint}");
    }
    // Queries and keys are counted by themselves.
    let named = [
        "render",
        "it",
        "--labels",
        "two",
        "--key-labels",
        "three",
        "--views",
    ];
    workplace.succeed(&[&named[..], &["from:@1,to:@2"]].concat());
    follow(
        &workplace,
        &[&named[..], &["from:@2"]].concat(),
        "--views from:@1",
    );
    follow(
        &workplace,
        &[&named[..], &["to:@3"]].concat(),
        "--views to:@2",
    );
}
