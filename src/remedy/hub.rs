//! What a user can do about the hub, the way to it, and its cache.

/// What a user can do about the hub, the way to it, and its cache.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HubRemedy {
    /// Name the model that is nearest to what was typed.
    NameModel {
        /// Its name.
        nearest: String,
        /// The option or command that it stands behind.
        command: &'static str,
    },
    /// Name a model as the hub does.
    NameHubModel,
    /// Check the model's name, or say who asks.
    CheckModelName {
        /// Whether a token was sent along.
        authenticated: bool,
    },
    /// Take the newest revision.
    UseMainRevision,
    /// Take a revision that has the file, or another model.
    UseOtherRevision,
    /// Set the hub's address to one.
    SetEndpoint,
    /// See whether the hub's address and the proxy are the right ones.
    CheckEndpoint,
    /// See whether there is a way to the hub, or do without.
    CheckConnection,
    /// Say whose certificates are to be trusted.
    TrustCertificate,
    /// Name certificates that can be read, or none.
    NameCertificates {
        /// The variable that names them.
        variable: &'static str,
    },
    /// Set the clock of the machine.
    SetClock,
    /// Set a token.
    SetToken {
        /// Whether it takes the place of one that may have expired.
        expired: bool,
    },
    /// Write the token anew.
    WriteTokenAgain {
        /// Where it was found.
        origin: &'static str,
    },
    /// See what the token may do.
    CheckToken,
    /// Ask the model's owners for access.
    AskForAccess {
        /// The model.
        id: String,
        /// The hub's host.
        host: String,
        /// Whether a token was sent along.
        authenticated: bool,
    },
    /// Wait, and try the download again from where it is.
    TryLater,
    /// Download the file anew.
    DownloadAgain,
    /// Download the model while there is a connection, or use the built-in one.
    Pull {
        /// The model.
        id: String,
    },
    /// Wait for the process that downloads the same file.
    WaitForProcess,
    /// Say where Hugging Face's files are.
    SetHuggingFaceHome,
    /// Have the cache somewhere that can be written.
    SetCache,
    /// Have the cache where there is room, or make room.
    SetRoomierCache,
}
