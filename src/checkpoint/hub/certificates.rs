//! Which certificate authorities are trusted: those of the file or folder that
//! a variable names, else the system's, else those that are compiled in with
//! ureq. A company that looks into its network's traffic signs every
//! certificate anew, with an authority that only its own machines know.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::{CertificateError, Error as TlsError, RootCertStore};
use ureq::tls::{Certificate, RootCerts};

use super::HubError;
use super::error::CertificateFault;

/// What names a bundle, the strongest first: those of Python's `requests`, then
/// those of OpenSSL, which huggingface_hub's `httpx` heeds as well.
const VARIABLES: [&str; 4] = [
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// A file, or a folder of files, with the certificates that alone are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CertificateBundle {
    variable: &'static str,
    path: PathBuf,
}

impl CertificateBundle {
    /// The bundle of the first variable that has a path.
    pub(super) fn from_variables(path_of: impl Fn(&str) -> Option<PathBuf>) -> Option<Self> {
        VARIABLES.into_iter().find_map(|variable| {
            let path = path_of(variable)?;
            Some(Self { variable, path })
        })
    }

    /// Every certificate of the bundle.
    fn read(&self) -> Result<Vec<CertificateDer<'static>>, HubError> {
        let refuse = |reason: String| HubError::CertificateBundle {
            variable: self.variable,
            path: self.path.clone(),
            reason,
        };
        let found = match self.path.is_dir() {
            true => of_folder(&self.path).map_err(|error| refuse(error.to_string()))?,
            false => {
                let bytes = fs::read(&self.path).map_err(|error| refuse(error.to_string()))?;
                of_file(&bytes).map_err(|error| refuse(format!("it is damaged: {error}")))?
            }
        };
        // What is not understood is left out, as OpenSSL does it, unless
        // nothing is left.
        let usable = RootCertStore::empty().add_parsable_certificates(found.iter().cloned());
        match (found.is_empty(), usable) {
            (true, _) => Err(refuse(
                "it holds no certificate; one begins with -----BEGIN CERTIFICATE-----".to_owned(),
            )),
            (false, (0, _)) => Err(refuse("its certificates are damaged".to_owned())),
            (false, _) => Ok(found),
        }
    }
}

/// The certificates that connections are checked against.
pub(super) fn roots(bundle: Option<&CertificateBundle>) -> Result<RootCerts, HubError> {
    let trusted = match bundle {
        Some(bundle) => bundle.read()?,
        // What of them cannot be read is not trusted, and that is all.
        None => rustls_native_certs::load_native_certs().certs,
    };
    if trusted.is_empty() {
        return Ok(RootCerts::WebPki);
    }
    let trusted: Vec<_> = trusted
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .collect();
    Ok(RootCerts::new_with_certs(&trusted))
}

/// Who says which certificates are trusted, for errors.
pub(super) fn trusted_by(bundle: Option<&CertificateBundle>) -> String {
    match bundle {
        Some(bundle) => format!("{} ({})", bundle.variable, bundle.path.display()),
        None => "this system".to_owned(),
    }
}

/// Certificates as text, or one in its binary form.
fn of_file(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemError> {
    /// How a binary certificate begins: a sequence whose length takes two bytes.
    const BINARY: [u8; 2] = [0x30, 0x82];
    if bytes.starts_with(&BINARY) {
        return Ok(vec![CertificateDer::from(bytes.to_vec())]);
    }
    CertificateDer::pem_slice_iter(bytes).collect()
}

/// Of every file of a folder that has some; others lie there, too.
fn of_folder(folder: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let mut names = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    let certificates = names
        .iter()
        .filter_map(|path| of_file(&fs::read(path).ok()?).ok());
    Ok(certificates.flatten().collect())
}

/// What is wrong with the certificate, where that is why a connection failed.
pub(super) fn fault_of(error: &ureq::Error) -> Option<CertificateFault> {
    let error = match error {
        ureq::Error::Rustls(error) => error,
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref()?,
        _ => return None,
    };
    let TlsError::InvalidCertificate(error) = error else {
        return None;
    };
    Some(match error {
        // An authority of the same name is another one if its key is.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            CertificateFault::UnknownIssuer
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => CertificateFault::Date,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateFault::Name
        }
        // A certificate that signs itself and is not among the trusted ones is
        // not told apart from others by rustls.
        CertificateError::Other(_) => CertificateFault::UnknownIssuer,
        _ => CertificateFault::Other,
    })
}
