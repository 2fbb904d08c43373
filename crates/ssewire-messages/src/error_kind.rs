use crate::string_enum::string_enum;

string_enum! {
    /// Kind of an error (Messages API: the `type` of `error`), in the body of a response or in an `error` event.
    pub enum ErrorKind {
        /// The request is malformed (status 400).
        InvalidRequest = "invalid_request_error",
        /// The API key is missing or wrong (status 401).
        Authentication = "authentication_error",
        /// There is a problem with the account's billing (status 402).
        Billing = "billing_error",
        /// The API key may not do this (status 403).
        Permission = "permission_error",
        /// The resource does not exist (status 404).
        NotFound = "not_found_error",
        /// The request collides with another one (status 409).
        Conflict = "conflict_error",
        /// The request has too many bytes (status 413).
        RequestTooLarge = "request_too_large",
        /// Too many requests or tokens in too short a time (status 429).
        RateLimit = "rate_limit_error",
        /// Something failed inside the API (status 500).
        Api = "api_error",
        /// The answer took too long (status 504).
        Timeout = "timeout_error",
        /// The API is overloaded (status 529).
        Overloaded = "overloaded_error",
    }
}

impl ErrorKind {
    /// Returns whether the same request may succeed if it is sent again. A kind that this version does not know is not
    /// retryable by its kind alone.
    ///
    /// This holds for every position of the error: an overloaded API is retryable in the middle of a stream as well
    /// as with status 529.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Conflict | Self::RateLimit | Self::Api | Self::Timeout | Self::Overloaded => true,
            Self::InvalidRequest
            | Self::Authentication
            | Self::Billing
            | Self::Permission
            | Self::NotFound
            | Self::RequestTooLarge
            | Self::Unknown(_) => false,
        }
    }

    /// Returns the kind that belongs to an HTTP status, for a response whose body does not contain it. `None` if the
    /// documentation assigns no kind to the status.
    #[must_use]
    pub const fn from_status(status: u16) -> Option<Self> {
        Some(match status {
            400 => Self::InvalidRequest,
            401 => Self::Authentication,
            402 => Self::Billing,
            403 => Self::Permission,
            404 => Self::NotFound,
            409 => Self::Conflict,
            413 => Self::RequestTooLarge,
            429 => Self::RateLimit,
            500 => Self::Api,
            504 => Self::Timeout,
            529 => Self::Overloaded,
            _ => return None,
        })
    }
}
