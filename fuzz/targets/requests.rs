#![no_main]
//! What a client may send to the engine and keep of its answers: JSON of any bytes, read as each of the types.

use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wharf::api::requests::DetectRequest;
use wharf::model;

/// What is read can be written and read again.
fn read<T: DeserializeOwned + Serialize>(bytes: &[u8]) {
    if let Ok(value) = serde_json::from_slice::<T>(bytes) {
        let written = serde_json::to_vec(&value).expect("what is read can be written");
        serde_json::from_slice::<T>(&written).expect("what is written can be read");
    }
}

fuzz_target!(|bytes: &[u8]| {
    read::<DetectRequest>(bytes);
    read::<model::WriteArtifacts>(bytes);
    read::<model::DeployRequest>(bytes);
    read::<model::Event>(bytes);
    read::<model::Problem>(bytes);
    read::<model::Detection>(bytes);
    read::<model::Plan>(bytes);
});
