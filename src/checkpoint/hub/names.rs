//! What a user, or a repository's own index file, may call a model, a revision
//! and a file: checked before any path or address is made of it.

use super::HubError;

/// The rules of huggingface_hub's `validate_repo_id`.
pub(super) fn check_id(id: &str) -> Result<(), HubError> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let part_is_right = |part: &str| {
        let bytes = part.as_bytes();
        (1..=96).contains(&bytes.len())
            && bytes.first().is_some_and(|byte| is_word(*byte))
            && bytes.last().is_some_and(|byte| is_word(*byte))
            && bytes
                .iter()
                .all(|byte| is_word(*byte) || matches!(byte, b'-' | b'.'))
    };
    let reason = if id.is_empty() {
        "it is empty"
    } else if id.matches('/').count() > 1 {
        "it has more than one `/`; the form is `owner/name`"
    } else if id.contains("--") || id.contains("..") {
        "`--` and `..` are not allowed"
    } else if id.ends_with(".git") {
        "it ends in `.git`"
    } else if !id.split('/').all(part_is_right) {
        "owner and name have 1 to 96 letters, digits, `-`, `_`, `.`, and neither begin nor end with `-` or `.`"
    } else {
        return Ok(());
    };
    Err(HubError::InvalidId {
        id: id.to_owned(),
        reason,
    })
}

/// git's rules for the names of references, as far as paths are concerned.
pub(super) fn check_revision(revision: &str) -> Result<(), HubError> {
    let forbidden =
        |character: char| character.is_control() || " \\~^:?*[<>|\"".contains(character);
    let reason = if revision.is_empty() {
        "it is empty"
    } else if revision.len() > 255 {
        "it is longer than 255 bytes"
    } else if revision.contains("..") || revision.contains("@{") {
        "`..` and `@{` are not allowed"
    } else if revision.contains(forbidden) {
        "it has a character that git does not allow"
    } else if revision.starts_with('-')
        || revision
            .split('/')
            .any(|part| part.is_empty() || part.starts_with('.') || part.ends_with(".lock"))
    {
        "a part of it is empty, begins with `.` or ends in `.lock`"
    } else {
        return Ok(());
    };
    Err(HubError::InvalidRevision {
        revision: revision.to_owned(),
        reason,
    })
}

/// A file's name comes from an index file of the repository, too, so it is
/// not trusted to stay inside.
pub(super) fn check_file_name(file: &str) -> Result<(), HubError> {
    let right = file.len() <= 1024
        && !file.contains(|character: char| character.is_control() || "\\:".contains(character))
        && file
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..");
    if right {
        Ok(())
    } else {
        Err(HubError::InvalidFileName {
            file: file.to_owned(),
        })
    }
}

/// Whether a header's value may become a file's name in the cache.
pub(super) fn is_safe_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && !name.starts_with('.')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}
