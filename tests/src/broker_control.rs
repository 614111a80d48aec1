//! What a test does to a broker of its own, and asks of it, beyond ending and starting it.

use std::{collections::BTreeMap, time::Duration};

use reqwest::{Client, Response};
use serde_json::Value;

use crate::{eventually, servers::PrivateBroker};

impl PrivateBroker {
    /// Starts a node that takes a delivery back from a consumer that keeps it for longer than this.
    pub async fn start_impatient(patience: Duration) -> Self {
        let broker = Self::start_with(&[format!("consumer_timeout = {}", patience.as_millis()).as_str()]).await;
        // How often it looks for such deliveries: once a minute by default, and no line of its
        // configuration file says otherwise.
        broker.rabbitmqctl(&["eval", "application:set_env(rabbit, channel_tick_interval, 1000)."]).await;
        broker
    }

    /// Has it find that it is short of memory: it takes nothing more from connections that publish.
    pub async fn raise_memory_alarm(&self) {
        self.rabbitmqctl(&["set_vm_memory_high_watermark", "absolute", "1"]).await;
        eventually("the alarm is raised", || async { self.has_alarms().await.then_some(()) }).await;
    }

    /// Takes the alarm back, with the limit that its configuration has.
    pub async fn lift_memory_alarm(&self) {
        self.rabbitmqctl(&["set_vm_memory_high_watermark", "absolute", "1GB"]).await;
        eventually("the alarm is lifted", || async { (!self.has_alarms().await).then_some(()) }).await;
    }

    /// Returns the states of its connections, such as `running` or `blocked`, by the names that
    /// the clients gave them.
    pub async fn connection_states(&self) -> BTreeMap<String, String> {
        let connections: Vec<Value> = self.ask("connections").await.json().await.expect("a list of connections");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let state = |connection: &Value| {
            (text(&connection["client_properties"]["connection_name"]), text(&connection["state"]))
        };
        connections.iter().map(state).collect()
    }

    async fn has_alarms(&self) -> bool {
        !self.ask("health/checks/alarms").await.status().is_success()
    }

    async fn ask(&self, path: &str) -> Response {
        let client = Client::builder().no_proxy().build().expect("nothing unusual is asked for");
        let sent = client.get(format!("{}/api/{path}", self.management_url)).send().await;
        sent.expect("the management API answers")
    }
}
