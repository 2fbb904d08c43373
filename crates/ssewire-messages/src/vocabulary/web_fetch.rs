use alloc::string::String;

use super::Caller;
use super::UnknownObject;
use super::wire::{object, string_enum, tagged};
use crate::Nullable;

object! {
    /// The result of a web fetch (Messages API: `WebFetchToolResultBlock`).
    pub struct WebFetchToolResultBlock = "web_fetch_tool_result" {
        /// Who called the fetch.
        pub caller: Nullable<Caller>,
        /// The document, or why there is none.
        pub content: Option<WebFetchToolResultContent>,
        /// The identifier of the call.
        pub tool_use_id: Option<String>,
    }
}

tagged! {
    /// The outcome of a web fetch (Messages API: the `content` of a `WebFetchToolResultBlock`).
    pub enum WebFetchToolResultContent else UnknownObject {
        /// The document.
        Result(WebFetchBlock),
        /// The reason why the fetch failed.
        Error(WebFetchToolResultErrorBlock),
    }
}

object! {
    /// A document from the web (Messages API: `WebFetchBlock`).
    pub struct WebFetchBlock = "web_fetch_result" {
        /// The document.
        pub content: Option<WebFetchDocument>,
        /// When it was fetched, as an ISO 8601 date and time.
        pub retrieved_at: Nullable<String>,
        /// Where it was fetched from.
        pub url: Option<String>,
    }
}

tagged! {
    /// The document at an address (Messages API: the `content` of a `WebFetchBlock`).
    pub enum WebFetchDocument else UnknownObject {
        /// A document.
        Document(DocumentBlock),
    }
}

object! {
    /// A document (Messages API: `DocumentBlock`).
    pub struct DocumentBlock = "document" {
        /// Whether the model may cite the document.
        pub citations: Nullable<CitationsConfig>,
        /// The content of the document.
        pub source: Option<DocumentSource>,
        /// The title of the document, if it has one.
        pub title: Nullable<String>,
    }
}

object! {
    /// Whether a document may be cited (Messages API: `CitationsConfig`).
    pub struct CitationsConfig {
        /// Whether the document may be cited.
        pub enabled: Option<bool>,
    }
}

tagged! {
    /// The content of a document (Messages API: the `source` of a `DocumentBlock`).
    pub enum DocumentSource else UnknownObject {
        /// A PDF.
        Base64(Base64PdfSource),
        /// Plain text.
        Text(PlainTextSource),
    }
}

object! {
    /// A PDF (Messages API: `Base64PDFSource`).
    pub struct Base64PdfSource = "base64" {
        /// The bytes of the PDF in base64.
        pub data: Option<String>,
        /// The media type, `application/pdf`.
        pub media_type: Option<String>,
    }
}

object! {
    /// Plain text (Messages API: `PlainTextSource`).
    pub struct PlainTextSource = "text" {
        /// The text.
        pub data: Option<String>,
        /// The media type, `text/plain`.
        pub media_type: Option<String>,
    }
}

object! {
    /// A web fetch failed (Messages API: `WebFetchToolResultErrorBlock`).
    pub struct WebFetchToolResultErrorBlock = "web_fetch_tool_result_error" {
        /// Why the fetch failed.
        pub error_code: Option<WebFetchErrorCode>,
    }
}

string_enum! {
    /// Why a web fetch failed (Messages API: the `error_code` of a `WebFetchToolResultErrorBlock`).
    pub enum WebFetchErrorCode {
        /// The model called the tool in a wrong way.
        InvalidToolInput = "invalid_tool_input",
        /// The address is too long.
        UrlTooLong = "url_too_long",
        /// The address is not allowed by the request or the organization.
        UrlNotAllowed = "url_not_allowed",
        /// The address did not occur in the conversation before.
        UrlNotInPriorContext = "url_not_in_prior_context",
        /// The address could not be reached.
        UrlNotAccessible = "url_not_accessible",
        /// The document is of a type that cannot be read.
        UnsupportedContentType = "unsupported_content_type",
        /// There were too many fetches in a short time.
        TooManyRequests = "too_many_requests",
        /// The request's limit of fetches is used up.
        MaxUsesExceeded = "max_uses_exceeded",
        /// The tool does not work at the moment.
        Unavailable = "unavailable",
        /// The document is too large.
        ContentTooLarge = "content_too_large",
    }
}
