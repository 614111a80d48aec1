//! Real documents of many makers, when they lie beside the repository.

use quire_tests::{World, corpora};

const FILES: usize = 150;

#[tokio::test]
async fn every_file_of_a_fixed_sample_ends_as_its_ground_truth_says() {
    let Some(folder) = corpora::beside_the_repository() else { return };
    let world = World::new().await;
    let worker = world.worker().with("QUIRE_LANES", "normal:8").start().await;
    let all = corpora::expectations(&folder);
    let mut files = corpora::counted_by_tree(&all);
    let listed = files.clone();
    files.extend(corpora::sample(all, FILES).into_iter().filter(|file| !listed.contains(file)));
    let expected = files.len();
    let report = corpora::run(&world, &folder, files).await;
    assert_eq!((report.ended, report.differences.as_slice()), (expected, [].as_slice()), "{}", report.text());
    assert_eq!(worker.ask("/livez").await.0, 200);
}
