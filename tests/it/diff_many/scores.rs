//! Two folders of scores: ranked, drawn and shown by any score.

use std::fs;

use serde_json::Value;

use attnviz::analysis::Score;

use super::folders::{SCORES, save};
use super::{csv, diff, diff_models, workplace};
use crate::binary::{Workplace, tree};

fn read(workplace: &Workplace, name: &str) -> String {
    fs::read_to_string(workplace.path().join(name)).expect(name)
}

/// Of a report the heads in their order: layer, head, mean.
fn ranked(report: &Value, quantity: &str) -> Vec<(u64, u64, f64)> {
    let heads = report["heads"].as_array().expect("a list").iter();
    heads
        .filter_map(|head| {
            let mean = head[quantity]["mean"].as_f64()?;
            Some((head["layer"].as_u64()?, head["head"].as_u64()?, mean))
        })
        .collect()
}

#[test]
fn every_score_ranks_heads_and_has_a_grid_with_signs() {
    let workplace = workplace();
    save(&workplace, ["in.txt", "in.txt"]);
    // No encoder does what decoders do, and no input here is a pair.
    let of_others = [Score::PreviousToken, Score::Induction, Score::Segment];
    let scores = Score::ALL.iter().filter(|score| !of_others.contains(score));
    for score in scores {
        let quantity = format!("{score}_difference");
        let more = [
            "--measure",
            score.name(),
            "-f",
            "svg",
            "--json",
            "--overwrite",
        ];
        let found = diff(&workplace, 0, SCORES, "out", &more);
        let report: Value = serde_json::from_str(&found.stdout).expect("JSON");
        assert_eq!(report["measure"], quantity.as_str());
        let order = ranked(&report, &quantity);
        assert!(
            order
                .windows(2)
                .all(|pair| pair[0].2.abs() >= pair[1].2.abs()),
            "{score}: {order:?}"
        );
        let picture = read(&workplace, "out/differences.svg");
        assert!(
            picture.contains(&format!("difference of {score} of 14 heads")),
            "{score}"
        );
        let page = read(&workplace, "out/index.html");
        for part in [
            "src=\"differences.svg\"".to_owned(),
            format!("By mean {quantity}"),
        ] {
            assert!(page.contains(&part), "{score}: no {part:?}");
        }
        // The table of all heads has the same means.
        for row in csv(&workplace, "out/diff.csv") {
            if row["measure"] != quantity {
                continue;
            }
            let head: [u64; 2] =
                [&row["layer"], &row["head"]].map(|text| text.parse().expect("a number"));
            let mean: f64 = row["mean"].parse().expect("a number");
            let same = order.iter().find(|found| [found.0, found.1] == head);
            let (_, _, found) = same.expect("the head is there");
            assert!((found - mean).abs() <= 1e-6 * mean.abs(), "{row:?}");
        }
    }
    // Where nobody says which: the one that inputs of any length have in common.
    let found = diff(&workplace, 0, SCORES, "plain", &[]);
    assert!(
        found
            .stdout
            .contains("entropy_normalized_difference, the most"),
        "{}",
        found.stdout
    );
    assert!(tree(&workplace.path().join("plain")).contains_key("differences.png"));
}

#[test]
fn maps_of_many_inputs_are_ranked_by_a_score_and_one_input_or_scores_by_measures_are_not() {
    let workplace = workplace();
    save(&workplace, ["in.txt", "in.txt"]);
    let by_entropy = ["--measure", "entropy", "--json"];
    let found = diff_models(&workplace, 0, "models", &by_entropy);
    let of_models: Value = serde_json::from_str(&found.stdout).expect("JSON");
    let found = diff(&workplace, 0, SCORES, "scores", &by_entropy);
    let of_scores: Value = serde_json::from_str(&found.stdout).expect("JSON");
    let quantity = "entropy_difference";
    assert_eq!(ranked(&of_models, quantity), ranked(&of_scores, quantity));
    let worst = |report: &Value| {
        let inputs = report["worst"].as_array().expect("a list").iter();
        inputs
            .map(|input| (input["id"].clone(), input["value"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(worst(&of_models), worst(&of_scores));
    let grids = ["models", "scores"].map(|folder| {
        fs::read(workplace.path().join(folder).join("differences.png")).expect("a grid")
    });
    assert!(grids[0] == grids[1]);

    let found = diff(&workplace, 2, SCORES, "none", &["--measure", "js_bits"]);
    for part in ["no maps", "hint: --measure entropy_normalized"] {
        assert!(found.stderr.contains(part), "{}", found.stderr);
    }
    let one = ["--text", "Hello.", "--measure", "entropy"];
    let found = diff(&workplace, 2, [&super::model(), "changed"], "none", &one);
    for part in ["over many inputs", "hint: --measure js_bits"] {
        assert!(found.stderr.contains(part), "{}", found.stderr);
    }
    let found = diff(&workplace, 2, SCORES, "none", &["--measure", "entropi"]);
    assert!(found.stderr.contains("entropy"), "{}", found.stderr);
}

#[test]
fn a_score_that_no_input_has_ranks_nothing_and_says_so() {
    let workplace = workplace();
    save(&workplace, ["in.txt", "in.txt"]);
    // What decoders do, no encoder does.
    let of = ["--measure", "induction"];
    let says = ["no input has a value of induction", "hint: --measure "];
    let found = diff(&workplace, 1, SCORES, "scores", &of);
    let models = diff_models(&workplace, 1, "models", &of);
    for part in says {
        assert!(found.stderr.contains(part), "{}", found.stderr);
        assert!(models.stderr.contains(part), "{}", models.stderr);
    }
    for folder in ["scores", "models"] {
        assert!(!workplace.path().join(folder).exists());
    }
}
