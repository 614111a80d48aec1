//! Settings that are allowed and unsafe.

use std::{net::IpAddr, time::Duration};

use url::Url;

use super::finding::{CheckStatus, Finding};
use crate::{
    config::{Config, ConfigErrors, Loaded, RendererIsolation, ServiceConfig, Setting, ShownSize},
    parse::EngineSettings,
    source::OwnBucket,
};

/// A bitmap of four bytes for each pixel, and as much again while it is encoded.
const BYTES_PER_PIXEL: u64 = 8;

/// Makes a finding of each error of the configuration: without one there is nothing else to check.
pub(super) fn refused(errors: &ConfigErrors) -> Vec<Finding> {
    let finding = |error: &crate::config::ConfigError| Finding {
        check: "configuration",
        status: CheckStatus::Failed,
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
    findings.extend(loaded.config.engines.iter().filter_map(|engine| readable_traffic(engine, &loaded.settings)));
    findings.extend(loaded.config.service.iter().flat_map(readable_service));
    findings
}

fn times(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let page = ("QUIRE_PAGE_TIMEOUT", config.render.child.page_timeout);
    let run = ("QUIRE_JOB_TIMEOUT", config.job.timeout);
    let age = ("QUIRE_MAX_AGE", config.job.max_age);
    let not_less = |(short, short_time): (&str, Duration), (long, long_time): (&str, Duration)| {
        let shown = humantime::format_duration;
        format!("{short} ({}) is not less than {long} ({})", shown(short_time), shown(long_time))
    };
    if run.1 >= age.1 {
        let why = "jobs expire before their first attempt may end";
        let remedy = "raise QUIRE_MAX_AGE or lower QUIRE_JOB_TIMEOUT";
        findings.push(Finding::warning("job_times", not_less(run, age), why, remedy));
    }
    if page.1 >= run.1 {
        let why = "one slow page ends the whole attempt instead of failing alone";
        findings.push(Finding::warning("job_times", not_less(page, run), why, "lower QUIRE_PAGE_TIMEOUT"));
    }
    findings
}

fn documents(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let page_bytes = config.render.max_page_pixels.saturating_mul(BYTES_PER_PIXEL);
    if page_bytes > config.render.child.memory_bytes {
        let (pixels, memory) = (config.render.max_page_pixels, ShownSize(config.render.child.memory_bytes));
        findings.push(Finding::warning(
            "page_memory",
            format!("a page of {pixels} pixels takes {page_bytes} bytes, a renderer may have {memory}"),
            "the largest pages fail with `resource_limit`, on every attempt",
            "lower QUIRE_MAX_PAGE_PIXELS or raise QUIRE_RENDERER_MEMORY",
        ));
    }
    if config.render.isolation == RendererIsolation::Shared {
        findings.push(Finding::warning(
            "isolation",
            "renderers are shared by documents",
            "a document that breaks into its renderer can read the documents after it",
            "set QUIRE_RENDERER_ISOLATION to document, unless all documents belong to one owner",
        ));
    }
    if config.sources.own_bucket == OwnBucket::Any {
        findings.push(Finding::warning(
            "sources",
            "QUIRE_SOURCE_OWN_BUCKET is any",
            "everyone who may publish a job can have every tenant's documents and results read as a source",
            "set QUIRE_SOURCE_OWN_BUCKET to tenant, unless all tenants belong to one owner",
        ));
    }
    let anything = |list: &[String]| list.iter().any(|item| item == "*");
    if anything(&config.sources.buckets) {
        findings.push(Finding::warning(
            "sources",
            "QUIRE_SOURCE_BUCKETS is *",
            "everyone who may publish a job can read every bucket that the worker's credentials open",
            "list the buckets that jobs need",
        ));
    }
    if anything(&config.sources.hosts) {
        findings.push(Finding::warning(
            "sources",
            "QUIRE_SOURCE_HOSTS is *",
            "`*` matches no host yet; in a later version it may let jobs name every public host",
            "list the hosts that jobs need instead",
        ));
    }
    findings
}

/// Warns of broker and store that are asked in the clear over a network.
fn readable_service(service: &ServiceConfig) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut warn = |place: &str, secure: &str, what: &str| {
        let remedy = format!("set {place} to an address that begins with {secure}://");
        findings.push(Finding::warning("encryption", format!("{place} is not encrypted"), what, &remedy));
    };
    let in_the_clear =
        |address: &str, scheme: &str| Url::parse(address).is_ok_and(|url| url.scheme() == scheme && !is_local(&url));
    if service.amqp.url.reveal().split(',').any(|address| in_the_clear(address.trim(), "amqp")) {
        warn("QUIRE_AMQP_URL", "amqps", "the broker's password and every job travel readable");
    }
    if service.amqp.management_url.as_ref().is_some_and(|url| in_the_clear(url.reveal(), "http")) {
        warn("QUIRE_MANAGEMENT_URL", "https", "the password of the management user travels readable");
    }
    if service.storage.s3.endpoint.as_deref().is_some_and(|endpoint| in_the_clear(endpoint, "http")) {
        warn("QUIRE_S3_ENDPOINT", "https", "documents and results travel readable");
    }
    findings
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        // Schemes that the standard does not know leave addresses of numbers as they are.
        Some(url::Host::Domain(name)) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

fn readable_traffic(engine: &EngineSettings, settings: &[Setting]) -> Option<Finding> {
    let (engine, base_url) = (engine.engine(), engine.base_url());
    if base_url.scheme() != "http" || is_local(base_url) {
        return None;
    }
    let place = format!("[{engine}] base_url");
    let given = settings.iter().find(|setting| setting.place == place);
    let where_to_change = given.map_or(place, Setting::where_to_change);
    Some(Finding::warning(
        engine.as_str(),
        format!("the address of {engine} is {base_url}"),
        "the key and every document travel unencrypted",
        &format!("set {where_to_change} to an https address"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Needs, Overrides};

    fn load(variables: &[(&str, &str)]) -> Result<Loaded, ConfigErrors> {
        let required = [("QUIRE_AMQP_URL", "amqps://broker"), ("QUIRE_S3_BUCKET", "results")];
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
    fn every_unsafe_setting_is_warned_about() {
        let findings = examine(
            &load(&[
                ("QUIRE_MAX_AGE", "10m"),
                ("QUIRE_PAGE_TIMEOUT", "1h"),
                ("QUIRE_MAX_PAGE_PIXELS", "200_000_000"),
                ("QUIRE_RENDERER_ISOLATION", "shared"),
                ("QUIRE_SOURCE_OWN_BUCKET", "any"),
                ("QUIRE_SOURCE_BUCKETS", "inbox,*"),
                ("QUIRE_SOURCE_HOSTS", "*"),
                ("QUIRE_AMQP_URL", "amqp://user:canary@127.0.0.1,amqp://user:canary@broker.example"),
                ("QUIRE_S3_ENDPOINT", "http://store.example:9000"),
                ("LLAMA_CLOUD_API_KEY", "llx-canary"),
                ("LLAMA_CLOUD_BASE_URL", "http://parse.example"),
            ])
            .expect("a configuration"),
        );
        let warned: Vec<_> = findings.iter().filter(|finding| finding.status == CheckStatus::Warning).collect();
        let checks: Vec<_> = warned.iter().map(|finding| finding.check).collect();
        let expected =
            "job_times job_times page_memory isolation sources sources sources llamaparse encryption encryption";
        assert_eq!(checks.join(" "), expected);
        assert!(warned.iter().any(|finding| finding.what == "QUIRE_SOURCE_OWN_BUCKET is any"));
        assert!(!warned.iter().any(|finding| finding.what.contains("canary")));
    }

    #[test]
    fn an_unsafe_address_is_changed_where_it_was_given() {
        let remedy = |loaded: Loaded| {
            let findings = examine(&loaded);
            findings.into_iter().find(|finding| finding.check == "llamaparse").and_then(|finding| finding.remedy)
        };
        let by_variable =
            load(&[("LLAMA_CLOUD_API_KEY", "llx-canary"), ("LLAMA_CLOUD_BASE_URL", "http://parse.example")]);
        let expected = "set LLAMA_CLOUD_BASE_URL to an https address";
        assert_eq!(remedy(by_variable.expect("a configuration")).as_deref(), Some(expected));
        let text = "[amqp]\nurl = \"amqp://broker\"\n[storage]\nbucket = \"results\"\n\
                    [llamaparse]\napi_key = \"llx-canary\"\nbase_url = \"http://parse.example\"\n";
        let by_file = Config::load_text(text).expect("a configuration");
        assert_eq!(remedy(by_file).as_deref(), Some("set [llamaparse] base_url in text to an https address"));
    }

    #[test]
    fn an_error_of_the_configuration_is_a_failure() {
        let errors = load(&[("QUIRE_LANES", "fast:1"), ("QUIRE_X", "1")]).expect_err("two errors");
        let findings = refused(&errors);
        assert_eq!(findings.len(), 2);
        assert!(findings.iter().all(|finding| finding.status == CheckStatus::Failed));
    }
}
