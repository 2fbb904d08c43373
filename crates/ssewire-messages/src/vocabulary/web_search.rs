use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::Caller;
use super::UnknownObject;
use super::wire::{FromJson, Tagged, deserialize, object, string_enum, tag, tagged};
use crate::Nullable;

object! {
    /// The result of a web search (Messages API: `WebSearchToolResultBlock`).
    pub struct WebSearchToolResultBlock = "web_search_tool_result" {
        /// Who called the search.
        pub caller: Nullable<Caller>,
        /// The results, or why there are none.
        pub content: Option<WebSearchToolResultContent>,
        /// The identifier of the call.
        pub tool_use_id: Option<String>,
    }
}

/// The outcome of a web search (Messages API: the `content` of a `WebSearchToolResultBlock`): an array of results or an
/// error object.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum WebSearchToolResultContent {
    /// The search results.
    Results(Vec<WebSearchResult>),
    /// The reason why the results are missing.
    Error(WebSearchToolResultErrorObject),
    /// A result that this version does not know, as JSON.
    Unknown(UnknownObject),
}

impl FromJson for WebSearchToolResultContent {
    fn matches(value: &Value) -> bool {
        value.is_object() || Vec::<WebSearchResult>::matches(value)
    }

    fn from_json(value: Value) -> Result<Self, Value> {
        if value.is_array() {
            return Vec::from_json(value).map(Self::Results);
        }
        match tag(&value) {
            Some(<WebSearchToolResultErrorObject as Tagged>::TYPE) => FromJson::from_json(value).map(Self::Error),
            _ => UnknownObject::from_json(value).map(Self::Unknown),
        }
    }
}

impl Serialize for WebSearchToolResultContent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Results(results) => results.serialize(serializer),
            Self::Error(error) => error.serialize(serializer),
            Self::Unknown(unknown) => unknown.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for WebSearchToolResultContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer, "WebSearchToolResultContent")
    }
}

tagged! {
    /// One thing that a web search found (Messages API: an element of the `content` of a `WebSearchToolResultBlock`).
    pub enum WebSearchResult else UnknownObject {
        /// A page.
        Page(WebSearchResultBlock),
    }
}

object! {
    /// A page that a web search found (Messages API: `WebSearchResultBlock`).
    pub struct WebSearchResultBlock = "web_search_result" {
        /// The content of the page for the model; to be sent back unchanged.
        pub encrypted_content: Option<String>,
        /// When the page was last changed, in words such as `2 days ago`.
        pub page_age: Nullable<String>,
        /// The title of the page.
        pub title: Option<String>,
        /// The address of the page.
        pub url: Option<String>,
    }
}

object! {
    /// A web search failed (Messages API: `WebSearchToolResultErrorObject`).
    pub struct WebSearchToolResultErrorObject = "web_search_tool_result_error" {
        /// Why the search failed.
        pub error_code: Option<WebSearchErrorCode>,
    }
}

string_enum! {
    /// Why a web search failed (Messages API: the `error_code` of a `WebSearchToolResultErrorObject`).
    pub enum WebSearchErrorCode {
        /// The model called the tool in a wrong way.
        InvalidToolInput = "invalid_tool_input",
        /// The tool does not work at the moment.
        Unavailable = "unavailable",
        /// The request's limit of searches is used up.
        MaxUsesExceeded = "max_uses_exceeded",
        /// There were too many searches in a short time.
        TooManyRequests = "too_many_requests",
        /// The query is too long.
        QueryTooLong = "query_too_long",
        /// The request is too large.
        RequestTooLarge = "request_too_large",
    }
}
