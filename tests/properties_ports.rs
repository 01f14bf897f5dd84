//! Properties of ports: whatever happens at once, a port has one holder, and is free on the host when it is given.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::Mutex;

use futures_util::future::join_all;
use proptest::prelude::*;
use tokio::runtime::Runtime;
use wharf::engine::{AdvisoryOptions, Engine, EngineOptions};
use wharf::model::{PORT_RANGE, PortLease, ProblemCode, ReservePort};

use crate::support::proptest as tries;

/// What somebody does with ports.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// Asks for any port.
    Any,
    /// Asks for one of a few that others want as well.
    Wanted(u16),
    /// Gives back the one that it got first.
    Release,
}

/// The few ports that many want.
const CONTESTED: std::ops::Range<u16> = 39_000..39_004;

fn acts() -> impl Strategy<Value = Vec<Vec<Act>>> {
    let act = prop_oneof![
        3 => Just(Act::Any),
        2 => CONTESTED.prop_map(Act::Wanted),
        2 => Just(Act::Release),
    ];
    prop::collection::vec(prop::collection::vec(act, 1..6), 2..8)
}

/// Does one person's acts; `held` is what everybody holds, and no port may come into it twice.
async fn person(engine: &Engine, acts: &[Act], held: &Mutex<BTreeSet<u16>>) -> Vec<u16> {
    let mut own = Vec::new();
    for act in acts {
        let wanted = match act {
            Act::Any => None,
            Act::Wanted(port) => Some(*port),
            Act::Release if own.is_empty() => continue,
            Act::Release => {
                let port = own.remove(0);
                // Before the engine knows: from then on another may get it.
                held.lock().unwrap().remove(&port);
                engine.release_port(port, "tester").await.unwrap();
                continue;
            }
        };
        match engine.reserve_port(ReservePort { port: wanted, note: String::new() }, "tester").await {
            Ok(PortLease { port, .. }) => {
                assert!(PORT_RANGE.contains(&port));
                assert!(wanted.is_none_or(|wanted| wanted == port));
                assert!(held.lock().unwrap().insert(port), "port {port} has two holders");
                own.push(port);
            }
            Err(problem) => {
                assert_eq!(problem.code, ProblemCode::Refused, "{problem}");
                assert!(wanted.is_some(), "any port can be had: {problem}");
            }
        }
    }
    own
}

// Feature: deployment-automation, Property ports: a port never has two holders, and what is given is free on the host
#[test]
fn a_port_never_has_two_holders() {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let options = EngineOptions {
        workers: 1,
        executable: env!("CARGO_BIN_EXE_wharf").into(),
        advisories: AdvisoryOptions::default(),
    };
    let engine = runtime.block_on(Engine::start(folder.path().join("data"), options)).unwrap();
    proptest!(tries::config(100), |(people in acts())| {
        runtime.block_on(async {
            let held = Mutex::new(BTreeSet::new());
            let kept = join_all(people.iter().map(|acts| person(&engine, acts, &held))).await;
            let kept: BTreeSet<u16> = kept.into_iter().flatten().collect();
            let known: BTreeSet<u16> = engine.ports().await.unwrap().into_iter().map(|lease| lease.port).collect();
            prop_assert_eq!(&known, &kept);
            for port in kept {
                engine.release_port(port, "tester").await.unwrap();
            }
            Ok(())
        })?;
    });
    runtime.block_on(engine.shutdown());
}

#[tokio::test]
async fn a_port_that_a_program_listens_on_is_not_given() {
    let folder = tempfile::tempdir().unwrap();
    let options = EngineOptions {
        workers: 1,
        executable: env!("CARGO_BIN_EXE_wharf").into(),
        advisories: AdvisoryOptions::default(),
    };
    let engine = Engine::start(folder.path().join("data"), options).await.unwrap();
    let next = engine.reserve_port(ReservePort { port: None, note: String::new() }, "tester").await.unwrap().port;
    engine.release_port(next, "tester").await.unwrap();
    let _listener = TcpListener::bind(("127.0.0.1", next)).unwrap();
    let asked = engine.reserve_port(ReservePort { port: Some(next), note: String::new() }, "tester").await;
    assert_eq!(asked.unwrap_err().cause, "port-in-use");
    let other = engine.reserve_port(ReservePort { port: None, note: String::new() }, "tester").await.unwrap().port;
    assert_ne!(other, next);
    engine.shutdown().await;
}
