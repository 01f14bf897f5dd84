//! What is known of packages, told app by app: what was found, and what was not looked at.

use std::collections::BTreeMap;

use crate::advisories::{self, Advisory, Answer, Package};
use crate::detect::Registry;
use crate::model::{
    AdvisoryArchive, AppProfile, AppVulnerabilities, Dependency, NotScanned, NotScannedReason, Problem, Timestamp,
};

/// What is known of packages.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The names of the advisories of those that the database was asked about.
    pub(super) answers: BTreeMap<Package, Answer>,
    /// The advisories by their names; one whose record could not be had is missing.
    pub(super) records: BTreeMap<String, Advisory>,
    /// What the archives have on the others.
    pub(super) archived: BTreeMap<Package, Vec<Advisory>>,
    /// The archives that were looked into.
    pub(super) archives: Vec<AdvisoryArchive>,
    pub(super) answered_at: Option<Timestamp>,
    /// Whether the database was asked or would have been.
    pub(super) allowed: bool,
    pub(super) problems: Vec<Problem>,
}

impl Known {
    /// Notes what went wrong; the same only once.
    pub(super) fn failed(&mut self, problem: Problem) {
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
    pub(super) fn is_answered(&self, package: &Package) -> bool {
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
pub(super) struct Sorted<'d> {
    profile: &'d AppProfile,
    ecosystem: Option<&'static str>,
    dependencies: Vec<Sought<'d>>,
}

/// A dependency, and how it is asked about.
struct Sought<'d> {
    dependency: &'d Dependency,
    /// Whether the app itself names it.
    direct: bool,
    package: Result<Package, NotScannedReason>,
}

impl<'d> Sorted<'d> {
    /// `transitive`: what the app's lock file pins beside its own dependencies.
    pub(super) fn new(profile: &'d AppProfile, transitive: &'d [Dependency]) -> Self {
        let ecosystem = Registry::embedded().ecosystem(&profile.stack);
        let locked = profile.config_files.iter().any(|file| file.ends_with("Cargo.lock"));
        let sought = |dependency: &'d Dependency, direct: bool| {
            let version = dependency.version.as_deref();
            let package = ecosystem.ok_or(NotScannedReason::NoDatabase);
            let package = package.and_then(|it| advisories::package(it, &dependency.name, version, locked || !direct));
            Sought { dependency, direct, package }
        };
        let own = profile.dependencies.iter().map(|dependency| sought(dependency, true));
        let dependencies = own.chain(transitive.iter().map(|dependency| sought(dependency, false))).collect();
        Self { profile, ecosystem, dependencies }
    }

    pub(super) fn packages(&self) -> impl Iterator<Item = &Package> {
        self.dependencies.iter().filter_map(|one| one.package.as_ref().ok())
    }

    pub(super) fn judged(&self, known: &Known) -> AppVulnerabilities {
        let mut missed: BTreeMap<NotScannedReason, Vec<String>> = BTreeMap::new();
        let mut found = Vec::new();
        let mut scanned = 0;
        for Sought { dependency, direct, package } in &self.dependencies {
            let gap = match package {
                Ok(package) => {
                    let advisories = known.of(package);
                    found.extend(advisories.iter().map(|one| one.finding(package, dependency.scope, *direct)));
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
