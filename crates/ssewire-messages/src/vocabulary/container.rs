//! Where code execution ran.

use alloc::string::String;
use alloc::vec::Vec;

use super::wire::{object, string_enum};
use crate::Nullable;

object! {
    /// The container that code execution ran in (Messages API: `Container`).
    pub struct Container {
        /// The identifier of the container; a later request may name it to go on in the same container.
        pub id: Option<String>,
        /// When it ends, as an RFC 3339 date and time.
        pub expires_at: Option<String>,
        /// The skills that are loaded in it.
        pub skills: Nullable<Vec<ContainerSkill>>,
    }
}

object! {
    /// A skill that is loaded in a container (Messages API: `ContainerSkill`).
    pub struct ContainerSkill {
        /// Whose skill it is.
        pub kind as "type": Option<ContainerSkillKind>,
        /// The identifier of the skill.
        pub skill_id: Option<String>,
        /// The version of the skill, or `latest`.
        pub version: Option<String>,
    }
}

string_enum! {
    /// Whose skill it is (Messages API: the `type` of a `ContainerSkill`).
    pub enum ContainerSkillKind {
        /// A skill that Anthropic provides.
        Anthropic = "anthropic",
        /// A skill that the user's organization uploaded.
        Custom = "custom",
    }
}
