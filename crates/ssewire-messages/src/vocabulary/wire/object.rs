//! The macro for objects.

/// An object of the protocol, as a table of its members in the documented order.
///
/// ```text
/// object! {
///     /// Text.
///     pub struct TextBlock = "text" {
///         /// Where it is from.
///         pub citations: Nullable<Vec<Citation>>,
///         /// The text.
///         pub text: Option<String>,
///     }
/// }
/// ```
///
/// gives a struct of these public fields and `extra`, with `Serialize` and `Deserialize`. An object that is read and
/// written again is the same JSON value, but for its counts and for numbers that `serde_json`'s `Number` does not hold:
/// a value that does not fit its field is kept in `extra`.
///
/// The object's `type` follows the name. An object of another `type` does not match. Without it, the object has no
/// `type` of its own.
///
/// The type of a field defines an absent member: `Option` for members that are never null,
/// [`Nullable`](crate::Nullable) for those that may be. `name as "key"` gives a field another name than its member has.
/// The rule `(count)` reads a member also from a string of digits or an integral float; it is written as an integer.
macro_rules! object {
    (
        $(#[$meta:meta])*
        pub struct $name:ident $(= $tag:literal)? {
            $(
                $(#[$member_meta:meta])*
                pub $member:ident $(as $key:literal)? $(($rule:ident))? : $ty:ty,
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$member_meta])* pub $member: $ty, )*
            /// Members that this version does not know, and known ones of another JSON type than documented.
            pub extra: $crate::vocabulary::ExtraMap,
        }

        $(
            impl $crate::vocabulary::wire::Tagged for $name {
                const TYPE: &'static str = $tag;
            }
        )?

        impl $crate::vocabulary::wire::FromJson for $name {
            fn matches(value: &::serde_json::Value) -> bool {
                $( $crate::vocabulary::wire::tag(value) == Some($tag) && )?
                value.is_object()
            }

            fn from_json(value: ::serde_json::Value) -> Result<Self, ::serde_json::Value> {
                if !Self::matches(&value) {
                    return Err(value);
                }
                let ::serde_json::Value::Object(object) = value else {
                    return Err(value);
                };
                let mut this = Self::default();
                for (name, value) in object {
                    let read = match name.as_str() {
                        $( "type" if value == $tag => Ok(()), )?
                        $(
                            $crate::vocabulary::wire::object!(@key $member $($key)?) => {
                                $crate::vocabulary::wire::object!(@read value, $ty $(, $rule)?)
                                    .map(|member| this.$member = member)
                            }
                        )*
                        _ => Err(value),
                    };
                    if let Err(value) = read {
                        this.extra.insert(name, value);
                    }
                }
                Ok(this)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use ::serde::ser::SerializeMap as _;

                let mut object = serializer.serialize_map(None)?;
                $(
                    if !self.extra.contains("type") {
                        object.serialize_entry("type", $tag)?;
                    }
                )?
                $(
                    let key = $crate::vocabulary::wire::object!(@key $member $($key)?);
                    if !$crate::vocabulary::wire::Member::is_absent(&self.$member) {
                        object.serialize_entry(key, &self.$member)?;
                    }
                )*
                for (name, value) in self.extra.iter() {
                    let set = [$((
                        $crate::vocabulary::wire::object!(@key $member $($key)?),
                        !$crate::vocabulary::wire::Member::is_absent(&self.$member),
                    )),*];
                    if !set.contains(&(name, true)) {
                        object.serialize_entry(name, value)?;
                    }
                }
                object.end()
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::vocabulary::wire::deserialize(deserializer, stringify!($name))
            }
        }
    };

    (@key $member:ident) => { stringify!($member) };
    (@key $member:ident $key:literal) => { $key };

    (@read $value:ident, $ty:ty, count) => { $crate::vocabulary::wire::count_or::<$ty>($value) };
    (@read $value:ident, $ty:ty) => {
        <$ty as $crate::vocabulary::wire::FromJson>::from_json($value)
    };
}

pub(crate) use object;
