//! How a batch comes along: a bar on a terminal, else a line now and then, so
//! that a log shows life.

use std::time::{Duration, Instant};

use anstyle::AnsiColor;
use indicatif::ProgressBar;

use super::messages::{Messages, labelled, rate, seconds};
use super::page_size;
use crate::batch::BatchEvent;
use crate::render::terminal::Printable;
use crate::store::batch_records::{BatchCounts, ResultRecord};

/// From one line of a log to the next.
const LINE_INTERVAL: Duration = Duration::from_secs(5);
/// So many failures are told one by one.
const TOLD_FAILURES: u64 = 20;
/// Steps of the bar.
const BAR_LENGTH: u64 = 1_000;

/// Shows the events of a batch.
pub(super) struct BatchProgress {
    messages: Messages,
    bar: ProgressBar,
    start: Instant,
    last_line: Instant,
    told_failures: u64,
    /// What was said under the failure before.
    last_hint: Option<String>,
    /// The warnings so far.
    warnings: Vec<String>,
}

impl BatchProgress {
    pub(super) fn new(messages: Messages) -> Self {
        let now = Instant::now();
        Self {
            messages,
            bar: messages.progress(BAR_LENGTH, "{bar:24} {percent:>3} % {msg}"),
            start: now,
            last_line: now,
            told_failures: 0,
            last_hint: None,
            warnings: Vec::new(),
        }
    }

    pub(super) fn tell(&mut self, event: &BatchEvent<'_>) {
        match event {
            BatchEvent::Failed(record) => self.tell_failure(record),
            BatchEvent::LargePage { bytes, fraction } => {
                let warning = page_size::growing(*bytes, *fraction);
                self.bar.suspend(|| self.messages.warning(&warning));
                self.warnings.push(warning);
            }
            BatchEvent::Advanced { counts, fraction } => self.advance(*counts, *fraction),
        }
    }

    /// Takes the bar away, and returns the warnings.
    pub(super) fn finish(self) -> Vec<String> {
        self.bar.finish_and_clear();
        self.warnings
    }

    fn tell_failure(&mut self, record: &ResultRecord) {
        self.told_failures += 1;
        let warning = match self.told_failures {
            0..=TOLD_FAILURES => {
                let place = match record.file.as_str() {
                    // It comes out of no file of inputs.
                    "" => record.id.clone(),
                    file => format!("{file}:{}", record.line),
                };
                let reason = record.error.as_deref().unwrap_or("failed");
                format!("{place}: {reason}")
            }
            count if count == TOLD_FAILURES + 1 => {
                "further failures are listed in results.jsonl".to_owned()
            }
            _ => return,
        };
        // The same thing under every line would hide the lines.
        let hint = record.hint.as_ref();
        let is_new = self.told_failures <= TOLD_FAILURES && hint != self.last_hint.as_ref();
        let hint = hint.filter(|_| is_new);
        self.bar.suspend(|| {
            self.messages.warning(&warning);
            if let Some(hint) = hint {
                labelled("hint", AnsiColor::Cyan, hint);
            }
        });
        self.last_hint.clone_from(&record.hint);
        self.warnings.push(warning);
    }

    fn advance(&mut self, counts: BatchCounts, fraction: Option<f64>) {
        if let Some(fraction) = fraction {
            self.bar.set_position((fraction * BAR_LENGTH as f64) as u64);
        }
        self.bar.set_message(self.status(counts, fraction));
        if self.messages.shows_lines() && self.last_line.elapsed() >= LINE_INTERVAL {
            self.last_line = Instant::now();
            let status = self.status(counts, fraction);
            labelled("progress", AnsiColor::Green, Printable(&status));
        }
    }

    /// `120 done, 3 failed, 45 inputs/s, 12.00 s left`.
    fn status(&self, counts: BatchCounts, fraction: Option<f64>) -> String {
        let elapsed = self.start.elapsed();
        let rate = rate(counts.inputs, elapsed);
        let mut status = format!("{} done, {} failed, {rate}", counts.done, counts.failed);
        if let Some(fraction) = fraction.filter(|&fraction| fraction > 0.01) {
            let left = elapsed.mul_f64(((1.0 - fraction) / fraction).clamp(0.0, 1e6));
            status.push_str(&format!(", {} left", seconds(left)));
        }
        status
    }
}
