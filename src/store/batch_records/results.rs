//! `results.jsonl`, read line by line: no reader of a batch holds all of it.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::ResultRecord;

/// The records of a `results.jsonl`, in its order.
#[derive(Debug)]
pub struct ResultReader {
    lines: io::Lines<BufReader<File>>,
    line: u64,
    offset: u64,
}

impl ResultReader {
    /// Opens a `results.jsonl`.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self::of(File::open(path)?))
    }

    /// The records of an open file.
    pub fn of(file: File) -> Self {
        let lines = BufReader::with_capacity(1 << 16, file).lines();
        Self {
            lines,
            line: 0,
            offset: 0,
        }
    }

    /// The bytes before the next record.
    pub fn offset(&self) -> u64 {
        self.offset
    }
}

impl Iterator for ResultReader {
    /// A line that is no record is an error of kind `InvalidData`.
    type Item = io::Result<ResultRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.lines.next()?;
        self.line += 1;
        Some(line.and_then(|line| {
            // Ours end in a line feed alone.
            self.offset += line.len() as u64 + 1;
            serde_json::from_str(&line).map_err(|error| {
                let message = format!("line {} is no result: {error}", self.line);
                io::Error::new(io::ErrorKind::InvalidData, message)
            })
        }))
    }
}
