//! The queue of work, and what is left of work that is over.

use super::db::{Db, Order, Pair, Writes, readable};
use super::keys::{Key, text};
use super::record::Record;
use super::{Store, StoreError};
use crate::model::{Job, JobId};

/// How many jobs that are over are kept.
pub const JOBS_KEPT: u64 = 1000;

impl Record for Job {
    const WHAT: &'static str = "job";
}

fn table() -> Key {
    Key::of("job")
}

fn record(id: &JobId) -> Key {
    table().last(id.as_str())
}

/// Those that are not over.
fn unfinished() -> Key {
    Key::of("job-unfinished")
}

/// Those that are over.
fn over() -> Key {
    Key::of("job-over")
}

impl Store {
    /// Adds a job, or changes one. Of those that are over the oldest go when there are more than [`JOBS_KEPT`].
    pub async fn put_job(&self, job: &Job) -> Result<(), StoreError> {
        let job = job.clone();
        self.run(move |db| put(db, &job)).await
    }

    /// The job, if it is still kept.
    pub async fn job(&self, id: &JobId) -> Result<Option<Job>, StoreError> {
        let id = id.clone();
        self.run(move |db| db.get(&record(&id))).await
    }

    /// The jobs that are not over, oldest first.
    pub async fn unfinished_jobs(&self) -> Result<Vec<Job>, StoreError> {
        self.run(|db| db.scan(&unfinished(), Order::Up).filter_map(|row| load(db, row)).collect()).await
    }

    /// The last `limit` jobs, over or not, newest first.
    pub async fn recent_jobs(&self, limit: usize) -> Result<Vec<Job>, StoreError> {
        self.run(move |db| db.records(&table(), None, Order::Down).take(limit).collect()).await
    }
}

fn load(db: &Db, row: Result<Pair, StoreError>) -> Option<Result<Job, StoreError>> {
    let read = row.and_then(|row| db.get(&record(&JobId::from(text(row.rest()).as_str()))));
    readable(read)?.transpose()
}

fn put(db: &Db, job: &Job) -> Result<(), StoreError> {
    let id = job.id.as_str();
    let was_over = db.has(&over().last(id))?;
    let mut writes = Writes::default();
    writes.put(&record(&job.id), job)?;
    match (job.state.is_over(), was_over) {
        (true, false) => {
            writes.remove(&unfinished().last(id));
            writes.put_raw(&over().last(id), &[]);
            writes.count("jobs-over", 1);
            trim(db, &mut writes, id)?;
        }
        (false, true) => {
            writes.remove(&over().last(id));
            writes.put_raw(&unfinished().last(id), &[]);
            writes.count("jobs-over", -1);
        }
        (false, false) => writes.put_raw(&unfinished().last(id), &[]),
        (true, true) => {}
    }
    db.apply(writes)
}

/// Makes room for one more that is over.
fn trim(db: &Db, writes: &mut Writes, but: &str) -> Result<(), StoreError> {
    let surplus = (db.counted("jobs-over")? + 1).saturating_sub(JOBS_KEPT);
    let oldest = db.scan(&over(), Order::Up).take(usize::try_from(surplus).unwrap_or(usize::MAX));
    for row in oldest {
        let id = text(row?.rest());
        if id != but {
            writes.remove(&over().last(&id));
            writes.remove(&table().last(&id));
            writes.count("jobs-over", -1);
        }
    }
    Ok(())
}
