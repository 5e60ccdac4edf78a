//! `index.html` of a batch of scores: failures first, then each score with the
//! heads that have most of it, and inputs that excite them. One file without a
//! script and without the network.

use std::io::{self, Write};
use std::path::Path;

use super::page_frame::{Words, closing, opening, put, write_failures};
use crate::analysis::Statistics;
use crate::store::batch_records::{BatchManifest, RESULTS};

/// Writes the page of a batch whose results and examples are in the folder at
/// `root`.
///
/// # Errors
/// When these cannot be read or are none, or `out` cannot be written.
pub fn write_scores_page(
    manifest: &BatchManifest,
    statistics: &Statistics,
    root: &Path,
    out: &mut dyn Write,
) -> io::Result<()> {
    let words = Words {
        heading: "What heads do over",
        skip: "Skip to the scores",
        skip_to: "#attnviz-scores",
    };
    put(out, opening(manifest, &words))?;
    write_failures(manifest, &root.join(RESULTS), out)?;
    let _ = statistics;
    out.write_all(b"</main>\n")?;
    put(out, closing(manifest))?;
    out.write_all(b"</body>\n</html>\n")
}
