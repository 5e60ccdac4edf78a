//! What the action makes of arguments, and what it says of what went wrong.

use std::fs;
use std::path::Path;

use super::{Runner, SENTENCES};

#[test]
fn what_is_broken_is_an_annotation_a_line() {
    let line = "echo 'BROKEN  drift (a.toml:3): 100 % of it'; echo 'holds   <b>'; exit 4";
    let runner = Runner::new(&[("arguments", "rules.toml"), ("program", "stub")]);
    let runner = runner.with_program("stub", line).run();
    assert_eq!(runner.output("run.exit-code"), "4");
    let said = "\n::error title=attnviz check::BROKEN  drift (a.toml:3): 100 %25 of it\n";
    assert!(runner.log.contains(said), "{}", runner.log);
    assert!(!runner.log.contains("attnviz check::holds"));
    assert!(
        runner.summary().contains("&lt;b&gt;"),
        "{}",
        runner.summary()
    );
}

#[test]
fn arguments_are_words_of_a_shell_and_nothing_is_expanded() {
    for (arguments, output, expected) in [
        ("", "", "check\n"),
        ("  \n", "out", "check\n--output\nout\n"),
        (
            "a.toml --text \"$(touch hacked) `id` *\"\n'--model=x y' \\\"",
            "",
            "check\na.toml\n--text\n$(touch hacked) `id` *\n--model=x y\n\"\n",
        ),
        ("''", "", "check\n\n"),
        // As `sh` splits them.
        ("\"a \\\" b\" # ~", "", "check\na \" b\n#\n~\n"),
        (
            "it\\'s \"it's\" 'a\"\\'b",
            "",
            "check\nit's\nit's\na\"\\b\n",
        ),
        ("a\\ b\\\nc \"d\\\n\\e\\$\"", "", "check\na bc\nd\\e$\n"),
        ("é\t\"ü \u{1F600}\"", "", "check\né\nü \u{1F600}\n"),
        // A typed folder goes before the input; what writes none takes none.
        ("a -o out", "else", "check\na\n-o\nout\n"),
        ("a --output=out", "else", "check\na\n--output=out\n"),
        (
            "a -- --init",
            "out",
            "check\n--output\nout\na\n--\n--init\n",
        ),
        ("a --accept", "attention", "check\na\n--accept\n"),
        ("a --init", "attention", "check\na\n--init\n"),
        ("- --stream", "attention", "check\n-\n--stream\n"),
        ("a ''", "", "check\na\n\n"),
    ] {
        let runner = Runner::new(&[
            ("arguments", arguments),
            ("output", output),
            ("program", "stub"),
        ]);
        let print = "for word in \"$@\"; do printf '%s\\n' \"$word\"; done >printed\nmkdir out";
        let runner = runner.with_program("stub", print).run();
        assert!(!runner.is_failed, "{}", runner.log);
        let repository = runner.path("repository");
        let printed = fs::read_to_string(repository.join("printed")).unwrap();
        assert_eq!(printed, expected, "{arguments:?}");
        assert!(!repository.join("hacked").exists());
        // Where the command chooses the folder there is nothing to upload.
        let is_written = expected.contains("out");
        assert_eq!(!runner.used.is_empty(), is_written, "{arguments:?}");
        if is_written {
            assert_eq!(Path::new(&runner.used[0].1["path"]), repository.join("out"));
        }
    }
}

#[test]
fn what_cannot_be_run_is_said_in_a_line() {
    for (inputs, said) in [
        (
            [("command", "encode; rm -rf ."), ("program", "stub")],
            "expected the command check, diff, batch or scores",
        ),
        (
            [("command", "check"), ("program", "no-such-program")],
            "the input \"program\" names no program that is there",
        ),
        (
            [("arguments", "it's"), ("program", "stub")],
            "a quotation mark of the input \"arguments\" is not closed",
        ),
        (
            [("output", "a\nprogram=b"), ("program", "stub")],
            "expected OUTPUT in one line, found several",
        ),
        (
            [("arguments", "--output 'a\nb'"), ("program", "stub")],
            "expected --output in one line, found several",
        ),
    ] {
        let runner = Runner::new(&inputs).with_program("stub", "exit 0").run();
        assert!(runner.is_failed);
        let said = format!("::error title=attnviz::{said}\n");
        assert!(runner.log.contains(&said), "{}", runner.log);
    }
}

/// A runner after a command with `attnviz` itself, in a folder of rules and texts.
fn after(command: &str, arguments: &str) -> Runner {
    let runner = Runner::new(&[
        ("command", command),
        ("arguments", arguments),
        ("program", "attnviz"),
    ]);
    let runner = runner.with_attnviz();
    fs::create_dir(runner.path("repository/rules")).unwrap();
    let input = "model = \"builtin\"\n[[input]]\ntext = \"The animal\"\n\n";
    let rule = "[[head]]\nid = \"1.1\"\nscore = \"entropy\"\nabove = 13\n";
    runner
        .file("c.toml", &format!("{input}{rule}"))
        .file("rules/d.toml", &format!("{input}{rule}"))
        .file("bad.toml", &format!("{input}{rule}nothing = 1\n"))
        .file("some.jsonl", "{\"text\": \"a\"}\n{\"text\": 5}\n")
        .file("sentences.txt", SENTENCES)
        .run()
}

#[test]
fn an_annotation_says_what_broke_where_and_why() {
    for (command, arguments, code, said) in [
        (
            "check",
            "c.toml",
            "4",
            "file=c.toml,line=5,title=attnviz check::BROKEN  head 1.1 entropy above 13 (c.toml:5): ",
        ),
        (
            "check",
            "./rules/d.toml --color always",
            "4",
            "file=rules/d.toml,line=5,title=attnviz check::BROKEN  head 1.1 ",
        ),
        (
            "check",
            "bad.toml",
            "1",
            "file=bad.toml,line=9,title=attnviz check::error: bad.toml is no file of rules%0A  line 9, column 1: unknown key \"nothing\"",
        ),
        (
            "batch",
            "some.jsonl --model builtin --layers 0 --views overview",
            "3",
            "file=some.jsonl,line=2,title=attnviz batch::warning: some.jsonl:2: expected a text in the field \"text\", found a number%0Ahint: write texts as strings",
        ),
        (
            "diff",
            "builtin ./nothing --text a",
            "1",
            "title=attnviz diff::error: RIGHT cannot be compared%0A  the model could not be loaded%0A  ./nothing: expected a directory with a checkpoint, found nothing%0Ahint: ",
        ),
        (
            "diff",
            "builtin --text animal --against beast --max-abs 1e-9",
            "4",
            "title=attnviz diff::exceeded  max_abs ",
        ),
        (
            "check",
            "c.toml -q",
            "4",
            "file=c.toml,line=5,title=attnviz check::BROKEN  head 1.1 entropy above 13 (c.toml:5): ",
        ),
        (
            "check",
            "c.toml --json",
            "4",
            "title=attnviz check::a rule or a threshold is broken (exit code 4): ",
        ),
    ] {
        let runner = after(command, arguments);
        assert_eq!(runner.output("run.exit-code"), code, "{}", runner.log);
        let said = format!("\n::error {said}");
        assert!(
            runner.log.contains(&said),
            "{arguments}: {said}\n{}",
            runner.log
        );
        assert_eq!(
            runner.log.matches("\n::error ").count(),
            1,
            "{}",
            runner.log
        );
    }
}

#[test]
fn inputs_that_are_not_compared_are_an_annotation_with_their_units() {
    let runner = Runner::new(&[
        ("program", "stub"),
        ("command", "diff"),
        ("arguments", "builtin ./mine --inputs in.txt"),
        ("output", ""),
    ]);
    let printed = "units     1 input is not compared, whose units differ:\n  000002\n    @1 a  @1 b\nleft      builtin";
    let script = format!("printf '%s\\n' \"{printed}\"\nexit 1");
    let runner = runner.with_program("stub", &script).run();
    assert!(runner.is_failed);
    let said = "\n::error title=attnviz diff::units     1 input is not compared, whose units differ:%0A  000002%0A    @1 a  @1 b\n";
    assert!(runner.log.contains(said), "{}", runner.log);
}

#[test]
fn the_action_accepts_and_begins_rules_with_its_default_folder() {
    let runner = after("check", "new.toml --init");
    assert!(!runner.is_failed, "{}", runner.log);
    assert!(runner.path("repository/new.toml").is_file());
    assert!(runner.used.is_empty());
    assert!(!runner.summary().contains("artifact"));
}

#[test]
fn a_relative_program_is_looked_for_where_the_command_runs() {
    let runner = Runner::new(&[("program", "./mine"), ("working-directory", "inner")]);
    fs::create_dir(runner.path("repository/inner")).unwrap();
    let runner = runner.with_program("mine", "exit 0");
    let [from, to] = ["bin/mine", "repository/inner/mine"].map(|name| runner.path(name));
    fs::rename(from, to).unwrap();
    let runner = runner.run();
    assert!(!runner.is_failed, "{}", runner.log);
}

#[test]
fn folders_of_models_stand_in_one_line() {
    for variable in ["HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME"] {
        let mut runner = Runner::new(&[("program", "stub"), ("output", "")]);
        runner
            .variables
            .push((variable.to_owned(), "a\nprogram=b".to_owned()));
        let runner = runner.with_program("stub", "exit 0").run();
        assert!(runner.is_failed);
        let said = format!("expected {variable} in one line, found several\n");
        assert!(runner.log.contains(&said), "{}", runner.log);
    }
}
