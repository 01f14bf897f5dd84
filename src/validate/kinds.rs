//! What kind of file a text is, by its path and by what only that kind says.

use super::{
    Faults, azure, cloudformation, compose, dockerfile, env_file, github, gitlab, helm, ignore_list, jenkins,
    kubernetes, shell, terraform,
};

/// Folders that charts lie in.
const CHARTS: &[&str] = &["helm", "chart", "charts"];

/// A kind of file that is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Action,
    Arm,
    Bicep,
    BicepValues,
    Chart,
    ChartTemplate,
    ChartValues,
    CloudFormation,
    CloudFormationValues,
    Compose,
    Dockerfile,
    EnvFile,
    IgnoreList,
    Jenkinsfile,
    Kustomization,
    Manifest,
    Pipeline,
    Script,
    Terraform,
    TerraformValues,
    Workflow,
}

impl Kind {
    /// The kind of a file; none where it is none of these.
    pub(super) fn of(path: &str, _text: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        let is_yaml = matches!(ending, "yaml" | "yml");
        if path.contains(".devcontainer/") {
            // Where somebody works, and nothing is deployed.
            None
        } else if name.ends_with(".dockerignore") {
            Some(Self::IgnoreList)
        } else if is_dockerfile(&name) {
            Some(Self::Dockerfile)
        } else if is_yaml && path.contains(".github/workflows/") {
            Some(Self::Workflow)
        } else if matches!(name.as_str(), "action.yml" | "action.yaml")
            && (super::folder(path).is_empty() || path.contains(".github/actions/"))
        {
            Some(Self::Action)
        } else if is_yaml && (name.starts_with("compose") || name.starts_with("docker-compose")) {
            Some(Self::Compose)
        } else if name == "chart.yaml" {
            Some(Self::Chart)
        } else if is_in(path, CHARTS) && is_in(path, &["templates"]) {
            matches!(ending, "yaml" | "yml" | "tpl" | "txt").then_some(Self::ChartTemplate)
        } else if is_yaml && name.starts_with("values") && is_in(path, CHARTS) {
            Some(Self::ChartValues)
        } else if is_yaml && name.starts_with("kustomization.") {
            Some(Self::Kustomization)
        } else if (is_yaml || ending == "json") && is_in(path, &["k8s", "kubernetes", "manifests"]) {
            Some(Self::Manifest)
        } else if ending == "sh" && (name.starts_with("deploy") || is_in(path, &["infra", "k8s"])) {
            Some(Self::Script)
        } else if ending == "tf" {
            Some(Self::Terraform)
        } else if ending == "tfvars" {
            Some(Self::TerraformValues)
        } else if is_yaml && name.contains("gitlab-ci.") {
            Some(Self::Pipeline)
        } else if ending == "bicep" {
            Some(Self::Bicep)
        } else if ending == "bicepparam" {
            Some(Self::BicepValues)
        } else if name == "jenkinsfile" || name.starts_with("jenkinsfile.") {
            Some(Self::Jenkinsfile)
        } else if ending == "json" && is_in(path, &["cloudformation"]) && is_in(path, &["parameters"]) {
            Some(Self::CloudFormationValues)
        } else if (is_yaml || ending == "json") && is_in(path, &["cloudformation"]) && !is_in(path, &["parameters"]) {
            Some(Self::CloudFormation)
        } else if ending == "json" && is_in(path, &["arm", "bicep"]) && name != "bicepconfig.json" {
            Some(Self::Arm)
        } else if name == ".env" || name.starts_with(".env.") {
            Some(Self::EnvFile)
        } else {
            None
        }
    }

    /// Whether a path can be of a kind, whatever the file says.
    pub(super) fn may_be(path: &str) -> bool {
        Self::of(path, "").is_some()
    }

    /// The folder of which a tool takes every file like this one, named or not, with the kind that it takes them as; none
    /// where a file stands for itself.
    pub(super) fn whole(path: &str) -> Option<(Self, &str)> {
        const ALONE: [&str; 4] = ["compose", "compose.override", "docker-compose", "docker-compose.override"];
        let folder = super::folder(path);
        match Self::of(path, "")? {
            Self::Terraform | Self::TerraformValues => Some((Self::Terraform, folder)),
            Self::Manifest => Some((Self::Manifest, folder)),
            Self::ChartTemplate => Some((Self::ChartTemplate, &folder[..folder.find("templates")?])),
            Self::Compose => {
                let (name, _) = path.rsplit('/').next()?.rsplit_once('.')?;
                ALONE.contains(&name).then_some((Self::Compose, folder))
            }
            _ => None,
        }
    }

    pub(super) fn check(self, text: &str, faults: &mut Faults<'_>) {
        match self {
            Self::Compose => compose::check(text, faults),
            Self::Dockerfile => dockerfile::check(text, faults),
            Self::EnvFile => env_file::check(text, faults),
            Self::IgnoreList => ignore_list::check(text, faults),
            Self::Kustomization => kubernetes::check_kustomization(text, faults),
            Self::Manifest => kubernetes::check(text, faults),
            Self::Script => shell::check(text, faults),
            Self::Terraform => terraform::check(text, faults),
            Self::TerraformValues => terraform::check_values(text, faults),
            Self::Arm => azure::check_arm(text, faults),
            Self::Action => github::check_action(text, faults),
            Self::Bicep => azure::check_bicep(text, faults),
            Self::BicepValues => azure::check_bicep_values(text, faults),
            Self::Chart => helm::check_chart(text, faults),
            Self::ChartTemplate => helm::check_template(text, faults),
            Self::ChartValues => helm::check_values(text, faults),
            Self::CloudFormation => cloudformation::check(text, faults),
            Self::CloudFormationValues => cloudformation::check_values(text, faults),
            Self::Jenkinsfile => jenkins::check(text, faults),
            Self::Pipeline => gitlab::check(text, faults),
            Self::Workflow => github::check(text, faults),
        }
    }
}

/// Endings of what a Dockerfile is only made from, or is told about in.
const NONE_YET: [&str; 14] =
    ["ejs", "erb", "gotmpl", "hbs", "in", "j2", "jinja", "jinja2", "liquid", "md", "mustache", "php", "tmpl", "tpl"];

fn is_dockerfile(name: &str) -> bool {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    let begins =
        ["dockerfile", "containerfile"].iter().any(|word| stem == *word || stem.starts_with(&format!("{word}.")));
    begins && !NONE_YET.contains(&ending) || ending == "dockerfile" && !stem.is_empty()
}

/// Whether a path leads through one of these folders.
fn is_in(path: &str, folders: &[&str]) -> bool {
    super::folder(path).split('/').any(|part| folders.contains(&part))
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn names_tell_what_is_a_file_and_what_only_makes_one() {
        for path in ["Dockerfile", "a/Containerfile", "Dockerfile.dev", "docker/api.dockerfile", "Containerfile.prod"] {
            assert_eq!(Kind::of(path, ""), Some(Kind::Dockerfile), "{path}");
        }
        for path in [
            "Dockerfile.ejs",
            "dockerfile.blade.php",
            "Dockerfile.j2",
            "Dockerfile.tmpl",
            "dockerfiles",
            ".envrc",
            ".devcontainer/Dockerfile",
        ] {
            assert_eq!(Kind::of(path, ""), None, "{path}");
        }
        assert_eq!(Kind::of("api/.env.example", ""), Some(Kind::EnvFile));
        assert_eq!(Kind::of("infra/bicep/bicepconfig.json", ""), None);
    }
}
