//! Known vulnerabilities in what a project's apps depend on.
//!
//! *Architecture invariant:* before anything is sent to the database, the consent is read: one that was given for its
//! very address, and not taken back since.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, OnceCell};

use super::error::EngineError;
use super::projects::{blocking, select_apps};
use super::{Engine, Inner};
use crate::advisories::{self, Advisory, Answer, Archive, ArchiveError, BATCH, Osv, Package};
use crate::detect::Registry;
use crate::model::{
    AdvisoryArchive, AdvisoryImport, AdvisorySources, AppProfile, AppVulnerabilities, Consent, Dependency, EventKind,
    NotScanned, NotScannedReason, Problem, ProblemCode, ProjectId, Timestamp, VulnerabilityReport,
};
use crate::os::clock;
use crate::store::CacheKind;

/// Answers are given again for so long.
const KEPT: Duration = CacheKind::Advisories.lifetime();
/// Questions about single advisories that are under way at once.
const AT_ONCE: usize = 8;
/// The most advisories whose records are asked for at once; of further ones only the names are known.
const RECORDS: usize = 1000;

/// Where advisories come from.
#[derive(Clone, Debug)]
pub struct AdvisoryOptions {
    /// The address of the database.
    pub address: String,
    /// How long each question to it may take.
    pub timeout: Duration,
}

impl Default for AdvisoryOptions {
    fn default() -> Self {
        Self { address: advisories::DEFAULT_ADDRESS.to_owned(), timeout: Duration::from_secs(30) }
    }
}

/// Where the engine gets advisories from.
#[derive(Debug)]
pub(super) struct Advisor {
    options: AdvisoryOptions,
    /// Made with the first question: it reads the machine's certificates.
    osv: OnceCell<Osv>,
    archive: Arc<Archive>,
    /// Held while the database is asked, so that who wants to know the same meanwhile finds the answer kept.
    asking: Mutex<()>,
}

impl Advisor {
    pub(super) fn new(options: AdvisoryOptions, folder: PathBuf) -> Self {
        let archive = Arc::new(Archive::new(folder));
        Self { options, osv: OnceCell::new(), archive, asking: Mutex::default() }
    }

    async fn osv(&self) -> Result<&Osv, Problem> {
        self.osv.get_or_try_init(async || Osv::new(&self.options.address, self.options.timeout)).await
    }
}

/// What is known of packages.
#[derive(Debug, Default)]
struct Known {
    /// The names of the advisories of those that the database was asked about.
    answers: BTreeMap<Package, Answer>,
    /// The advisories by their names; one whose record could not be had is missing.
    records: BTreeMap<String, Advisory>,
    /// What the archives have on the others.
    archived: BTreeMap<Package, Vec<Advisory>>,
    /// The archives that were looked into.
    archives: Vec<AdvisoryArchive>,
    answered_at: Option<Timestamp>,
    /// Whether the database was asked or would have been.
    allowed: bool,
    problems: Vec<Problem>,
}

impl Engine {
    /// The known vulnerabilities of a project's dependencies, or of one app's. `fresh` asks even where an answer is
    /// kept.
    pub async fn vulnerabilities(
        &self,
        id: &ProjectId,
        app: Option<&str>,
        fresh: bool,
    ) -> Result<VulnerabilityReport, Problem> {
        let engine = &self.0;
        let project = engine.project(id).await?;
        let (detection, _) = engine.examine(&project, false).await?;
        let apps: Vec<&AppProfile> = match app {
            Some(_) => select_apps(&project, &detection, app)?,
            None => detection.apps.iter().collect(),
        };
        let sorted: Vec<Sorted<'_>> = apps.into_iter().map(Sorted::new).collect();
        let packages: BTreeSet<&Package> = sorted.iter().flat_map(Sorted::packages).collect();
        let known = engine.look_up(packages.into_iter().cloned().collect(), fresh).await?;
        Ok(VulnerabilityReport {
            project: project.id,
            apps: sorted.iter().map(|one| one.judged(&known)).collect(),
            answered_at: known.answered_at,
            archives: known.archives,
            sources: engine.sources_of_advisories().await?,
            problems: known.problems,
        })
    }

    /// Where advisories come from.
    pub async fn advisory_sources(&self) -> Result<AdvisorySources, Problem> {
        Ok(self.0.sources_of_advisories().await?)
    }

    /// Allows to send the names and versions of dependencies to the database, or takes that back.
    pub async fn allow_advisories(&self, allow: bool, by: &str) -> Result<AdvisorySources, Problem> {
        let engine = &self.0;
        let address = engine.advisor.options.address.clone();
        let consent = allow.then(|| Consent { address, by: by.to_owned(), at: clock::now() });
        engine.store.set_advisory_consent(consent).await?;
        tracing::info!(allow, by, "asking for advisories");
        engine.tell(EventKind::Advisories);
        Ok(engine.sources_of_advisories().await?)
    }

    /// Takes in a file of advisories. It goes on where the client that asked for it goes away.
    pub async fn import_advisories(&self, path: PathBuf, by: &str) -> Result<AdvisoryImport, Problem> {
        let engine = &self.0;
        let archive = Arc::clone(&engine.advisor.archive);
        let file = path.display().to_string();
        let import = blocking(move || archive.import(&path, clock::now())).await?.map_err(EngineError::from)?;
        tracing::info!(file, imported = import.imported, skipped = import.skipped, by, "advisories imported");
        engine.tell(EventKind::Advisories);
        Ok(import)
    }
}

impl Inner {
    async fn sources_of_advisories(&self) -> Result<AdvisorySources, EngineError> {
        let address = self.advisor.options.address.clone();
        // One that is damaged is told of where it would be looked into.
        let archives = self.with_archive(Archive::contents).await?.unwrap_or_default();
        Ok(AdvisorySources { address, allowed: self.advisory_consent().await?, archives })
    }

    /// The consent, where it was given for the address that would be asked.
    async fn advisory_consent(&self) -> Result<Option<Consent>, EngineError> {
        let consent = self.store.advisory_consent().await?;
        Ok(consent.filter(|consent| consent.address == self.advisor.options.address))
    }

    async fn look_up(&self, packages: Vec<Package>, fresh: bool) -> Result<Known, EngineError> {
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

    async fn with_archive<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Archive) -> Result<T, ArchiveError> + Send + 'static,
    ) -> Result<Result<T, ArchiveError>, EngineError> {
        let archive = Arc::clone(&self.advisor.archive);
        blocking(move || work(&archive)).await
    }

    /// The advisories of packages: as kept for the same packages, or as the database answers.
    async fn ask(&self, packages: &[Package], fresh: bool, known: &mut Known) -> Result<(), EngineError> {
        let name = name_of(&self.advisor.options.address, packages);
        let now = clock::now();
        let kept = self.store.cache_get::<Vec<Answer>>(CacheKind::Advisories, &name, now).await?;
        let may_ask = self.advisory_consent().await?.is_some();
        let (answers, at) = match kept {
            Some((answers, at)) if !(fresh && may_ask) => (answers, at),
            _ if may_ask => {
                let osv = match self.advisor.osv().await {
                    Ok(osv) => osv,
                    Err(problem) => {
                        known.failed(problem);
                        return Ok(());
                    }
                };
                let (answers, problem) = osv.query(packages).await;
                match problem {
                    Some(problem) => known.failed(problem),
                    None => self.store.cache_put(CacheKind::Advisories, &name, &answers, now, KEPT).await?,
                }
                (answers, now)
            }
            _ => return Ok(()),
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
                Ok(advisory) => drop(known.records.insert(id, advisory)),
                Err(Some(problem)) => known.failed(problem),
                Err(None) => {}
            }
        }
        Ok(())
    }

    /// One record; the inner error is why it could not be had, none where nobody may ask.
    async fn record(&self, id: &str, fresh: bool) -> Result<Result<Advisory, Option<Problem>>, EngineError> {
        let name = format!("{} {id}", self.advisor.options.address);
        let may_ask = self.advisory_consent().await?.is_some();
        if !(fresh && may_ask)
            && let Some((advisory, _)) =
                self.store.cache_get::<Advisory>(CacheKind::Advisory, &name, clock::now()).await?
        {
            return Ok(Ok(advisory));
        }
        if !may_ask {
            return Ok(Err(None));
        }
        let fetched = match self.advisor.osv().await {
            Ok(osv) => osv.record(id).await,
            Err(problem) => Err(problem),
        };
        match fetched {
            Ok(advisory) => {
                self.store.cache_put(CacheKind::Advisory, &name, &advisory, clock::now(), KEPT).await?;
                Ok(Ok(advisory))
            }
            Err(problem) => Ok(Err(Some(problem))),
        }
    }
}

impl Known {
    /// Notes what went wrong; the same only once.
    fn failed(&mut self, problem: Problem) {
        if !self.problems.iter().any(|known| known.message == problem.message) {
            self.problems.push(problem);
        }
    }

    /// The advisories of a package; one whose record is missing has only its name.
    fn of(&self, package: &Package) -> Vec<Advisory> {
        let answered = self.answers.get(package).into_iter().flat_map(|answer| &answer.ids);
        let record = |id: &String| match self.records.get(id) {
            Some(record) => record.clone(),
            None => Advisory { id: id.clone(), ..Advisory::default() },
        };
        let archived = self.archived.get(package).into_iter().flatten().cloned();
        answered.map(record).chain(archived).filter(|advisory| !advisory.withdrawn).collect()
    }

    /// Whether the database has said all that it knows of a package.
    fn is_answered(&self, package: &Package) -> bool {
        self.answers.get(package).is_some_and(|answer| answer.whole)
    }

    /// Why not all that there is is known of a package; none where it is.
    fn gap(&self, package: &Package) -> Option<NotScannedReason> {
        let is_archived = |archive: &AdvisoryArchive| archive.whole && archive.ecosystem == package.ecosystem;
        if self.is_answered(package) || self.archives.iter().any(is_archived) {
            return None;
        }
        Some(if self.allowed { NotScannedReason::NoAnswer } else { NotScannedReason::NotAllowed })
    }
}

/// An app's dependencies: those that can be asked about, and the others.
struct Sorted<'d> {
    profile: &'d AppProfile,
    ecosystem: Option<&'static str>,
    dependencies: Vec<(&'d Dependency, Result<Package, NotScannedReason>)>,
}

impl<'d> Sorted<'d> {
    fn new(profile: &'d AppProfile) -> Self {
        let ecosystem = Registry::embedded().ok().and_then(|registry| registry.ecosystem(&profile.stack));
        let locked = profile.config_files.iter().any(|file| file.ends_with("Cargo.lock"));
        let packaged = |dependency: &'d Dependency| {
            let version = dependency.version.as_deref();
            let package = ecosystem.ok_or(NotScannedReason::NoDatabase);
            let package = package.and_then(|it| advisories::package(it, &dependency.name, version, locked));
            (dependency, package)
        };
        Self { profile, ecosystem, dependencies: profile.dependencies.iter().map(packaged).collect() }
    }

    fn packages(&self) -> impl Iterator<Item = &Package> {
        self.dependencies.iter().filter_map(|(_, package)| package.as_ref().ok())
    }

    fn judged(&self, known: &Known) -> AppVulnerabilities {
        let mut missed: BTreeMap<NotScannedReason, Vec<String>> = BTreeMap::new();
        let mut found = Vec::new();
        let mut scanned = 0;
        for (dependency, package) in &self.dependencies {
            let gap = match package {
                Ok(package) => {
                    found.extend(known.of(package).iter().map(|advisory| advisory.finding(package, dependency.scope)));
                    known.gap(package)
                }
                Err(reason) => Some(*reason),
            };
            match gap {
                Some(reason) => missed.entry(reason).or_default().push(dependency.name.clone()),
                None => scanned += 1,
            }
        }
        let not_scanned = missed.into_iter().map(|(reason, packages)| NotScanned { reason, packages });
        AppVulnerabilities {
            app: self.profile.name.clone(),
            path: self.profile.path.clone(),
            ecosystem: self.ecosystem.map(str::to_owned),
            dependencies: self.dependencies.len(),
            scanned,
            not_scanned: not_scanned.collect(),
            vulnerabilities: advisories::merged(found),
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
