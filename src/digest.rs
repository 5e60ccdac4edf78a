//! Digests of bytes in hexadecimal digits, wherever the bytes are: in memory,
//! behind a reader, or on their way to a writer.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

/// Bytes that are read at a time. Less costs time where weights come out of the
/// system's cache: many calls for little.
const BUFFER_LENGTH: usize = 1 << 20;

/// Lower-case hexadecimal digits, two a byte.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Sixteen bytes that tell texts apart: the beginning of their SHA-256.
pub fn fingerprint(text: &str) -> u128 {
    Sha256::digest(text)
        .iter()
        .take(16)
        .fold(0, |number, &byte| number << 8 | u128::from(byte))
}

/// The SHA-256 of bytes.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// The SHA-256 of everything that a reader has left.
///
/// # Errors
/// When it cannot be read.
pub fn sha256_of(reader: impl Read) -> io::Result<String> {
    digest_of(Sha256::new(), reader)
}

/// The digest of what the hasher has seen and of everything that the reader
/// has left.
///
/// # Errors
/// When it cannot be read.
pub fn digest_of(mut hasher: impl Digest, mut reader: impl Read) -> io::Result<String> {
    let mut buffer = vec![0; BUFFER_LENGTH];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(hexadecimal(&hasher.finalize())),
            Ok(count) => hasher.update(buffer.get(..count).unwrap_or(&buffer)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Passes bytes on and computes their SHA-256.
#[derive(Debug)]
pub struct HashingWriter<W> {
    inner: W,
    hasher: Sha256,
}

impl<W: Write> HashingWriter<W> {
    /// Nothing is written yet.
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            hasher: Sha256::new(),
        }
    }

    /// The writer and the SHA-256 of what it got.
    pub fn finish(self) -> (W, String) {
        (self.inner, hexadecimal(&self.hasher.finalize()))
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.update(bytes.get(..count).unwrap_or(bytes));
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
