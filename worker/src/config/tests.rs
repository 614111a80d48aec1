//! Tests of the whole configuration: precedence, errors, secrets, computed defaults.

use std::{collections::BTreeSet, fs, time::Duration};

use quire_producer::amqp::topology::Mode;
use quire_schemas::names::Lane;
use tempfile::TempDir;

use super::{error::Origin, layers::IGNORED_VARIABLES, *};

const GIB: u64 = 1 << 30;

/// What a configuration is loaded from.
struct Given {
    folder: TempDir,
    variables: Vec<(String, String)>,
    overrides: Overrides,
    file: Option<PathBuf>,
    machine: Machine,
}

impl Given {
    fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            variables: Vec::new(),
            overrides: Overrides::default(),
            file: None,
            machine: Machine { cores: 4, host: "host".to_owned(), process_id: 7, ..Machine::default() },
        }
    }

    fn minimal() -> Self {
        Self::empty().variable("QUIRE_AMQP_URL", "amqp://guest:guest@localhost").variable("QUIRE_S3_BUCKET", "results")
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn file(mut self, text: &str) -> Self {
        self.file = Some(self.write("quire.toml", text));
        self
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).expect("a file");
        path
    }

    fn memory(mut self, cgroup: u64) -> Self {
        self.machine.memory.cgroup = Some(cgroup);
        self
    }

    fn load(&self, needs: Needs) -> Result<Loaded, ConfigErrors> {
        let environment: Environment = self.variables.iter().cloned().collect();
        Config::load_on(self.machine.clone(), self.file.as_deref(), &self.overrides, &environment, needs)
    }

    fn loaded(&self) -> Loaded {
        self.load(Needs::Everything).expect("a configuration")
    }

    fn refused(&self) -> Vec<ConfigError> {
        self.load(Needs::Everything).expect_err("an error").all().to_vec()
    }
}

fn keys(errors: &[ConfigError]) -> Vec<&str> {
    errors.iter().map(|error| error.key.as_str()).collect()
}

fn origin_of(loaded: &Loaded, key: &str) -> Origin {
    let setting = loaded.settings.iter().find(|setting| setting.key == key).expect("every setting is noted");
    setting.origin.clone()
}

#[test]
fn two_settings_are_enough() {
    let loaded = Given::minimal().loaded();
    let Config { sources, render, job, process, engines, .. } = &loaded.config;
    let ServiceConfig { amqp, storage } = loaded.config.service();
    assert_eq!(amqp.lanes, [(Lane::High, 4), (Lane::Normal, 8), (Lane::Bulk, 4)]);
    assert_eq!((amqp.topology, amqp.permits()), (Mode::Declare, 16));
    assert_eq!((storage.prefix.as_str(), storage.max_result_bytes), ("", 32 << 20));
    assert_eq!(sources.max_bytes, 256 << 20);
    assert_eq!((render.renderers, render.child.memory_bytes, render.isolation), (4, GIB, RendererIsolation::Document));
    assert_eq!((render.max_pages, render.max_page_pixels), (10_000, 50_000_000));
    assert_eq!(render.child.page_timeout, Duration::from_secs(30));
    assert_eq!((job.timeout, job.max_attempts), (Duration::from_secs(1200), 6));
    assert_eq!(job.max_age, Duration::from_secs(86_400));
    assert_eq!((process.instance.as_str(), process.log_filter.as_str()), ("host-7", "info"));
    assert_eq!(process.shutdown_grace, Duration::from_secs(120));
    assert_eq!(process.http_addr.map(|address| address.to_string()).as_deref(), Some("127.0.0.1:9464"));
    assert!(engines.is_empty());
}

#[test]
fn every_setting_is_read_and_noted_in_the_order_of_the_table() {
    let loaded = Given::minimal().loaded();
    let noted: Vec<_> = loaded.settings.iter().map(|setting| setting.key).collect();
    let table: Vec<_> = SECTIONS.iter().flat_map(|section| section.keys).map(|key| key.variable).collect();
    assert_eq!(noted, table);
    assert_eq!(table.iter().collect::<BTreeSet<_>>().len(), table.len(), "a name is used twice");
    for section in &SECTIONS {
        assert!(section.keys.iter().all(|key| key.section == section.name), "{}", section.name);
    }
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let mut sources = Given::minimal()
        .variable("QUIRE_TOPOLOGY", "passive")
        .variable("QUIRE_MAX_PAGES", "20")
        .file("[amqp]\ntopology = \"declare\"\n[render]\nmax_pages = 10\n[job]\nmax_attempts = 3\n");
    sources.overrides = Overrides::default().with("QUIRE_TOPOLOGY", "--topology", Some("off".to_owned()));
    let loaded = sources.loaded();

    assert_eq!(loaded.config.service().amqp.topology, Mode::Off);
    assert_eq!(origin_of(&loaded, "QUIRE_TOPOLOGY"), Origin::Flag("--topology"));
    assert_eq!(loaded.config.render.max_pages, 20);
    assert_eq!(origin_of(&loaded, "QUIRE_MAX_PAGES"), Origin::Environment("QUIRE_MAX_PAGES".to_owned()));
    assert_eq!(loaded.config.job.max_attempts, 3);
    let path = sources.file.clone().expect("there is one");
    assert_eq!(origin_of(&loaded, "QUIRE_MAX_ATTEMPTS"), Origin::File { path, place: "[job] max_attempts".to_owned() });
    assert_eq!(origin_of(&loaded, "QUIRE_MAX_AGE"), Origin::Default);
}

#[test]
fn the_environment_can_name_the_file() {
    let mut sources = Given::minimal().file("[source]\nhosts = [\"Example.com\", \"127.0.0.1:80\"]\n");
    let path = sources.file.take().expect("there is one");
    let sources = sources.variable("QUIRE_CONFIG", &path.to_string_lossy());
    assert_eq!(sources.loaded().config.sources.hosts, ["example.com", "127.0.0.1:80"]);
}

#[test]
fn an_empty_variable_is_not_set() {
    let loaded = Given::minimal().variable("QUIRE_RENDERERS", "").variable("LLAMA_CLOUD_API_KEY", "").loaded();
    assert_eq!(origin_of(&loaded, "QUIRE_RENDERERS"), Origin::Computed);
    assert!(loaded.config.engines.is_empty());
}

#[test]
fn every_error_is_reported_at_once() {
    let errors = Given::empty()
        .variable("QUIRE_LANES", "high:0")
        .variable("QUIRE_JOB_TIMEOUT", "20")
        .variable("QUIRE_RENDERS", "2")
        .file("[render]\nmemory = \"lots\"\nmax_page = 1\n[extra]\n")
        .refused();
    let expected = [
        "QUIRE_RENDERS",
        "extra",
        "[render] max_page",
        "QUIRE_AMQP_URL",
        "QUIRE_LANES",
        "QUIRE_S3_BUCKET",
        "QUIRE_RENDERER_MEMORY",
        "QUIRE_JOB_TIMEOUT",
    ];
    assert_eq!(keys(&errors), expected);

    let text = ConfigErrors(errors).to_string();
    assert!(text.starts_with("the configuration has 8 problems:\n"), "{text}");
    assert!(
        text.contains("QUIRE_RENDERS (environment QUIRE_RENDERS): is not a setting; did you mean QUIRE_RENDERERS?")
    );
    assert!(text.contains("QUIRE_S3_BUCKET (not set): is required; expected the name of a bucket"), "{text}");
    assert!(text.contains("quire.toml [render] memory): \"lots\" is not a size; expected a size in bytes"), "{text}");
}

#[test]
fn what_only_the_scripts_use_is_ignored() {
    let sources = IGNORED_VARIABLES.iter().fold(Given::minimal(), |sources, name| sources.variable(name, "x"));
    sources.loaded();
}

#[test]
fn a_secret_can_lie_in_a_file() {
    let sources = Given::empty().variable("QUIRE_S3_BUCKET", "results");
    let secret = sources.write("url", "amqp://user:canary@a\n");
    let sources = sources.variable("QUIRE_AMQP_URL_FILE", &secret.to_string_lossy());
    let loaded = sources.loaded();
    assert_eq!(loaded.config.service().amqp.url.reveal(), "amqp://user:canary@a");
    assert_eq!(origin_of(&loaded, "QUIRE_AMQP_URL"), Origin::Environment("QUIRE_AMQP_URL_FILE".to_owned()));

    let both = sources.variable("QUIRE_AMQP_URL", "amqp://user:canary@b").refused();
    assert_eq!(keys(&both), ["QUIRE_AMQP_URL"]);
    assert!(both[0].problem.contains("QUIRE_AMQP_URL_FILE"), "{}", both[0].problem);
}

#[test]
fn a_secret_in_a_file_that_is_missing_or_empty_is_an_error() {
    let sources = Given::minimal();
    let empty = sources.write("empty", "\n");
    for path in ["/nowhere/at/all", &empty.to_string_lossy()] {
        let file = format!("[llamaparse]\napi_key_file = \"{path}\"\n");
        let errors = Given::minimal().file(&file).refused();
        assert_eq!(keys(&errors), ["LLAMA_CLOUD_API_KEY"]);
        assert!(errors[0].problem.contains(path), "{}", errors[0].problem);
    }
}

#[test]
fn no_secret_is_ever_shown() {
    let secrets = |amqp: &str, management: &str, key: &str| {
        Given::empty()
            .variable("QUIRE_S3_BUCKET", "results")
            .variable("QUIRE_AMQP_URL", amqp)
            .variable("QUIRE_MANAGEMENT_URL", management)
            .variable("LLAMA_CLOUD_API_KEY", key)
    };
    let good = secrets("amqp://u:canary@a/v?x=canary", "http://u:canary@a:15672", "llx-canary").loaded();
    let shown = format!("{good:?}");
    assert!(!shown.contains("canary"), "{shown}");

    let bad = secrets("u:canary@a", "canary://a", "llx canary").file("[amqp]\nurl = \"amqp://u:canary@a\n").refused();
    assert_eq!(keys(&bad), ["QUIRE_CONFIG", "QUIRE_AMQP_URL", "QUIRE_MANAGEMENT_URL", "LLAMA_CLOUD_API_KEY"]);
    let shown = format!("{bad:?} {}", ConfigErrors(bad.clone()));
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn renderers_that_do_not_fit_the_memory_limit_are_an_error() {
    let limited = |renderers: &str| Given::minimal().variable("QUIRE_RENDERERS", renderers).memory(3 * GIB);
    assert_eq!(limited("2").loaded().config.render.renderers, 2);
    let errors = limited("3").refused();
    assert_eq!(keys(&errors), ["QUIRE_RENDERERS"]);
    assert_eq!(errors[0].origin, Origin::Environment("QUIRE_RENDERERS".to_owned()));
    assert!(errors[0].remedy.starts_with("expected at most 2"), "{}", errors[0].remedy);
}

#[test]
fn the_default_number_of_renderers_fits_the_memory_limit() {
    let loaded = Given::minimal().memory(3 * GIB).loaded();
    assert_eq!(loaded.config.render.renderers, 2);
    assert_eq!(origin_of(&loaded, "QUIRE_RENDERERS"), Origin::Computed);
}

#[test]
fn a_document_needs_neither_broker_nor_storage() {
    let loaded = Given::empty().variable("QUIRE_AMQP_URL", "not read").load(Needs::DocumentsOnly);
    assert!(loaded.expect("a configuration").config.service.is_none());
    let misspelled = Given::empty().variable("QUIRE_LANE", "high:1").load(Needs::DocumentsOnly);
    assert_eq!(keys(misspelled.expect_err("unknown").all()), ["QUIRE_LANE"]);
}

#[test]
fn the_keys_of_a_job_begin_with_the_prefix_of_the_storage() {
    let loaded = Given::minimal().variable("QUIRE_S3_PREFIX", "team/quire").loaded();
    assert_eq!(loaded.config.job.prefix, "team/quire");
    assert_eq!(Given::minimal().loaded().config.job.prefix, "");
}

#[test]
fn a_file_alone_can_be_read_from_its_text() {
    let loaded = Config::load_text("[amqp]\nurl = \"amqp://broker\"\n[storage]\nbucket = \"results\"\n");
    assert_eq!(loaded.expect("a configuration").config.service().storage.s3.bucket, "results");
    assert_eq!(keys(Config::load_text("[amqp").expect_err("no TOML").all())[0], "QUIRE_CONFIG");
}
