//! What makes a file last: it is written beside its place, brought to the disk
//! and only then renamed; then the folder that has its name is brought to the
//! disk, too. Whoever finds a file at its final name finds all of it, whatever
//! became of the machine.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::memory::DISK_THREADS;

/// So many files may wait for that, each of them open; then whoever writes
/// another one waits for its own.
const MAXIMUM_WAITING: usize = 64;

/// Brings files to the disk while others are drawn: it takes a hundred small
/// files longer than it takes to draw them, and nearly all of that is waiting.
/// Threads that wait for work like this sleep; those of a pool for computing
/// look around for a while first, and take that time from drawing.
#[derive(Debug)]
pub(super) struct DiskThreads {
    /// `None` where the system has no threads left.
    tasks: Option<Sender<Task>>,
    waiting: Arc<AtomicUsize>,
}

/// A file to be brought to the disk.
#[derive(Debug)]
struct Task {
    file: File,
    outcome: Sender<io::Result<()>>,
}

impl DiskThreads {
    pub(super) fn start() -> Self {
        let (sender, tasks) = mpsc::channel();
        let (tasks, waiting) = (Arc::new(Mutex::new(tasks)), Arc::default());
        let start = |_: &usize| {
            let (tasks, waiting) = (Arc::clone(&tasks), Arc::clone(&waiting));
            let thread = thread::Builder::new().name("disk".to_owned());
            thread.spawn(move || work(&tasks, &waiting)).is_ok()
        };
        let started = (0..DISK_THREADS).filter(start).count();
        Self {
            tasks: (started > 0).then_some(sender),
            waiting,
        }
    }

    fn begin(&self, file: File) -> io::Result<Option<Receiver<io::Result<()>>>> {
        let Some(tasks) = &self.tasks else {
            return sync(&file).map(|()| None);
        };
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= MAXIMUM_WAITING {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return sync(&file).map(|()| None);
        }
        let (outcome, receiver) = mpsc::channel();
        match tasks.send(Task { file, outcome }) {
            Ok(()) => Ok(Some(receiver)),
            Err(mpsc::SendError(task)) => sync(&task.file).map(|()| None),
        }
    }
}

/// What a thread does until nobody can give it anything any more.
fn work(tasks: &Mutex<Receiver<Task>>, waiting: &AtomicUsize) {
    loop {
        // What waits in line is whole whoever panicked.
        let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Task { file, outcome }) = task else {
            return;
        };
        let synced = sync(&file);
        drop(file);
        waiting.fetch_sub(1, Ordering::Relaxed);
        // Nobody waits for what is not kept.
        let _ = outcome.send(synced);
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
