//! The networks of apps.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use wharf::model::Plan;
use wharf::targets::Target;

use super::{World, plan};
use crate::support::docker;

/// More than Docker has ranges for, where nobody gave it more.
const MANY: usize = 40;

#[tokio::test]
async fn more_apps_run_at_once_than_docker_has_ranges() {
    if !docker::ready(&[]) {
        return;
    }
    let world = World::new("networks", &[]);
    let plans: Vec<Plan> = (0..MANY).map(|number| plan(&format!("networks-{number}"))).collect();
    for made in join_all(plans.iter().map(|plan| world.target.network(plan))).await {
        made.unwrap();
    }
    let names: Vec<String> = networks(&world).lines().map(str::to_owned).collect();
    let subnets: BTreeSet<String> = names.iter().map(|name| subnet(name)).collect();
    assert_eq!((names.len(), subnets.len()), (MANY, MANY), "{subnets:?}");
    assert!(subnets.iter().all(|subnet| subnet.ends_with("/27")), "{subnets:?}");

    // What is there is left as it is, and what is given back is given again.
    world.target.network(&plans[0]).await.unwrap();
    assert_eq!(networks(&world).lines().count(), MANY);
    for plan in &plans {
        world.target.teardown(&plan.key, false).await.unwrap();
    }
    assert_eq!(networks(&world), "");
    world.target.network(&plans[0]).await.unwrap();
    assert!(subnet(&networks(&world)).ends_with("/27"));
}

#[tokio::test]
async fn data_folders_that_start_together_take_different_parts() {
    if !docker::ready(&[]) {
        return;
    }
    let (one, two) = (World::new("together", &[]), World::other("together"));
    for _ in 0..5 {
        let (first, second) = tokio::join!(one.target.network(&one.plan), two.target.network(&two.plan));
        first.unwrap();
        second.unwrap();
        assert_ne!(subnet(&networks(&one)), subnet(&networks(&two)));
        for world in [&one, &two] {
            world.target.teardown(&world.plan.key, false).await.unwrap();
        }
    }
}

fn networks(world: &World) -> String {
    docker::stdout(&["network", "ls", "-q", "--filter", &format!("label=wharf.data={}", world.mark)])
}

fn subnet(network: &str) -> String {
    docker::stdout(&["network", "inspect", "-f", "{{range .IPAM.Config}}{{.Subnet}}{{end}}", network])
}
