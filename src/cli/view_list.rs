//! The value of `--views`: `heads,overview`, `from:it,to:@3`.

use std::str::FromStr;

use crate::figure::{View, ViewError};

/// Views with a comma between two of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewList(pub Vec<View>);

impl FromStr for ViewList {
    type Err = ViewError;

    fn from_str(text: &str) -> Result<Self, ViewError> {
        View::list(text).map(Self)
    }
}
