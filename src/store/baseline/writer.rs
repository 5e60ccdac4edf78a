//! Makes a baseline, input by input.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::codec::{as_kept, encode};
use super::{BASELINE_SCHEMA_VERSION, BaselineInput, BaselineManifest, DataRecord, Precision};
use crate::analysis::Maps;
use crate::attention::{Attention, Mask};
use crate::checkpoint::ModelProvenance;
use crate::compare::{DifferenceMeasure, differences};
use crate::digest::{hexadecimal, sha256};
use crate::input::StreamRole;
use crate::run::Run;
use crate::store::UnitRecord;

/// Where the numbers of a baseline are: beside its text, with `.zst` behind its
/// name.
pub fn data_path(text: &Path) -> PathBuf {
    let mut name = text.as_os_str().to_owned();
    name.push(".zst");
    PathBuf::from(name)
}

/// A baseline in the making: the numbers go out as they come.
#[derive(Debug)]
pub struct BaselineWriter<W> {
    out: W,
    hasher: Sha256,
    manifest: BaselineManifest,
}

impl<W: Write> BaselineWriter<W> {
    /// Begins one of a model of so many layers with so many heads each.
    pub fn new(
        out: W,
        model: ModelProvenance,
        [layers, heads]: [usize; 2],
        precision: Precision,
    ) -> Self {
        Self {
            out,
            hasher: Sha256::new(),
            manifest: BaselineManifest {
                baseline_schema_version: BASELINE_SCHEMA_VERSION,
                sha256: String::new(),
                attnviz_version: env!("CARGO_PKG_VERSION").to_owned(),
                model,
                layers,
                heads,
                masks: Vec::new(),
                precision,
                rounding: BTreeMap::new(),
                data: DataRecord {
                    length: 0,
                    sha256: String::new(),
                },
                inputs: Vec::new(),
            },
        }
    }

    /// Adds the run of an input: its attention, and its own maps as they are.
    ///
    /// # Errors
    /// When the numbers cannot be written.
    pub fn add(&mut self, run: &Run, attention: &Attention, maps: &Maps<'_>) -> io::Result<()> {
        let masks = attention.masks();
        let bytes = encode(attention.maps(), &masks, self.manifest.precision)?;
        if masks.iter().any(|mask| *mask != Mask::Full) {
            self.manifest.masks = masks;
        }
        self.measure(maps);
        self.out.write_all(&bytes)?;
        self.hasher.update(&bytes);
        let length = bytes.len() as u64;
        self.manifest.inputs.push(BaselineInput {
            input: run.input.clone(),
            offset: self.manifest.data.length,
            length,
            sha256: sha256(&bytes),
            dropped: run.dropped(),
            units: run
                .units(StreamRole::Source)
                .iter()
                .map(UnitRecord::from)
                .collect(),
        });
        self.manifest.data.length += length;
        Ok(())
    }

    /// Where the numbers go.
    pub fn sink(&self) -> &W {
        &self.out
    }

    /// How far the rounding of an input takes its heads.
    fn measure(&mut self, maps: &Maps<'_>) {
        let precision = self.manifest.precision;
        let values = maps.values.iter().map(|&value| as_kept(value, precision));
        let kept = Maps {
            values: Cow::Owned(values.collect()),
            ..maps.clone()
        };
        // Of the same heads and units, they always compare.
        let Ok(found) = differences(maps, &kept) else {
            return;
        };
        for &measure in DifferenceMeasure::ALL {
            let greatest = found.heads(measure).iter().copied().fold(0.0, f64::max);
            let rounding = self.manifest.rounding.entry(measure.name().to_owned());
            let rounding = rounding.or_default();
            *rounding = rounding.max(greatest);
        }
    }

    /// What the numbers are of, and where they went.
    ///
    /// # Errors
    /// As [`BaselineManifest::to_text`].
    pub fn finish(self) -> serde_json::Result<(BaselineManifest, W)> {
        let mut manifest = self.manifest;
        manifest.data.sha256 = hexadecimal(&self.hasher.finalize());
        manifest.seal()?;
        Ok((manifest, self.out))
    }
}
