//! Decodes a frame that a renderer sends.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = quire_worker::internals::decode_frame(bytes);
});
