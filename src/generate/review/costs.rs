//! What costs more than it gives: what development does not need, logs without an end, production that cannot shrink.

use super::{Draft, Gain, Page, Proposal, is_for_development, name};

/// A setting of development: rule, its names, what it is to be instead, and why.
type Setting = (&'static str, &'static [&'static str], fn(&str) -> Option<String>, &'static str);

const DEVELOPMENT: &[Setting] = &[
    (
        "multi-az",
        &["multi_az", "multiAZ", "multi_az_enabled"],
        off,
        "a second zone doubles the bill of what nobody relies on",
    ),
    (
        "instance-size",
        &["instance_class", "instance_type", "node_type"],
        smaller,
        "development is idle most of the time: an instance that bursts costs a fraction",
    ),
    (
        "replicas",
        &["desired_count", "desired_capacity", "min_replicas", "min_instance_count", "replicas"],
        one,
        "one instance is enough where nobody relies on it",
    ),
    (
        "storage",
        &["allocated_storage"],
        little,
        "so much storage is paid for whether it is used or not; only a new database gets smaller",
    ),
    ("nat-gateways", &["one_nat_gateway_per_az"], off, "one NAT gateway is enough for development"),
    ("nat-gateways", &["single_nat_gateway"], on, "one NAT gateway is enough for development"),
];

pub(super) fn review(path: &str, text: &str, draft: &Draft) -> Vec<Proposal> {
    let name = name(path);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let (is_terraform, is_yaml) = (ending == "tf", matches!(ending, "yaml" | "yml"));
    if !is_terraform && !is_yaml && ending != "tfvars" {
        return Vec::new();
    }
    let mark = if is_yaml { ':' } else { '=' };
    let mut page = Page::new(path, text);
    if is_for_development(path) {
        settings(mark, &mut page);
    }
    if is_terraform {
        terraform(path, draft, &mut page);
    }
    if is_yaml && name.contains("compose") && name.contains("prod") && !text.contains("logging") {
        compose_logs(&mut page);
    }
    page.found
}

/// Name and value of a line that sets one.
fn setting(line: &str, mark: char) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(mark)?;
    let value = value.split(" #").next().unwrap_or(value).trim();
    let key = key.trim();
    (!value.is_empty() && !key.starts_with('#') && !key.starts_with("//")).then_some((key, value))
}

fn settings(mark: char, page: &mut Page<'_>) {
    for at in 0..page.lines.len() {
        let line = page.lines[at];
        let Some((key, value)) = setting(line, mark) else { continue };
        for (rule, keys, instead, reason) in DEVELOPMENT {
            if let Some(instead) = instead(value).filter(|_| keys.contains(&key)) {
                let (before, after) = line.split_at(line.find(mark).unwrap_or_default());
                let after = vec![format!("{before}{}", after.replacen(value, &instead, 1))];
                page.propose(rule, Gain::Cost, (at, at + 1), after, reason);
            }
        }
    }
}

fn off(value: &str) -> Option<String> {
    (value == "true").then(|| "false".to_owned())
}

fn on(value: &str) -> Option<String> {
    (value == "false").then(|| "true".to_owned())
}

fn one(value: &str) -> Option<String> {
    value.parse::<u32>().is_ok_and(|count| count > 1).then(|| "1".to_owned())
}

fn little(value: &str) -> Option<String> {
    value.parse::<u32>().is_ok_and(|size| size > 50).then(|| "20".to_owned())
}

/// The instance of Amazon's that bursts, in the place of a larger one.
fn smaller(value: &str) -> Option<String> {
    let mut parts: Vec<&str> = value.strip_prefix('"')?.strip_suffix('"')?.split('.').collect();
    let size = parts.pop().filter(|size| size.ends_with("large"))?;
    let family = parts.pop().filter(|family| family.starts_with(['c', 'm', 'r', 't']) && !size.is_empty())?;
    let digit = family.find(|c: char| c.is_ascii_digit())?;
    let bursts = if family[digit..].contains('g') { "t4g" } else { "t3" };
    parts.extend([bursts, "medium"]);
    Some(format!("\"{}\"", parts.join(".")))
}

/// A resource or module, and the lines of its body, from 0.
struct Block<'a> {
    kind: &'a str,
    name: &'a str,
    first: usize,
    /// The line of its last bracket.
    end: usize,
}

fn blocks<'a>(lines: &[&'a str]) -> Vec<Block<'a>> {
    let block = |(first, line): (usize, &&'a str)| {
        let words: Vec<&str> = line.split_whitespace().map(|word| word.trim_matches('"')).collect();
        let (kind, name) = match words[..] {
            ["resource", kind, name, "{"] => (kind, name),
            ["module", name, "{"] => ("module", name),
            _ => return None,
        };
        let end = first + lines[first..].iter().position(|line| line.trim_end() == "}")?;
        Some(Block { kind, name, first, end })
    };
    lines.iter().enumerate().filter_map(block).collect()
}

fn terraform(path: &str, draft: &Draft, page: &mut Page<'_>) {
    for block in blocks(&page.lines) {
        let value = |wanted: &str| {
            let mut lines = page.lines[block.first..block.end].iter();
            lines.find_map(|line| setting(line, '=').filter(|(key, _)| *key == wanted).map(|(_, value)| value))
        };
        let head = page.lines[block.first].to_owned();
        let with = |line: &str| vec![head.clone(), format!("  {line}"), String::new()];
        let place = (block.first, block.first + 1);
        match block.kind {
            "aws_cloudwatch_log_group" if value("retention_in_days").is_none() => {
                let reason =
                    "without an end every line is kept and paid for for ever; 30 days unless something asks for more";
                page.propose("log-retention", Gain::Cost, place, with("retention_in_days = 30"), reason);
            }
            "module"
                if is_for_development(path)
                    && value("enable_nat_gateway") == Some("true")
                    && value("single_nat_gateway").is_none() =>
            {
                let reason = "one NAT gateway is enough for development; each costs by the hour";
                page.propose("nat-gateways", Gain::Cost, place, with("single_nat_gateway = true"), reason);
            }
            "aws_ebs_volume" | "aws_instance" | "aws_launch_template" => old_volumes(&block, page),
            "aws_ecr_repository" if !says(path, draft, "aws_ecr_lifecycle_policy") => {
                let mut after = vec![page.lines[block.end].to_owned()];
                after.extend(lifecycle(block.name).lines().map(str::to_owned));
                let reason =
                    "every image that was ever pushed is kept and paid for; the last 30 are enough to go back to";
                page.propose("image-retention", Gain::Cost, (block.end, block.end + 1), after, reason);
            }
            "aws_ecs_service" if !is_for_development(path) && !says(path, draft, "aws_appautoscaling_target") => {
                let least = value("desired_count").and_then(|count| count.parse::<u32>().ok());
                let cluster = value("cluster").and_then(|id| id.strip_prefix("aws_ecs_cluster.")?.split('.').next());
                if let (Some(least), Some(cluster)) = (least.filter(|least| *least > 0), cluster) {
                    let mut after = vec![page.lines[block.end].to_owned()];
                    after.extend(scaling(block.name, cluster, least).lines().map(str::to_owned));
                    let reason = "as many tasks run at night as at noon: with autoscaling they follow what there is to do; \
                                  add `lifecycle { ignore_changes = [desired_count] }` to the service";
                    page.propose("no-autoscaling", Gain::Cost, (block.end, block.end + 1), after, reason);
                }
            }
            _ => {}
        }
    }
}

/// Whether something in the folder says that.
fn says(path: &str, draft: &Draft, what: &str) -> bool {
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let same = draft.files.iter().filter(|(other, _)| folder(other) == folder(path));
    same.into_iter().any(|(_, text)| text.contains(what))
}

/// Disks of the generation before.
fn old_volumes(block: &Block<'_>, page: &mut Page<'_>) {
    for at in block.first + 1..block.end {
        let line = page.lines[at];
        let is_old = setting(line, '=').is_some_and(|(key, value)| {
            value == "\"gp2\"" && (key == "volume_type" || key == "type" && block.kind == "aws_ebs_volume")
        });
        if is_old {
            let reason = "gp3 costs a fifth less than gp2, and is as fast or faster up to 1 TB; it changes in place";
            page.propose("old-volume", Gain::Cost, (at, at + 1), vec![line.replacen("gp2", "gp3", 1)], reason);
        }
    }
}

fn lifecycle(repository: &str) -> String {
    format!(
        r#"
resource "aws_ecr_lifecycle_policy" "{repository}" {{
  repository = aws_ecr_repository.{repository}.name

  policy = jsonencode({{
    rules = [{{
      rulePriority = 1
      description  = "Keep the last 30 images"
      selection    = {{ tagStatus = "any", countType = "imageCountMoreThan", countNumber = 30 }}
      action       = {{ type = "expire" }}
    }}]
  }})
}}"#
    )
}

fn scaling(service: &str, cluster: &str, least: u32) -> String {
    format!(
        r#"
resource "aws_appautoscaling_target" "{service}" {{
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${{aws_ecs_cluster.{cluster}.name}}/${{aws_ecs_service.{service}.name}}"
  min_capacity       = 1
  max_capacity       = {most}
}}

resource "aws_appautoscaling_policy" "{service}" {{
  name               = "{service}-cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.{service}.service_namespace
  scalable_dimension = aws_appautoscaling_target.{service}.scalable_dimension
  resource_id        = aws_appautoscaling_target.{service}.resource_id

  target_tracking_scaling_policy_configuration {{
    target_value = 70

    predefined_metric_specification {{
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }}
  }}
}}"#,
        most = least.saturating_mul(2).max(2)
    )
}

/// What is started again runs for long, and Docker keeps all that it prints.
fn compose_logs(page: &mut Page<'_>) {
    let restarts = |line: &&str| {
        let value = setting(line, ':').filter(|(key, _)| *key == "restart").map(|(_, value)| value.trim_matches('"'));
        matches!(value, Some("always" | "unless-stopped" | "on-failure"))
    };
    let places: Vec<usize> = (0..page.lines.len()).filter(|at| restarts(&page.lines[*at])).collect();
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return };
    let mut after = Vec::new();
    for line in &page.lines[*first..=*last] {
        after.push((*line).to_owned());
        if restarts(line) {
            let indent = &line[..line.len() - line.trim_start().len()];
            let below = ["logging:", "  driver: local", "  options:", "    max-size: 20m"];
            after.extend(below.iter().map(|line| format!("{indent}{line}")));
        }
    }
    let reason = "Docker keeps all that a container prints until the disk is full; so the last 100 MB of each stay";
    page.propose("log-retention", Gain::Cost, (*first, last + 1), after, reason);
}
