//! Between which numbers a value has to be.

/// A bound as a sentence says it: with its sign and every digit, or, where those
/// would be mostly noughts, as `1e-300`.
pub fn written(bound: f64) -> String {
    match bound.abs() {
        size if size == 0.0 || (1e-5..1e15).contains(&size) => bound.to_string(),
        _ => format!("{bound:e}"),
    }
}

/// What a value has to be above, below, or both.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Range {
    /// It has to be greater than this.
    pub above: Option<f64>,
    /// It has to be less than this.
    pub below: Option<f64>,
}

impl Range {
    /// Whether nothing is asked for.
    pub fn is_empty(self) -> bool {
        self.above.is_none() && self.below.is_none()
    }

    /// How far a value is from breaking the rule; what is not above 0 breaks it.
    /// A value that is no number does.
    pub fn margin(self, value: f64) -> f64 {
        if value.is_nan() {
            return f64::NEG_INFINITY;
        }
        let above = self.above.map_or(f64::INFINITY, |above| value - above);
        let below = self.below.map_or(f64::INFINITY, |below| below - value);
        above.min(below)
    }

    /// Whether a value is as it has to be.
    pub fn holds(self, value: f64) -> bool {
        self.margin(value) > 0.0
    }

    /// As a sentence says it.
    pub fn in_words(self) -> String {
        match (self.above, self.below) {
            (Some(above), Some(below)) => {
                format!("above {} and below {}", written(above), written(below))
            }
            (Some(above), None) => format!("above {}", written(above)),
            (None, Some(below)) => format!("below {}", written(below)),
            (None, None) => "anything".to_owned(),
        }
    }
}

/// What is allowed of many values.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limits {
    /// Of each: a head of an input.
    pub each: Range,
    /// Their mean has to be less than this.
    pub mean_below: Option<f64>,
}

impl Limits {
    /// As a sentence says it.
    pub fn in_words(self) -> String {
        let mean = self
            .mean_below
            .map(|below| format!("mean below {}", written(below)));
        let each = (!self.each.is_empty()).then(|| format!("each {}", self.each.in_words()));
        let both: Vec<String> = mean.into_iter().chain(each).collect();
        both.join(", ")
    }

    /// Every number that it names.
    pub fn numbers(self) -> impl Iterator<Item = f64> {
        [self.each.above, self.each.below, self.mean_below]
            .into_iter()
            .flatten()
    }
}
