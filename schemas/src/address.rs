//! Addresses as they may be shown: in logs, errors, results and listings.

use url::Url;

/// Shown in place of text that is not an address with a host.
pub const NOT_AN_ADDRESS: &str = "(not a URL)";

/// Returns an address without user, password, query and fragment.
///
/// Credentials stand in the first two, signatures in the query. An address that has none of the four is
/// returned as it is written. Text without a host is not shown at all: `user:password@host` reads as a scheme
/// and a path.
#[must_use]
pub fn redacted(address: &str) -> String {
    let Ok(mut url) = Url::parse(address.trim()) else { return NOT_AN_ADDRESS.to_owned() };
    if !url.has_host() {
        return NOT_AN_ADDRESS.to_owned();
    }
    let is_public =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if is_public {
        return address.trim().to_owned();
    }
    url.set_query(None);
    url.set_fragment(None);
    // Both fail only for an address without a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

/// Returns comma-separated addresses, each as [`redacted`] shows it, separated by `, `.
#[must_use]
pub fn redacted_list(addresses: &str) -> String {
    addresses.split(',').map(redacted).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_opens_it() {
        for (address, shown) in [
            ("https://me:canary@example.com/a.pdf?sig=canary#canary", "https://example.com/a.pdf"),
            ("https://canary@example.com/", "https://example.com/"),
            ("https://example.com/a.pdf?X-Amz-Signature=canary", "https://example.com/a.pdf"),
            ("amqp://user:canary@broker:5672/%2f", "amqp://broker:5672/%2f"),
            ("amqps://user:canary@broker/v?heartbeat=20&token=canary", "amqps://broker/v"),
            ("http://canary:canary@[::1]:15672/", "http://[::1]:15672/"),
            ("s3://inbox/a b.pdf", "s3://inbox/a b.pdf"),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
            (" https://example.com/x ", "https://example.com/x"),
            ("user:canary@host", NOT_AN_ADDRESS),
            ("amqp://user:can/ary@host", NOT_AN_ADDRESS),
            ("canary", NOT_AN_ADDRESS),
            ("", NOT_AN_ADDRESS),
        ] {
            assert_eq!(redacted(address), shown, "{address}");
        }
    }

    #[test]
    fn each_of_several_addresses_is_shown() {
        let shown = redacted_list("amqp://u:canary@a,amqps://u:canary@b/v");
        assert_eq!(shown, "amqp://a, amqps://b/v");
    }
}
