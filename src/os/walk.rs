//! Which files lie in a project's folder, without what version control ignores and what package managers install.
//!
//! Only what lies in the folder itself decides: the same tree gives the same answer on every machine. A folder is
//! opened once and its list of what to ignore is read where it has one; a large tree is shared among threads.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::fs::{AtFlags, FileType, RawDir, statat};
use rustix::io::Errno;

use super::beneath::Beneath;
use super::ignores::{IGNORE_LIST, IGNORES, IgnoreList, NO_LIST};
use super::tree::Bounds;
use crate::model::{ReadError, Warning};

/// Folders that hold what was installed or built, or a tool's own notes; nothing in them tells what a project is.
pub(super) const NEVER_WALKED: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    ".wharf",
    "node_modules",
    "bower_components",
    "jspm_packages",
    "__pycache__",
    ".venv",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".gradle",
    ".idea",
    ".vs",
    ".next",
    ".nuxt",
    ".output",
    ".svelte-kit",
    ".turbo",
    ".nx",
    ".terraform",
    ".bundle",
    ".dart_tool",
    ".yarn",
    ".pnpm-store",
    "_build",
    ".stack-work",
    "dist-newstyle",
    ".parcel-cache",
    ".cache",
];

/// So many files are found by one thread before others are started: that takes longer than a small walk.
const SMALL: usize = 1_000;
/// So many bytes all lists of what to ignore of a walk may have together.
const ALL_LISTS: usize = 2 << 20;
/// What all their patterns may take to be tried once, and what all that is tried may take, in names that are compared.
const ALL_EFFORT: (usize, usize) = (40_000, 480_000_000);
/// What is said where that is too often.
const TRIED_ENOUGH: &str =
    "its lists of what to ignore take too long for so many files; the rest was looked at without";
/// Threads at most.
const THREADS: usize = 6;
/// Bytes of a folder's listing that are asked for at once.
const LISTING: usize = 32 << 10;

/// The files below a folder in order, and what had to be left out.
pub(super) fn walk(root: &Beneath, bounds: Bounds) -> (Vec<String>, Vec<Warning>) {
    let walk = Walk::new(root, bounds);
    let mut worker = Worker::new(&walk);
    worker.places.push(Place { path: String::new(), depth: 0, lists: None });
    // The project's own files come first: of a tree over the bound they tell the most.
    while walk.count.load(Ordering::Relaxed) <= SMALL && worker.look() {}
    let mut listed = worker.listed;
    if !worker.places.is_empty() {
        listed.append(&mut shared(&walk, worker.places));
    }
    (in_order(listed), walk.into_warnings())
}

/// The files of all folders, in order. Each folder's own entries are in order already.
fn in_order(listed: Vec<Listed>) -> Vec<String> {
    let mut files = Vec::with_capacity(listed.iter().map(|folder| folder.entries.len()).sum());
    let mut listed: HashMap<String, Vec<String>> =
        listed.into_iter().map(|folder| (folder.path, folder.entries)).collect();
    let mut open = Vec::from_iter(listed.remove("").map(Vec::into_iter));
    while let Some(entries) = open.last_mut() {
        match entries.next() {
            None => drop(open.pop()),
            Some(folder) if folder.ends_with('/') => open.extend(listed.remove(&folder).map(Vec::into_iter)),
            Some(file) => files.push(file),
        }
    }
    files
}

/// The folders at these places and below, looked at by several threads.
fn shared(walk: &Walk<'_>, places: Vec<Place>) -> Vec<Listed> {
    let threads = thread::available_parallelism().map_or(2, |cores| cores.get().min(THREADS));
    let queue = Queue::new(places, threads);
    let found = Mutex::new(Vec::new());
    let work = || {
        let mut worker = Worker::new(walk);
        while let Some(place) = queue.next() {
            worker.places.push(place);
            while worker.look() {
                queue.share(&mut worker.places);
            }
            worker.places.clear();
        }
        locked(&found).append(&mut worker.listed);
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Folders for those threads that have none of their own left.
struct Queue {
    state: Mutex<Waiting>,
    changed: Condvar,
    threads: usize,
    /// Threads that wait, to be asked without a lock.
    idle: AtomicUsize,
}

struct Waiting {
    places: Vec<Place>,
    threads: usize,
}

impl Queue {
    fn new(places: Vec<Place>, threads: usize) -> Self {
        let state = Mutex::new(Waiting { places, threads: 0 });
        Self { state, changed: Condvar::new(), threads, idle: AtomicUsize::new(0) }
    }

    /// A folder to look at; none once all were.
    fn next(&self) -> Option<Place> {
        let mut state = locked(&self.state);
        state.threads += 1;
        loop {
            if let Some(place) = state.places.pop() {
                state.threads -= 1;
                self.idle.store(state.threads, Ordering::Relaxed);
                return Some(place);
            }
            self.idle.store(state.threads, Ordering::Relaxed);
            if state.threads == self.threads {
                self.changed.notify_all();
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Gives half of a thread's folders to those that have none: those that were found first, and hold the most.
    fn share(&self, own: &mut Vec<Place>) {
        if own.len() > 1 && self.idle.load(Ordering::Relaxed) > 0 {
            locked(&self.state).places.extend(own.drain(..own.len() / 2));
            self.changed.notify_all();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A folder that is still to be looked at.
struct Place {
    /// Relative to the root, with a slash at its end; `""` is the root.
    path: String,
    depth: usize,
    lists: Option<Arc<Lists>>,
}

impl Place {
    fn at(&self, name: &str) -> String {
        let mut path = String::with_capacity(self.path.len() + name.len() + 1);
        path.push_str(&self.path);
        path.push_str(name);
        path
    }
}

/// A folder that was looked at.
struct Listed {
    /// As that of its place.
    path: String,
    /// The paths of its files and, with a slash at their end, of its folders; in order.
    entries: Vec<String>,
}

/// A folder's list of what to ignore, and those of the folders above.
struct Lists {
    own: IgnoreList,
    above: Option<Arc<Lists>>,
    /// The length of the folder's path, with its slash.
    within: usize,
    /// What it takes to try all of them, in names that are compared.
    effort: usize,
}

impl Lists {
    /// The nearest list that has a word on a path decides.
    fn leave_out(&self, path: &str, is_folder: bool) -> bool {
        let mut lists = Some(self);
        while let Some(list) = lists {
            if let Some(says) = list.own.says(&path[list.within..], is_folder) {
                return says;
            }
            lists = list.above.as_deref();
        }
        false
    }
}

/// What the threads of a walk share.
struct Walk<'a> {
    root: &'a Beneath,
    bounds: Bounds,
    count: AtomicUsize,
    /// Folders that were noted to be looked at.
    folders: AtomicUsize,
    warnings: Mutex<BTreeMap<String, String>>,
    /// Warnings over the bound.
    untold: AtomicUsize,
    /// Bytes of all lists of what to ignore.
    lists: AtomicUsize,
    /// Patterns in them that are tried one after the other.
    effort: AtomicUsize,
    /// How often such a pattern was tried.
    tried: AtomicUsize,
}

/// One thread's part of a walk.
struct Worker<'a> {
    walk: &'a Walk<'a>,
    listed: Vec<Listed>,
    places: Vec<Place>,
    buffer: Vec<u8>,
    /// The names in the folder that is looked at, one behind the other.
    names: Vec<u8>,
    /// Where each name ends, and what it names.
    entries: Vec<(usize, FileType)>,
}

impl<'a> Worker<'a> {
    fn new(walk: &'a Walk<'a>) -> Self {
        let (listed, places, names, entries) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { walk, listed, places, buffer: Vec::with_capacity(LISTING), names, entries }
    }

    /// Looks at the folder that was noted last and notes those below it. False once there is none, or enough.
    fn look(&mut self) -> bool {
        if self.walk.count.load(Ordering::Relaxed) > self.walk.bounds.files {
            return false;
        }
        let Some(mut place) = self.places.pop() else { return false };
        let listed = self.walk.root.folder(place.path.trim_end_matches('/')).and_then(|folder| self.list(folder));
        if let Err(error) = listed {
            self.walk.warn(place.path.trim_end_matches('/'), format!("cannot be read: {}", plain(&error)));
            return true;
        }
        let (names, entries) = (std::mem::take(&mut self.names), std::mem::take(&mut self.entries));
        let mut start = 0;
        let entry = |&(end, kind): &(usize, FileType)| (&names[std::mem::replace(&mut start, end)..end], kind);
        let mut entries_here: Vec<(&[u8], FileType)> = entries.iter().map(entry).collect();
        entries_here.sort_unstable_by_key(|(name, _)| *name);
        if let Ok(list) = entries_here.binary_search_by_key(&IGNORES.as_bytes(), |(name, _)| *name)
            && let Some(own) = self.walk.list_of(&place, entries_here[list].1)
        {
            let above = place.lists.take();
            let effort = own.effort + above.as_ref().map_or(0, |above| above.effort);
            place.lists = Some(Arc::new(Lists { own, above, within: place.path.len(), effort }));
        }
        let mut kept = Vec::with_capacity(entries_here.len());
        kept.extend(entries_here.into_iter().filter_map(|(name, kind)| self.visit(&place, name, kind)));
        self.walk.keep_room(&mut kept);
        self.listed.push(Listed { path: place.path, entries: kept });
        (self.names, self.entries) = (names, entries);
        true
    }

    /// Reads the names in a folder; those of folders get a slash, which gives them their place in the order.
    fn list(&mut self, folder: impl AsFd) -> io::Result<()> {
        self.names.clear();
        self.entries.clear();
        let spare: &mut [MaybeUninit<u8>] = self.buffer.spare_capacity_mut();
        let mut listing = RawDir::new(&folder, spare);
        while let Some(entry) = listing.next() {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let kind = match entry.file_type() {
                // Some file systems do not say it with the name.
                FileType::Unknown => match statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(data) => FileType::from_raw_mode(data.st_mode),
                    Err(_) => continue,
                },
                kind => kind,
            };
            self.names.extend_from_slice(name.to_bytes());
            if kind == FileType::Directory {
                self.names.push(b'/');
            }
            self.entries.push((self.names.len(), kind));
            if self.entries.len() > self.walk.bounds.files {
                break;
            }
        }
        Ok(())
    }

    /// The path of a file or a folder to keep; a folder is noted to be looked at.
    fn visit(&mut self, place: &Place, name: &[u8], kind: FileType) -> Option<String> {
        let walk = self.walk;
        let Ok(name) = std::str::from_utf8(name) else {
            let shown = place.at(String::from_utf8_lossy(name).trim_end_matches('/'));
            walk.warn(&shown, "its name is not UTF-8; it was left out".to_owned());
            return None;
        };
        let is_folder = kind == FileType::Directory;
        let bare = name.trim_end_matches('/');
        if is_folder && NEVER_WALKED.contains(&bare) {
            return None;
        }
        let path = place.at(name);
        let shown = path.trim_end_matches('/');
        if place.lists.as_ref().is_some_and(|lists| walk.may_try(lists.effort) && lists.leave_out(shown, is_folder)) {
            return None;
        }
        match kind {
            FileType::RegularFile => return Some(path),
            FileType::Symlink => return walk.links_to_a_file_inside(&path).then_some(path),
            FileType::Directory => {}
            _ => {
                walk.warn(&path, "is a pipe, a socket or a device; it was left out".to_owned());
                return None;
            }
        }
        let depth = place.depth + 1;
        if depth >= walk.bounds.depth {
            walk.warn(shown, format!("lies {depth} folders deep; nothing below it was read"));
            return None;
        }
        let most = walk.bounds.folders;
        if walk.folders.fetch_add(1, Ordering::Relaxed) >= most {
            walk.warn("", format!("holds more than {most} folders; what lies in the rest was not looked at"));
            return None;
        }
        self.places.push(Place { path: path.clone(), depth, lists: place.lists.clone() });
        Some(path)
    }
}

impl<'a> Walk<'a> {
    fn new(root: &'a Beneath, bounds: Bounds) -> Self {
        let zero = || AtomicUsize::new(0);
        let (count, folders, untold) = (zero(), zero(), zero());
        let (lists, effort, tried) = (zero(), zero(), zero());
        Self { root, bounds, count, folders, warnings: Mutex::default(), untold, lists, effort, tried }
    }

    /// Counts the files of a folder, and drops those for which there is no room.
    fn keep_room(&self, entries: &mut Vec<String>) {
        let is_file = |path: &String| !path.ends_with('/');
        let files = entries.iter().filter(|path| is_file(path)).count();
        let most = self.bounds.files;
        let mut room = most.saturating_sub(self.count.fetch_add(files, Ordering::Relaxed));
        if files <= room {
            return;
        }
        self.warn("", format!("holds more than {most} files; the rest was not looked at"));
        entries.retain(|path| {
            let kept = is_file(path) && room > 0;
            room -= usize::from(kept);
            kept
        });
    }

    /// Whether so many more patterns may be tried.
    fn may_try(&self, effort: usize) -> bool {
        if effort == 0 {
            return true;
        }
        let room = self.tried.fetch_add(effort, Ordering::Relaxed) <= ALL_EFFORT.1;
        if !room {
            self.warn("", TRIED_ENOUGH.to_owned());
        }
        room
    }

    /// What a folder's own list says.
    fn list_of(&self, place: &Place, kind: FileType) -> Option<IgnoreList> {
        let path = place.at(IGNORES);
        let without = |why: &str| {
            self.warn(&path, format!("{why}; nothing was left out for it"));
            None
        };
        match kind {
            FileType::RegularFile => {}
            FileType::Symlink => return without("is a link, which git does not follow here"),
            // It is told as what it is.
            _ => return None,
        }
        let text = match self.root.read(&path, IGNORE_LIST) {
            Ok(text) => text,
            Err(ReadError::Missing) => return None,
            Err(ReadError::TooLarge { .. }) => {
                self.warn(&path, NO_LIST.to_owned());
                return None;
            }
            Err(ReadError::Refused(why)) => return without(&format!("cannot be read: {why}")),
        };
        let list = IgnoreList::read(&text);
        let bytes = self.lists.fetch_add(text.len(), Ordering::Relaxed) + text.len();
        let effort = self.effort.fetch_add(list.effort, Ordering::Relaxed) + list.effort;
        if bytes > ALL_LISTS || effort > ALL_EFFORT.0 {
            self.warn(&path, NO_LIST.to_owned());
            return None;
        }
        Some(list)
    }

    fn links_to_a_file_inside(&self, link: &str) -> bool {
        let root = self.root.path();
        let place = root.join(link);
        match fs::canonicalize(&place) {
            Ok(real) if real.starts_with(root) => {
                if place.parent().is_some_and(|folder| folder.starts_with(&real)) {
                    self.warn(link, "links to a folder that it lies in; it was left out".to_owned());
                }
                real.is_file()
            }
            Ok(_) => {
                self.warn(link, "links out of the folder; it was left out".to_owned());
                false
            }
            Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
                self.warn(link, "links in a circle; it was left out".to_owned());
                false
            }
            // A link to nothing: there is nothing to read.
            Err(_) => false,
        }
    }

    fn warn(&self, path: &str, says: String) {
        let file = if path.is_empty() { "." } else { path };
        let mut warnings = locked(&self.warnings);
        if warnings.len() < self.bounds.warnings || file == "." {
            warnings.insert(file.to_owned(), says);
        } else {
            self.untold.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn into_warnings(self) -> Vec<Warning> {
        let warnings = self.warnings.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut warnings: Vec<_> = warnings.into_iter().map(|(file, says)| Warning { file, says }).collect();
        let more = self.untold.into_inner();
        if more > 0 {
            warnings.push(Warning { file: ".".to_owned(), says: format!("{more} more warnings are left out here") });
        }
        warnings
    }
}

/// An error of the system in its own words.
fn plain(error: &io::Error) -> String {
    error.raw_os_error().map_or_else(|| error.to_string(), |number| io::Error::from_raw_os_error(number).to_string())
}
