//! `--show=scores` and `--sort`.

use crate::binary::Workplace;

const PAIR: [&str; 8] = [
    "encode",
    "It was late.",
    "--pair",
    "It was.",
    "--model",
    "builtin",
    "--format",
    "json",
];

/// The table's names, and its lines.
fn table(stdout: &str) -> (Vec<&str>, Vec<Vec<&str>>) {
    let start = stdout
        .lines()
        .skip_while(|line| !line.trim_start().starts_with("layer  head"));
    let mut lines = start.map(|line| line.split_whitespace().collect::<Vec<_>>());
    let names = lines.next().expect("a table");
    let heads = lines.take_while(|line| {
        line.first()
            .is_some_and(|first| first.parse::<usize>().is_ok())
    });
    // The line below says how many more scores there are.
    let heads = heads.filter(|line| line.len() == names.len());
    let heads = heads.collect();
    (names, heads)
}

fn show<'text>(more: &[&'text str]) -> Vec<&'text str> {
    [&PAIR, more].concat()
}

#[test]
fn a_table_of_scores_fits_the_terminal() {
    let workplace = Workplace::new();
    for columns in ["20", "80", "120", "1000"] {
        let mut command = workplace.command(&show(&["--show=scores"]));
        let output = command.env("COLUMNS", columns).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let (names, heads) = table(&stdout);
        assert_eq!(heads.len(), 72, "{stdout}");
        let room: usize = columns.parse().unwrap();
        let widest = stdout.lines().filter(|line| line.contains("layer  head"));
        let widest = widest.map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= room, "{widest} of {room}");
        // All that this input has: no decoder's.
        let is_all = room == 1000;
        assert_eq!(names.len() == 2 + 20, is_all, "{names:?}");
        assert_eq!(stdout.contains("more in a wider terminal"), !is_all);
        // The strongest links are another question.
        assert!(!stdout.contains("strongest links"));
    }
}

#[test]
fn a_table_of_scores_is_sorted_by_the_one_that_is_named() {
    let workplace = Workplace::new();
    let outcome = workplace.succeed(&show(&["--show=scores"]));
    let (_, heads) = table(&outcome.stdout);
    let places: Vec<(usize, usize)> = heads
        .iter()
        .map(|line| (line[0].parse().unwrap(), line[1].parse().unwrap()))
        .collect();
    assert!(places.is_sorted());

    for score in ["next", "offset_share_plus_1", "segment"] {
        let outcome = workplace.succeed(&show(&["--show=scores", "--sort", score]));
        let (names, heads) = table(&outcome.stdout);
        // The score that is asked for stands first.
        assert_eq!(names[2], score);
        let values = heads
            .iter()
            .map(|line| line[2].parse::<f32>().unwrap_or(0.0));
        assert!(
            values
                .collect::<Vec<_>>()
                .is_sorted_by(|left, right| left >= right)
        );
    }
    // Of the built-in model it is known which head looks at the next token.
    let outcome = workplace.succeed(&show(&["--show=scores", "--sort", "next"]));
    let (_, heads) = table(&outcome.stdout);
    assert_eq!(heads[0][..2], ["1", "8"]);
}

#[test]
fn a_table_of_scores_has_the_selected_heads_alone() {
    let workplace = Workplace::new();
    let outcome = workplace.succeed(&show(&[
        "--show=scores",
        "--layers",
        "1,-1",
        "--heads",
        "3",
    ]));
    let (_, heads) = table(&outcome.stdout);
    let places: Vec<&[&str]> = heads.iter().map(|line| &line[..2]).collect();
    assert_eq!(places, [["1", "3"], ["5", "3"]]);
}

#[test]
fn a_score_that_no_head_has_sorts_nothing_and_says_so() {
    let workplace = Workplace::new();
    let outcome = workplace.succeed(&show(&["--show=scores", "--sort", "induction"]));
    assert!(
        outcome.stdout.contains("not sorted: induction is empty"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn sorting_what_is_not_shown_is_said_to_do_nothing() {
    let workplace = Workplace::new();
    let idle = "--sort does nothing without --show=scores";
    for (more, is_idle) in [
        (vec!["--sort", "prev"], true),
        (vec!["--sort", "prev", "--show"], true),
        (
            vec![
                "--sort",
                "prev",
                "--show=heads",
                "--heads",
                "0",
                "--layers",
                "0",
            ],
            true,
        ),
        (vec!["--sort", "prev", "--show=scores"], false),
        (vec!["--sort", "prev", "--show", "--views", "scores"], false),
    ] {
        let outcome = workplace.succeed(&show(&more));
        assert_eq!(
            outcome.stderr.contains(idle),
            is_idle,
            "{more:?}: {}",
            outcome.stderr
        );
    }
    let outcome = workplace.run(&show(&["--show=scores", "--sort", "prevv"]));
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("prev"), "{}", outcome.stderr);
}
