//! The headers of Consul's answers.

use http_client::HeaderMap;

/// Consul 1.11 and newer send this header if the token may not read a part of the answer.
const FILTERED: &str = "x-consul-results-filtered-by-acls";

/// Returns `true` if the server left out what the token may not read.
pub(super) fn is_filtered(headers: &HeaderMap) -> bool {
    headers.get(FILTERED).is_some_and(|value| value == "true")
}

/// The number in a header; `None` without a valid one.
pub(super) fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}
