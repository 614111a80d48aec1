//! A page in headless Chromium, driven over the browser's debugging pipe.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

/// Chromium reads commands from descriptor 3 and answers on 4.
const START: &str = r#"
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exec "$name" "$@" 3<&0 4>&1 0</dev/null 1>&2; fi
done
exit 127"#;
const NOT_INSTALLED: i32 = 127;
/// One page, and no traffic of the browser's own.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--window-size=1600,1000",
    "--remote-debugging-pipe",
];

/// A browser with one page.
#[derive(Debug)]
pub struct Browser {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    session: Option<String>,
    calls: u64,
    /// What the page did since it was opened, besides answering.
    events: Vec<Value>,
    /// Removed when the browser is.
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser. Says on stderr if none is installed, so that a test can be left out.
    #[must_use]
    #[expect(clippy::print_stderr, reason = "who runs tests has to see which were left out")]
    pub fn start() -> Option<Self> {
        let profile = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new("sh");
        command.args(["-c", START, "sh"]).args(FLAGS).arg(format!("--user-data-dir={}", profile.path().display()));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("there is a shell");
        let input = child.stdin.take().expect("it is a pipe");
        let output = BufReader::new(child.stdout.take().expect("it is a pipe"));
        let mut browser = Self { child, input, output, session: None, calls: 0, events: Vec::new(), _profile: profile };
        let Some(made) = browser.answer("Target.createTarget", &json!({ "url": "about:blank" })) else {
            let status = browser.child.wait().expect("it has ended");
            assert_eq!(status.code(), Some(NOT_INSTALLED), "Chromium does not start");
            eprintln!("left out: there is no Chromium (apt-get install chromium)");
            return None;
        };
        let attached = browser.call("Target.attachToTarget", &json!({ "targetId": made["targetId"], "flatten": true }));
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Network", "Log"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        Some(browser)
    }

    /// Opens a file and waits until it is loaded.
    pub fn open(&mut self, page: &Path) {
        self.events.clear();
        let address = Url::from_file_path(page).expect("an absolute path");
        self.call("Page.navigate", &json!({ "url": address.as_str() }));
        self.until("location.protocol === 'file:' && document.readyState === 'complete'");
    }

    /// Evaluates an expression in the page.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut answer = self.call("Runtime.evaluate", &asked);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].take()
    }

    /// Waits until an expression is true.
    ///
    /// # Panics
    /// If it does not come true in 20 s.
    pub fn until(&mut self, condition: &str) {
        let look = format!(
            "if ({condition}) met(true); else if (left === 0) met(false); else setTimeout(look, 25, left - 1);"
        );
        let is_met =
            self.evaluate(&format!("new Promise((met) => {{ const look = (left) => {{ {look} }}; look(800); }})"));
        assert_eq!(is_met, json!(true), "waited in vain: {condition}");
    }

    /// Waits until a selector finds something.
    pub fn shows(&mut self, selector: &str) {
        self.until(&format!("document.querySelector({}) !== null", json!(selector)));
    }

    /// Waits until a selector finds nothing.
    pub fn lacks(&mut self, selector: &str) {
        self.until(&format!("document.querySelector({}) === null", json!(selector)));
    }

    /// Presses a key, named as the keyboard event names it: `j`, `Enter`, `Escape`.
    pub fn press(&mut self, key: &str) {
        let text = match key {
            "Enter" => "\r",
            _ if key.chars().count() == 1 => key,
            _ => "",
        };
        self.call("Input.dispatchKeyEvent", &json!({ "type": "keyDown", "key": key, "text": text }));
        self.call("Input.dispatchKeyEvent", &json!({ "type": "keyUp", "key": key }));
    }

    /// Enters text where the focus is.
    pub fn enter(&mut self, text: &str) {
        self.call("Input.insertText", &json!({ "text": text }));
    }

    /// Moves the pointer over the first element that a selector finds.
    pub fn point_at(&mut self, selector: &str) {
        let script = format!(
            "(() => {{ const {{ x, y, width, height }} = document.querySelector({}).getBoundingClientRect(); \
             return [x + width / 2, y + Math.min(height / 2, 40)]; }})()",
            json!(selector)
        );
        let place = self.evaluate(&script);
        self.call("Input.dispatchMouseEvent", &json!({ "type": "mouseMoved", "x": place[0], "y": place[1] }));
    }

    /// Lists the addresses that the page has asked for since it was opened, itself included.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        let sent = self.told("Network.requestWillBeSent");
        sent.map(|params| params["request"]["url"].as_str().expect("a request has an address").to_owned()).collect()
    }

    /// Lists what tells that something of a document was run or tried: messages of the console and of the policy,
    /// exceptions, dialogs, other pages.
    #[must_use]
    pub fn suspicions(&self) -> Vec<Value> {
        let methods = [
            "Log.entryAdded",
            "Runtime.consoleAPICalled",
            "Runtime.exceptionThrown",
            "Page.javascriptDialogOpening",
            "Page.windowOpen",
        ];
        methods.iter().flat_map(|method| self.told(method)).cloned().collect()
    }

    fn told<'s>(&'s self, method: &'s str) -> impl Iterator<Item = &'s Value> {
        self.events.iter().filter(move |event| event["method"] == method).map(|event| &event["params"])
    }

    fn call(&mut self, method: &str, params: &Value) -> Value {
        self.answer(method, params).unwrap_or_else(|| panic!("Chromium ended at {method}"))
    }

    /// Returns nothing if the browser has ended.
    fn answer(&mut self, method: &str, params: &Value) -> Option<Value> {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.input.write_all(format!("{message}\0").as_bytes()).ok()?;
        loop {
            let mut told = self.read()?;
            if told["id"] == self.calls {
                assert!(told["error"].is_null(), "{method}: {told}");
                return Some(told["result"].take());
            }
            self.events.push(told);
        }
    }

    fn read(&mut self) -> Option<Value> {
        let mut message = Vec::new();
        self.output.read_until(0, &mut message).ok()?;
        let is_whole = message.pop() == Some(0);
        is_whole.then(|| serde_json::from_slice(&message).expect("the browser speaks JSON"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.session = None;
        // Ordered, so that nothing writes to the profile when it is removed.
        let _ = self.input.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        while self.read().is_some() {}
        let _ = self.child.wait();
    }
}
