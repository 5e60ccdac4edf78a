//! Values that have names on the command line and in manifests: closed sets,
//! written down once each.

use crate::remedy::Remedy;
use thiserror::Error;

/// A name that no value of a closed set has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown {kind} {found:?}, expected one of: {expected}")]
pub struct UnknownName {
    /// What is named, such as `colormap`.
    pub kind: &'static str,
    /// What was asked for.
    pub found: String,
    /// The names that there are.
    pub expected: String,
}

impl UnknownName {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(Remedy::ReadHelp { subcommand: None })
    }
}

/// Gives the variants of an enum their names: `ALL`, `name`, `Display`, and
/// `FromStr` with [`UnknownName`].
macro_rules! closed_set {
    ($type:ident, $kind:literal, $($variant:ident => $name:literal),+ $(,)?) => {
        impl $type {
            /// Every value, the default first where there is one.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the command line and in manifests.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.name())
            }
        }

        impl std::str::FromStr for $type {
            type Err = crate::names::UnknownName;

            fn from_str(found: &str) -> Result<Self, Self::Err> {
                match found {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(crate::names::UnknownName {
                        kind: $kind,
                        found: found.to_owned(),
                        expected: [$($name),+].join(", "),
                    }),
                }
            }
        }
    };
}

pub(crate) use closed_set;
