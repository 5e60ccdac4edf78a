//! Memory is known before it is taken: what would not fit is an error that says
//! how much it is, not the end of the process.
//!
//! Linux tells what is free, and what limits a process has; where the system
//! tells nothing, it is asked for the memory, which it may refuse.

use std::fs;

use thiserror::Error;

use crate::remedy::Remedy;

/// What is not worth asking for, in bytes.
const LITTLE: u64 = 64 << 20;

/// Of what is free, so much is taken without a doubt, in percent: other
/// processes want some of it, too.
const SAFE_PERCENT: u64 = 80;

/// So many files are brought to the disk side by side, each on a thread of its
/// own: a file system does many in hardly more time than one.
pub const DISK_THREADS: usize = 8;

/// What an input is going to take, in bytes by its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// Maps that are held: each takes all of `each_pair`.
    pub map_count: u64,
    /// Of each map and pair of tokens.
    pub each_pair: u64,
    /// Of each pair of tokens, however many maps there are.
    pub each_pair_once: u64,
    /// Of each token.
    pub each_token: u64,
}

/// It does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", self.in_words())]
pub struct MemoryError {
    /// Tokens of the input; `None` where it is no input.
    pub token_count: Option<usize>,
    /// Bytes that it takes.
    pub needed: u64,
    /// Bytes that there are, where the system tells.
    pub available: Option<u64>,
    /// The most tokens that would fit, where it is so many.
    pub longest: Option<usize>,
    /// Whether a single map of all tokens would fit.
    pub one_map_fits: bool,
}

impl MemoryError {
    fn in_words(&self) -> String {
        let what = match self.token_count {
            Some(count) => format!("attention and pictures of {count} tokens take"),
            None => "the numbers take".to_owned(),
        };
        let needed = in_bytes(self.needed);
        match self.available {
            Some(available) => {
                let available = in_bytes(available);
                format!("{what} about {needed} of memory, and {available} are free")
            }
            None => format!("{what} about {needed} of memory, which the system does not give"),
        }
    }

    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match (self.longest, self.one_map_fits) {
            (None, false) => Remedy::UseLessMemory,
            (longest, fewer_maps) => Remedy::FitMemory {
                longest,
                fewer_maps,
            },
        })
    }
}

/// A number of bytes for people.
fn in_bytes(count: u64) -> String {
    match count {
        0..1_000_000_000 => format!("{} MB", count.div_ceil(1_000_000)),
        _ => format!("{:.1} GB", count as f64 / 1e9),
    }
}

impl Demand {
    /// Bytes of an input of so many tokens.
    pub fn of(&self, token_count: usize) -> u64 {
        let tokens = token_count as u64;
        let each_pair = self.map_count.saturating_mul(self.each_pair);
        let each_pair = each_pair.saturating_add(self.each_pair_once);
        let pairs = tokens.saturating_mul(tokens).saturating_mul(each_pair);
        pairs.saturating_add(tokens.saturating_mul(self.each_token))
    }

    /// Whether inputs that are held together fit.
    ///
    /// # Errors
    /// When they do not; the remedy is one for the longest of them.
    pub fn check(&self, token_counts: impl Iterator<Item = usize>) -> Result<(), MemoryError> {
        let (mut needed, mut most) = (0_u64, 0);
        for count in token_counts {
            needed = needed.saturating_add(self.of(count));
            most = most.max(count);
        }
        match fits(needed) {
            Ok(()) => Ok(()),
            Err(available) => Err(self.error(most, needed, available)),
        }
    }

    fn error(&self, token_count: usize, needed: u64, available: Option<u64>) -> MemoryError {
        let safe = available.map(|available| available / 100 * SAFE_PERCENT);
        let is_safe = |needed: u64| safe.is_some_and(|safe| needed <= safe);
        // Ever longer ones take ever more.
        let (mut longest, mut too_long) = (0, token_count);
        while too_long - longest > 1 {
            let middle = longest + (too_long - longest) / 2;
            match is_safe(self.of(middle)) {
                true => longest = middle,
                false => too_long = middle,
            }
        }
        let one_map = Self {
            map_count: 1,
            ..*self
        };
        MemoryError {
            token_count: Some(token_count),
            needed,
            available,
            longest: (longest >= 8).then_some(longest),
            one_map_fits: self.map_count > 1 && is_safe(one_map.of(token_count)),
        }
    }

    /// Zeros in the place of what fits by all that is known.
    ///
    /// # Errors
    /// When the system does not give the memory.
    pub fn zeros(&self, length: usize, token_count: usize) -> Result<Vec<f32>, MemoryError> {
        // Room that is asked for and given back at once: so the system may
        // refuse it, and still hand out its own zeros afterwards.
        let is_given = Vec::<f32>::new().try_reserve_exact(length).is_ok();
        match is_given {
            true => Ok(vec![0.0; length]),
            false => Err(self.error(token_count, self.of(token_count), None)),
        }
    }
}

/// Whether so many bytes of numbers may be taken.
///
/// # Errors
/// When there is no room for them.
pub fn check(needed: u64) -> Result<(), MemoryError> {
    fits(needed).map_err(|available| MemoryError {
        token_count: None,
        needed,
        available,
        longest: None,
        one_map_fits: false,
    })
}

/// What there is instead, where the system tells, if it is less.
fn fits(needed: u64) -> Result<(), Option<u64>> {
    if needed <= LITTLE {
        return Ok(());
    }
    match available() {
        Some(available) if available < needed => Err(Some(available)),
        Some(_) => Ok(()),
        None => {
            let length = usize::try_from(needed).map_err(|_| None)?;
            let reserved = Vec::<u8>::new().try_reserve_exact(length);
            reserved.map_err(|_| None)
        }
    }
}

/// The bytes that this process may still take, `None` where the system does
/// not tell.
pub fn available() -> Option<u64> {
    let read = |path: &str| fs::read_to_string(path).ok();
    let free = kilobytes(&read("/proc/meminfo")?, "MemAvailable:");
    let limits = read("/proc/self/limits").unwrap_or_default();
    let status = read("/proc/self/status").unwrap_or_default();
    let used = kilobytes(&status, "VmSize:").unwrap_or(0);
    let limit = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max address space"))
        .and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok())
        .map(|limit| limit.saturating_sub(used).saturating_sub(of_threads()));
    [free, limit, of_group(&read)].into_iter().flatten().min()
}

/// The address space that threads take without using it: the system's allocator
/// sets so much aside for each that asks for memory.
fn of_threads() -> u64 {
    const EACH: u64 = 64 << 20;
    // Those that compute, and those that write files.
    let threads = rayon::current_num_threads() + DISK_THREADS;
    EACH.saturating_mul(threads as u64)
}

/// A line of a file of `/proc` that is in kilobytes.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let number: u64 = line.split_whitespace().next()?.parse().ok()?;
    number.checked_mul(1024)
}

/// What the process's control groups leave, as in containers.
fn of_group(read: &impl Fn(&str) -> Option<String>) -> Option<u64> {
    let groups = read("/proc/self/cgroup")?;
    let places = groups.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        match controllers {
            "" => Some(("/sys/fs/cgroup", path, "memory.max", "memory.current", "")),
            _ if controllers.split(',').any(|name| name == "memory") => Some((
                "/sys/fs/cgroup/memory",
                path,
                "memory.limit_in_bytes",
                "memory.usage_in_bytes",
                "total_",
            )),
            _ => None,
        }
    });
    let left = places.flat_map(|(root, path, limit, usage, prefix)| {
        // Each group above limits it, too; within a container the root alone is
        // there.
        let above = std::path::Path::new(path).ancestors();
        above.filter_map(move |group| {
            let group = format!("{root}{}", group.display());
            let number = |name: &str| -> Option<u64> {
                read(&format!("{group}/{name}"))?.trim().parse().ok()
            };
            let (limit, usage) = (number(limit)?, number(usage)?);
            // Cached files make way.
            let stat = read(&format!("{group}/memory.stat")).unwrap_or_default();
            let cached = format!("{prefix}inactive_file ");
            let cached = stat.lines().find_map(|line| line.strip_prefix(&cached));
            let cached = cached.and_then(|count| count.parse().ok()).unwrap_or(0);
            Some(limit.saturating_sub(usage.saturating_sub(cached)))
        })
    });
    left.min()
}
