//! Looks packages up: in what is kept, at the database where that is allowed, in the archives.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use sha2::{Digest, Sha256};

use super::super::Inner;
use super::super::error::EngineError;
use super::report::Known;
use crate::advisories::{Advisory, Answer, BATCH, Package};
use crate::model::{AdvisoryArchive, Problem, ProblemCode};
use crate::os::clock;
use crate::store::CacheKind;

/// Answers are given again for so long.
const KEPT: Duration = CacheKind::Advisories.lifetime();
/// Questions about single advisories that are under way at once.
const AT_ONCE: usize = 8;
/// The most advisories whose records are asked for at once; of further ones only the names are known.
const RECORDS: usize = 1000;

/// What came of asking for one record.
enum Fetched {
    Record(Advisory),
    Failed(Problem),
    NotAllowed,
}

impl Inner {
    /// What is known of packages. `fresh` asks even where an answer is kept; that is still given where asking fails.
    pub(super) async fn look_up(&self, packages: Vec<Package>, fresh: bool) -> Result<Known, EngineError> {
        let _asking = self.advisor.asking.lock().await;
        let mut known = Known { allowed: self.advisory_consent().await?.is_some(), ..Known::default() };
        for chunk in packages.chunks(BATCH) {
            self.ask(chunk, fresh, &mut known).await?;
        }
        self.fetch_records(fresh, &mut known).await?;
        let open = packages.into_iter().filter(|package| !known.is_answered(package)).collect();
        self.look_into_archive(open, &mut known).await?;
        Ok(known)
    }

    /// What the archives have on packages that the database gave no whole answer about.
    async fn look_into_archive(&self, packages: Vec<Package>, known: &mut Known) -> Result<(), EngineError> {
        if packages.is_empty() {
            return Ok(());
        }
        let looked = self.with_archive(move |archive| {
            let found = archive.look_up(&packages)?;
            Ok((archive.contents()?, packages.into_iter().zip(found).collect::<BTreeMap<_, _>>()))
        });
        match looked.await? {
            Ok((archives, found)) => {
                let is_of = |archive: &AdvisoryArchive| found.keys().any(|one| one.ecosystem == archive.ecosystem);
                known.archives = archives.into_iter().filter(is_of).collect();
                known.archived = found;
            }
            Err(error) => known.failed(error.into()),
        }
        Ok(())
    }

    /// The advisories of packages: as kept for the same packages, or as the database answers.
    async fn ask(&self, packages: &[Package], fresh: bool, known: &mut Known) -> Result<(), EngineError> {
        let name = name_of(&self.advisor.options.address, packages);
        let now = clock::now();
        let kept = self.store.cache_get::<Vec<Answer>>(CacheKind::Advisories, &name, now).await?;
        let may_ask = self.advisory_consent().await?.is_some();
        let (answers, at) = match kept {
            Some(kept) if !(fresh && may_ask) => kept,
            _ if !may_ask => return Ok(()),
            kept => {
                let (answers, problem) = match self.advisor.osv().await {
                    Ok(osv) => osv.query(packages).await,
                    Err(problem) => (vec![Answer::default(); packages.len()], Some(problem)),
                };
                match (problem, kept) {
                    (None, _) => {
                        self.store.cache_put(CacheKind::Advisories, &name, &answers, now, KEPT).await?;
                        (answers, now)
                    }
                    (Some(problem), kept) => {
                        known.failed(problem);
                        kept.unwrap_or((answers, now))
                    }
                }
            }
        };
        if answers.iter().any(|answer| answer.whole) {
            known.answered_at = Some(known.answered_at.map_or(at, |before| before.min(at)));
        }
        known.answers.extend(packages.iter().cloned().zip(answers));
        Ok(())
    }

    /// What the database says of each advisory.
    async fn fetch_records(&self, fresh: bool, known: &mut Known) -> Result<(), EngineError> {
        let ids: BTreeSet<String> = known.answers.values().flat_map(|answer| &answer.ids).cloned().collect();
        if ids.len() > RECORDS {
            let why = format!("there are {}, and at most {RECORDS} are asked for at once", ids.len());
            known.failed(few_records().why(why));
        }
        let fetched = stream::iter(ids.into_iter().take(RECORDS)).map(|id| async move {
            let record = self.record(&id, fresh).await;
            (id, record)
        });
        let fetched: Vec<_> = fetched.buffer_unordered(AT_ONCE).collect().await;
        for (id, record) in fetched {
            match record? {
                Fetched::Record(advisory) => drop(known.records.insert(id, advisory)),
                Fetched::Failed(problem) => known.failed(problem),
                Fetched::NotAllowed => {}
            }
        }
        Ok(())
    }

    async fn record(&self, id: &str, fresh: bool) -> Result<Fetched, EngineError> {
        let name = format!("{} {id}", self.advisor.options.address);
        let may_ask = self.advisory_consent().await?.is_some();
        let kept = self.store.cache_get::<Advisory>(CacheKind::Advisory, &name, clock::now()).await?;
        match kept {
            Some((advisory, _)) if !(fresh && may_ask) => return Ok(Fetched::Record(advisory)),
            _ if !may_ask => return Ok(Fetched::NotAllowed),
            _ => {}
        }
        let fetched = match self.advisor.osv().await {
            Ok(osv) => osv.record(id).await,
            Err(problem) => Err(problem),
        };
        match fetched {
            Ok(advisory) => {
                self.store.cache_put(CacheKind::Advisory, &name, &advisory, clock::now(), KEPT).await?;
                Ok(Fetched::Record(advisory))
            }
            Err(problem) => Ok(kept.map_or(Fetched::Failed(problem), |(advisory, _)| Fetched::Record(advisory))),
        }
    }
}

fn few_records() -> Problem {
    Problem::new(ProblemCode::Failed, "too-many-advisories", "not every advisory could be read")
        .fix("update the dependencies with many of them first, or look at one app with --app")
}

/// The name under which an answer about packages is kept.
fn name_of(address: &str, packages: &[Package]) -> String {
    let mut digest = Sha256::new();
    for text in packages.iter().flat_map(|package| [&package.ecosystem, &package.name, &package.version]) {
        digest.update(text);
        digest.update([0]);
    }
    format!("{address} {:x}", digest.finalize())
}
