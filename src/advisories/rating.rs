//! How bad a vulnerability is: from a CVSS vector, or from the database's own word.

use cvss::Cvss;

use super::advisory::Rating;
use crate::model::Severity;

/// The rating of the newest CVSS vector among `vectors` that can be read, else of `word`.
///
/// Scores become words as CVSS has them: low below 4, medium below 7, high below 9.
pub(super) fn rating<'v>(vectors: impl Iterator<Item = &'v str>, word: Option<&str>) -> Rating {
    let scores = vectors.filter_map(|text| {
        let vector: Cvss = text.trim().parse().ok()?;
        let version = match vector {
            Cvss::CvssV20(_) => 2,
            // Scores of version 4 are few and young; where both are given, those of 3 are what databases go by.
            Cvss::CvssV40(_) => 3,
            _ => 4,
        };
        Some((version, vector.score()))
    });
    let best = scores.max_by_key(|(version, _)| *version).map(|(_, score)| score);
    match best {
        Some(score) => Rating { severity: of_score(score), score: Some(score) },
        None => Rating { severity: word.map(of_word).unwrap_or_default(), score: None },
    }
}

fn of_score(score: f64) -> Severity {
    match score {
        9.0.. => Severity::Critical,
        7.0.. => Severity::High,
        4.0.. => Severity::Medium,
        _ => Severity::Low,
    }
}

fn of_word(word: &str) -> Severity {
    match word.trim().to_ascii_lowercase().as_str() {
        "critical" => Severity::Critical,
        "high" | "important" => Severity::High,
        "medium" | "moderate" => Severity::Medium,
        "low" | "minor" | "negligible" | "none" => Severity::Low,
        _ => Severity::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rated(vectors: &[&str], word: Option<&str>) -> (Severity, Option<f64>) {
        let Rating { severity, score } = rating(vectors.iter().copied(), word);
        (severity, score)
    }

    #[test]
    fn vectors_of_all_versions_give_a_score_and_a_word() {
        let log4shell = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H";
        assert_eq!(rated(&[log4shell], None), (Severity::Critical, Some(10.0)));
        assert_eq!(rated(&["CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"], None), (Severity::Medium, Some(6.1)));
        let four = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N";
        assert_eq!(rated(&[four], None), (Severity::Critical, Some(9.3)));
        assert_eq!(rated(&["AV:N/AC:L/Au:N/C:P/I:P/A:P"], None), (Severity::High, Some(7.5)));
        assert_eq!(rated(&[four, "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"], None).0, Severity::Low);
    }

    #[test]
    fn without_a_vector_the_word_counts_and_without_a_word_nothing_is_claimed() {
        assert_eq!(rated(&["CVSS:3.1/nonsense", ""], Some("MODERATE")), (Severity::Medium, None));
        assert_eq!(rated(&[], Some("odd")), (Severity::Unknown, None));
        assert_eq!(rated(&[], None), (Severity::Unknown, None));
    }
}
