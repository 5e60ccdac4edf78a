//! What can go wrong between a model's name and its files, told apart as far
//! as the user can do something different about it.
//!
//! No variant holds a token, a signed address or a whole URL: hosts, models,
//! revisions, files and paths are named, nothing else.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::remedy::{HubRemedy, Remedy};

/// What is wrong with a host's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateFault {
    /// Nobody who is trusted has signed it.
    UnknownIssuer,
    /// It has expired, or is for later, by this machine's clock.
    Date,
    /// It is for another host.
    Name,
    /// Anything else: damaged, withdrawn, signed in a way that nobody trusts.
    Other,
}

/// An error of the hub, of the way to it, or of the cache.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HubError {
    /// The model's name is none that the hub could have.
    #[error("`{id}` is not a model's name: {reason}")]
    InvalidId {
        /// The name as it was given.
        id: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// An address at another host than the hub's.
    #[error("{host} is not the hub: models are addressed at huggingface.co{}", match hub.as_str() {
        "huggingface.co" => String::new(),
        hub => format!(" or {hub}"),
    })]
    ForeignHost {
        /// The host of the address.
        host: String,
        /// The host that `HF_ENDPOINT` names.
        hub: String,
    },
    /// An address at the hub that leads to something else than a model.
    #[error("{address} is not the address of a model: {reason}")]
    NotAModelsAddress {
        /// The address without its query.
        address: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The revision is none that a repository could have.
    #[error("`{revision}` is not a branch, tag or commit: {reason}")]
    InvalidRevision {
        /// The revision as it was given.
        revision: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// The file's name leads out of the repository.
    #[error("`{file}` is not the name of a file in a repository")]
    InvalidFileName {
        /// The name as it was given.
        file: String,
    },
    /// `HF_ENDPOINT` is no address of a hub.
    #[error("HF_ENDPOINT is not usable: {reason}")]
    InvalidEndpoint {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The token holds characters that a header cannot carry.
    #[error("the Hugging Face token from {origin} holds characters that no token has")]
    InvalidToken {
        /// Where the token was found; never the token.
        origin: &'static str,
    },
    /// Neither a home directory nor a variable says where the cache is.
    #[error("no home directory is known, so there is no place for the model cache")]
    NoHomeDirectory,
    /// The hub has no such model, or hides it from this user.
    #[error("model `{id}` was not found at {host}: it does not exist, or it is private")]
    ModelMissing {
        /// The model that was asked for.
        id: String,
        /// The host that answered.
        host: String,
        /// Whether a token was sent along.
        authenticated: bool,
    },
    /// The model exists, the revision does not.
    #[error("model `{id}` has no revision `{revision}`")]
    RevisionMissing {
        /// The model that was asked for.
        id: String,
        /// The revision that it lacks.
        revision: String,
    },
    /// The model and the revision exist, the file does not.
    #[error("model `{id}` has no file `{file}` at revision `{revision}`")]
    FileMissing {
        /// The model that was asked for.
        id: String,
        /// The revision that was asked for.
        revision: String,
        /// The file that it lacks.
        file: String,
    },
    /// The hub wants to know who asks (401).
    #[error("{host} wants a valid token for model `{id}` (401): {}", if *.authenticated {
        "the token that was sent was not accepted"
    } else {
        "the model may be private or gated, and no token was sent"
    })]
    Unauthorized {
        /// The model that was asked for.
        id: String,
        /// The host that answered.
        host: String,
        /// Whether a token was sent along.
        authenticated: bool,
    },
    /// The model's owners want to be asked first.
    #[error("model `{id}` is gated: its owners give access on request{}", if *.authenticated {
        ", and the token that was sent has none"
    } else {
        ", and no token was sent"
    })]
    Gated {
        /// The model that was asked for.
        id: String,
        /// The host that answered.
        host: String,
        /// Whether a token was sent along.
        authenticated: bool,
    },
    /// The hub knows who asks and refuses (403).
    #[error("{host} refuses access to `{file}` of model `{id}` (403): it may be private or gated{}", if *.authenticated {
        ", and the token that was sent has no access"
    } else {
        ", and no token was sent"
    })]
    Forbidden {
        /// The model that was asked for.
        id: String,
        /// The file that was asked for.
        file: String,
        /// The host that answered.
        host: String,
        /// Whether a token was sent along.
        authenticated: bool,
    },
    /// No route, no such host, refused, or no answer in time.
    #[error("{host} cannot be reached: {reason}")]
    Unreachable {
        /// The host that was tried.
        host: String,
        /// What happened.
        reason: String,
    },
    /// A host shows a certificate that is none to trust.
    #[error("{host} cannot be reached safely: {}", match .fault {
        CertificateFault::UnknownIssuer => {
            format!("its certificate is not trusted, signed by nobody whom {trusted_by} names")
        }
        CertificateFault::Date => {
            "its certificate has expired or is not valid yet, by the clock of this machine".to_owned()
        }
        CertificateFault::Name => "its certificate is for another host".to_owned(),
        CertificateFault::Other => "its certificate is damaged or withdrawn".to_owned(),
    })]
    UntrustedCertificate {
        /// The host that was tried.
        host: String,
        /// The variable and path, or the system, that says whom to trust.
        trusted_by: String,
        /// What is wrong with the certificate.
        fault: CertificateFault,
    },
    /// The certificates that a variable names cannot be had.
    #[error("{variable} names {}, which cannot be used: {reason}", path.display())]
    CertificateBundle {
        /// The variable.
        variable: &'static str,
        /// The file or folder that it names.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The hub answered with 429 or 5xx until the attempts ran out.
    #[error("{host} answers with status {status}, also after {attempts} attempts")]
    ServerError {
        /// The host that answered.
        host: String,
        /// The last HTTP status.
        status: u16,
        /// How often it was asked.
        attempts: u32,
    },
    /// A status that has no meaning here.
    #[error("{host} answers with the unexpected status {status} for `{file}`")]
    UnexpectedStatus {
        /// The host that answered.
        host: String,
        /// The HTTP status.
        status: u16,
        /// The file that was asked for.
        file: String,
    },
    /// The answer is none that a Hugging Face hub gives.
    #[error("{host} does not answer like a Hugging Face hub: {reason}")]
    NotAHub {
        /// The host that answered.
        host: String,
        /// What the answer lacks.
        reason: String,
    },
    /// The server stopped in the middle of a file.
    #[error("the download of `{file}` stalled: no byte in {seconds} s after {received} bytes")]
    Stalled {
        /// The file that was on its way.
        file: String,
        /// How long nothing came, in seconds.
        seconds: f32,
        /// How many bytes of the file are there.
        received: u64,
    },
    /// The connection broke, or the content ended early.
    #[error("the download of `{file}` broke off: {reason}")]
    BrokenTransfer {
        /// The file that was on its way.
        file: String,
        /// What happened.
        reason: String,
    },
    /// The content is not what the hub announced; it has been removed.
    #[error(
        "`{file}` arrived damaged and was removed ({}): the hub announces {expected}, the content has {found}",
        removed.display()
    )]
    HashMismatch {
        /// The file that was on its way.
        file: String,
        /// Where the content was.
        removed: PathBuf,
        /// What the hub announced.
        expected: String,
        /// What arrived.
        found: String,
    },
    /// Offline, and the cache does not hold it.
    #[error(
        "offline, and `{file}` of model `{id}` at revision `{revision}` is not in the cache at {}",
        cache.display()
    )]
    NotCached {
        /// The model that was asked for.
        id: String,
        /// The revision that was asked for.
        revision: String,
        /// The file that is not there.
        file: String,
        /// The cache that was looked through.
        cache: PathBuf,
    },
    /// Another process holds the file and makes no progress.
    #[error(
        "another process has been downloading `{file}` without progress for {seconds} s (it holds {})",
        lock.display()
    )]
    Locked {
        /// The file that both want.
        file: String,
        /// The lock that the other one holds.
        lock: PathBuf,
        /// How long nothing moved, in seconds.
        seconds: f32,
    },
    /// The cache cannot be read or written.
    #[error("cannot {action} {}", path.display())]
    CacheIo {
        /// What was tried.
        action: &'static str,
        /// The file or directory it was tried with.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl HubError {
    /// Whether the hub could not be reached in the sense that lets the default
    /// model give way to the built-in one: no route, no such host, refused, no
    /// answer in time, 5xx after the retries, or offline without a cached copy.
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::UntrustedCertificate { .. }
            | Self::NotCached { .. } => true,
            Self::ServerError { status, .. } => *status >= 500,
            Self::InvalidId { .. }
            | Self::ForeignHost { .. }
            | Self::NotAModelsAddress { .. }
            | Self::InvalidRevision { .. }
            | Self::InvalidFileName { .. }
            | Self::InvalidEndpoint { .. }
            | Self::InvalidToken { .. }
            | Self::NoHomeDirectory
            | Self::CertificateBundle { .. }
            | Self::ModelMissing { .. }
            | Self::RevisionMissing { .. }
            | Self::FileMissing { .. }
            | Self::Unauthorized { .. }
            | Self::Gated { .. }
            | Self::Forbidden { .. }
            | Self::UnexpectedStatus { .. }
            | Self::NotAHub { .. }
            | Self::Stalled { .. }
            | Self::BrokenTransfer { .. }
            | Self::HashMismatch { .. }
            | Self::Locked { .. }
            | Self::CacheIo { .. } => false,
        }
    }

    /// Whether a copy in the cache may stand in after this error, as it does
    /// in Python's huggingface_hub: not when the hub answered that the revision
    /// does not exist, and not when the cache itself is the trouble.
    pub(super) fn lets_the_cache_stand_in(&self) -> bool {
        matches!(
            self,
            Self::ModelMissing { .. }
                | Self::Unauthorized { .. }
                | Self::Gated { .. }
                | Self::Forbidden { .. }
                | Self::Unreachable { .. }
                | Self::UntrustedCertificate { .. }
                | Self::ServerError { .. }
                | Self::UnexpectedStatus { .. }
                | Self::NotAHub { .. }
        )
    }

    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::InvalidId { .. } | Self::ForeignHost { .. } | Self::NotAModelsAddress { .. } => {
                Remedy::Hub(HubRemedy::NameHubModel)
            }
            Self::InvalidRevision { .. } | Self::RevisionMissing { .. } => {
                Remedy::Hub(HubRemedy::UseMainRevision)
            }
            Self::InvalidFileName { .. } => return None,
            Self::InvalidEndpoint { .. } => Remedy::Hub(HubRemedy::SetEndpoint),
            Self::InvalidToken { origin } => Remedy::Hub(HubRemedy::WriteTokenAgain { origin }),
            Self::NoHomeDirectory => Remedy::Hub(HubRemedy::SetHuggingFaceHome),
            Self::ModelMissing { authenticated, .. } => Remedy::Hub(HubRemedy::CheckModelName {
                authenticated: *authenticated,
            }),
            Self::FileMissing { .. } => Remedy::Hub(HubRemedy::UseOtherRevision),
            Self::Unauthorized { authenticated, .. } => Remedy::Hub(HubRemedy::SetToken {
                expired: *authenticated,
            }),
            Self::Forbidden { authenticated, .. } => match authenticated {
                true => Remedy::Hub(HubRemedy::CheckToken),
                false => Remedy::Hub(HubRemedy::SetToken { expired: false }),
            },
            Self::Gated {
                id,
                host,
                authenticated,
            } => Remedy::Hub(HubRemedy::AskForAccess {
                id: id.clone(),
                host: host.clone(),
                authenticated: *authenticated,
            }),
            Self::Unreachable { .. } => Remedy::Hub(HubRemedy::CheckConnection),
            Self::UntrustedCertificate { fault, .. } => match fault {
                CertificateFault::UnknownIssuer => Remedy::Hub(HubRemedy::TrustCertificate),
                CertificateFault::Date => Remedy::Hub(HubRemedy::SetClock),
                CertificateFault::Name | CertificateFault::Other => {
                    Remedy::Hub(HubRemedy::CheckEndpoint)
                }
            },
            Self::CertificateBundle { variable, .. } => {
                Remedy::Hub(HubRemedy::NameCertificates { variable })
            }
            Self::NotAHub { .. } | Self::UnexpectedStatus { .. } => {
                Remedy::Hub(HubRemedy::CheckEndpoint)
            }
            Self::ServerError { .. } | Self::Stalled { .. } | Self::BrokenTransfer { .. } => {
                Remedy::Hub(HubRemedy::TryLater)
            }
            Self::HashMismatch { .. } => Remedy::Hub(HubRemedy::DownloadAgain),
            Self::NotCached { id, .. } => Remedy::Hub(HubRemedy::Pull { id: id.clone() }),
            Self::Locked { .. } => Remedy::Hub(HubRemedy::WaitForProcess),
            Self::CacheIo { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    Remedy::Hub(HubRemedy::SetRoomierCache)
                }
                _ => Remedy::Hub(HubRemedy::SetCache),
            },
        })
    }
}
