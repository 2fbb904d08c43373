//! The sources of a text.

use alloc::string::String;

use super::UnknownObject;
use super::wire::{object, tagged};
use crate::Nullable;

tagged! {
    /// A source of a text block (Messages API: `TextCitation`).
    pub enum Citation else UnknownObject {
        /// A range of characters of a plain text document.
        CharLocation(CitationCharLocation),
        /// A range of pages of a PDF.
        PageLocation(CitationPageLocation),
        /// A range of blocks of a document with custom content.
        ContentBlockLocation(CitationContentBlockLocation),
        /// A result of a web search.
        WebSearchResultLocation(CitationsWebSearchResultLocation),
        /// A search result in the request.
        SearchResultLocation(CitationsSearchResultLocation),
    }
}

object! {
    /// A range of characters of a plain text document (Messages API: `CitationCharLocation`).
    pub struct CitationCharLocation = "char_location" {
        /// The text between the two positions.
        pub cited_text: Option<String>,
        /// Which of the request's documents, counted from 0.
        pub document_index: Option<u64>,
        /// The title of that document, if it has one.
        pub document_title: Nullable<String>,
        /// The position after the last character.
        pub end_char_index: Option<u64>,
        /// The uploaded file that the document is, if it is one.
        pub file_id: Nullable<String>,
        /// The position of the first character, counted from 0.
        pub start_char_index: Option<u64>,
    }
}

object! {
    /// A range of pages of a PDF (Messages API: `CitationPageLocation`).
    pub struct CitationPageLocation = "page_location" {
        /// The text on these pages that is cited.
        pub cited_text: Option<String>,
        /// Which of the request's documents, counted from 0.
        pub document_index: Option<u64>,
        /// The title of that document, if it has one.
        pub document_title: Nullable<String>,
        /// The number of the page after the last one.
        pub end_page_number: Option<u64>,
        /// The uploaded file that the document is, if it is one.
        pub file_id: Nullable<String>,
        /// The number of the first page, counted from 1.
        pub start_page_number: Option<u64>,
    }
}

object! {
    /// A range of blocks of a document with custom content (Messages API: `CitationContentBlockLocation`).
    pub struct CitationContentBlockLocation = "content_block_location" {
        /// The text of these blocks.
        pub cited_text: Option<String>,
        /// Which of the request's documents, counted from 0.
        pub document_index: Option<u64>,
        /// The title of that document, if it has one.
        pub document_title: Nullable<String>,
        /// The index after the last block.
        pub end_block_index: Option<u64>,
        /// The uploaded file that the document is, if it is one.
        pub file_id: Nullable<String>,
        /// The index of the first block, counted from 0.
        pub start_block_index: Option<u64>,
    }
}

object! {
    /// A result of a web search (Messages API: `CitationsWebSearchResultLocation`).
    pub struct CitationsWebSearchResultLocation = "web_search_result_location" {
        /// The text of the page that is cited.
        pub cited_text: Option<String>,
        /// The server's reference to the result; to be sent back unchanged.
        pub encrypted_index: Option<String>,
        /// The title of the page, if it has one.
        pub title: Nullable<String>,
        /// The address of the page.
        pub url: Option<String>,
    }
}

object! {
    /// A search result in the request (Messages API: `CitationsSearchResultLocation`).
    pub struct CitationsSearchResultLocation = "search_result_location" {
        /// The text of these blocks.
        pub cited_text: Option<String>,
        /// The index after the last block of the search result.
        pub end_block_index: Option<u64>,
        /// Which of the request's search results, counted from 0.
        pub search_result_index: Option<u64>,
        /// The source of the search result, as the request names it.
        pub source: Option<String>,
        /// The index of the first block of the search result, counted from 0.
        pub start_block_index: Option<u64>,
        /// The title of the search result, if it has one.
        pub title: Nullable<String>,
    }
}
