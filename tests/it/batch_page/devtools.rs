//! A headless Chromium without a network, spoken to over its debugging pipe.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// A page that takes longer than this never opens.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Browser {
    child: Child,
    requests: ChildStdin,
    messages: Receiver<Value>,
    /// What the browser told besides answers.
    pub events: Vec<Value>,
    next_id: u64,
    session: Option<String>,
    profile: TempDir,
}

/// A browser, or `None` with a loud word where there is none.
pub fn browser() -> Option<Browser> {
    let profile = TempDir::new().unwrap();
    let net_log = profile.path().join("net-log.json");
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-extensions",
        "--disable-default-apps",
        "--disable-features=NetworkTimeServiceQuerying,OptimizationHints,MediaRouter",
        // Whatever the browser itself still wants to know, it asks nobody.
        "--host-resolver-rules=MAP * ~NOTFOUND",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--remote-debugging-pipe",
    ];
    let mut command = Command::new("sh");
    // The pipe is file descriptors 3 and 4, which only a shell can pass on.
    command
        .args(["-c", "exec chromium \"$@\" 3<&0 4>&1", "chromium"])
        .args(arguments)
        .arg(format!("--log-net-log={}", net_log.display()))
        .arg(format!("--user-data-dir={}", profile.path().display()))
        // Not the start page that a distribution chose.
        .arg("about:blank")
        .env("HOME", profile.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let has_chromium = Command::new("chromium").arg("--version").output().is_ok();
    if !has_chromium {
        eprintln!("SKIPPED: no chromium in PATH, so that no page was opened in a real browser");
        return None;
    }
    let mut child = command.spawn().unwrap();
    let requests = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let (sender, messages) = channel();
    std::thread::spawn(move || {
        let mut message = Vec::new();
        while output
            .read_until(0, &mut message)
            .is_ok_and(|count| count > 0)
        {
            message.pop();
            if let Ok(value) = serde_json::from_slice(&message) {
                let _ = sender.send(value);
            }
            message.clear();
        }
    });
    let mut browser = Browser {
        child,
        requests,
        messages,
        events: Vec::new(),
        next_id: 0,
        session: None,
        profile,
    };
    let target = browser.call("Target.createTarget", json!({"url": "about:blank"}));
    let attach = json!({"targetId": target["targetId"], "flatten": true});
    let session = browser.call("Target.attachToTarget", attach);
    browser.session = session["sessionId"].as_str().map(str::to_owned);
    for domain in ["Page", "Network", "Log", "Runtime"] {
        browser.call(&format!("{domain}.enable"), json!({}));
    }
    Some(browser)
}

impl Browser {
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.next_id += 1;
        let id = self.next_id;
        let mut request = json!({"id": id, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            request["sessionId"] = json!(session);
        }
        self.requests
            .write_all(format!("{request}\0").as_bytes())
            .unwrap();
        loop {
            let message = self.messages.recv_timeout(PATIENCE).unwrap();
            if message["id"] == id {
                assert_eq!(message["error"], Value::Null, "{method}");
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    /// Opens a file and waits until it has loaded.
    pub fn open(&mut self, path: &Path) {
        let url = format!("file://{}", path.display());
        self.events.clear();
        self.call("Page.navigate", json!({"url": url}));
        while !self.told("Page.loadEventFired") {
            let message = self.messages.recv_timeout(PATIENCE).unwrap();
            self.events.push(message);
        }
    }

    pub fn told(&self, method: &str) -> bool {
        self.events.iter().any(|event| event["method"] == method)
    }

    /// The value of an expression in the page; the page's own policy, which
    /// forbids scripts, does not bind the debugger.
    pub fn value(&mut self, expression: &str) -> Value {
        let parameters =
            json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let result = self.call("Runtime.evaluate", parameters);
        assert_eq!(result["exceptionDetails"], Value::Null, "{expression}");
        result["result"]["value"].clone()
    }

    pub fn addresses(&self) -> Vec<String> {
        self.events
            .iter()
            .filter(|event| event["method"] == "Network.requestWillBeSent")
            .map(|event| event["params"]["request"]["url"].to_string())
            .collect()
    }

    /// Ends the browser and tells which addresses its network stack was asked
    /// for, but for those of its maker's services: a browser looks for updates
    /// of itself whatever page is open.
    pub fn network_addresses(mut self) -> Vec<String> {
        self.session = None;
        self.call("Browser.close", json!({}));
        self.child.wait().unwrap();
        let log = std::fs::read(self.profile.path().join("net-log.json")).unwrap();
        let log: Value = serde_json::from_slice(&log).unwrap();
        let events = log["events"].as_array().unwrap();
        assert!(!events.is_empty(), "the browser logged nothing");
        let addresses = events
            .iter()
            .filter_map(|event| event["params"]["url"].as_str());
        let is_of_a_page = |address: &&str| {
            let rest = address.split_once("://").map_or("", |(_, rest)| rest);
            let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
            let is_makers = host.ends_with(".google.com") || host.ends_with(".googleapis.com");
            !is_makers && !address.starts_with("file:")
        };
        addresses.filter(is_of_a_page).map(str::to_owned).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
