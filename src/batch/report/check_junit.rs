//! The JUnit report of a check: each rule a test case, and each input that
//! failed.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::junit::attribute;
use super::wording::visible;
use crate::store::check_record::{CheckRecord, FailureRecord, RuleRecord, RuleStatus};

/// Writes the report of a check.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_check_junit(record: &CheckRecord, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = Writer::new_with_indent(out, b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let tests = (record.rules.len() + record.failures.len()).to_string();
    let (failures, errors) = (record.broken.to_string(), record.failures.len().to_string());
    let suite_name = format!("attnviz check · {}", attribute(&record.model.name()));
    for (element, name) in [("testsuites", "attnviz"), ("testsuite", &suite_name)] {
        let start = BytesStart::new(element).with_attributes([
            ("name", name),
            ("tests", &tests),
            ("failures", &failures),
            ("errors", &errors),
        ]);
        writer.write_event(Event::Start(start))?;
    }
    for rule in &record.rules {
        write_rule(record, rule, &mut writer)?;
    }
    for failure in &record.failures {
        write_input(failure, &mut writer)?;
    }
    for element in ["testsuite", "testsuites"] {
        writer.write_event(Event::End(BytesEnd::new(element)))?;
    }
    writeln!(writer.get_mut())
}

/// Writes the report of a check that did not come to its end: a single error.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_error_junit(rules: &str, error: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = Writer::new_with_indent(out, b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    for (element, name) in [("testsuites", "attnviz"), ("testsuite", "attnviz check")] {
        let counts = [("tests", "1"), ("failures", "0"), ("errors", "1")];
        let start = BytesStart::new(element).with_attributes([("name", name)]);
        writer.write_event(Event::Start(start.with_attributes(counts)))?;
    }
    let file = attribute(rules);
    let case = writer.create_element("testcase").with_attributes([
        ("classname", file.as_str()),
        ("name", "the check came to its end"),
        ("file", &file),
    ]);
    case.write_inner_content(|writer| {
        writer
            .create_element("error")
            .with_attribute(("message", attribute(error).as_str()))
            .with_attribute(("type", "check"))
            .write_text_content(BytesText::new(&visible(error)))?;
        Ok(())
    })?;
    for element in ["testsuite", "testsuites"] {
        writer.write_event(Event::End(BytesEnd::new(element)))?;
    }
    writeln!(writer.get_mut())
}

fn write_rule<W: Write>(
    record: &CheckRecord,
    rule: &RuleRecord,
    writer: &mut Writer<W>,
) -> io::Result<()> {
    let file = attribute(&record.rules_file);
    let case = writer.create_element("testcase").with_attributes([
        ("classname", file.as_str()),
        ("name", &attribute(&rule.name)),
        ("file", &file),
        ("line", &rule.line.to_string()),
    ]);
    match rule.status {
        RuleStatus::Holds => case.write_empty()?,
        RuleStatus::Broken => case.write_inner_content(|writer| {
            let content = format!(
                "{}:{}: {}\nexpected: {}\n{}",
                record.rules_file,
                rule.line,
                rule.message,
                rule.expected,
                rule.texts.join("\n")
            );
            writer
                .create_element("failure")
                .with_attribute(("message", attribute(&rule.message).as_str()))
                .with_attribute(("type", attribute(&rule.kind).as_str()))
                .write_text_content(BytesText::new(&visible(content.trim_end())))?;
            Ok(())
        })?,
    };
    Ok(())
}

fn write_input<W: Write>(failure: &FailureRecord, writer: &mut Writer<W>) -> io::Result<()> {
    let file = attribute(&failure.file);
    let line = failure.line.map(|line| line.to_string());
    let mut case = writer.create_element("testcase").with_attributes([
        ("classname", "inputs"),
        ("name", &attribute(&failure.id)),
        ("file", &file),
    ]);
    if let Some(line) = &line {
        case = case.with_attribute(("line", line.as_str()));
    }
    case.write_inner_content(|writer| {
        let hint = failure.hint.as_ref();
        let hint = hint.map_or_else(String::new, |hint| format!(".\nHint: {hint}"));
        let content = format!("{}{hint}", failure.error);
        writer
            .create_element("error")
            .with_attribute(("message", attribute(&failure.error).as_str()))
            .with_attribute(("type", "input"))
            .write_text_content(BytesText::new(&visible(&content)))?;
        Ok(())
    })?;
    Ok(())
}
