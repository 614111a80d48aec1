//! `corpora DIR`: every PDF of a folder with a `ground-truth.tsv` through a worker, at 72 dpi.

#![expect(clippy::print_stdout, reason = "the report is what this is for")]

use std::{path::PathBuf, process::ExitCode};

use quire_tests::{World, corpora};

#[tokio::main]
async fn main() -> ExitCode {
    let folder = std::env::args().nth(1).map(PathBuf::from).expect("usage: corpora DIR");
    let world = World::new().await;
    let worker = world.worker().with("QUIRE_LANES", "normal:8").start().await;
    let before = worker.id();
    let report = corpora::run(&world, &folder, corpora::expectations(&folder)).await;
    print!("{}", report.text());
    let alive = std::path::Path::new(&format!("/proc/{before}")).exists();
    println!("worker crashes: {}", u8::from(!alive));
    if alive && report.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
