//! Files that hold no inputs as they stand, told by their names and by their
//! first bytes: they are refused by what they are instead of being read as text.

use std::path::Path;

use crate::checkpoint::is_lfs_pointer;
use crate::remedy::ForeignFile;

/// By a file's extension, which is none of a file of inputs.
pub(super) fn by_name(path: &Path) -> ForeignFile {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    match extension.to_ascii_lowercase().as_str() {
        "arrow" | "feather" | "ipc" => ForeignFile::Arrow,
        "xlsx" | "xls" | "xlsm" | "ods" => ForeignFile::Spreadsheet,
        "gz" | "tgz" => ForeignFile::Gzip,
        "bz2" => ForeignFile::Bzip2,
        "xz" => ForeignFile::Xz,
        "zst" => ForeignFile::Zstandard,
        "zip" | "tar" | "7z" | "rar" => ForeignFile::Archive,
        "pdf" | "doc" | "docx" | "odt" | "rtf" | "ppt" | "pptx" | "epub" => ForeignFile::Document,
        "png" | "jpg" | "jpeg" | "gif" | "bmp" | "tif" | "tiff" | "webp" => ForeignFile::Picture,
        "db" | "sqlite" | "sqlite3" => ForeignFile::Database,
        "npy" | "npz" | "pt" | "pth" | "pkl" | "pickle" | "bin" | "safetensors" | "h5" | "hdf5" => {
            ForeignFile::Arrays
        }
        "conll" | "conllx" | "iob" | "iob2" | "bio" => ForeignFile::TokenLines,
        _ => ForeignFile::Unknown,
    }
}

/// First bytes that only one kind of file has.
const SIGNATURES: &[(&[u8], ForeignFile)] = &[
    (b"ARROW1\0\0", ForeignFile::Arrow),
    (b"PK\x03\x04", ForeignFile::Archive),
    (b"PK\x05\x06", ForeignFile::Archive),
    (b"7z\xbc\xaf\x27\x1c", ForeignFile::Archive),
    (b"Rar!\x1a", ForeignFile::Archive),
    (b"\x1f\x8b", ForeignFile::Gzip),
    (b"\xfd7zXZ\0", ForeignFile::Xz),
    (b"\x28\xb5\x2f\xfd", ForeignFile::Zstandard),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ForeignFile::Document),
    (b"%PDF-", ForeignFile::Document),
    (b"{\\rtf", ForeignFile::Document),
    (b"\x89PNG\r\n\x1a\n", ForeignFile::Picture),
    (b"\xff\xd8\xff", ForeignFile::Picture),
    (b"GIF87a", ForeignFile::Picture),
    (b"GIF89a", ForeignFile::Picture),
    (b"II*\0", ForeignFile::Picture),
    (b"MM\0*", ForeignFile::Picture),
    (b"SQLite format 3\0", ForeignFile::Database),
    (b"\x93NUMPY", ForeignFile::Arrays),
    (b"\x89HDF\r\n\x1a\n", ForeignFile::Arrays),
    (b"\xff\xfe\0\0", ForeignFile::Utf32),
    (b"\0\0\xfe\xff", ForeignFile::Utf32),
];

/// By a file's first bytes, none where they may be text. `head` is at most a few
/// thousand of them.
pub(super) fn by_content(head: &[u8], path: &Path) -> Option<ForeignFile> {
    let found = SIGNATURES.iter().find(|(first, _)| head.starts_with(first));
    let found = found.map(|&(_, kind)| kind);
    if let Some(kind) = found.or_else(|| by_words(head)) {
        // Office programs keep their documents in archives.
        return Some(match (kind, by_name(path)) {
            (
                ForeignFile::Archive | ForeignFile::Document,
                named @ (ForeignFile::Spreadsheet | ForeignFile::Document),
            ) => named,
            _ => kind,
        });
    }
    // A byte order mark says what the bytes are: see `decoder`.
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return None;
    }
    by_zeros(head)
}

/// By first bytes that are letters, and that a text could begin with as well:
/// what follows tells.
fn by_words(head: &[u8]) -> Option<ForeignFile> {
    match head {
        _ if is_lfs_pointer(head) => Some(ForeignFile::LfsPointer),
        // Structures of Thrift follow, the first of which begins with its tag.
        [b'P', b'A', b'R', b'1', 0..=8 | 14..=31, ..] => Some(ForeignFile::Parquet),
        // The size of blocks, then a block or the end, of which pi and its root
        // are the signs.
        [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..]
            if rest.starts_with(b"1AY&SY") || rest.starts_with(b"\x17\x72\x45\x38\x50\x90") =>
        {
            Some(ForeignFile::Bzip2)
        }
        _ => None,
    }
}

/// Letters of Latin scripts in two bytes have a zero for every other byte; what
/// else is full of control characters is no text. A few of them are.
fn by_zeros(head: &[u8]) -> Option<ForeignFile> {
    let zeros = |first: usize| {
        let bytes = head.iter().skip(first).step_by(2);
        bytes.filter(|&&byte| byte == 0).count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    let pairs = head.len() / 2;
    if pairs >= 2 && odd * 10 >= pairs * 7 && even * 10 <= pairs {
        return Some(ForeignFile::Utf16LittleEndian);
    }
    if pairs >= 2 && even * 10 >= pairs * 7 && odd * 10 <= pairs {
        return Some(ForeignFile::Utf16BigEndian);
    }
    let is_control = |byte: &&u8| matches!(byte, 0..=6 | 14..=26 | 28..=31);
    let controls = head.iter().filter(is_control).count();
    // Bytes that no UTF-8 has are half of a text in an older encoding, too.
    let chunks = head.utf8_chunks();
    let invalid: usize = chunks.map(|chunk| chunk.invalid().len()).sum();
    let is_mixed = controls * 20 > head.len() && (controls + invalid) * 5 > head.len();
    (controls * 5 > head.len() || is_mixed).then_some(ForeignFile::Binary)
}

/// What a user calls it.
pub(super) fn in_words(kind: ForeignFile) -> &'static str {
    match kind {
        ForeignFile::Parquet => "a Parquet table",
        ForeignFile::Arrow => "an Arrow table",
        ForeignFile::Spreadsheet => "a spreadsheet",
        ForeignFile::Gzip | ForeignFile::Bzip2 | ForeignFile::Xz | ForeignFile::Zstandard => {
            "a compressed file"
        }
        ForeignFile::Archive => "an archive",
        ForeignFile::Document => "a document of an office program or for printing",
        ForeignFile::Picture => "a picture",
        ForeignFile::Database => "a database",
        ForeignFile::Arrays => "a file of arrays",
        ForeignFile::LfsPointer => "a Git LFS pointer in place of the file",
        ForeignFile::TokenLines => "a file with one token a line",
        ForeignFile::Utf16LittleEndian | ForeignFile::Utf16BigEndian => {
            "text in UTF-16 without a byte order mark"
        }
        ForeignFile::Utf32 => "text in UTF-32",
        ForeignFile::Binary => "a binary file",
        ForeignFile::Unknown => "another extension",
    }
}
