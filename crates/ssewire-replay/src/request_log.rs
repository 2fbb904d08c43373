//! The requests that a server keeps, within limits: a server that is left running must not grow without bound.

use alloc::collections::VecDeque;

use crate::incoming::MAX_BODY_BYTES;
use crate::request::Request;

/// The newest requests, oldest first.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    requests: VecDeque<Request>,
    bytes: usize,
}

const MAX_REQUESTS: usize = 16_384;

impl RequestLog {
    /// Adds a request, and removes the oldest ones above the limits. The newest always stays.
    pub(crate) fn push(&mut self, request: Request) {
        self.bytes += size(&request);
        self.requests.push_back(request);
        while self.requests.len() > MAX_REQUESTS || (self.bytes > MAX_BODY_BYTES && self.requests.len() > 1) {
            let Some(oldest) = self.requests.pop_front() else { return };
            self.bytes -= size(&oldest);
        }
    }

    pub(crate) fn to_vec(&self) -> Vec<Request> {
        self.requests.iter().cloned().collect()
    }
}

/// Returns the memory that a request takes, in bytes.
fn size(request: &Request) -> usize {
    let headers = request.headers.iter().map(|(name, value)| size_of::<(String, String)>() + name.len() + value.len());
    size_of::<Request>() + request.method.len() + request.path.len() + request.body.len() + headers.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Version;

    fn request(path: usize, length: usize) -> Request {
        let (method, path, body) = ("POST".to_owned(), path.to_string(), vec![0; length]);
        Request { method, path, headers: Vec::new(), body, version: Version::Http11 }
    }

    fn kept(lengths: impl IntoIterator<Item = usize>) -> Vec<String> {
        let mut log = RequestLog::default();
        for (path, length) in lengths.into_iter().enumerate() {
            log.push(request(path, length));
        }
        log.requests.into_iter().map(|request| request.path).collect()
    }

    #[test]
    fn the_oldest_requests_are_removed_above_the_limits() {
        let third = MAX_BODY_BYTES / 3 - 1000;
        assert_eq!(kept([third; 4]), ["1", "2", "3"]);
        // The newest stays, however large it is.
        assert_eq!(kept([1, third, MAX_BODY_BYTES]), ["2"]);
        assert_eq!(kept([MAX_BODY_BYTES, 0, 0]), ["1", "2"]);
        let many = kept(vec![0; MAX_REQUESTS + 2]);
        assert_eq!((many.len(), many.first().map(String::as_str)), (MAX_REQUESTS, Some("2")));
    }

    #[test]
    fn request_heads_count_too() {
        let mut log = RequestLog::default();
        for path in 0..30 {
            let long = "x".repeat(1 << 20);
            let headers = vec![(long.clone(), String::new()), (String::new(), long.clone())];
            let path = format!("{path}?{long}");
            log.push(Request { method: long, headers, path, ..request(0, 0) });
        }
        assert_eq!(log.requests.len(), MAX_BODY_BYTES / (4 << 20) - 1);
        let mut log = RequestLog::default();
        for path in 0..60 {
            log.push(Request { headers: vec![(String::new(), String::new()); 1 << 16], ..request(path, 0) });
        }
        assert!(log.requests.len() < 50, "{}", log.requests.len());
    }
}
