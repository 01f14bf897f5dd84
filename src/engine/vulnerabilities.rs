//! Known vulnerabilities in what a project's apps depend on.
//!
//! *Architecture invariant:* before anything is sent to the database, the consent is read: one that was given for its
//! very address, and not taken back since.

mod ask;
mod report;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OnceCell};

use self::report::Sorted;
use super::error::EngineError;
use super::projects::{blocking, select_apps};
use super::{Engine, Inner};
use crate::advisories::{self, Archive, ArchiveError, Osv, Package};
use crate::model::{
    AdvisoryImport, AdvisorySources, AppProfile, Consent, EventKind, Problem, ProjectId, VulnerabilityReport,
};
use crate::os::clock;

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
        let project = engine.seen(id).await?;
        let (detection, _) = engine.examine(&project, false).await?;
        let apps: Vec<&AppProfile> = match app {
            Some(_) => select_apps(&project, &detection, app)?,
            None => detection.apps.iter().collect(),
        };
        let sorted: Vec<Sorted<'_>> = apps
            .into_iter()
            .map(|app| Sorted::new(app, detection.transitive.get(&app.path).map_or(&[][..], Vec::as_slice)))
            .collect();
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

    async fn with_archive<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Archive) -> Result<T, ArchiveError> + Send + 'static,
    ) -> Result<Result<T, ArchiveError>, EngineError> {
        let archive = Arc::clone(&self.advisor.archive);
        blocking(move || work(&archive)).await
    }
}
