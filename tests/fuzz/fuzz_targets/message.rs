//! Reads a job's message as a worker does.
#![no_main]

#[path = "headers.rs"]
mod headers;

use headers::Header;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (String, Option<String>, Vec<Header>, Vec<u8>)| {
    let (routing_key, message_id, headers, body) = input;
    let properties = headers::properties(message_id, headers);
    let _ = quire_worker::internals::read_message(&routing_key, properties, body);
});
