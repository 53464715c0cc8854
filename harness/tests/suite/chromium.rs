//! A headless Chromium, driven as a person would: over its debugging pipe (the protocol of its developer tools), with real clicks.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// How long the browser may take for anything.
const PATIENCE: Duration = Duration::from_mins(1);

const QUIET: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-pipe",
    "--window-size=1100,800",
];

/// A browser with one page.
pub(crate) struct Chromium {
    process: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    last_id: u64,
    session: String,
    /// What the page's console complained about.
    pub(crate) complaints: Vec<String>,
    _profile: tempfile::TempDir,
}

impl Chromium {
    /// `None`, and a word why, where there is no Chromium.
    pub(crate) fn start() -> Option<Chromium> {
        if let Err(error) = Command::new("chromium").arg("--version").output() {
            eprintln!("skipped: no chromium here ({error})");
            return None;
        }
        let profile = tempfile::tempdir().expect("a folder for the browser");
        // the pipe is its file descriptors 3 and 4
        let mut process = Command::new("sh")
            .args(["-c", "exec chromium \"$@\" 3<&0 4>&1 </dev/null >/dev/null", "sh"])
            .args(QUIET)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let input = process.stdin.take().expect("it is piped");
        let messages = heard(BufReader::new(process.stdout.take().expect("it is piped")));
        let (session, complaints) = (String::new(), Vec::new());
        let mut browser = Chromium { process, input, messages, last_id: 0, session, complaints, _profile: profile };
        browser.open_page();
        Some(browser)
    }

    fn open_page(&mut self) {
        let page = self.ask("Target.createTarget", &json!({ "url": "about:blank" }));
        let attached = self.ask("Target.attachToTarget", &json!({ "targetId": page["targetId"], "flatten": true }));
        attached["sessionId"].as_str().expect("a session").clone_into(&mut self.session);
        for domain in ["Page", "Runtime", "Log"] {
            self.ask(&format!("{domain}.enable"), &json!({}));
        }
        // no test waits for a smooth movement
        let still = json!({ "features": [{ "name": "prefers-reduced-motion", "value": "reduce" }] });
        self.ask("Emulation.setEmulatedMedia", &still);
    }

    /// Opens an address and waits until it is there.
    pub(crate) fn open(&mut self, url: &str) {
        let opened = self.ask("Page.navigate", &json!({ "url": url }));
        assert!(opened.get("errorText").is_none(), "{url}: {opened}");
        self.wait_for("Page.loadEventFired");
    }

    /// The value of an expression in the page.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.ask("Runtime.evaluate", &asked);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Whether an expression is true in the page.
    pub(crate) fn says(&mut self, expression: &str) -> bool {
        self.value(expression) == Value::Bool(true)
    }

    /// Clicks with the mouse on what a selector finds first, which must be seen there.
    pub(crate) fn click(&mut self, selector: &str) {
        let place = self.value(&format!(
            "(() => {{ const found = document.querySelector({selector:?});
                found.scrollIntoView({{ block: 'center', inline: 'center', behavior: 'instant' }});
                const box = found.getClientRects()[0];
                const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
                const hit = document.elementFromPoint(x, y);
                return [x, y, found.contains(hit) || hit.contains(found)]; }})()"
        ));
        assert_eq!(place[2], true, "{selector} is hidden or covered: {place}");
        for kind in ["mousePressed", "mouseReleased"] {
            let press = json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.ask("Input.dispatchMouseEvent", &press);
        }
    }

    /// Types into what a selector finds first.
    pub(crate) fn write(&mut self, selector: &str, text: &str) {
        self.click(selector);
        self.ask("Input.insertText", &json!({ "text": text }));
    }

    /// Whether the page's own scripts run from the next page on.
    pub(crate) fn without_scripts(&mut self, without: bool) {
        self.ask("Emulation.setScriptExecutionDisabled", &json!({ "value": without }));
    }

    /// Waits until an event came after the last answer.
    pub(crate) fn wait_for(&mut self, event: &str) {
        while self.hear()["method"] != event {}
    }

    /// Asks for something and returns the answer; what happens meanwhile is noted.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.last_id += 1;
        let mut message = json!({ "id": self.last_id, "method": method, "params": params });
        if !self.session.is_empty() {
            message["sessionId"] = self.session.as_str().into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.input.write_all(&bytes).expect("the browser listens");
        loop {
            let mut heard = self.hear();
            if heard["id"] == self.last_id {
                assert!(heard.get("error").is_none(), "{method}: {heard}");
                return heard["result"].take();
            }
        }
    }

    fn hear(&mut self) -> Value {
        let message = self.messages.recv_timeout(PATIENCE).expect("the browser answers in time");
        let is_complaint = match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => true,
            Some("Runtime.consoleAPICalled") => message["params"]["type"] == "error",
            Some("Log.entryAdded") => message["params"]["entry"]["level"] == "error",
            _ => false,
        };
        if is_complaint {
            self.complaints.push(message["params"].to_string());
        }
        message
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}

/// Its messages, each of which ends with a zero.
fn heard(mut output: impl BufRead + Send + 'static) -> Receiver<Value> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        while output.read_until(0, &mut bytes).is_ok_and(|count| count > 0) {
            bytes.pop();
            let message = serde_json::from_slice(&bytes).expect("a message is JSON");
            bytes.clear();
            if sender.send(message).is_err() {
                return;
            }
        }
    });
    receiver
}
