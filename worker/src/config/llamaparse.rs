//! Section `[llamaparse]`: the parse engine of that name.

use quire_schemas::secret::Secret;

use super::{
    key::{
        Fallback::{Unset, Value},
        Form::Text,
    },
    read::Reader,
    table::settings,
    text,
};
use crate::parse::{EngineSettings, llamaparse::Settings};

settings! {
    [llamaparse] "The parse engine `llamaparse`"

    API_KEY(api_key, LLAMA_CLOUD_API_KEY, Hidden): Text("a key of printable characters without spaces"),
        Unset("jobs that ask for this engine fail with `parser_not_configured`"),
        "Opens LlamaCloud. Every page that the engine parses is paid for.";

    BASE_URL(base_url, LLAMA_CLOUD_BASE_URL): Text("an http or https URL"), Value("https://api.cloud.llamaindex.ai"),
        "The region's address. A key belongs to one region; elsewhere it is refused.";

    TIER(tier, QUIRE_LLAMAPARSE_TIER):
        Text("the name of a tier such as fast, cost_effective, agentic or agentic_plus"), Value("cost_effective"),
        "The tier that is used where a job names none: what a page costs and how well it is read.";

    VERSION(version, QUIRE_LLAMAPARSE_VERSION): Text("latest or a dated version"), Value("latest"),
        "The version of the tier that is used where a job names none. A dated one gives the same output tomorrow.";
}

const MAX_NAME_BYTES: usize = 64;

/// Reads the engine's settings; without a key the engine is not configured, which is no error.
pub(super) fn read(reader: &mut Reader) -> Option<EngineSettings> {
    let api_key = reader.parsed(&API_KEY, api_key);
    let base_url = reader.parsed(&BASE_URL, text::http_address);
    let tier = reader.parsed(&TIER, |text| text::name(text, MAX_NAME_BYTES));
    let version = reader.parsed(&VERSION, |text| text::name(text, MAX_NAME_BYTES));
    Some(EngineSettings::Llamaparse(Settings {
        api_key: api_key?,
        base_url: base_url?,
        tier: tier?,
        version: version?,
    }))
}

fn api_key(text: &str) -> Result<Secret, String> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Secret::new(text))
    } else {
        Err("is empty or holds spaces or characters that a header cannot carry".to_owned())
    }
}
