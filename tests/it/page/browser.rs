//! A page in a real Chromium, over its debugging protocol.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use headless_chrome::protocol::cdp::types::{Event, Method};
use headless_chrome::{Browser, LaunchOptions, Tab};
use serde::Serialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::skipped;

/// What takes longer than this does not come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A call of the protocol by its name, with and without typed arguments.
macro_rules! calls {
    ($($type:ident => $name:literal),+ $(,)?) => {
        $(
            #[derive(Debug, Serialize)]
            #[serde(transparent)]
            struct $type(Value);

            impl Method for $type {
                const NAME: &'static str = $name;
                type ReturnObject = Value;
            }
        )+
    };
}

calls!(
    Evaluate => "Runtime.evaluate",
    Mouse => "Input.dispatchMouseEvent",
    Key => "Input.dispatchKeyEvent",
    Media => "Emulation.setEmulatedMedia",
    Size => "Emulation.setDeviceMetricsOverride",
    EnableNetwork => "Network.enable",
    EnableLog => "Log.enable",
    EnableRuntime => "Runtime.enable",
    Touch => "Input.dispatchTouchEvent",
    Screenshot => "Page.captureScreenshot",
    Close => "Browser.close",
);

/// Catches the next file that a button hands over.
const CATCH: &str = "window.caught = new Promise(done => {
    const [make, click] = [URL.createObjectURL, HTMLAnchorElement.prototype.click];
    let file;
    URL.createObjectURL = blob => { URL.createObjectURL = make; file = blob; return make.call(URL, blob); };
    HTMLAnchorElement.prototype.click = function () {
        HTMLAnchorElement.prototype.click = click;
        file.arrayBuffer().then(bytes => done({ name: this.download, type: file.type, bytes: [...new Uint8Array(bytes)] }));
    };
}); true";

/// An open page.
pub struct Page {
    tab: Arc<Tab>,
    /// Addresses that were asked for, and whatever was complained of.
    pub requests: Arc<Mutex<Vec<String>>>,
    pub complaints: Arc<Mutex<Vec<String>>>,
    _browser: Browser,
    _profile: TempDir,
}

/// Opens a file at a place of it; `None`, with a loud word, where there is no
/// Chromium.
pub fn open(file: &Path, hash: &str) -> Option<Page> {
    let page = launch(&[])?;
    page.visit(file, hash);
    Some(page)
}

/// A page that nothing is open in yet, of a browser with these arguments as well.
pub fn launch(more: &[&str]) -> Option<Page> {
    let chromium = ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .find_map(|name| in_path(name));
    let Some(chromium) = chromium else {
        skipped("no chromium in PATH, so that no page was opened in a real browser");
        return None;
    };
    let profile = TempDir::new().unwrap();
    let arguments = [
        "--disable-component-update",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        "--host-resolver-rules=MAP * ~NOTFOUND",
    ];
    let options = LaunchOptions {
        sandbox: false,
        path: Some(chromium),
        user_data_dir: Some(profile.path().to_owned()),
        window_size: Some((1400, 1000)),
        idle_browser_timeout: Duration::from_secs(600),
        args: arguments.iter().chain(more).map(OsStr::new).collect(),
        ..LaunchOptions::default()
    };
    let browser = Browser::new(options).unwrap();
    let tab = browser.new_tab().unwrap();
    tab.set_default_timeout(PATIENCE);
    let page = Page {
        tab,
        requests: Arc::default(),
        complaints: Arc::default(),
        _browser: browser,
        _profile: profile,
    };
    page.listen();
    Some(page)
}

pub fn in_path(name: &str) -> Option<std::path::PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let mut files = std::env::split_paths(&folders).map(|folder| folder.join(name));
    files.find(|file| file.is_file())
}

/// A place within an element from 0 to 1, scrolled into view, as an expression.
pub fn place_of(selector: &str, [right, down]: [f64; 2]) -> String {
    format!(
        "(() => {{ const element = document.querySelector({selector:?}); element.scrollIntoView({{ block: 'nearest' }}); const box = element.getBoundingClientRect(); return [box.x + box.width * {right}, box.y + box.height * {down}]; }})()"
    )
}

impl Page {
    /// Opens another file, and forgets what was asked for and complained of.
    pub fn visit(&self, file: &Path, hash: &str) {
        self.requests.lock().unwrap().clear();
        self.complaints.lock().unwrap().clear();
        // Never the page that is open with another hash alone.
        self.tab.navigate_to("about:blank").unwrap();
        self.tab
            .navigate_to(&format!("file://{}{hash}", file.display()))
            .unwrap();
        self.until(
            "document.documentElement?.dataset.ready === 'yes' && location.protocol === 'file:'",
        );
    }

    /// Opens a file that says no word when it is ready.
    pub fn load(&self, file: &Path) {
        self.requests.lock().unwrap().clear();
        self.complaints.lock().unwrap().clear();
        self.tab.navigate_to("about:blank").unwrap();
        self.tab
            .navigate_to(&format!("file://{}", file.display()))
            .unwrap();
        self.until("document.readyState === 'complete' && location.protocol === 'file:'");
    }

    /// What is seen now, as a PNG in base64.
    pub fn screenshot(&self) -> String {
        let answer = self.tab.call_method(Screenshot(json!({}))).unwrap();
        answer["data"].as_str().unwrap().to_owned()
    }

    /// Ends the browser, so that it writes down what it logs.
    pub fn close(&self) {
        // It may be gone before it answers.
        let _ = self.tab.call_method(Close(json!({})));
    }

    fn listen(&self) {
        self.tab.call_method(EnableNetwork(json!({}))).unwrap();
        self.tab.call_method(EnableLog(json!({}))).unwrap();
        self.tab.call_method(EnableRuntime(json!({}))).unwrap();
        let (requests, complaints) = (self.requests.clone(), self.complaints.clone());
        let listener = move |event: &Event| match event {
            Event::NetworkRequestWillBeSent(sent) => {
                requests
                    .lock()
                    .unwrap()
                    .push(sent.params.request.url.clone());
            }
            Event::LogEntryAdded(entry) => {
                complaints
                    .lock()
                    .unwrap()
                    .push(format!("{:?}", entry.params.entry));
            }
            Event::RuntimeConsoleAPICalled(call) => {
                complaints
                    .lock()
                    .unwrap()
                    .push(format!("{:?}", call.params.args));
            }
            Event::RuntimeExceptionThrown(thrown) => {
                let details = format!("{:?}", thrown.params.exception_details);
                complaints.lock().unwrap().push(details);
            }
            _ => {}
        };
        self.tab.add_event_listener(Arc::new(listener)).unwrap();
    }

    /// What an expression is, a promise waited for.
    pub fn value(&self, expression: &str) -> Value {
        let call = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true,
            "userGesture": true,
        });
        let mut answer = self.tab.call_method(Evaluate(call)).unwrap();
        assert!(
            answer.get("exceptionDetails").is_none(),
            "{expression}: {answer}"
        );
        answer["result"]["value"].take()
    }

    /// Whether an expression is true; on the way to another page nothing is.
    fn is_true(&self, expression: &str) -> bool {
        let call = json!({ "expression": expression, "returnByValue": true });
        let answer = self.tab.call_method(Evaluate(call));
        answer.is_ok_and(|answer| answer["result"]["value"] == true)
    }

    pub fn text(&self, expression: &str) -> String {
        match self.value(expression) {
            Value::String(text) => text,
            other => panic!("{expression}: expected a text, found {other}"),
        }
    }

    /// Waits until an expression is true.
    pub fn until(&self, expression: &str) {
        let start = Instant::now();
        while !self.is_true(expression) {
            assert!(start.elapsed() < PATIENCE, "never: {expression}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Lets the page draw what is due.
    pub fn settle(&self) {
        let two_frames = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(true), 0))))";
        self.value(two_frames);
    }

    /// Goes to another state of the page.
    pub fn go(&self, hash: &str) {
        self.value(&format!("location.hash = {hash:?}"));
        self.settle();
        self.settle();
    }

    fn mouse(&self, kind: &str, place: [f64; 2], modifiers: u32) {
        self.mouse_of_click(kind, place, modifiers, 1);
    }

    fn mouse_of_click(&self, kind: &str, [x, y]: [f64; 2], modifiers: u32, count: u32) {
        let pressed = u32::from(kind == "mousePressed");
        let call = json!({
            "type": kind, "x": x, "y": y, "modifiers": modifiers, "clickCount": count,
            "button": if kind == "mouseMoved" { "none" } else { "left" }, "buttons": pressed,
        });
        self.tab.call_method(Mouse(call)).unwrap();
    }

    /// The middle of an element, or a place within it from 0 to 1.
    pub fn place(&self, selector: &str, within: [f64; 2]) -> [f64; 2] {
        let place = self.value(&place_of(selector, within));
        [place[0].as_f64().unwrap(), place[1].as_f64().unwrap()]
    }

    pub fn hover(&self, place: [f64; 2]) {
        self.mouse("mouseMoved", place, 0);
        self.settle();
    }

    /// Clicks; 8 is Shift.
    pub fn click(&self, place: [f64; 2], modifiers: u32) {
        self.mouse("mouseMoved", place, modifiers);
        self.mouse("mousePressed", place, modifiers);
        self.mouse("mouseReleased", place, modifiers);
        self.settle();
    }

    pub fn double_click(&self, place: [f64; 2]) {
        self.mouse("mouseMoved", place, 0);
        for count in [1, 2] {
            self.mouse_of_click("mousePressed", place, 0, count);
            self.mouse_of_click("mouseReleased", place, 0, count);
        }
        self.settle();
    }

    /// Presses at one place and lets go at another.
    pub fn drag(&self, from: [f64; 2], to: [f64; 2]) {
        self.mouse("mousePressed", from, 0);
        self.mouse("mouseMoved", to, 0);
        self.mouse("mouseReleased", to, 0);
        self.settle();
    }

    pub fn wheel(&self, [x, y]: [f64; 2], down: f64) {
        let call = json!({ "type": "mouseWheel", "x": x, "y": y, "deltaX": 0, "deltaY": down });
        self.tab.call_method(Mouse(call)).unwrap();
        self.settle();
    }

    /// Two fingers that move apart or together about a place.
    pub fn pinch(&self, [x, y]: [f64; 2], apart: [f64; 2]) {
        let points =
            |distance: f64| json!([{ "x": x - distance, "y": y }, { "x": x + distance, "y": y }]);
        for (kind, points) in [
            ("touchStart", points(apart[0])),
            ("touchMove", points(apart[0] + 1.0)),
            ("touchMove", points(apart[1])),
            ("touchEnd", json!([])),
        ] {
            let call = json!({ "type": kind, "touchPoints": points });
            self.tab.call_method(Touch(call)).unwrap();
            self.settle();
        }
    }

    /// Presses a key by its name; 2 is Ctrl, 8 is Shift.
    pub fn press(&self, key: &str, modifiers: u32) {
        let code = match key {
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            "Home" => 36,
            "End" => 35,
            "Enter" => 13,
            "Escape" => 27,
            "Tab" => 9,
            other => other
                .bytes()
                .next()
                .map_or(0, |byte| u32::from(byte.to_ascii_uppercase())),
        };
        let text = match key {
            "Enter" => Some("\r"),
            key if key.len() == 1 && modifiers & 2 == 0 => Some(key),
            _ => None,
        };
        for kind in ["keyDown", "keyUp"] {
            let mut call = json!({
                "type": kind, "key": key, "code": key, "modifiers": modifiers,
                "windowsVirtualKeyCode": code,
            });
            if let Some(text) = text.filter(|_| kind == "keyDown") {
                call["text"] = json!(text);
            }
            self.tab.call_method(Key(call)).unwrap();
        }
        self.settle();
    }

    /// The file that a button hands over: name, type and bytes.
    pub fn saved(&self, kind: &str) -> (String, String, Vec<u8>) {
        self.value(CATCH);
        self.value(&format!("document.getElementById('save-{kind}').click()"));
        let file = self.value("window.caught");
        let text = |name: &str| file[name].as_str().unwrap().to_owned();
        let bytes = serde_json::from_value(file["bytes"].clone()).unwrap();
        (text("name"), text("type"), bytes)
    }

    /// What the reader's system wants, such as `prefers-color-scheme: dark`.
    pub fn prefer(&self, medium: &str, features: &[(&str, &str)]) {
        let features: Vec<Value> = features
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        let call = json!({ "media": medium, "features": features });
        self.tab.call_method(Media(call)).unwrap();
        self.settle();
    }

    pub fn resize(&self, [width, height]: [u32; 2]) {
        self.resize_as([width, height], width < 500);
    }

    /// Gives the window a size, as that of a phone or not.
    pub fn resize_as(&self, [width, height]: [u32; 2], is_phone: bool) {
        let call =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone });
        self.tab.call_method(Size(call)).unwrap();
        self.settle();
        self.settle();
    }
}
