//! The browser of `page::browser` for documents without a script of their own, with
//! a log of what its network stack was asked for.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::page::browser::{Page, launch};

pub struct Browser {
    page: Page,
    /// What was complained of, as events of the protocol.
    pub events: Vec<Value>,
    folder: TempDir,
}

/// A browser, or `None` with a loud word where there is none.
pub fn browser() -> Option<Browser> {
    let folder = TempDir::new().unwrap();
    let log = format!("--log-net-log={}", log_in(&folder).display());
    Some(Browser {
        // Not the start page that a distribution chose.
        page: launch(&[&log, "about:blank"])?,
        events: Vec::new(),
        folder,
    })
}

fn log_in(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join("net-log.json")
}

impl Browser {
    /// Opens a file and waits until it has loaded.
    pub fn open(&mut self, path: &Path) {
        self.page.load(path);
        self.keep_complaints();
    }

    /// The value of an expression in the page; the page's own policy, which
    /// forbids scripts, does not bind the debugger.
    pub fn value(&mut self, expression: &str) -> Value {
        let value = self.page.value(expression);
        self.keep_complaints();
        value
    }

    fn keep_complaints(&mut self) {
        let complaints = self.page.complaints.lock().unwrap();
        let event = |text: &String| json!({"method": "Log.entryAdded", "text": text});
        self.events = complaints.iter().map(event).collect();
    }

    pub fn resize(&self, size: [u32; 2]) {
        self.page.resize(size);
    }

    /// Gives the window the size of a picture.
    pub fn fit(&self, size: [u32; 2]) {
        self.page.resize_as(size, false);
    }

    pub fn prefer(&self, medium: &str, features: &[(&str, &str)]) {
        self.page.prefer(medium, features);
    }

    /// What is seen now, as a PNG in base64.
    pub fn screenshot(&self) -> String {
        self.page.screenshot()
    }

    /// What the page asked for, each address in quotation marks.
    pub fn addresses(&self) -> Vec<String> {
        let requests = self.page.requests.lock().unwrap();
        let asked = requests.iter().filter(|address| *address != "about:blank");
        asked.map(|address| json!(address).to_string()).collect()
    }

    /// Ends the browser and tells which addresses its network stack was asked
    /// for, but for those of its maker's services: a browser looks for updates
    /// of itself whatever page is open.
    pub fn network_addresses(self) -> Vec<String> {
        self.page.close();
        // The log is whole when the browser is gone.
        let start = Instant::now();
        let log: Value = loop {
            let text = fs::read(log_in(&self.folder)).unwrap_or_default();
            match serde_json::from_slice(&text) {
                Ok(log) => break log,
                Err(error) => assert!(start.elapsed() < Duration::from_secs(60), "{error}"),
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        let events = log["events"].as_array().unwrap();
        assert!(!events.is_empty(), "the browser logged nothing");
        let addresses = events
            .iter()
            .filter_map(|event| event["params"]["url"].as_str());
        let is_of_a_page = |address: &&str| {
            let rest = address.split_once("://").map_or("", |(_, rest)| rest);
            let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
            let is_makers = host.ends_with(".google.com") || host.ends_with(".googleapis.com");
            let is_debugger = host == "127.0.0.1";
            !is_makers && !is_debugger && !address.starts_with("file:")
        };
        addresses.filter(is_of_a_page).map(str::to_owned).collect()
    }
}
