//! Object storage: each kind of request that a worker sends, once, for a key that no job has.

use std::time::Duration;

use bytes::Bytes;
use quire_producer::store::{Metadata, S3Store, StoreError};

use super::finding::Finding;
use crate::config::StorageConfig;

const CHECK: &str = "storage";
const CHECK_TIMEOUT: Duration = Duration::from_secs(60);
const WHY: &str = "no page image and no result can be stored: jobs wait, and are buried when they expire";
const BODY: &[u8] = b"quire-worker doctor writes, reads and deletes this object\n";

/// Which request of the probe failed.
#[derive(Debug)]
enum Trouble {
    Bucket(StoreError),
    /// Writing or reading the object.
    Object(StoreError),
    /// The object is not what was written.
    Altered,
    Delete(StoreError),
}

pub(super) async fn examine(storage: &StorageConfig, instance: &str) -> Vec<Finding> {
    let key = probe_key(&storage.prefix, instance);
    let probing = async {
        let store = S3Store::new(&storage.s3).await;
        probe(&store, &key).await
    };
    vec![match tokio::time::timeout(CHECK_TIMEOUT, probing).await {
        Ok(Ok(())) => Finding::ok(CHECK, format!("s3://{}/{key} was written, read and deleted", storage.s3.bucket)),
        Ok(Err(trouble)) => describe(trouble, storage.s3.endpoint.is_some()),
        Err(_) => unanswered(&format!("no answer within {} s", CHECK_TIMEOUT.as_secs())),
    }]
}

/// Begins with a dot, unlike every tenant.
fn probe_key(prefix: &str, instance: &str) -> String {
    let root = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    format!("{root}.quire-doctor/{instance}")
}

async fn probe(store: &S3Store, key: &str) -> Result<(), Trouble> {
    store.check().await.map_err(Trouble::Bucket)?;
    let metadata = Metadata::from([("sha256".to_owned(), "probe".to_owned())]);
    store.put(key, Bytes::from_static(BODY), "text/plain", &metadata).await.map_err(Trouble::Object)?;
    let body = store.get(key, BODY.len() * 16).await.map_err(Trouble::Object)?;
    let head = store.head(key).await.map_err(Trouble::Object)?;
    store.delete(key).await.map_err(Trouble::Delete)?;
    let intact =
        body.as_deref() == Some(BODY) && head.is_some_and(|head| head.metadata.get("sha256") == metadata.get("sha256"));
    if intact { Ok(()) } else { Err(Trouble::Altered) }
}

fn describe(trouble: Trouble, has_endpoint: bool) -> Finding {
    match trouble {
        Trouble::Bucket(error @ StoreError::NotFound { .. }) => {
            Finding::failed(CHECK, error.to_string(), WHY, "create the bucket or correct QUIRE_S3_BUCKET")
        }
        // No refusal: the store was not asked.
        Trouble::Bucket(error @ StoreError::NoCredentials { .. })
        | Trouble::Object(error @ StoreError::NoCredentials { .. })
        | Trouble::Delete(error @ StoreError::NoCredentials { .. }) => {
            let remedy = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or a profile, or give the worker a role and \
                          check that this machine may reach the server that hands out its credentials";
            Finding::failed(CHECK, error.to_string(), WHY, remedy)
        }
        Trouble::Bucket(error @ StoreError::Denied { .. }) => {
            let remedy = "allow s3:ListBucket on the bucket; check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and \
                          AWS_REGION, or the role in their place";
            let why =
                "without it the worker cannot tell a missing object from a forbidden one, and jobs stop at admission";
            Finding::failed(CHECK, error.to_string(), why, remedy)
        }
        Trouble::Bucket(error) | Trouble::Object(error @ StoreError::Unavailable { .. }) => {
            let remedy = if has_endpoint {
                "check QUIRE_S3_ENDPOINT, its certificate, and that this machine may reach it"
            } else {
                "check AWS_REGION and that this machine may reach S3; another store needs QUIRE_S3_ENDPOINT"
            };
            Finding::failed(CHECK, error.to_string(), WHY, remedy)
        }
        Trouble::Object(error) => {
            let remedy = "allow s3:GetObject and s3:PutObject below QUIRE_S3_PREFIX";
            Finding::failed(CHECK, error.to_string(), WHY, remedy)
        }
        Trouble::Altered => Finding::failed(
            CHECK,
            "an object was read with another body or without its metadata",
            "results would be corrupt, and no stored page could be used again",
            "use a store, or a version of it, that keeps body and metadata of an object",
        ),
        Trouble::Delete(error) => Finding::warning(
            CHECK,
            error.to_string(),
            "replays cannot remove cancellation markers, and the object of this check stays in the bucket",
            "allow s3:DeleteObject below QUIRE_S3_PREFIX",
        ),
    }
}

fn unanswered(what: &str) -> Finding {
    Finding::failed(CHECK, what, WHY, "check the address of the store and that this machine may reach it")
}

#[cfg(test)]
mod tests {
    use super::{super::finding::CheckStatus, *};

    #[test]
    fn no_job_has_a_key_like_the_probe() {
        assert_eq!(probe_key("team/quire", "host-7"), "team/quire/.quire-doctor/host-7");
        assert_eq!(probe_key("", "host-7"), ".quire-doctor/host-7");
    }

    #[test]
    fn every_trouble_says_what_to_allow_or_correct() {
        let what = || "bucket results".to_owned();
        let missing = || StoreError::NoCredentials { what: what(), detail: "no providers in chain".to_owned() };
        let denied = || StoreError::Denied { what: what(), detail: "AccessDenied".to_owned() };
        for (trouble, status, word) in [
            (Trouble::Bucket(StoreError::NotFound { what: what() }), CheckStatus::Failed, "QUIRE_S3_BUCKET"),
            (Trouble::Bucket(denied()), CheckStatus::Failed, "s3:ListBucket"),
            (Trouble::Bucket(missing()), CheckStatus::Failed, "hands out its credentials"),
            (Trouble::Object(missing()), CheckStatus::Failed, "AWS_ACCESS_KEY_ID"),
            (Trouble::Delete(missing()), CheckStatus::Failed, "a role"),
            (Trouble::Object(denied()), CheckStatus::Failed, "s3:PutObject"),
            (Trouble::Delete(denied()), CheckStatus::Warning, "s3:DeleteObject"),
        ] {
            let finding = describe(trouble, true);
            assert_eq!(finding.status, status);
            assert!(finding.remedy.as_ref().is_some_and(|remedy| remedy.contains(word)), "{finding:?}");
        }
    }
}
