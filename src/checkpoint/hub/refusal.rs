//! What it means when the hub does not give what it was asked for.

use std::time::Duration;

use super::HubError;
use super::answer::{Answer, Chain, Failure, Subject};
use super::headers::{number, text};
use super::names::is_safe_name;

/// What an answer that is no success means; `authenticated` says whether a
/// token was sent.
pub(super) fn refusal(
    chain: &Chain,
    authenticated: bool,
    about: Subject<'_>,
) -> Result<Answer, Failure> {
    let headers = chain.last.headers();
    let status = chain.last.status().as_u16();
    let (id, host) = (about.id.to_owned(), chain.host.clone());
    let model_missing = |id, host| HubError::ModelMissing {
        id,
        host,
        authenticated,
    };
    let error = match (status, text(headers, "x-error-code")) {
        (404, Some("EntryNotFound")) => {
            return Ok(Answer::NoSuchFile {
                commit: chain.commit.clone().filter(|commit| is_safe_name(commit)),
            });
        }
        (_, Some("RevisionNotFound")) => HubError::RevisionMissing {
            id,
            revision: about.revision.to_owned(),
        },
        (_, Some("GatedRepo")) => HubError::Gated {
            id,
            host,
            authenticated,
        },
        // The hub says 401 for a model that does not exist, so as not to
        // tell which private ones do.
        (401 | 404, Some("RepoNotFound")) => model_missing(id, host),
        (404, _) if chain.at_endpoint && chain.commit.is_some() => {
            return Ok(Answer::NoSuchFile {
                commit: chain.commit.clone().filter(|commit| is_safe_name(commit)),
            });
        }
        (404, _) if chain.at_endpoint => model_missing(id, host),
        (401, _) if chain.at_endpoint => HubError::Unauthorized {
            id,
            host,
            authenticated,
        },
        (403, _) if chain.at_endpoint => HubError::Forbidden {
            id,
            file: about.file.to_owned(),
            host,
            authenticated,
        },
        (408 | 429 | 500..=599, _) => {
            return Err(Failure::Transient {
                error: HubError::ServerError {
                    host,
                    status,
                    attempts: 1,
                },
                wait: number(headers, "retry-after").map(Duration::from_secs),
            });
        }
        _ => HubError::UnexpectedStatus {
            host,
            status,
            file: about.file.to_owned(),
        },
    };
    Err(Failure::Final(error))
}
