//! The requests that a server keeps, within limits: a server that is left running must not grow without bound.

use alloc::collections::VecDeque;

use crate::incoming::MAX_BODY_BYTES;
use crate::request::Request;

/// The newest requests, oldest first.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    requests: VecDeque<Request>,
    body_bytes: usize,
}

const MAX_REQUESTS: usize = 16_384;

impl RequestLog {
    /// Adds a request, and removes the oldest ones above the limits. The bodies together have at most the size of the
    /// largest body, so the newest request always stays.
    pub(crate) fn push(&mut self, request: Request) {
        self.body_bytes += request.body.len();
        self.requests.push_back(request);
        while self.requests.len() > MAX_REQUESTS || self.body_bytes > MAX_BODY_BYTES {
            let Some(oldest) = self.requests.pop_front() else { return };
            self.body_bytes -= oldest.body.len();
        }
    }

    pub(crate) fn to_vec(&self) -> Vec<Request> {
        self.requests.iter().cloned().collect()
    }
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
        let third = MAX_BODY_BYTES / 3;
        assert_eq!(kept([third; 4]), ["1", "2", "3"]);
        assert_eq!(kept([1, third, MAX_BODY_BYTES]), ["2"]);
        assert_eq!(kept([MAX_BODY_BYTES, 0, 0]), ["0", "1", "2"]);
        let many = kept(vec![0; MAX_REQUESTS + 2]);
        assert_eq!((many.len(), many.first().map(String::as_str)), (MAX_REQUESTS, Some("2")));
    }
}
