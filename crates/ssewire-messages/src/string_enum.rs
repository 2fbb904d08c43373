//! The macro for named values.

use alloc::string::String;
use core::fmt;

use serde::Deserializer;
use serde::de::{Error, Unexpected, Visitor};

/// An open enumeration of strings.
///
/// ```text
/// string_enum! {
///     /// How fast.
///     pub enum Speed {
///         /// As usual.
///         Standard = "standard",
///     }
/// }
/// ```
///
/// gives an enum that also has `Unknown(String)`, with `as_str`, `From<&str>`, `From<String>`, `FromStr`, `AsRef<str>`,
/// `Display`, `Serialize` and `Deserialize`.
macro_rules! string_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $value:literal, )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_meta])* #[doc = concat!("\n\nOn the wire: `", $value, "`.")] $variant, )+
            /// A value that this version does not know.
            Unknown(::alloc::string::String),
        }

        impl $name {
            /// Returns the value on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $value, )+
                    Self::Unknown(value) => value,
                }
            }

            fn known(value: &str) -> Option<Self> {
                match value {
                    $( $value => Some(Self::$variant), )+
                    _ => None,
                }
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                Self::known(value).unwrap_or_else(|| Self::Unknown(value.into()))
            }
        }

        impl From<::alloc::string::String> for $name {
            fn from(value: ::alloc::string::String) -> Self {
                Self::known(&value).unwrap_or(Self::Unknown(value))
            }
        }

        impl ::core::str::FromStr for $name {
            type Err = ::core::convert::Infallible;

            fn from_str(value: &str) -> Result<Self, Self::Err> {
                Ok(Self::from(value))
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        #[cfg(feature = "vocabulary")]
        impl $crate::vocabulary::wire::FromJson for $name {
            fn matches(value: &::serde_json::Value) -> bool {
                value.is_string()
            }

            fn from_json(value: ::serde_json::Value) -> Result<Self, ::serde_json::Value> {
                match value {
                    ::serde_json::Value::String(value) => Ok(Self::from(value)),
                    other => Err(other),
                }
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::string_enum::deserialize(deserializer, stringify!($name)).map(Self::from)
            }
        }
    };
}

pub(crate) use string_enum;

/// Reads a string. The error for another value in JSON has its kind and the name of the type, never the value.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D, name: &'static str) -> Result<String, D::Error> {
    let visitor = StringVisitor { name };
    // For a string that is expected, serde_json would quote a number or a boolean itself.
    if deserializer.is_human_readable() {
        deserializer.deserialize_any(visitor)
    } else {
        deserializer.deserialize_string(visitor)
    }
}

struct StringVisitor {
    name: &'static str,
}

impl StringVisitor {
    fn mismatch<E: Error>(&self, found: &'static str) -> E {
        E::invalid_type(Unexpected::Other(found), self)
    }
}

/// The default methods for numbers and booleans would quote them.
impl Visitor<'_> for StringVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a Messages API `{}`", self.name)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.into())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<String, E> {
        Ok(text)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<String, E> {
        Err(self.mismatch("boolean"))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<String, E> {
        Err(self.mismatch("number"))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<String, E> {
        Err(self.mismatch("number"))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<String, E> {
        Err(self.mismatch("number"))
    }
}
