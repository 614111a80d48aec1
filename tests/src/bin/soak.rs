//! `soak`: random faults for as long as wanted, in rounds with an audit after each.
//!
//! `soak [--minutes N] [--jobs N] [--kills N] [--seed S] [--workers W] [--round JOBS]
//! [--jobs-per-kill N] [--faults kills|all|mixed]`: ends after so many minutes, or when so many jobs
//! and so many kills are reached, whichever comes first; ten minutes if nothing is said. `mixed`
//! brings every fault in every third round and kills only in the others.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table and the progress are what this is for")]

use std::{process::ExitCode, str::FromStr, time::Duration};

use quire_tests::{
    servers::PrivateBroker,
    soak::{self, Faults, Kept, Plan, Setting, Size, Total},
};
use tokio::time::Instant;

/// A minute of faults leaves jobs behind that wait ten minutes for their next attempt at most.
const PATIENCE: Duration = Duration::from_secs(12 * 60);
const MAX_ATTEMPTS: u32 = 6;

struct Options {
    until: Option<Duration>,
    jobs: Option<u32>,
    kills: Option<u32>,
    seed: u64,
    workers: u32,
    round: u32,
    jobs_per_kill: u32,
    faults: Mix,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mix {
    Kills,
    All,
    Mixed,
}

impl Mix {
    fn of_round(self, round: usize) -> Faults {
        match self {
            Self::Kills => Faults::Kills,
            Self::All => Faults::AllAndBroker,
            Self::Mixed if round % 3 == 2 => Faults::AllAndBroker,
            Self::Mixed => Faults::Kills,
        }
    }
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let seed = rand::random::<u32>().into();
        let (workers, round, jobs_per_kill, faults) = (3, 400, 10, Mix::Mixed);
        let (until, jobs, kills) = (None, None, None);
        let mut options = Self { until, jobs, kills, seed, workers, round, jobs_per_kill, faults };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--minutes" => options.until = Some(Duration::from_secs(number::<u64>(&name, &value)? * 60)),
                "--jobs" => options.jobs = Some(number(&name, &value)?),
                "--kills" => options.kills = Some(number(&name, &value)?),
                "--seed" => options.seed = number(&name, &value)?,
                "--workers" => options.workers = at_least_one(&name, &value)?,
                "--round" => options.round = at_least_one(&name, &value)?,
                "--jobs-per-kill" => options.jobs_per_kill = at_least_one(&name, &value)?,
                "--faults" => options.faults = mix(&value)?,
                _ => return Err(format!("{name} is not known")),
            }
        }
        if options.until.is_none() && options.jobs.is_none() && options.kills.is_none() {
            options.until = Some(Duration::from_secs(10 * 60));
        }
        Ok(options)
    }

    fn is_done(&self, started: Instant, total: &Total) -> bool {
        let reached = |wanted: Option<u32>, have: usize| wanted.is_none_or(|wanted| have >= wanted as usize);
        let targets = self.jobs.is_some() || self.kills.is_some();
        let all_reached = targets && reached(self.jobs, total.report.jobs) && reached(self.kills, total.kills);
        all_reached || self.until.is_some_and(|until| started.elapsed() >= until)
    }
}

fn number<T: FromStr>(name: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{name}: {value:?} is not a number"))
}

fn at_least_one(name: &str, value: &str) -> Result<u32, String> {
    match number(name, value)? {
        0 => Err(format!("{name} is 1 or more")),
        many => Ok(many),
    }
}

fn mix(value: &str) -> Result<Mix, String> {
    match value {
        "kills" => Ok(Mix::Kills),
        "all" => Ok(Mix::All),
        "mixed" => Ok(Mix::Mixed),
        _ => Err(format!("--faults is kills, all or mixed, not {value:?}")),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("soak: {error}");
            return ExitCode::from(2);
        }
    };
    let total = run(&options).await;
    print!("{}", total.text());
    if total.report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Returns what carries out one round again, and nothing else.
fn again(seed: u64, size: &Size) -> String {
    let Size { jobs, jobs_per_kill, workers, faults } = *size;
    let faults = if faults == Faults::Kills { "kills" } else { "all" };
    let plan = format!("--seed {seed} --faults {faults} --round {jobs} --jobs-per-kill {jobs_per_kill}");
    // One job is reached with the first round.
    format!("soak {plan} --workers {workers} --jobs 1")
}

async fn run(options: &Options) -> Total {
    let setting = Setting { workers: options.workers, max_attempts: MAX_ATTEMPTS, patience: PATIENCE };
    let (started, mut total) = (Instant::now(), Total::default());
    let broker = PrivateBroker::start().await;
    while !options.is_done(started, &total) {
        let seed = options.seed.wrapping_add(total.rounds as u64);
        let Options { round: jobs, jobs_per_kill, workers, .. } = *options;
        let size = Size { jobs, jobs_per_kill, workers, faults: options.faults.of_round(total.rounds) };
        let plan = Plan::from_seed(seed, &size);
        let (round, operations) = (total.rounds + 1, plan.operations.len());
        eprintln!("round {round}: {operations} operations; again: {}", again(seed, &size));
        let outcome = soak::run(&plan, &setting, Some(&broker)).await;
        if !outcome.report.is_clean() {
            let kept = Kept { seed: Some(seed), faults: size.faults, setting, plan };
            eprintln!("  the list of operations is kept in {}", kept.write().display());
        }
        for line in outcome.report.findings.iter().chain(&outcome.logged) {
            eprintln!("  {line}");
        }
        total.add(outcome);
        let (jobs, kills, findings) = (total.report.jobs, total.kills, total.report.findings.len());
        eprintln!("  after {} s: {jobs} jobs, {kills} kills, {findings} findings", started.elapsed().as_secs());
    }
    total
}
