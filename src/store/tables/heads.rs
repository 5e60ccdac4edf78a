//! `heads.csv`: the statistics of every score of every head, a row each.

use std::io::{self, Write};

use crate::analysis::{Score, Statistics};

/// Writes the statistics: a row a layer, head and score, in this order.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_heads(statistics: &Statistics, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "layer,head,score,mean,standard_deviation,p05,p50,p95,count"
    )?;
    let scores = Score::ALL.iter();
    let scores = scores.map(|&score| (score, statistics.of(score).into_iter().peekable()));
    let mut scores: Vec<_> = scores.collect();
    for head in statistics.heads() {
        for (score, heads) in &mut scores {
            let Some(found) = heads.next_if(|found| found.head == *head) else {
                continue;
            };
            let deviation = found.standard_deviation.map(number).unwrap_or_default();
            let [low, middle, high] = found.quantiles.map(number);
            let (layer, head, mean) = (head.layer, head.head, number(found.mean));
            writeln!(
                out,
                "{layer},{head},{score},{mean},{deviation},{low},{middle},{high},{}",
                found.count
            )?;
        }
    }
    Ok(())
}

/// As many digits as tell it from other numbers of single precision.
fn number(value: f64) -> String {
    format!("{}", value as f32)
}
