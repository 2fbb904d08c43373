//! The macro for unions that a `type` decides.

/// An open union of objects.
///
/// ```text
/// tagged! {
///     /// Who called.
///     pub enum Caller else UnknownObject {
///         /// The model itself.
///         Direct(DirectCaller),
///     }
/// }
/// ```
///
/// gives an enum that also has `Unknown(UnknownObject)`, with `type_name`, `Serialize` and `Deserialize`. The `type` of
/// a variant is in its object's table; a `type` that is in none of them, or none at all, is left to the type after
/// `else`. A known `type` whose object does not fit makes the value unreadable.
macro_rules! tagged {
    (
        $(#[$meta:meta])*
        pub enum $name:ident else $unknown:ty {
            $( $(#[$variant_meta:meta])* $variant:ident($object:ty), )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_meta])* $variant($object), )+
            /// A variant that this version does not know, as JSON.
            Unknown($unknown),
        }

        impl $name {
            /// Returns the `type` on the wire.
            #[must_use]
            pub fn type_name(&self) -> &str {
                match self {
                    $( Self::$variant(_) => <$object as $crate::vocabulary::wire::Tagged>::TYPE, )+
                    Self::Unknown(unknown) => unknown.type_name(),
                }
            }
        }

        impl $crate::vocabulary::wire::FromJson for $name {
            fn matches(value: &::serde_json::Value) -> bool {
                match $crate::vocabulary::wire::tag(value) {
                    $(
                        Some(<$object as $crate::vocabulary::wire::Tagged>::TYPE) => {
                            <$object as $crate::vocabulary::wire::FromJson>::matches(value)
                        }
                    )+
                    _ => <$unknown as $crate::vocabulary::wire::FromJson>::matches(value),
                }
            }

            fn from_json(value: ::serde_json::Value) -> Result<Self, ::serde_json::Value> {
                match $crate::vocabulary::wire::tag(&value) {
                    $(
                        Some(<$object as $crate::vocabulary::wire::Tagged>::TYPE) => {
                            <$object as $crate::vocabulary::wire::FromJson>::from_json(value).map(Self::$variant)
                        }
                    )+
                    _ => <$unknown as $crate::vocabulary::wire::FromJson>::from_json(value).map(Self::Unknown),
                }
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $( Self::$variant(object) => object.serialize(serializer), )+
                    Self::Unknown(unknown) => unknown.serialize(serializer),
                }
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::vocabulary::wire::deserialize(deserializer, stringify!($name))
            }
        }
    };
}

pub(crate) use tagged;
