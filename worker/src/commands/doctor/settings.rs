//! Settings that are allowed and will hurt.

use std::time::Duration;

use super::finding::{Finding, Outcome};
use crate::config::{Config, ConfigErrors, Isolation, Loaded, ShownSize};

/// A bitmap of four bytes for each pixel, and as much again while it is encoded.
const BYTES_PER_PIXEL: u64 = 8;

/// Turns what is wrong with the configuration into findings: nothing else can be examined then.
pub(super) fn refused(errors: &ConfigErrors) -> Vec<Finding> {
    let finding = |error: &crate::config::ConfigError| Finding {
        check: "configuration",
        outcome: Outcome::Failed,
        what: format!("{} ({}): {}", error.key, error.origin, error.problem),
        why: Some("the worker does not start".to_owned()),
        remedy: Some(error.remedy.clone()),
    };
    errors.all().iter().map(finding).collect()
}

pub(super) fn examine(loaded: &Loaded) -> Vec<Finding> {
    let given = loaded.settings.iter().filter(|setting| setting.was_given()).count();
    let mut findings = vec![Finding::ok("configuration", format!("{given} settings given, no errors"))];
    findings.extend(times(&loaded.config));
    findings.extend(documents(&loaded.config));
    findings.extend(engine(&loaded.config));
    findings
}

fn times(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let page = ("QUIRE_PAGE_TIMEOUT", config.render.page_timeout);
    let run = ("QUIRE_JOB_TIMEOUT", config.job.timeout);
    let age = ("QUIRE_MAX_AGE", config.job.max_age);
    let not_less = |(short, short_time): (&str, Duration), (long, long_time): (&str, Duration)| {
        let shown = humantime::format_duration;
        format!("{short} ({}) is not less than {long} ({})", shown(short_time), shown(long_time))
    };
    if run.1 >= age.1 {
        let why = "jobs expire before their first run may end";
        let remedy = "raise QUIRE_MAX_AGE or lower QUIRE_JOB_TIMEOUT";
        findings.push(Finding::warning("job_times", not_less(run, age), why, remedy));
    }
    if page.1 >= run.1 {
        let why = "one slow page ends the whole run instead of failing alone";
        findings.push(Finding::warning("job_times", not_less(page, run), why, "lower QUIRE_PAGE_TIMEOUT"));
    }
    findings
}

fn documents(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let page_bytes = config.render.max_page_pixels.saturating_mul(BYTES_PER_PIXEL);
    if page_bytes > config.render.memory_bytes {
        let (pixels, memory) = (config.render.max_page_pixels, ShownSize(config.render.memory_bytes));
        findings.push(Finding::warning(
            "page_memory",
            format!("a page of {pixels} pixels takes {page_bytes} bytes, a renderer may have {memory}"),
            "the largest pages fail with `resource_limit`, on every attempt",
            "lower QUIRE_MAX_PAGE_PIXELS or raise QUIRE_RENDERER_MEMORY",
        ));
    }
    if config.render.isolation == Isolation::Shared {
        findings.push(Finding::warning(
            "isolation",
            "renderers are shared by documents",
            "a document that breaks into its renderer can read the documents after it",
            "set QUIRE_RENDERER_ISOLATION to document, unless all documents belong to one owner",
        ));
    }
    let anything = |list: &[String]| list.iter().any(|item| item == "*");
    if anything(&config.source.buckets) {
        findings.push(Finding::warning(
            "sources",
            "QUIRE_SOURCE_BUCKETS is *",
            "whoever may publish a job can read every bucket that the worker's credentials open",
            "list the buckets that jobs need",
        ));
    }
    if anything(&config.source.hosts) {
        findings.push(Finding::warning(
            "sources",
            "QUIRE_SOURCE_HOSTS is *",
            "whoever may publish a job can make the worker ask any public address",
            "list the hosts that jobs need",
        ));
    }
    findings
}

fn engine(config: &Config) -> Option<Finding> {
    let base_url = &config.llamaparse.as_ref()?.base_url;
    let local = match base_url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    (base_url.scheme() == "http" && !local).then(|| {
        Finding::warning(
            "llamaparse",
            format!("LLAMA_CLOUD_BASE_URL is {base_url}"),
            "the key and every document travel readable",
            "use https",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Needs, Overrides};

    fn load(variables: &[(&str, &str)]) -> Result<Loaded, ConfigErrors> {
        let required = [("QUIRE_AMQP_URL", "amqp://broker"), ("QUIRE_S3_BUCKET", "results")];
        let all = required.iter().chain(variables).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let environment: Environment = all.collect();
        Config::load(None, &Overrides::default(), &environment, Needs::Everything)
    }

    #[test]
    fn the_defaults_give_no_warning() {
        let findings = examine(&load(&[]).expect("a configuration"));
        assert_eq!(findings, [Finding::ok("configuration", "2 settings given, no errors")]);
    }

    #[test]
    fn every_setting_that_will_hurt_is_warned_about() {
        let findings = examine(
            &load(&[
                ("QUIRE_MAX_AGE", "10m"),
                ("QUIRE_PAGE_TIMEOUT", "1h"),
                ("QUIRE_MAX_PAGE_PIXELS", "200_000_000"),
                ("QUIRE_RENDERER_ISOLATION", "shared"),
                ("QUIRE_SOURCE_BUCKETS", "inbox,*"),
                ("QUIRE_SOURCE_HOSTS", "*"),
                ("LLAMA_CLOUD_API_KEY", "llx-canary"),
                ("LLAMA_CLOUD_BASE_URL", "http://parse.example"),
            ])
            .expect("a configuration"),
        );
        let warned: Vec<_> = findings.iter().filter(|finding| finding.outcome == Outcome::Warning).collect();
        let checks: Vec<_> = warned.iter().map(|finding| finding.check).collect();
        assert_eq!(checks, ["job_times", "job_times", "page_memory", "isolation", "sources", "sources", "llamaparse"]);
    }

    #[test]
    fn what_is_wrong_with_the_configuration_is_a_failure() {
        let errors = load(&[("QUIRE_LANES", "fast:1"), ("QUIRE_X", "1")]).expect_err("two errors");
        let findings = refused(&errors);
        assert_eq!(findings.len(), 2);
        assert!(findings.iter().all(|finding| finding.outcome == Outcome::Failed));
    }
}
