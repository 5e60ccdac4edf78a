//! What makes a file last: it is written beside its place, brought to the disk
//! and only then renamed; then the folder that has its name is brought to the
//! disk, too. Whoever finds a file at its final name finds all of it, whatever
//! became of the machine.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};

/// So many files are brought to the disk side by side: a file system does many
/// in hardly more time than one.
const THREADS: usize = 8;

/// So many files may wait for that, each of them open; then whoever writes
/// another one waits for its own.
const MAXIMUM_WAITING: usize = 64;

/// Brings files to the disk while others are drawn: it takes a hundred small
/// files longer than it takes to draw them, and nearly all of that is waiting.
#[derive(Debug)]
pub(super) struct DiskThreads {
    /// `None` where the system has no threads left.
    threads: Option<rayon::ThreadPool>,
    waiting: Arc<AtomicUsize>,
}

impl DiskThreads {
    pub(super) fn start() -> Self {
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(THREADS)
            .thread_name(|_| "disk".to_owned())
            .build();
        Self {
            threads: threads.ok(),
            waiting: Arc::default(),
        }
    }

    fn begin(&self, file: File) -> io::Result<Option<Receiver<io::Result<()>>>> {
        let Some(threads) = &self.threads else {
            return sync(&file).map(|()| None);
        };
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= MAXIMUM_WAITING {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return sync(&file).map(|()| None);
        }
        let waiting = Arc::clone(&self.waiting);
        let (sender, receiver) = mpsc::channel();
        threads.spawn(move || {
            let outcome = sync(&file);
            drop(file);
            waiting.fetch_sub(1, Ordering::Relaxed);
            // Nobody waits for what is not kept.
            let _ = sender.send(outcome);
        });
        Ok(Some(receiver))
    }
}

/// Files and folders on their way to the disk.
#[derive(Debug)]
pub(super) struct OnTheWay {
    disk: Arc<DiskThreads>,
    receivers: Mutex<Vec<Receiver<io::Result<()>>>>,
}

impl OnTheWay {
    pub(super) fn new(disk: Arc<DiskThreads>) -> Self {
        let receivers = Mutex::default();
        Self { disk, receivers }
    }

    /// Begins to bring a file to the disk that is completely written.
    pub(super) fn file(&self, file: File) -> io::Result<()> {
        if let Some(receiver) = self.disk.begin(file)? {
            self.receivers().push(receiver);
        }
        Ok(())
    }

    /// The same for the names in a folder.
    #[cfg(unix)]
    pub(super) fn folder(&self, path: &Path) -> io::Result<()> {
        self.file(File::open(path)?)
    }

    #[cfg(not(unix))]
    pub(super) fn folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    /// Waits until all of it is there.
    pub(super) fn wait(&self) -> io::Result<()> {
        let receivers = std::mem::take(&mut *self.receivers());
        let lost = || Err(io::Error::other("it could not be brought to the disk"));
        let outcomes = receivers.into_iter();
        let outcomes = outcomes.map(|receiver| receiver.recv().unwrap_or_else(|_| lost()));
        // All of them, also after an error: nothing of it is open then.
        let outcomes: Vec<io::Result<()>> = outcomes.collect();
        outcomes.into_iter().collect()
    }

    fn receivers(&self) -> std::sync::MutexGuard<'_, Vec<Receiver<io::Result<()>>>> {
        // A list is whole whoever panicked.
        self.receivers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Brings a file or a folder's names to the disk.
pub(super) fn sync(file: &File) -> io::Result<()> {
    match file.sync_all() {
        // Pipes, devices and some file systems know no such thing.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        outcome => outcome,
    }
}

/// Brings the names in a folder to the disk.
#[cfg(unix)]
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let path = match path.as_os_str().is_empty() {
        true => Path::new("."),
        false => path,
    };
    sync(&File::open(path)?)
}

/// Windows keeps names itself.
#[cfg(not(unix))]
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Brings the name of a file or folder to the disk.
pub(super) fn sync_name(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), sync_folder)
}

/// Writes a file under another name and renames it when it is whole and on the
/// disk. What was left at that name goes, also where this fails.
pub(super) fn put<T>(
    unfinished: &Path,
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<T>,
) -> io::Result<T> {
    let write = || {
        remove_if_there(unfinished)?;
        let mut writer = BufWriter::new(File::create_new(unfinished)?);
        let result = content(&mut writer)?;
        sync(&writer.into_inner()?)?;
        fs::rename(unfinished, path)?;
        sync_name(path)?;
        Ok(result)
    };
    let outcome = write();
    if outcome.is_err() {
        let _ = fs::remove_file(unfinished);
    }
    outcome
}

/// Removes a file that need not be there.
pub(super) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
