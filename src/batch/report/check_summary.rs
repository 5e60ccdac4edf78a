//! The Markdown summary of a check.

use std::io::{self, Write};

use super::summary::{cell, write_row};
use super::wording::grouped;
use crate::store::batch_records::PAGE;
use crate::store::check_record::{CheckRecord, RuleStatus};

/// So many rules and so many failures are listed.
const LISTED: usize = 100;

/// What a check came to, as a sentence without its full stop.
pub(super) fn outcome(record: &CheckRecord) -> String {
    if record.error.is_some() {
        return "it did not come to its end".to_owned();
    }
    let rules = record.rules.len();
    let all = match rules {
        1 => "1 rule".to_owned(),
        _ => format!("{rules} rules"),
    };
    let failed = match record.failed {
        0 => String::new(),
        1 => ", 1 input failed".to_owned(),
        failed => format!(", {} inputs failed", grouped(failed)),
    };
    match record.broken {
        0 if rules == 1 => format!("{all} holds{failed}"),
        0 => format!("{all} hold{failed}"),
        broken => format!("{broken} of {all} broken{failed}"),
    }
}

/// Writes the summary of a check: broken rules first, then those that hold.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_check_summary(record: &CheckRecord, out: &mut dyn Write) -> io::Result<()> {
    let is_fine = record.broken == 0 && record.failed == 0;
    let sign = if is_fine { "✅" } else { "❌" };
    let (file, model) = (cell(&record.rules_file), cell(&record.model.name()));
    writeln!(out, "## {sign} attnviz check: {}\n", outcome(record))?;
    writeln!(out, "{file} on {model}\n")?;
    if let Some(cut) = record.cut_in_words() {
        writeln!(out, "{cut}, by --truncate\n")?;
    }
    writeln!(
        out,
        "| | rule | found | expected |\n| --- | --- | --- | --- |"
    )?;
    for rule in record.broken_first().take(LISTED) {
        let status = match rule.status {
            RuleStatus::Broken => "❌",
            RuleStatus::Holds => "✅",
        };
        let name = format!("{} (line {})", rule.name, rule.line);
        write_row(&[status, &name, &rule.message, &rule.expected], out)?;
    }
    more(record.rules.len(), out)?;
    if !record.failures.is_empty() {
        writeln!(
            out,
            "\n### Inputs that failed\n\n| id | file | reason |\n| --- | --- | --- |"
        )?;
        for failure in record.failures.iter().take(LISTED) {
            let hint = failure.hint.as_ref();
            let hint = hint.map_or_else(String::new, |hint| format!(" (hint: {hint})"));
            let reason = format!("{}{hint}", failure.error);
            write_row(&[&failure.id, &failure.file, &reason], out)?;
        }
        more(record.failures.len(), out)?;
    }
    writeln!(
        out,
        "\nOpen `{PAGE}` in the check's folder to see what the broken rules show. Drift is not a \
         fault, and attention is not an explanation: a rule says that a number is where it was \
         expected, no more.\n"
    )
}

/// Writes the summary of a check that did not come to its end.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_error_summary(rules: &str, error: &str, out: &mut dyn Write) -> io::Result<()> {
    let (rules, error) = (cell(rules), cell(error));
    writeln!(
        out,
        "## ❌ attnviz check did not come to its end\n\n{rules}: {error}\n"
    )
}

fn more(count: usize, out: &mut dyn Write) -> io::Result<()> {
    match count.checked_sub(LISTED) {
        None | Some(0) => Ok(()),
        Some(more) => writeln!(out, "\n… and {} more.", grouped(more as u64)),
    }
}
