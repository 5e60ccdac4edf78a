//! Statistics over many inputs.

use attnviz::analysis::{Score, Statistics, Summary};
use attnviz::attention::HeadId;
use proptest::prelude::*;

fn summary(score: Score, values: &[f32]) -> Summary {
    let mut summary = Summary::new(score);
    values.iter().for_each(|&value| summary.add(value));
    summary
}

fn assert_near(found: Option<f64>, expected: f64, tolerance: f64, what: &str) {
    let found = found.unwrap_or(f64::NAN);
    assert!(
        (found - expected).abs() <= tolerance,
        "{what}: {found} instead of {expected}"
    );
}

#[test]
fn mean_deviation_and_quantiles_are_those_of_a_table() {
    // numpy.mean, numpy.std(ddof=1), numpy.quantile(method="inverted_cdf").
    type Case<'values> = (Score, &'values [f32], f64, Option<f64>, [f64; 3]);
    let cases: &[Case<'_>] = &[
        (Score::Previous, &[0.5], 0.5, None, [0.5; 3]),
        (
            Score::Previous,
            &[0.25, 0.25, 0.25],
            0.25,
            Some(0.0),
            [0.25; 3],
        ),
        (
            Score::Itself,
            &[0.1, 0.2, 0.4, 0.8],
            0.375,
            Some(0.309_569_593_6),
            [0.1, 0.2, 0.8],
        ),
        (
            Score::SinkShare,
            &[0.0, 0.0, 1.0],
            1.0 / 3.0,
            Some(0.577_350_269_2),
            [0.0, 0.0, 1.0],
        ),
        (
            Score::Entropy,
            &[0.0, 1.4, 14.0],
            5.133_333_3,
            Some(7.710_598_6),
            [0.0, 1.4, 14.0],
        ),
        (
            Score::Distance,
            &[0.0, 1.0, 3.0],
            4.0 / 3.0,
            Some(1.527_525_231_7),
            [0.0, 1.0, 3.0],
        ),
    ];
    for (score, values, mean, deviation, quantiles) in cases {
        let summary = summary(*score, values);
        let what = format!("{score} {values:?}");
        assert_eq!(summary.count(), values.len() as u64, "{what}");
        assert_near(summary.mean(), *mean, 1e-7, &what);
        match deviation {
            Some(deviation) => assert_near(summary.standard_deviation(), *deviation, 1e-6, &what),
            None => assert_eq!(summary.standard_deviation(), None, "{what}"),
        }
        for (share, quantile) in [0.05, 0.5, 0.95].into_iter().zip(quantiles) {
            // A mark of a distance is 1.4 % from the next.
            let tolerance = 1e-6
                + quantile
                    * if *score == Score::Distance {
                        0.007
                    } else {
                        0.0
                    };
            assert_near(summary.quantile(share), *quantile, tolerance, &what);
        }
    }
}

#[test]
fn what_is_empty_does_not_count() {
    let none = summary(Score::Segment, &[f32::NAN, f32::NAN]);
    assert_eq!(none.count(), 0);
    assert_eq!(none.mean(), None);
    assert_eq!(none.quantile(0.5), None);
    let one = summary(Score::Segment, &[f32::NAN, 0.5, f32::NAN]);
    assert_eq!((one.count(), one.mean()), (1, Some(0.5)));
    // A score that no input has is not in the table at all.
    let head = HeadId { layer: 0, head: 0 };
    let mut statistics = Statistics::new(vec![head]);
    let mut values = vec![f32::NAN; Score::ALL.len()];
    values[0] = 1.0;
    statistics.add(&values);
    assert_eq!(statistics.of(Score::Entropy).len(), 1);
    assert_eq!(statistics.of(Score::Segment), []);
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 64,
        ..ProptestConfig::default()
    })]

    #[test]
    fn statistics_do_not_depend_on_the_order_and_keep_to_a_thousandth(
        values in prop::collection::vec(0.0_f32..=1.0, 1..200),
        turn in 0_usize..200,
    ) {
        let forward = summary(Score::Next, &values);
        let mut turned = values.clone();
        turned.rotate_left(turn % values.len());
        turned.reverse();
        prop_assert_eq!(&forward, &summary(Score::Next, &turned));
        let mut sorted: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len() as f64;
        for share in [0.05, 0.5, 0.95] {
            let rank = (share * count).ceil().max(1.0) as usize;
            let found = forward.quantile(share).unwrap_or(f64::NAN);
            prop_assert!((found - sorted[rank - 1]).abs() <= 0.000_501);
        }
        let mean = sorted.iter().sum::<f64>() / count;
        prop_assert!((forward.mean().unwrap_or(f64::NAN) - mean).abs() < 2e-9);
    }
}
