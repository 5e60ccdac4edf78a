//! The JUnit report, which every CI system shows: each input a test case.
//! It holds no time stamps and no durations, so that the same batch gives the
//! same bytes.

use std::io::{self, Write};
use std::path::Path;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::wording::{excerpt, in_one_line, reason, visible, whole_reason};
use crate::store::batch_records::ResultReader;
use crate::store::batch_records::{BatchManifest, ResultRecord, Status};

/// A name or message is cut here, in characters.
const LONGEST_ATTRIBUTE: usize = 1_000;
/// A text is cut here, in characters.
const LONGEST_TEXT: usize = 10_000;

/// Writes the report of a batch.
///
/// # Errors
/// When `results` cannot be read or is none, or `out` cannot be written.
pub fn write_junit(
    manifest: &BatchManifest,
    results: &Path,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut writer = Writer::new_with_indent(out, b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let counts = manifest.counts;
    let (tests, failures) = (counts.inputs.to_string(), counts.failed.to_string());
    let suite_name = format!("attnviz batch · {}", attribute(&manifest.model.name()));
    for (element, name) in [("testsuites", "attnviz"), ("testsuite", &suite_name)] {
        let start = BytesStart::new(element).with_attributes([
            ("name", name),
            ("tests", &tests),
            ("failures", &failures),
            ("errors", "0"),
        ]);
        writer.write_event(Event::Start(start))?;
    }
    for record in ResultReader::open(results)? {
        write_case(&record?, &mut writer)?;
    }
    for element in ["testsuite", "testsuites"] {
        writer.write_event(Event::End(BytesEnd::new(element)))?;
    }
    writeln!(writer.get_mut())
}

fn write_case<W: Write>(record: &ResultRecord, writer: &mut Writer<W>) -> io::Result<()> {
    let file = attribute(&record.file);
    let case = writer.create_element("testcase").with_attributes([
        ("classname", file.as_str()),
        ("name", &attribute(&record.id)),
        ("file", &file),
        ("line", &record.line.to_string()),
    ]);
    match record.status {
        Status::Done => case.write_empty()?,
        Status::Failed => case.write_inner_content(|writer| write_failure(record, writer))?,
    };
    Ok(())
}

fn write_failure<W: Write>(record: &ResultRecord, writer: &mut Writer<W>) -> io::Result<()> {
    let mut content = format!("{}:{}: {}", record.file, record.line, reason(record));
    if let Some(hint) = &record.hint {
        content.push_str(&format!("\nhint: {hint}"));
    }
    if let Some(text) = &record.text {
        content.push('\n');
        content.push_str(&excerpt(text, LONGEST_TEXT));
    }
    writer
        .create_element("failure")
        .with_attribute(("message", attribute(&whole_reason(record)).as_str()))
        .with_attribute(("type", "input"))
        .write_text_content(BytesText::new(&visible(&content)))?;
    Ok(())
}

/// A parser makes a space of every line end in an attribute, so that there
/// are none to begin with.
pub(super) fn attribute(text: &str) -> String {
    excerpt(&in_one_line(text), LONGEST_ATTRIBUTE).into_owned()
}
