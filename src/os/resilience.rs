//! Calls that leave the process: how long they may take, how often they are tried, and when they are not tried at
//! all because the other side is down.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::chance;

/// Failures in a row after which a destination is left alone.
const FAILURES: u32 = 5;

/// For how long it is left alone before one call may try it.
const REST: Duration = Duration::from_secs(30);

/// How many destinations are remembered; beyond that those without failures are forgotten.
const REMEMBERED: usize = 256;

/// The longest that a destination's own wish (`Retry-After`) is followed.
const LONGEST_WISH: Duration = Duration::from_secs(30);

/// How long a call may take and how often it is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Time for each try.
    pub timeout: Duration,
    /// How often it is tried at most; 1 for what must not be done twice.
    pub tries: u32,
    /// The pause before the second try; it doubles from there, and chance takes up to half of it.
    pub pause: Duration,
}

impl Policy {
    /// For what must not be done twice.
    #[must_use]
    pub const fn once(timeout: Duration) -> Self {
        Self { timeout, tries: 1, pause: Duration::ZERO }
    }

    /// For what may be asked again: three tries.
    #[must_use]
    pub const fn again(timeout: Duration) -> Self {
        Self { timeout, tries: 3, pause: Duration::from_millis(250) }
    }

    /// The pause after the try `tried` (from 1); `chance` is any number.
    fn pause_after(&self, tried: u32, chance: u32) -> Duration {
        let whole = self.pause.saturating_mul(1 << tried.saturating_sub(1).min(6));
        let half = whole / 2;
        half + half.mul_f64(f64::from(chance) / f64::from(u32::MAX))
    }
}

/// What went wrong, as far as trying again is concerned.
pub trait Failure {
    /// Whether the destination is at fault and another try may go better. What is not (a refusal, a wrong request)
    /// is given back at once, and shows that the destination works.
    fn is_transient(&self) -> bool;

    /// How long the destination wishes not to be asked.
    fn wish(&self) -> Option<Duration> {
        None
    }
}

/// Why a call came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError<E> {
    /// No answer in time.
    #[error("no answer in {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// It failed lately again and again, and is left alone for a while.
    #[error("left alone after {FAILURES} failures in a row")]
    LeftAlone,
    /// It failed.
    #[error("{0}")]
    Failed(E),
}

/// Remembers which destinations are down. Clones share what they know.
#[derive(Clone, Debug, Default)]
pub struct Breakers(Arc<Mutex<BTreeMap<String, Breaker>>>);

impl Breakers {
    /// Calls a destination by way of `call`, which is made once for each try.
    pub async fn call<T, E, F>(
        &self,
        destination: &str,
        policy: Policy,
        mut call: impl FnMut() -> F,
    ) -> Result<T, CallError<E>>
    where
        E: Failure,
        F: Future<Output = Result<T, E>>,
    {
        let mut tried = 0;
        loop {
            tried += 1;
            if !self.with(destination, |breaker| breaker.admits(Instant::now())) {
                return Err(CallError::LeftAlone);
            }
            // Dropped in the middle, it counts as neither good nor bad, and another may try.
            let trial = Trial { breakers: self, destination };
            let error = match tokio::time::timeout(policy.timeout, call()).await {
                Ok(Ok(answer)) => {
                    trial.over(true);
                    return Ok(answer);
                }
                Ok(Err(error)) => CallError::Failed(error),
                Err(_) => CallError::TimedOut(policy.timeout),
            };
            let (transient, wish) = match &error {
                CallError::Failed(error) => (error.is_transient(), error.wish()),
                _ => (true, None),
            };
            trial.over(!transient);
            if !transient || tried >= policy.tries {
                return Err(error);
            }
            let pause = policy.pause_after(tried, chance::number());
            tokio::time::sleep(wish.map_or(pause, |wish| wish.min(LONGEST_WISH).max(pause))).await;
        }
    }

    /// The destinations that are left alone now.
    #[must_use]
    pub fn down(&self) -> Vec<String> {
        let breakers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        breakers.iter().filter(|(_, breaker)| breaker.failures >= FAILURES).map(|(name, _)| name.clone()).collect()
    }

    fn with<T>(&self, destination: &str, act: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut breakers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if breakers.len() >= REMEMBERED && !breakers.contains_key(destination) {
            breakers.retain(|_, breaker| breaker.failures > 0);
        }
        act(breakers.entry(destination.to_owned()).or_default())
    }
}

/// One try under way.
struct Trial<'a> {
    breakers: &'a Breakers,
    destination: &'a str,
}

impl Trial<'_> {
    fn over(self, good: bool) {
        self.breakers.with(self.destination, |breaker| breaker.record(Instant::now(), good));
    }
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        self.breakers.with(self.destination, |breaker| breaker.trying = false);
    }
}

/// What is known of one destination.
#[derive(Debug, Default)]
struct Breaker {
    /// In a row.
    failures: u32,
    /// Until when it is left alone.
    rests_until: Option<Instant>,
    /// Whether one call tries it after its rest.
    trying: bool,
}

impl Breaker {
    fn admits(&mut self, now: Instant) -> bool {
        if self.failures < FAILURES {
            return true;
        }
        let rested = self.rests_until.is_none_or(|until| now >= until);
        let admitted = rested && !self.trying;
        self.trying |= admitted;
        admitted
    }

    fn record(&mut self, now: Instant, good: bool) {
        if good {
            *self = Self::default();
            return;
        }
        self.failures = self.failures.saturating_add(1);
        self.trying = false;
        if self.failures >= FAILURES {
            self.rests_until = Some(now + REST);
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s, {} tries", self.timeout.as_secs_f64(), self.tries)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
    #[error("{0}")]
    struct Fault(&'static str);

    impl Failure for Fault {
        fn is_transient(&self) -> bool {
            self.0 == "down"
        }
    }

    const QUICK: Policy = Policy { timeout: Duration::from_secs(5), tries: 3, pause: Duration::from_millis(1) };

    /// Answers from the list, one after the other, and counts.
    async fn asked(
        breakers: &Breakers,
        policy: Policy,
        answers: &[Result<u8, Fault>],
    ) -> (Result<u8, CallError<Fault>>, u32) {
        let count = AtomicU32::new(0);
        let answer = breakers
            .call("there", policy, || {
                let number = count.fetch_add(1, Ordering::Relaxed);
                std::future::ready(answers[number as usize].clone())
            })
            .await;
        (answer, count.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn what_may_go_better_is_tried_again_and_nothing_else() {
        let breakers = Breakers::default();
        let down = Err(Fault("down"));
        assert_eq!(asked(&breakers, QUICK, &[down.clone(), down.clone(), Ok(7)]).await, (Ok(7), 3));
        let refused = Err(CallError::Failed(Fault("no")));
        assert_eq!(asked(&breakers, QUICK, &[Err(Fault("no")), Ok(7)]).await, (refused, 1));
        let once = Policy::once(Duration::from_secs(5));
        assert_eq!(asked(&breakers, once, &[down, Ok(7)]).await.1, 1);
    }

    #[tokio::test]
    async fn a_destination_that_is_down_is_left_alone() {
        let breakers = Breakers::default();
        let down = vec![Err(Fault("down")); 3];
        assert_eq!(asked(&breakers, QUICK, &down).await.1, 3);
        let (answer, tries) = asked(&breakers, QUICK, &down).await;
        assert_eq!((answer, tries), (Err(CallError::LeftAlone), 2), "the fifth failure ends it");
        assert_eq!(breakers.down(), ["there"]);
        assert_eq!(asked(&breakers, QUICK, &[Ok(1)]).await, (Err(CallError::LeftAlone), 0));
    }

    #[tokio::test]
    async fn no_answer_ends_with_the_time() {
        let breakers = Breakers::default();
        let policy = Policy { timeout: Duration::from_millis(5), tries: 2, pause: Duration::from_millis(1) };
        let answer = breakers.call("there", policy, std::future::pending::<Result<u8, Fault>>).await;
        assert_eq!(answer, Err(CallError::TimedOut(policy.timeout)));
    }

    #[test]
    fn after_its_rest_one_call_tries_and_decides() {
        let mut breaker = Breaker::default();
        let start = Instant::now();
        for _ in 0..FAILURES {
            assert!(breaker.admits(start));
            breaker.record(start, false);
        }
        assert!(!breaker.admits(start + REST / 2));
        let later = start + REST;
        assert!(breaker.admits(later) && !breaker.admits(later), "one at a time");
        breaker.record(later, false);
        assert!(!breaker.admits(later + REST / 2));
        assert!(breaker.admits(later + REST));
        breaker.record(later + REST, true);
        assert!(breaker.admits(later + REST) && breaker.admits(later + REST));
    }

    #[test]
    fn pauses_double_and_chance_takes_up_to_half() {
        let policy = Policy::again(Duration::from_secs(1));
        assert_eq!(policy.pause_after(1, 0), policy.pause / 2);
        assert_eq!(policy.pause_after(1, u32::MAX), policy.pause);
        assert_eq!(policy.pause_after(3, u32::MAX), policy.pause * 4);
    }

    #[test]
    fn only_so_many_destinations_are_remembered() {
        let breakers = Breakers::default();
        for number in 0..1000 {
            breakers.with(&number.to_string(), |breaker| breaker.record(Instant::now(), true));
        }
        assert!(breakers.0.lock().unwrap().len() <= REMEMBERED);
    }
}
