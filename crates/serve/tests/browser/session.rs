//! A server, a browser looking at it, and a run that is being written.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use pliant_serve::{until, watch::Server};
use serde_json::json;

/// Longest wait for the page to show something.
const PATIENCE: Duration = Duration::from_secs(15);

/// Ends its process with the test, however that ends.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Driver {
    /// Starts chromedriver on a free port.
    fn start() -> (Self, u16) {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("install chromium and chromium-driver");
        let output = BufReader::new(child.stdout.take().unwrap());
        let driver = Self(child);
        let port = output.lines().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        (driver, port.expect("chromedriver says its port"))
    }
}

/// The page in the browser.
pub(crate) struct Session {
    client: Client,
}

impl Session {
    /// Serves `root`, opens the page, and carries out `test`.
    pub(crate) fn with(root: PathBuf, test: impl AsyncFnOnce(&Session)) {
        let server = Server::bind(vec![root], "127.0.0.1", 0).unwrap();
        let url = server.url();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let serving =
            std::thread::spawn(move || server.run(until(move || stopped.load(Ordering::Relaxed))));
        let (driver, port) = Driver::start();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let capabilities = json!({"goog:chromeOptions": {"args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1200,900"]}});
            let client = ClientBuilder::new(HttpConnector::new())
                .capabilities(capabilities.as_object().unwrap().clone())
                .connect(&format!("http://127.0.0.1:{port}"))
                .await
                .unwrap();
            client.goto(&url).await.unwrap();
            let session = Self { client };
            test(&session).await;
            session.client.close().await.unwrap();
        });
        drop(driver);
        stop.store(true, Ordering::Relaxed);
        serving.join().unwrap().unwrap();
    }

    async fn evaluate(&self, expression: &str) -> serde_json::Value {
        let script =
            format!("try {{ return {expression}; }} catch (error) {{ return String(error); }}");
        self.client.execute(&script, Vec::new()).await.unwrap()
    }

    /// Waits until the expression is true.
    pub(crate) async fn wait(&self, what: &str, expression: &str) {
        let begin = Instant::now();
        loop {
            let value = self.evaluate(expression).await;
            if value == true {
                return;
            }
            if begin.elapsed() > PATIENCE {
                let page = self.evaluate("document.body.innerText").await;
                panic!("{what}: never seen; last {value}; the page says\n{page}");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The text that the expression gives.
    pub(crate) async fn text(&self, expression: &str) -> String {
        self.evaluate(expression).await.as_str().unwrap().to_owned()
    }

    /// Presses keys in an element.
    pub(crate) async fn keys(&self, selector: &str, keys: &str) {
        self.client
            .find(Locator::Css(selector))
            .await
            .unwrap()
            .send_keys(keys)
            .await
            .unwrap();
    }

    /// Changes the size of the window.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        self.client.set_window_size(width, height).await.unwrap();
    }
}

/// A run as a training process would write it.
pub(crate) struct Recording {
    path: PathBuf,
    file: File,
}

impl Recording {
    pub(crate) fn begin(run: &Path) -> Self {
        fs::create_dir_all(run).unwrap();
        let path = run.join("metrics.jsonl");
        let file = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .unwrap();
        let mut this = Self { path, file };
        this.line(&json!({"event": "started", "step": 0, "steps": 100, "activation": "rational", "elapsed_seconds": 0.0, "groups": [{"name": "weights"}]}));
        this.validation(0);
        this
    }

    pub(crate) fn raw(&mut self, text: &str) {
        self.file.write_all(text.as_bytes()).unwrap();
    }

    fn line(&mut self, event: &serde_json::Value) {
        self.raw(&format!("{event}\n"));
    }

    fn validation(&mut self, step: u64) {
        let slope = 1.0 + step as f64 / 50.0;
        self.line(&json!({"event": "validation", "step": step, "loss": 9.0 - step as f64 / 20.0, "coefficients": [{"site": "layer.0", "tensors": [
            {"name": "numerator", "shape": [1, 6], "values": [0.0, slope, 0.3, 0.0, 0.0, 0.0]},
            {"name": "denominator", "shape": [1, 4], "values": [0.1, 0.0, 0.0, 0.0]}]}]}));
    }

    /// Steps, with a validation at every twentieth.
    pub(crate) fn steps(&mut self, steps: RangeInclusive<u64>) {
        for step in steps {
            self.line(&json!({"event": "step", "step": step, "loss": 9.0 - step as f64 / 20.0, "learning_rates": [0.001], "gradient_norm": 1.0,
                "activation_gradient_norm": 0.1, "tokens": 4096, "masked_tokens": 600, "milliseconds": 100.0, "elapsed_seconds": step as f64 / 10.0}));
            if step % 20 == 0 {
                self.validation(step);
            }
        }
    }

    /// Cuts the record behind a step, as a resumed run does.
    pub(crate) fn cut_back(&mut self, step: u64) {
        let text = fs::read_to_string(&self.path).unwrap();
        let of =
            |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["step"].as_u64();
        let keep: usize = text
            .split_inclusive('\n')
            .take_while(|line| of(line).is_none_or(|of| of <= step))
            .map(str::len)
            .sum();
        self.file.set_len(keep as u64).unwrap();
    }
}
