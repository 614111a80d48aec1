//! Uploads in parts that were not finished. The client of the store does not list them, so that the
//! request is signed here, after the specification of AWS Signature Version 4.

use chrono::Utc;
use reqwest::StatusCode;
use sha2::{Digest, Sha256};

use crate::World;

const SIGNED: &str = "host;x-amz-content-sha256;x-amz-date";

/// Lists the keys, below a folder, of uploads that were begun and neither finished nor given up. A
/// server that cannot tell has none: it answers 501.
pub(super) async fn unfinished(world: &World, folder: &str) -> Vec<String> {
    let (endpoint, bucket) = (world.setting("QUIRE_S3_ENDPOINT"), world.setting("QUIRE_S3_BUCKET"));
    let address: url::Url = format!("{endpoint}/{bucket}?uploads=").parse().expect("an endpoint is a URL");
    let request = Request {
        path: address.path().to_owned(),
        host: address.host_str().map(|host| with_port(host, address.port())).expect("an http address has a host"),
        time: Utc::now().format("%Y%m%dT%H%M%SZ").to_string(),
        region: world.setting("AWS_REGION"),
    };
    let (key_id, secret) = (world.setting("AWS_ACCESS_KEY_ID"), world.setting("AWS_SECRET_ACCESS_KEY"));
    let authorization = request.authorization(&key_id, &secret);
    let client = reqwest::Client::builder().no_proxy().build().expect("no setting of it can fail");
    let asked = client
        .get(address)
        .header("x-amz-date", &request.time)
        .header("x-amz-content-sha256", empty())
        .header("authorization", authorization);
    let answer = asked.send().await.expect("the store answers");
    let status = answer.status();
    let text = answer.text().await.expect("the store answers text");
    if status == StatusCode::NOT_IMPLEMENTED {
        return Vec::new();
    }
    assert!(status.is_success(), "uploads cannot be listed: {status} {text}");
    keys(&text).into_iter().filter(|key| key.starts_with(folder)).collect()
}

fn with_port(host: &str, port: Option<u16>) -> String {
    port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

struct Request {
    path: String,
    host: String,
    time: String,
    region: String,
}

impl Request {
    fn authorization(&self, key_id: &str, secret: &str) -> String {
        let (day, empty) = (&self.time[..8], empty());
        let headers = format!("host:{}\nx-amz-content-sha256:{empty}\nx-amz-date:{}\n", self.host, self.time);
        let canonical = format!("GET\n{}\nuploads=\n{headers}\n{SIGNED}\n{empty}", self.path);
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let digest = hex::encode(Sha256::digest(canonical));
        let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{digest}", self.time);
        let signature = hex::encode(hmac(&signing_key(secret, day, &self.region, "s3"), text.as_bytes()));
        format!("AWS4-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={SIGNED}, Signature={signature}")
    }
}

fn empty() -> String {
    hex::encode(Sha256::digest(b""))
}

fn signing_key(secret: &str, day: &str, region: &str, service: &str) -> Vec<u8> {
    let parts = [day, region, service, "aws4_request"];
    parts.iter().fold(format!("AWS4{secret}").into_bytes(), |key, part| hmac(&key, part.as_bytes()).to_vec())
}

/// RFC 2104 with SHA-256.
fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    const BLOCK: usize = 64;
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

/// Reads the keys out of the answer. Keys of Quire hold nothing that XML would have to escape.
fn keys(xml: &str) -> Vec<String> {
    let uploads = xml.split("<Upload>").skip(1);
    let keys = uploads.filter_map(|upload| upload.split_once("<Key>")?.1.split_once("</Key>"));
    keys.map(|(key, _)| key.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_derived_as_the_published_example_says() {
        let key = signing_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20120215", "us-east-1", "iam");
        assert_eq!(hex::encode(key), "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d");
    }

    #[test]
    fn the_keys_of_unfinished_uploads_are_read() {
        let upload = |key: &str| format!("<Upload><Initiated>now</Initiated><Key>{key}</Key></Upload>");
        let xml = format!("<R><KeyMarker></KeyMarker>{}{}</R>", upload("t/a.png"), upload("t/b.png"));
        assert_eq!(keys(&xml), ["t/a.png", "t/b.png"]);
        assert_eq!(keys("<R><Bucket>b</Bucket></R>"), Vec::<String>::new());
    }
}
