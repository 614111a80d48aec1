//! Reads a dead letter as `quire dead` does.
#![no_main]

#[path = "headers.rs"]
mod headers;

use headers::Header;
use libfuzzer_sys::fuzz_target;
use quire_producer::dead::Letter;

fuzz_target!(|input: (String, Option<String>, Vec<Header>, Vec<u8>)| {
    let (routing_key, message_id, headers, body) = input;
    let letter = Letter::read(&routing_key, &headers::properties(message_id, headers), &body);
    let _ = (letter.reason().len(), letter.replay_tenant(None));
});
