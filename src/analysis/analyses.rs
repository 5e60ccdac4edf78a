//! What is computed of a run and its maps, each when it is first asked for.

use std::sync::OnceLock;

use super::{
    HeadScores, Maps, Reduction, RolloutError, RolloutOptions, Similarity, head_scores, reduce,
    rollout, similarity,
};
use crate::attention::Attention;
use crate::run::Run;

/// What is computed of a run and its maps, each when it is first asked for.
#[derive(Debug)]
pub struct Analyses<'run> {
    run: &'run Run,
    attention: &'run Attention,
    maps: &'run Maps<'run>,
    rollout_options: RolloutOptions,
    mean: OnceLock<Maps<'static>>,
    maximum: OnceLock<Maps<'static>>,
    rollout: OnceLock<Result<Maps<'static>, RolloutError>>,
    similarity: OnceLock<Similarity>,
    scores: OnceLock<HeadScores>,
}

impl<'run> Analyses<'run> {
    /// None are made yet; `maps` are of `attention`, which is the run's.
    pub fn new(
        run: &'run Run,
        attention: &'run Attention,
        maps: &'run Maps<'run>,
        rollout_options: RolloutOptions,
    ) -> Self {
        Self {
            run,
            attention,
            maps,
            rollout_options,
            mean: OnceLock::new(),
            maximum: OnceLock::new(),
            rollout: OnceLock::new(),
            similarity: OnceLock::new(),
            scores: OnceLock::new(),
        }
    }

    /// The attention that everything is of, raw.
    pub fn attention(&self) -> &'run Attention {
        self.attention
    }

    /// How rollout is computed.
    pub fn rollout_options(&self) -> &RolloutOptions {
        &self.rollout_options
    }

    /// What the heads of each layer, and all heads, have in common.
    pub fn reduced(&self, reduction: Reduction) -> &Maps<'static> {
        let made = match reduction {
            Reduction::Mean => &self.mean,
            Reduction::Max => &self.maximum,
        };
        made.get_or_init(|| reduce(self.maps, reduction))
    }

    /// The rollout after every layer.
    ///
    /// # Errors
    /// As [`rollout`].
    pub fn rollout(&self) -> Result<&Maps<'static>, RolloutError> {
        let made = self.rollout.get_or_init(|| {
            rollout(
                self.run,
                self.attention,
                &self.rollout_options,
                &self.maps.reshape,
            )
        });
        made.as_ref().map_err(Clone::clone)
    }

    /// How alike the heads are.
    pub fn similarity(&self) -> &Similarity {
        self.similarity.get_or_init(|| similarity(self.attention))
    }

    /// What each head does.
    pub fn scores(&self) -> &HeadScores {
        self.scores
            .get_or_init(|| head_scores(self.run, self.attention))
    }
}
