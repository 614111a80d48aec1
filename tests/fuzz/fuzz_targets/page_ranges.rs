//! Reads page ranges; their text reads as the same ranges.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quire_schemas::page_ranges::PageRanges;

fuzz_target!(|text: &str| {
    let Ok(ranges) = text.parse::<PageRanges>() else { return };
    let again: PageRanges = ranges.to_string().parse().expect("what is written can be read");
    assert_eq!(again, ranges);
});
