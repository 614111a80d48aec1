//! Users who may do exactly what `deploy/permissions` says that their role needs.

#[cfg(test)]
mod page;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use lapin::{Channel, Connection, ConnectionProperties};
use quire_producer::{
    amqp::management::vhost_of,
    schemas::names::Tenant,
    store::{S3Settings, S3Store},
};
use reqwest::{Client, Method, redirect};
use serde_json::{Value, json};
use tokio::process::Command;
use url::Url;

use crate::{
    WorkerBuilder, World,
    process::programs,
    s3_gateway::{Policy, S3Gateway},
};

/// A role at the broker and the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A worker whose topology another user declares.
    Worker,
    /// A worker that declares the topology itself.
    DeclaringWorker,
    /// Publishes jobs of one tenant and uploads their documents.
    Publisher,
    /// Also follows the tenant's jobs and reads their results.
    Follower,
    /// Declares, looks, cancels, replays and deletes.
    Operator,
    /// Reads depths from the management API.
    Monitor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] =
        [Self::Worker, Self::DeclaringWorker, Self::Publisher, Self::Follower, Self::Operator, Self::Monitor];

    /// Returns its name in `deploy/permissions/amqp.json`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::DeclaringWorker => "worker-declaring",
            Self::Publisher => "publisher",
            Self::Follower => "follower",
            Self::Operator => "operator",
            Self::Monitor => "monitor",
        }
    }

    /// Returns the file of its policy at the store, if it has any business there.
    const fn policy(self) -> Option<&'static str> {
        match self {
            Self::Worker | Self::DeclaringWorker => Some("s3-worker.json"),
            Self::Publisher => Some("s3-publisher.json"),
            Self::Follower => Some("s3-follower.json"),
            Self::Operator => Some("s3-operator.json"),
            Self::Monitor => None,
        }
    }
}

/// A user of one test's virtual host, with a gateway of its own to the store. Deleted when dropped.
#[derive(Debug)]
pub struct User {
    /// The broker, with this user's login.
    pub amqp_url: String,
    /// The management API, with this user's login.
    pub management_url: Url,
    gateway: Option<S3Gateway>,
    /// What a program of this user is told.
    settings: BTreeMap<String, String>,
    /// The address at which the user is deleted.
    account: Url,
}

impl User {
    /// Makes a user of the default tenant, on the broker that the environment names.
    pub async fn of(world: &World, role: Role) -> Self {
        Self::of_tenant(world, role, &Tenant::default()).await
    }

    /// Makes a user of a tenant; to workers, operators and monitors all are the same.
    pub async fn of_tenant(world: &World, role: Role, tenant: &Tenant) -> Self {
        let rights: Value = serde_json::from_str(&given("amqp.json").replace("TENANT", tenant.as_str())).expect("JSON");
        let id = uuid::Uuid::new_v4().simple().to_string();
        let (name, password) = (format!("test-{}-{id}", role.name()), id);
        let account = create(&name, &password, &vhost_of(&world.amqp_url), &rights[role.name()]).await;

        let mut settings: BTreeMap<String, String> = world.settings().into_iter().collect();
        let amqp_url = log_in(&world.amqp_url, &name, &password).to_string();
        let management_url = log_in(&environment("QUIRE_MANAGEMENT_URL"), &name, &password);
        settings.insert("QUIRE_AMQP_URL".to_owned(), amqp_url.clone());
        if rights[role.name()]["tags"] == json!(["management"]) {
            settings.insert("QUIRE_MANAGEMENT_URL".to_owned(), management_url.to_string());
        }
        let gateway = match role.policy() {
            Some(file) => {
                let policy = given(file).replace("BUCKET", world.store.bucket()).replace("PREFIX", &world.prefix);
                let policy = Policy::parse(&policy.replace("TENANT", tenant.as_str()));
                Some(S3Gateway::start(&settings["QUIRE_S3_ENDPOINT"], policy).await)
            }
            None => None,
        };
        if let Some(gateway) = &gateway {
            settings.insert("QUIRE_S3_ENDPOINT".to_owned(), gateway.url());
        }
        Self { amqp_url, management_url, gateway, settings, account }
    }

    /// Makes a worker that logs in as this user.
    #[must_use]
    pub fn worker(&self, world: &World) -> WorkerBuilder {
        self.settings.iter().fold(world.worker(), |builder, (name, value)| builder.with(name, value))
    }

    /// Runs `quire` as this user.
    pub async fn quire(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(programs().join("quire"));
        command.env_clear().envs(&self.settings).args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        command.output().await.expect("`cargo build --workspace` came before the tests")
    }

    /// Opens a connection of this user.
    pub async fn connection(&self) -> Connection {
        let connected = Connection::connect(&self.amqp_url, ConnectionProperties::default()).await;
        connected.expect("a user with permissions in the virtual host may connect")
    }

    /// Opens a channel on a connection of its own.
    pub async fn channel(&self) -> Channel {
        self.connection().await.create_channel().await.expect("a channel")
    }

    /// Returns the bucket as this user sees it.
    ///
    /// # Panics
    /// If the role has no business there.
    pub async fn store(&self) -> S3Store {
        let gateway = self.gateway.as_ref().expect("the role has a policy at the store");
        let bucket = self.settings["QUIRE_S3_BUCKET"].clone();
        S3Store::new(&S3Settings { bucket, endpoint: Some(gateway.url()), path_style: None }).await
    }

    /// Lists what the store has refused this user so far.
    #[must_use]
    pub fn store_refusals(&self) -> Vec<String> {
        self.gateway.as_ref().map(S3Gateway::refusals).unwrap_or_default()
    }

    /// Asks the management API for something as this user; returns the status.
    pub async fn manage(&self, method: Method, path: &[&str], body: Option<Value>) -> u16 {
        let request = http_client().request(method, api(&self.management_url, path));
        let request = body.iter().fold(request, |request, body| request.json(body));
        request.send().await.expect("the management API answers").status().as_u16()
    }
}

impl Drop for User {
    fn drop(&mut self) {
        // Best effort, as for the virtual host.
        let mut delete = std::process::Command::new("curl");
        let _ = delete.args(["-s", "-o", "/dev/null", "-X", "DELETE", self.account.as_str()]).status();
    }
}

/// Creates a user with these rights; returns its address.
async fn create(name: &str, password: &str, vhost: &str, rights: &Value) -> Url {
    let base: Url = environment("QUIRE_MANAGEMENT_URL").parse().expect("a URL");
    let tags = rights["tags"].as_array().expect("a list of tags").iter().map(|tag| tag.as_str().expect("a text"));
    let tags = tags.collect::<Vec<_>>().join(",");
    let account = api(&base, &["users", name]);
    put(account.clone(), &json!({ "password": password, "tags": tags })).await;
    let permissions = json!({ "configure": rights["configure"], "write": rights["write"], "read": rights["read"] });
    put(api(&base, &["permissions", vhost, name]), &permissions).await;
    for topic in rights["topics"].as_array().expect("a list of topic permissions") {
        put(api(&base, &["topic-permissions", vhost, name]), topic).await;
    }
    account
}

async fn put(address: Url, body: &Value) {
    let answer = http_client().put(address).json(body).send().await.expect("the management API answers");
    answer.error_for_status().expect("this user of the broker may manage users");
}

fn http_client() -> Client {
    let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).build();
    client.expect("a client without special wishes")
}

/// Each part is one segment, whatever it holds.
fn api(base: &Url, path: &[&str]) -> Url {
    let mut address = base.clone();
    address.path_segments_mut().expect("an http address has a path").pop_if_empty().push("api").extend(path);
    address
}

fn log_in(url: &str, name: &str, password: &str) -> Url {
    let mut url: Url = url.parse().expect("a URL");
    url.set_username(name).expect("an address with a host");
    url.set_password(Some(password)).expect("an address with a host");
    url
}

/// Reads one of the files that say what each role may do.
fn given(file: &str) -> String {
    read(&format!("deploy/permissions/{file}"))
}

fn read(file: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[expect(clippy::disallowed_methods, reason = "where the management API is is told by the environment")]
fn environment(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run the tests with `make test`"))
}
