//! Makes and deletes the virtual host of a test through the broker's management API.

use std::{thread, time::Duration};

use reqwest::Method;

/// A broker that is paused answers nothing.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Creates a virtual host in which the user of the address may do everything.
pub(crate) async fn create(management_url: &str, name: &str) {
    call(Method::PUT, management_url, name).await.expect("the management API creates a virtual host");
}

/// Deletes a virtual host and everything in it. Blocks, because destructors do; best effort, because a panic
/// there would hide why a test failed, and the data folder of a private broker is deleted anyway.
pub(crate) fn delete(management_url: &str, name: &str) {
    thread::scope(|scope| {
        let _ = scope
            .spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                Ok::<_, std::io::Error>(runtime.block_on(call(Method::DELETE, management_url, name)))
            })
            .join();
    });
}

async fn call(method: Method, management_url: &str, name: &str) -> reqwest::Result<()> {
    let address = format!("{}/api/vhosts/{name}", management_url.trim_end_matches('/'));
    let client = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build()?;
    client.request(method, address).json(&serde_json::json!({})).send().await?.error_for_status()?;
    Ok(())
}
