// The pages are files, so that they can be read in the repository, too. Each ends with link definitions for that. In
// Markdown the first definition of a name counts, so those of `links.md` precede the page. Therefore rustdoc reports a
// failing example of a page at `links.md`, with the name of the module and a line number that is 11 too large.
#![doc = include_str!("guide/links.md")]
#![doc = include_str!("../docs/guide/README.md")]

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/events.md")]
pub mod events {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/messages.md")]
pub mod messages {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/tools.md")]
pub mod tools {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/turns.md")]
pub mod turns {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/structured.md")]
pub mod structured {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/retries.md")]
pub mod retries {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/gateways.md")]
pub mod gateways {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/testing.md")]
pub mod testing {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/embedded.md")]
pub mod embedded {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/faq.md")]
pub mod faq {}
