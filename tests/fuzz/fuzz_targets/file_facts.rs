//! Reads what a PDF says beside libpdfium. A panic in the reader's own crate is caught, and one of ours with it: what
//! this finds is hangs, memory and overflows of the stack.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = quire_worker::internals::read_file_facts(bytes.to_vec());
});
