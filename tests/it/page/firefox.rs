//! A page in a real Firefox, over its own protocol (WebDriver BiDi over a web
//! socket): no driver beside the browser is needed.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::{Message, WebSocket};

use super::browser::{in_path, place_of};
use crate::binary::skipped;

/// What takes longer than this does not come.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a new profile would ask the network for.
const QUIET: [&str; 14] = [
    "\"app.normandy.enabled\", false",
    "\"app.update.disabledForTesting\", true",
    "\"browser.newtabpage.enabled\", false",
    "\"browser.region.network.url\", \"\"",
    "\"browser.safebrowsing.downloads.remote.enabled\", false",
    "\"browser.safebrowsing.malware.enabled\", false",
    "\"browser.safebrowsing.phishing.enabled\", false",
    "\"browser.shell.checkDefaultBrowser\", false",
    "\"browser.startup.page\", 0",
    "\"datareporting.policy.dataSubmissionEnabled\", false",
    "\"extensions.update.enabled\", false",
    "\"network.captive-portal-service.enabled\", false",
    "\"network.connectivity-service.enabled\", false",
    "\"toolkit.telemetry.reportingpolicy.firstRun\", false",
];

/// An open page.
pub struct Page {
    socket: WebSocket<TcpStream>,
    context: String,
    next_id: u64,
    /// Addresses that were asked for, and whatever was complained of.
    pub requests: Vec<String>,
    pub complaints: Vec<String>,
    _process: Process,
    _profile: TempDir,
}

/// Firefox, ended when nobody holds it.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Opens a file at a place of it; `None`, with a loud word, where there is no
/// Firefox.
pub fn open(file: &Path, hash: &str) -> Option<Page> {
    let firefox = ["firefox", "firefox-esr"]
        .iter()
        .find_map(|name| in_path(name));
    let Some(firefox) = firefox else {
        skipped("no firefox in PATH, so that no page was opened in a real Firefox");
        return None;
    };
    let mut page = Page::start(&firefox);
    page.visit(file, hash);
    Some(page)
}

/// Where Firefox can be spoken to, as it says itself.
fn address_of(process: &mut Child) -> String {
    let output = process.stderr.take().unwrap();
    let (sender, receiver) = mpsc::channel();
    // Read on to the end, so that Firefox never waits for a reader.
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some((_, address)) = line.split_once("WebDriver BiDi listening on ws://") {
                // Nobody waits for it any more.
                let _ = sender.send(address.trim().to_owned());
            }
        }
    });
    receiver.recv_timeout(PATIENCE).unwrap()
}

impl Page {
    fn start(firefox: &PathBuf) -> Self {
        let profile = TempDir::new().unwrap();
        let preferences = QUIET.map(|line| format!("user_pref({line});\n")).concat();
        fs::write(profile.path().join("user.js"), preferences).unwrap();
        let child = Command::new(firefox)
            .args(["--headless", "--no-remote", "--new-instance"])
            .args(["--remote-debugging-port", "0", "--profile"])
            .arg(profile.path())
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut process = Process(child);
        let address = address_of(&mut process.0);
        let stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (socket, _) = tungstenite::client(format!("ws://{address}/session"), stream).unwrap();
        let mut page = Self {
            socket,
            context: String::new(),
            next_id: 0,
            requests: Vec::new(),
            complaints: Vec::new(),
            _process: process,
            _profile: profile,
        };
        page.call("session.new", json!({ "capabilities": {} }));
        page.call(
            "session.subscribe",
            json!({ "events": ["log.entryAdded", "network.beforeRequestSent"] }),
        );
        let tree = page.call("browsingContext.getTree", json!({}));
        page.context = tree["contexts"][0]["context"].as_str().unwrap().to_owned();
        page.resize([1400, 1000]);
        page
    }

    /// Asks for something and waits for the answer; what happens meanwhile is kept.
    fn ask(&mut self, method: &str, parameters: Value) -> Result<Value, Value> {
        self.next_id += 1;
        let question = json!({ "id": self.next_id, "method": method, "params": parameters });
        self.socket
            .send(Message::text(question.to_string()))
            .unwrap();
        loop {
            let Message::Text(text) = self.socket.read().unwrap() else {
                continue;
            };
            let mut message: Value = serde_json::from_str(&text).unwrap();
            if message["id"] == self.next_id {
                return match message["type"] == "success" {
                    true => Ok(message["result"].take()),
                    false => Err(message),
                };
            }
            match message["method"].as_str() {
                Some("log.entryAdded") => self.complaints.push(message["params"].to_string()),
                Some("network.beforeRequestSent") => {
                    let address = &message["params"]["request"]["url"];
                    self.requests.push(address.as_str().unwrap().to_owned());
                }
                _ => {}
            }
        }
    }

    fn call(&mut self, method: &str, parameters: Value) -> Value {
        let answer = self.ask(method, parameters);
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Opens another file, and forgets what was asked for and complained of.
    pub fn visit(&mut self, file: &Path, hash: &str) {
        // Never the page that is open with another hash alone.
        self.navigate("about:blank");
        self.requests.clear();
        self.complaints.clear();
        self.navigate(&format!("file://{}{hash}", file.display()));
        self.until("document.documentElement.dataset.ready === 'yes'");
    }

    fn navigate(&mut self, address: &str) {
        let call = json!({ "context": self.context, "url": address, "wait": "complete" });
        self.call("browsingContext.navigate", call);
    }

    /// What an expression is, a promise waited for.
    pub fn value(&mut self, expression: &str) -> Value {
        let whole = format!("(async () => JSON.stringify(await ({expression})) ?? 'null')()");
        let call = json!({
            "expression": whole, "target": { "context": self.context }, "awaitPromise": true,
            "userActivation": true,
        });
        let answer = self.call("script.evaluate", call);
        assert_eq!(answer["type"], "success", "{expression}: {answer}");
        serde_json::from_str(answer["result"]["value"].as_str().unwrap()).unwrap()
    }

    pub fn text(&mut self, expression: &str) -> String {
        match self.value(expression) {
            Value::String(text) => text,
            other => panic!("{expression}: expected a text, found {other}"),
        }
    }

    /// Waits until an expression is true.
    pub fn until(&mut self, expression: &str) {
        let start = Instant::now();
        while self.value(expression) != true {
            assert!(start.elapsed() < PATIENCE, "never: {expression}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Lets the page draw what is due.
    pub fn settle(&mut self) {
        self.value("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(true), 0))))");
    }

    /// Goes to another state of the page.
    pub fn go(&mut self, hash: &str) {
        self.value(&format!("location.hash = {hash:?}"));
        self.settle();
        self.settle();
    }

    /// A place within an element, from 0 to 1.
    pub fn place(&mut self, selector: &str, within: [f64; 2]) -> [f64; 2] {
        let place = self.value(&place_of(selector, within));
        [place[0].as_f64().unwrap(), place[1].as_f64().unwrap()]
    }

    /// Keys that are held while the pointer does something.
    fn perform(&mut self, held: &[&str], pointer: Value) {
        let keys = |kind: &str| -> Vec<Value> {
            held.iter()
                .map(|key| json!({ "type": kind, "value": key }))
                .collect()
        };
        for actions in [
            json!([{ "type": "key", "id": "keys", "actions": keys("keyDown") }]),
            json!([{ "type": "pointer", "id": "mouse", "actions": pointer }]),
            json!([{ "type": "key", "id": "keys", "actions": keys("keyUp") }]),
        ] {
            self.call(
                "input.performActions",
                json!({ "context": self.context, "actions": actions }),
            );
        }
        self.settle();
    }

    pub fn hover(&mut self, place: [f64; 2]) {
        self.perform(&[], json!([moved_to(place)]));
    }

    /// Clicks, with keys held.
    pub fn click(&mut self, place: [f64; 2], held: &[&str]) {
        self.drag(place, place, held);
    }

    pub fn double_click(&mut self, place: [f64; 2]) {
        let [down, up] =
            ["pointerDown", "pointerUp"].map(|kind| json!({ "type": kind, "button": 0 }));
        self.perform(&[], json!([moved_to(place), down, up, down, up]));
    }

    /// Presses at one place and lets go at another.
    pub fn drag(&mut self, from: [f64; 2], to: [f64; 2], held: &[&str]) {
        let pointer = json!([
            moved_to(from), { "type": "pointerDown", "button": 0 },
            moved_to(to), { "type": "pointerUp", "button": 0 },
        ]);
        self.perform(held, pointer);
    }

    /// Presses a key, with others held.
    pub fn press(&mut self, key: &str, held: &[&str]) {
        let all: Vec<&str> = held.iter().copied().chain([key]).collect();
        let steps = |kind: &'static str, keys: Vec<&str>| -> Vec<Value> {
            keys.iter()
                .map(|key| json!({ "type": kind, "value": key }))
                .collect()
        };
        let mut actions = steps("keyDown", all.clone());
        actions.extend(steps("keyUp", all.into_iter().rev().collect()));
        let source = json!([{ "type": "key", "id": "keys", "actions": actions }]);
        self.call(
            "input.performActions",
            json!({ "context": self.context, "actions": source }),
        );
        self.settle();
    }

    pub fn resize(&mut self, [width, height]: [u32; 2]) {
        self.call(
            "browsingContext.setViewport",
            json!({ "context": self.context, "viewport": { "width": width, "height": height } }),
        );
    }
}

fn moved_to([x, y]: [f64; 2]) -> Value {
    json!({ "type": "pointerMove", "x": x.round(), "y": y.round() })
}

/// Keys as the protocol writes them.
pub mod keys {
    pub const ARROW_LEFT: &str = "\u{e012}";
    pub const ARROW_RIGHT: &str = "\u{e014}";
    pub const ARROW_DOWN: &str = "\u{e015}";
    pub const CONTROL: &str = "\u{e009}";
    pub const END: &str = "\u{e010}";
    pub const ENTER: &str = "\u{e007}";
    pub const ESCAPE: &str = "\u{e00c}";
    pub const HOME: &str = "\u{e011}";
    pub const SHIFT: &str = "\u{e008}";
    pub const TAB: &str = "\u{e004}";
}
