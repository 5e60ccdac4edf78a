//! What the environment says about the hub, read with the precedence and the
//! true-values of Python's huggingface_hub (its `constants.py` and
//! `utils/_auth.py`), so that both tools use one cache and one token.
//!
//! The one difference: a variable that is set to nothing counts as not set,
//! where Python would take an empty `HF_HOME` for the current directory.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ureq::http::Uri;

use super::HubError;
use super::certificates::CertificateBundle;

/// Where the hub is when nothing says otherwise.
const DEFAULT_ENDPOINT: &str = "https://huggingface.co";

/// A secret that no formatting gives away.
#[derive(Clone)]
pub(super) struct Token(String);

impl Token {
    /// The value of an `Authorization` header.
    pub(super) fn authorization(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<redacted>")
    }
}

/// Which hub, which cache, which token, and whether to stay offline.
#[derive(Debug, Clone)]
pub struct HubEnvironment {
    /// The hub's address without a slash at the end (`HF_ENDPOINT`).
    pub endpoint: String,
    /// The directory of the cache (`HF_HUB_CACHE`, `HUGGINGFACE_HUB_CACHE`,
    /// `HF_HOME/hub`, `XDG_CACHE_HOME/huggingface/hub`,
    /// `~/.cache/huggingface/hub`, the first that is set).
    pub cache: PathBuf,
    /// The token (`HF_TOKEN`, `HUGGING_FACE_HUB_TOKEN`, then the file that
    /// `HF_TOKEN_PATH` names, or `HF_HOME/token` where it names none); none
    /// with `HF_HUB_DISABLE_IMPLICIT_TOKEN`.
    pub(super) token: Option<Token>,
    /// Whether no socket may be opened (`HF_HUB_OFFLINE`, else
    /// `TRANSFORMERS_OFFLINE`).
    pub offline: bool,
    /// Whether the cache must do without symbolic links, as on a file system
    /// that has none (`HF_HUB_DISABLE_SYMLINKS`).
    pub(super) without_links: bool,
    /// The certificates that alone are trusted (`REQUESTS_CA_BUNDLE`,
    /// `CURL_CA_BUNDLE`, `SSL_CERT_FILE`, `SSL_CERT_DIR`, the first that is
    /// set); the system's where there is none.
    pub(super) certificates: Option<CertificateBundle>,
}

impl HubEnvironment {
    /// Reads the variables of this process.
    ///
    /// # Errors
    ///
    /// As [`HubEnvironment::from_variables`].
    pub fn from_process() -> Result<Self, HubError> {
        Self::from_variables(|name| std::env::var_os(name))
    }

    /// Reads the variables through `lookup`.
    ///
    /// # Errors
    ///
    /// When no place for the cache is known, `HF_ENDPOINT` is no address, the
    /// token cannot be one, or the token file is there and cannot be read.
    pub fn from_variables(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, HubError> {
        let variables = Variables { lookup: &lookup };
        let hugging_face_home = variables
            .path("HF_HOME")
            .or_else(|| Some(variables.path("XDG_CACHE_HOME")?.join("huggingface")))
            .or_else(|| Some(variables.home()?.join(".cache").join("huggingface")));
        let cache = variables
            .path("HF_HUB_CACHE")
            .or_else(|| variables.path("HUGGINGFACE_HUB_CACHE"))
            .or_else(|| Some(hugging_face_home.as_ref()?.join("hub")))
            .ok_or(HubError::NoHomeDirectory)?;
        let offline = variables
            .text("HF_HUB_OFFLINE")
            .or_else(|| variables.text("TRANSFORMERS_OFFLINE"));
        Ok(Self {
            endpoint: endpoint(variables.text("HF_ENDPOINT"))?,
            cache,
            token: token(&variables, hugging_face_home.as_deref())?,
            offline: is_true(offline),
            without_links: is_true(variables.text("HF_HUB_DISABLE_SYMLINKS")),
            certificates: CertificateBundle::from_variables(|name| variables.path(name)),
        })
    }
}

/// The variables behind a lookup, with empty ones left out.
struct Variables<'a> {
    lookup: &'a dyn Fn(&str) -> Option<OsString>,
}

impl Variables<'_> {
    fn raw(&self, name: &str) -> Option<OsString> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    fn text(&self, name: &str) -> Option<String> {
        Some(self.raw(name)?.to_string_lossy().into_owned())
    }

    /// A path with `~`, `$NAME` and `${NAME}` expanded, as Python does it for
    /// these variables. A value that is no text is taken as it is.
    fn path(&self, name: &str) -> Option<PathBuf> {
        let raw = self.raw(name)?;
        let Some(text) = raw.to_str() else {
            return Some(PathBuf::from(raw));
        };
        let expanded = self.expand(text);
        match (expanded.strip_prefix('~'), self.home()) {
            (Some(""), Some(home)) => Some(home),
            (Some(rest), Some(home)) if rest.starts_with(['/', '\\']) => {
                Some(home.join(rest.trim_start_matches(['/', '\\'])))
            }
            _ => Some(PathBuf::from(expanded)),
        }
    }

    /// Replaces `$NAME` and `${NAME}`; a name that is not set stays as it is.
    fn expand(&self, text: &str) -> String {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find('$') {
            expanded.push_str(&rest[..start]);
            let after = &rest[start + 1..];
            let (name, length) = match after.strip_prefix('{').and_then(|inner| {
                let end = inner.find('}')?;
                Some((&inner[..end], end + 2))
            }) {
                Some(braced) => braced,
                None => {
                    let end = after
                        .find(|character: char| {
                            !(character.is_ascii_alphanumeric() || character == '_')
                        })
                        .unwrap_or(after.len());
                    (&after[..end], end)
                }
            };
            match (!name.is_empty()).then(|| self.text(name)).flatten() {
                Some(value) => expanded.push_str(&value),
                None => expanded.push_str(&rest[start..start + 1 + length]),
            }
            rest = &after[length..];
        }
        expanded.push_str(rest);
        expanded
    }

    fn home(&self) -> Option<PathBuf> {
        let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        self.raw(name)
            .map(PathBuf::from)
            .or_else(std::env::home_dir)
            .filter(|path| !path.as_os_str().is_empty())
    }
}

/// The values that huggingface_hub takes for true, in any case of letters.
fn is_true(value: Option<String>) -> bool {
    value.is_some_and(|value| {
        ["1", "ON", "YES", "TRUE"]
            .iter()
            .any(|accepted| value.eq_ignore_ascii_case(accepted))
    })
}

/// The endpoint, checked here so that no later step has to doubt it.
fn endpoint(value: Option<String>) -> Result<String, HubError> {
    let value = value.unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned());
    let value = value.trim().trim_end_matches('/');
    let refuse = |reason| Err(HubError::InvalidEndpoint { reason });
    let Ok(address) = value.parse::<Uri>() else {
        return refuse("it is not an address");
    };
    if !matches!(address.scheme_str(), Some("http" | "https")) {
        return refuse("it does not begin with https:// or http://");
    }
    if address.host().is_none_or(str::is_empty) {
        return refuse("it names no host");
    }
    if address.query().is_some() || value.contains('#') {
        return refuse("it has a query, which a hub's address cannot have");
    }
    Ok(value.to_owned())
}

/// The token of the first place that has one.
fn token(
    variables: &Variables<'_>,
    hugging_face_home: Option<&Path>,
) -> Result<Option<Token>, HubError> {
    if is_true(variables.text("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
        return Ok(None);
    }
    let named = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"]
        .into_iter()
        .find_map(|name| Some((name, variables.text(name)?)));
    if let Some((origin, value)) = named
        && let Some(token) = clean(&value, origin)?
    {
        return Ok(Some(token));
    }
    let path = variables
        .path("HF_TOKEN_PATH")
        .or_else(|| Some(hugging_face_home?.join("token")));
    let Some(path) = path else { return Ok(None) };
    match fs::read_to_string(&path) {
        Ok(content) => clean(&content, "the token file"),
        Err(error) if is_absence(&error) => Ok(None),
        Err(source) => Err(HubError::CacheIo {
            action: "read the token file",
            path,
            source,
        }),
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// The token without line breaks and surrounding spaces; nothing if nothing
/// is left.
fn clean(value: &str, origin: &'static str) -> Result<Option<Token>, HubError> {
    let value = value.replace(['\r', '\n'], "");
    let value = value.trim();
    if value.is_empty() {
        return Ok(None);
    }
    if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(HubError::InvalidToken { origin });
    }
    Ok(Some(Token(value.to_owned())))
}
