//! Readers for the kinds of text that several sections have. Their errors never show a value that
//! may be a secret.

use std::str::FromStr;

use quire_schemas::secret::Secret;
use url::Url;

/// Reads one of the words that a type knows.
pub(super) fn word<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text:?} is not known"))
}

/// Reads a name of letters, digits and `. _ -`.
pub(super) fn name(text: &str, longest: usize) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=longest).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err(format!("{text:?} is too long, empty or holds other characters"))
    }
}

/// Reads a list separated by commas; spaces around the items do not matter.
pub(super) fn list<T>(text: &str, item: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(item).collect()
}

/// Reads a web address that carries no user, password or query.
pub(super) fn http_address(text: &str) -> Result<Url, String> {
    let url = parse_http(text)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user or a password, which have settings of their own".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("holds a query or a fragment".to_owned());
    }
    Ok(url)
}

/// Reads a web address that may carry a user and a password.
pub(super) fn credentialed_http_address(text: &str) -> Result<Secret, String> {
    parse_http(text).map(|_| Secret::new(text))
}

fn parse_http(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("is not a URL: {error}"))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err("is not an http or https URL".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_credentials_is_refused_without_being_shown() {
        for wrong in ["https://user:canary@host/", "https://host/?token=canary", "canary@host", "ftp://canary/"] {
            let problem = http_address(wrong).expect_err("not an address");
            assert!(!problem.contains("canary"), "{problem}");
        }
        assert!(http_address("http://127.0.0.1:9000").is_ok());
    }
}
