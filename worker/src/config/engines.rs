use url::Url;

use super::{
    Secret,
    key::{Fallback, Form, Key, Secrecy, Section},
    read::Reader,
    text,
};

pub(super) const SECTION: Section =
    Section { name: "llamaparse", about: "The parse engine `llamaparse`", keys: &[API_KEY, BASE_URL, TIER, VERSION] };

const API_KEY: Key = Key {
    section: "llamaparse",
    name: "api_key",
    variable: "LLAMA_CLOUD_API_KEY",
    form: Form::Text("a key of printable characters without spaces"),
    fallback: Fallback::Unset("jobs that ask for this engine fail with `parser_not_configured`"),
    secrecy: Secrecy::Hidden,
    meaning: "Opens LlamaCloud. Every page that the engine parses is paid for.",
    extremes: None,
};

const BASE_URL: Key = Key {
    section: "llamaparse",
    name: "base_url",
    variable: "LLAMA_CLOUD_BASE_URL",
    form: Form::Text("an http or https URL"),
    fallback: Fallback::Value("https://api.cloud.llamaindex.ai"),
    secrecy: Secrecy::Public,
    meaning: "The region's address. A key belongs to one region; elsewhere it is refused.",
    extremes: None,
};

const TIER: Key = Key {
    section: "llamaparse",
    name: "tier",
    variable: "QUIRE_LLAMAPARSE_TIER",
    form: Form::Text("the name of a tier such as fast, cost_effective, agentic or agentic_plus"),
    fallback: Fallback::Value("cost_effective"),
    secrecy: Secrecy::Public,
    meaning: "The tier that is used where a job names none: what a page costs and how well it is read.",
    extremes: None,
};

const VERSION: Key = Key {
    section: "llamaparse",
    name: "version",
    variable: "QUIRE_LLAMAPARSE_VERSION",
    form: Form::Text("latest or a dated version"),
    fallback: Fallback::Value("latest"),
    secrecy: Secrecy::Public,
    meaning: "The version of the tier that is used where a job names none. A dated one gives the same output \
              tomorrow.",
    extremes: None,
};

const LONGEST_NAME: usize = 64;

/// How to reach LlamaParse.
#[derive(Debug, Clone)]
pub struct LlamaParse {
    /// The key.
    pub api_key: Secret,
    /// The region's address, without credentials and query.
    pub base_url: Url,
    /// The tier for jobs that name none.
    pub tier: String,
    /// The version for jobs that name none.
    pub version: String,
}

impl LlamaParse {
    /// Reads the engine's settings; without a key the engine is not configured, which is no error.
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let api_key = reader.parsed(&API_KEY, api_key);
        let base_url = reader.parsed(&BASE_URL, text::http_address);
        let tier = reader.parsed(&TIER, |text| text::name(text, LONGEST_NAME));
        let version = reader.parsed(&VERSION, |text| text::name(text, LONGEST_NAME));
        Some(Self { api_key: api_key?, base_url: base_url?, tier: tier?, version: version? })
    }
}

fn api_key(text: &str) -> Result<Secret, String> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Secret::new(text))
    } else {
        Err("is empty or holds spaces or characters that a header cannot carry".to_owned())
    }
}
