//! What the targets share: a folder in memory, and small valid models to damage.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use pliant_nn::{AdapterKind, MaskedLanguageModel, Preset, TaskHead, TaskModel};

/// The fixtures of the hub's tests.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/hub/tests/golden");

/// A folder of this process.
pub struct Folder(PathBuf);

impl Folder {
    /// An empty folder, in memory where there is such a place.
    pub fn new(name: &str) -> Self {
        let memory = Path::new("/dev/shm");
        let base = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
        let path = base.join(format!("pliant-fuzz-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder can be made");
        Self(path)
    }

    /// A copy of a fixture, without its expected numbers.
    pub fn golden(name: &str) -> Self {
        let folder = Self::new(name);
        for entry in fs::read_dir(Path::new(GOLDEN).join(name)).expect("the fixtures are there") {
            let entry = entry.expect("the fixtures are readable");
            if entry.file_name() != "expected.safetensors" {
                fs::copy(entry.path(), folder.0.join(entry.file_name())).expect("the folder can be written");
            }
        }
        folder
    }

    /// A tiny task model of this program with an adapter beside it, in `adapter`.
    pub fn own() -> Self {
        let folder = Self::new("own");
        let rational = "rational".parse().expect("the activation is known");
        let mut config = Preset::Tiny.config(9, rational).expect("the preset is sound");
        (config.layers, config.hidden_size, config.intermediate_size, config.max_positions) = (1, 8, 8, 8);
        let mut model = TaskModel::new(&config, TaskHead::Regression, 1).expect("the configuration is sound");
        model.save(&folder.0).expect("the folder can be written");
        model.add_adapter(&AdapterKind::Lora { rank: 2, alpha: 4.0 }, 1).expect("the adapter fits");
        let trained: Vec<usize> = (0..model.parameters().len()).collect();
        model.save_adapter(&folder.0.join("adapter"), &trained).expect("the folder can be written");
        folder
    }

    /// A tiny masked-language model of this program.
    pub fn own_words() -> Self {
        let folder = Self::new("words");
        let gelu = "gelu".parse().expect("the activation is known");
        let mut config = Preset::Tiny.config(9, gelu).expect("the preset is sound");
        (config.layers, config.hidden_size, config.intermediate_size, config.max_positions) = (1, 8, 8, 8);
        MaskedLanguageModel::new(&config, 1)
            .and_then(|model| model.save(&folder.0))
            .expect("the folder can be written");
        folder
    }

    /// The path of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Writes a file.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("the folder can be written");
        path
    }
}

/// Brings a folder in; what is refused must have a message and a hint.
pub fn import(folder: &Folder) {
    static OPTIONS: LazyLock<pliant_hub::hugging_face::ImportOptions> = LazyLock::new(Default::default);
    if let Err(error) = pliant_hub::hugging_face::import(folder.folder(), &OPTIONS) {
        assert!(!error.to_string().is_empty());
        let _ = error.hint();
    }
}
