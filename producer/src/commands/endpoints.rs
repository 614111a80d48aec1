//! Where the broker and storage are: options that every command shares.

use std::path::Path;

use anyhow::Context;
use clap::{Args, builder::BoolishValueParser};
use quire_schemas::{job::Password, secret::Secret};

use super::exit::NotConfigured;
use crate::{
    amqp::{
        Connector, Publisher,
        management::{Management, vhost_of},
    },
    password,
    storage::Storage,
    store::{S3Settings, S3Store},
};

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connections")]
pub(crate) struct Endpoints {
    /// The broker: amqp://user:password@host:5672/vhost, or several with commas between them
    #[arg(long, global = true, env = "QUIRE_AMQP_URL", hide_env_values = true, value_name = "URL")]
    amqp_url: Option<Secret>,
    /// The broker's management API: http://user:password@host:15672
    #[arg(long, global = true, env = "QUIRE_MANAGEMENT_URL", hide_env_values = true, value_name = "URL")]
    management_url: Option<Secret>,
    /// The bucket of uploads and results; credentials come from the usual AWS_* variables and files
    #[arg(long, global = true, env = "QUIRE_S3_BUCKET", hide_env_values = true, value_name = "NAME")]
    s3_bucket: Option<String>,
    /// Prefix of every key in the bucket
    #[arg(long, global = true, env = "QUIRE_S3_PREFIX", hide_env_values = true, default_value = "")]
    s3_prefix: String,
    /// The address of an S3-compatible server [default: AWS]
    #[arg(long, global = true, env = "QUIRE_S3_ENDPOINT", hide_env_values = true, value_name = "URL")]
    s3_endpoint: Option<String>,
    /// Bucket in the path instead of the host name [default: with an endpoint]
    #[arg(
        long,
        global = true,
        env = "QUIRE_S3_PATH_STYLE",
        hide_env_values = true,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_parser = BoolishValueParser::new()
    )]
    s3_path_style: Option<bool>,
}

impl Endpoints {
    /// Makes a publisher with a connection of its own, which it opens when it is first needed.
    pub(crate) fn publisher(&self) -> anyhow::Result<Publisher> {
        let missing = NotConfigured { what: "the broker", option: "--amqp-url", variable: "QUIRE_AMQP_URL" };
        let url = given(self.amqp_url.as_ref()).ok_or(missing)?;
        Ok(Publisher::new(Connector::new(url, "quire")?))
    }

    pub(crate) fn knows_broker(&self) -> bool {
        given(self.amqp_url.as_ref()).is_some()
    }

    pub(crate) fn vhost(&self) -> String {
        given(self.amqp_url.as_ref()).map_or_else(|| "/".to_owned(), vhost_of)
    }

    /// Makes a client of the management API, if its address is known.
    pub(crate) fn management(&self) -> anyhow::Result<Option<Management>> {
        let url = given(self.management_url.as_ref());
        Ok(url.map(|url| Management::new(url, &self.vhost())).transpose()?)
    }

    pub(crate) fn knows_storage(&self) -> bool {
        self.s3_bucket.as_ref().is_some_and(|bucket| !bucket.is_empty())
    }

    pub(crate) async fn storage(&self) -> anyhow::Result<Storage> {
        let missing = NotConfigured { what: "the bucket", option: "--s3-bucket", variable: "QUIRE_S3_BUCKET" };
        let bucket = self.s3_bucket.clone().filter(|bucket| !bucket.is_empty()).ok_or(missing)?;
        let endpoint = self.s3_endpoint.clone().filter(|endpoint| !endpoint.is_empty());
        let store = S3Store::new(&S3Settings { bucket, endpoint, path_style: self.s3_path_style }).await;
        Ok(Storage::new(store, &self.s3_prefix))
    }
}

/// A variable that is set to an empty text counts as unset.
fn given(url: Option<&Secret>) -> Option<&str> {
    url.map(|url| url.reveal().trim()).filter(|url| !url.is_empty())
}

/// Reads the password file, if one is given. It may be a pipe.
pub(crate) async fn read_password(path: Option<&Path>) -> anyhow::Result<Option<Password>> {
    let Some(path) = path.map(Path::to_owned) else { return Ok(None) };
    let reading = tokio::task::spawn_blocking(move || password::read(&path));
    Ok(Some(reading.await.context("reading the password file was interrupted")??))
}
