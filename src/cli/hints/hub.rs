//! What to type or do about the hub, in words.

use crate::cli::phrases::{PASS_A_TOKEN, quoted};
use crate::remedy::HubRemedy;

/// What to type or do, as one line.
pub(super) fn in_words(remedy: &HubRemedy) -> String {
    match remedy {
        HubRemedy::NameModel { nearest, command } => {
            format!("did you mean {nearest}? {command} {}", quoted(nearest))
        }
        HubRemedy::NameHubModel => {
            "name it as on the hub: --model google-bert/bert-base-uncased".into()
        }
        HubRemedy::CheckModelName {
            authenticated: false,
        } => format!("check the spelling; if the model is private, {PASS_A_TOKEN}"),
        HubRemedy::CheckModelName {
            authenticated: true,
        } => "check the spelling, and that the token's owner may see the model".into(),
        HubRemedy::UseMainRevision => "leave out --revision to use `main`".into(),
        HubRemedy::UseOtherRevision => {
            "--revision main or another one that has the file, or another model such as --model google-bert/bert-base-uncased".into()
        }
        HubRemedy::SetEndpoint => {
            "unset HF_ENDPOINT, or set it to something like https://huggingface.co".into()
        }
        HubRemedy::CheckEndpoint => "check HF_ENDPOINT and the proxy settings".into(),
        HubRemedy::CheckConnection => {
            "check the connection, HF_ENDPOINT and HTTPS_PROXY; --offline uses what is cached, `--model builtin` needs neither".into()
        }
        HubRemedy::TrustCertificate => {
            "ask who runs your network for the certificate that it signs with, then type before the same command: SSL_CERT_FILE=company-root.pem".into()
        }
        HubRemedy::NameCertificates { variable } => {
            format!("unset {variable}, or let it name a file of certificates in PEM form")
        }
        HubRemedy::SetClock => "see what the clock says with: date".into(),
        HubRemedy::SetToken { expired: false } => PASS_A_TOKEN.into(),
        HubRemedy::SetToken { expired: true } => {
            format!("{PASS_A_TOKEN}; the present one may have expired")
        }
        HubRemedy::WriteTokenAgain { origin } => {
            format!("put a token into {origin} again, or remove it")
        }
        HubRemedy::CheckToken => "check that the token may read this repository".into(),
        HubRemedy::AskForAccess {
            id,
            host,
            authenticated,
        } => {
            let ask = format!("ask for access on the model's page ({host}/{id})");
            match authenticated {
                true => ask,
                false => format!("{ask}, then {PASS_A_TOKEN}"),
            }
        }
        HubRemedy::TryLater => {
            "try again later; what has arrived is kept and the download goes on from there".into()
        }
        HubRemedy::DownloadAgain => "run the command again to download it anew".into(),
        HubRemedy::Pull { id } => {
            format!("run `attnviz pull {id}` once with a connection, or use `--model builtin`")
        }
        HubRemedy::WaitForProcess => "wait for the other process, or end it".into(),
        HubRemedy::SetHuggingFaceHome => "set HF_HOME to a directory for the cache".into(),
        HubRemedy::SetCache => "set HF_HUB_CACHE to a directory that can be written".into(),
        HubRemedy::SetRoomierCache => {
            "free some space, or set HF_HUB_CACHE to a directory on another disk".into()
        }
    }
}
