//! Writes `docs/configuration.md` from the table of settings.

use std::fmt::{self, Write};

use super::{
    SECTIONS,
    key::{Fallback, Key},
    layers::{FILE_VARIABLE, IGNORED_VARIABLES},
};

const HEAD: &str = "\
# Configuration

`quire-worker config reference` writes this page; a test compares it with the worker's table of settings.

A flag wins over the environment, the environment over the file, the file over the default. The file is TOML; \
`--config` or `QUIRE_CONFIG` names it. Every setting has a name in the environment and a place in the file: \
`QUIRE_S3_BUCKET=results` is

```toml
[storage]
bucket = \"results\"
```

A secret can also be read from a file that another setting names: `QUIRE_AMQP_URL_FILE=/run/secrets/amqp`, or \
`url_file` in the TOML file. An empty variable counts as not set. Names that are not listed here are errors, in the \
file and among the variables that begin with `QUIRE_`; the worker reports every error at once and exits with status \
78. `quire-worker check-config` finds them without a network, `quire-worker config show` shows where each value comes \
from, `quire-worker doctor` also checks the broker, the store and the machine.

The AWS library reads region and credentials of the store, from the usual `AWS_*` variables, profiles and roles.
";

pub(crate) fn reference_markdown() -> String {
    let mut page = HEAD.to_owned();
    write_sections(&mut page).expect("writing to a string does not fail");
    page
}

fn write_sections(page: &mut String) -> fmt::Result {
    for section in &SECTIONS {
        write!(page, "\n## {} (`[{}]`)\n", section.about, section.name)?;
        section.keys.iter().try_for_each(|key| write_key(page, key))?;
    }
    let file = code(FILE_VARIABLE);
    let ignored = IGNORED_VARIABLES.map(code).join(", ");
    writeln!(page, "\n## Not settings\n")?;
    writeln!(page, "{file} names the file. {ignored} are for scripts and tests; the worker ignores them.")
}

fn write_key(page: &mut String, key: &Key) -> fmt::Result {
    write!(page, "\n### {}\n\n", code(key.variable))?;
    writeln!(page, "- In the file: {}", code(&key.place()))?;
    if let Some(variable) = key.file_variable() {
        let name = format!("{}_file", key.name);
        writeln!(page, "- Secret; also from the file that {} or {} names", code(&variable), code(&name))?;
    }
    writeln!(page, "- Value: {}", key.form)?;
    match key.fallback {
        Fallback::Required => writeln!(page, "- Required")?,
        Fallback::Value(text) => writeln!(page, "- Default: {}", code(text))?,
        Fallback::Unset(meaning) => writeln!(page, "- Default: not set: {meaning}")?,
        Fallback::Computed(how) => writeln!(page, "- Default: {how}")?,
    }
    if let Some(extremes) = key.extremes {
        writeln!(page, "- Too low: {}", extremes.too_low)?;
        writeln!(page, "- Too high: {}", extremes.too_high)?;
    }
    writeln!(page, "\n{}", key.meaning)
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn the_documentation_is_what_the_table_says() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
        let committed = fs::read_to_string(page).expect("docs/configuration.md is part of the repository");
        assert!(
            committed == reference_markdown(),
            "docs/configuration.md is out of date: quire-worker config reference > docs/configuration.md"
        );
    }

    #[test]
    fn every_setting_is_documented_once() {
        let page = reference_markdown();
        for key in SECTIONS.iter().flat_map(|section| section.keys) {
            assert_eq!(page.matches(&format!("### `{}`\n", key.variable)).count(), 1, "{}", key.variable);
        }
    }
}
