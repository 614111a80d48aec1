//! A stand-in for the LlamaParse service, for the demo: takes as long as it is told and answers as
//! the documented contract says.
//!
//! `parse-api-double SECONDS PAGES` prints its address and serves until it is killed.

#![expect(clippy::print_stdout, reason = "the address is what the caller waits for")]

use std::time::Duration;

use quire_tests::parse_api::{ParseApi, Scenario};

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |name: &str| -> u32 {
        let text =
            arguments.next().unwrap_or_else(|| panic!("usage: parse-api-double SECONDS PAGES ({name} is missing)"));
        text.parse().unwrap_or_else(|_| panic!("{name} is not a number"))
    };
    let (seconds, pages) = (number("SECONDS"), number("PAGES"));
    let api = ParseApi::start(pages, Scenario::Ok { polls: 1, delay: Duration::from_secs(seconds.into()) }).await;
    println!("{}", api.base_url);
    std::future::pending::<()>().await;
}
