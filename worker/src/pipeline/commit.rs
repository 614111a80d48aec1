//! Stores the output of a run, `result.json` last: everything it names is there when it appears.

use std::{collections::BTreeSet, path::Path};

use chrono::Utc;
use quire_producer::store::Condition;
use quire_schemas::{
    failure::ErrorCode,
    keys::JobKeys,
    result::{MAX_RESULT_BYTES, ParseResult, Phase},
};
use tokio::time::Instant;

use super::{
    assemble::milliseconds,
    byte_budget::ByteBudget,
    committed::Committed,
    context::Context,
    end_summary::{self, EndSummary},
    existing::{Existing, Results, named_keys},
    run::{Identity, RunOutput, Terms},
    sweep::{Marker, delete, is_replayed, list_named, sweep, unnamed},
    write_down::{Body, WriteDown},
};
use crate::{
    fail_point,
    job::Fault,
    store::{Store, StoredObject, Written},
    telemetry::{Metrics, Stage},
};

/// What a result takes beside its pages and elements.
const HEAD_BYTES: u64 = 64 << 10;
/// How often a commit compares its result with one that another run has stored meanwhile.
const MOST_COMPARISONS: u32 = 5;

/// Commits the results of one worker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Committer<'a> {
    store: &'a Store,
    metrics: &'a Metrics,
    temp_dir: &'a Path,
    max_result_bytes: u64,
    budget: &'a ByteBudget,
}

impl<'a> Committer<'a> {
    pub(crate) fn of(context: &'a Context) -> Self {
        Self {
            store: &context.store,
            metrics: &context.metrics,
            temp_dir: &context.temp_dir,
            max_result_bytes: context.max_result_bytes,
            budget: &context.results,
        }
    }

    /// Stores a run's objects and then its result. Idempotent: a second commit of one run overwrites the
    /// first. Must not be cut: the caller runs it as a task of its own.
    ///
    /// # Errors
    /// `storage_unavailable` or `storage_denied`; the result is absent then, or the old one.
    /// `invalid_job` if the id belongs to another body's result. `internal` if a parsed page cannot be
    /// read back. `resource_limit` if no reader would take the result.
    pub(crate) async fn commit(&self, who: &Identity, terms: Terms, output: RunOutput) -> Result<Committed, Fault> {
        let (started, keys) = (Instant::now(), &who.keys);
        fail_point::reach("assembled");
        let charged = self.budget.charge(memory_of(&output), Phase::Commit).await?;
        let RunOutput { mut result, parsed, raw, .. } = output;
        // Before anything is stored: the objects of a result must stay as they were when it named them.
        if let Some(theirs) = self.look(keys).await?.filter(|found| found.stays_against(&result, terms)) {
            drop(charged);
            return self.adopt(keys, theirs, &result).await;
        }
        let Self { store, temp_dir, max_result_bytes, .. } = *self;
        // Workers and `quire` read the results of a bucket, up to a limit. They read none of a folder.
        let readable_bytes = if store.keeps_history() { MAX_RESULT_BYTES as u64 } else { u64::MAX };
        let write_down = WriteDown { store, keys, temp_dir, max_result_bytes, readable_bytes };
        if let Some(raw) = raw {
            result.artifacts.push(write_down.raw(raw).await?);
        }
        let (body, mut result) = match parsed {
            Some(parsed) => write_down.document(parsed, result).await?,
            None => (Body::of(&result), result),
        };
        fail_point::reach("artifacts_stored");
        result.timings.commit = Some(milliseconds(started.elapsed()));
        result.completed_at = Some(Utc::now());
        let mut named = named_keys(&result);
        named.extend(body.pictures.iter().cloned());
        let (pages, elements) = (body.pages, body.elements);
        let (mut object, result) = write_down.result(result, body).await?;
        write_down.check_size(object.body.len() as u64)?;
        let committed = Committed::of(&result, store.uri(&object.key), object.sha256);
        let committed = Committed { pages, elements, ..committed };
        let summary = EndSummary::of(&result, &committed, &named);
        object.metadata.insert(end_summary::METADATA.to_owned(), summary.write());
        let outcome = self.store_result(keys, terms, (&object, &result), &named).await?;
        // The put is answered: nothing of the result is in memory any more.
        drop((object, charged));
        fail_point::reach("result_stored");
        self.metrics.stage_took(Stage::Commit, started.elapsed());
        match outcome {
            Outcome::Stored { leftovers } => {
                delete(store, self.metrics, leftovers).await;
                Ok(committed)
            }
            Outcome::Theirs(theirs) => self.adopt(keys, *theirs, &result).await,
        }
    }

    /// Stores the result, unless another run has stored one that stays. Two ends of a job that are stored at the same
    /// time come to one: the store refuses the second write, or it is read back.
    async fn store_result(
        &self,
        keys: &JobKeys,
        terms: Terms,
        (object, result): (&StoredObject, &ParseResult),
        named: &BTreeSet<String>,
    ) -> Result<Outcome, Fault> {
        for _ in 0..MOST_COMPARISONS {
            let found = self.look(keys).await?;
            let condition = match &found {
                _ if !self.store.honours_conditions() => Condition::Always,
                None => Condition::Absent,
                Some(Existing { etag: Some(etag), .. }) => Condition::Unchanged(etag.clone()),
                Some(_) => Condition::Always,
            };
            let replaces = found.is_some();
            if let Some(theirs) = found.filter(|found| found.stays_against(result, terms)) {
                return Ok(Outcome::Theirs(Box::new(theirs)));
            }
            let listed = list_named(self.store, keys, named).await?;
            // Asked before the result is there: afterwards no delivery would come to sweep.
            let is_last = !is_replayed(self.store, keys, result.generation, &listed).await?;
            fail_point::reach("result_compared");
            let Written::Stored(_) = self.store.put_if(&condition, object, Phase::Commit).await? else { continue };
            let is_first_by_condition = condition == Condition::Absent && !replaces;
            if !is_first_by_condition && !self.is_still_ours(keys, object, named).await? {
                continue;
            }
            let leftovers = if is_last { unnamed(keys, listed, named) } else { Vec::new() };
            return Ok(Outcome::Stored { leftovers });
        }
        let message = "other runs of the job store results again and again";
        Err(Fault::new(ErrorCode::StorageUnavailable, Phase::Commit, message))
    }

    /// Says whether the result that was just written is the one that is stored. The run that it replaces, or with which
    /// it raced, may have deleted what its own result does not name.
    ///
    /// # Errors
    /// `storage_unavailable` if something is gone that the result names. The result is then taken away, and the fault
    /// says so: the next run makes again what is gone.
    async fn is_still_ours(
        &self,
        keys: &JobKeys,
        object: &StoredObject,
        named: &BTreeSet<String>,
    ) -> Result<bool, Fault> {
        if !self.store.keeps_metadata() {
            return Ok(true);
        }
        let stored = self.store.head(&keys.result(), Phase::Commit).await?;
        let sha256 = stored.as_ref().and_then(|head| head.metadata.get("sha256"));
        if sha256.is_none_or(|stored| *stored != object.sha256.to_string()) {
            return Ok(false);
        }
        if let Err(gone) = list_named(self.store, keys, named).await {
            self.store.delete_all(&[keys.result()]).await;
            return Err(gone.without_result());
        }
        Ok(true)
    }

    async fn look(&self, keys: &JobKeys) -> Result<Option<Existing>, Fault> {
        if self.store.keeps_history() { self.results().find(keys, Phase::Commit).await } else { Ok(None) }
    }

    const fn results(&self) -> Results<'a> {
        Results { store: self.store, budget: self.budget }
    }

    async fn adopt(&self, keys: &JobKeys, theirs: Existing, ours: &ParseResult) -> Result<Committed, Fault> {
        tracing::info!(status = %theirs.committed.status, "another run has stored a result, which stays");
        let generation = theirs.committed.generation.max(ours.generation);
        sweep(self.results(), self.metrics, keys, (&theirs, generation, Marker::Goes)).await;
        if theirs.committed.generation == ours.generation {
            theirs.check_body(ours.request_sha256, Phase::Commit)?;
        }
        Ok(theirs.committed)
    }
}

/// How two ends of a job came to one.
enum Outcome {
    /// Ours is stored, and this lies there that it does not name.
    Stored { leftovers: Vec<String> },
    /// Another one stays.
    Theirs(Box<Existing>),
}

/// Returns what a commit may hold in memory: its parsed pages as JSON and as part of the result, and the engine's answer.
fn memory_of(output: &RunOutput) -> u64 {
    let parsed = output.parsed.as_ref().map_or(0, |parsed| parsed.spool.bytes());
    let raw = output.raw.as_ref().map_or(0, |raw| raw.body.len() as u64);
    HEAD_BYTES + parsed.saturating_mul(3) + raw
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use quire_schemas::{
        job::{Engine, JobId},
        names::{Lane, Tenant},
        result::Page,
    };

    use super::*;
    use crate::{
        pipeline::{
            run::RawAnswer,
            testing::{parsed_document, parsed_page, picture, result_with_every_object},
        },
        store::{DirectoryStore, StoredObject},
    };

    /// A store that keeps history, with objects of a job below `job/`.
    struct Scene {
        context: Context,
        who: Identity,
        folder: tempfile::TempDir,
    }

    impl Scene {
        async fn with(keys: impl IntoIterator<Item = &String>, max_result_bytes: u64) -> Self {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let store = Store::Directory(DirectoryStore::with_history(folder.path().to_owned()));
            for key in keys {
                let object = StoredObject::new(key.clone(), "content".into(), "text/plain");
                store.put(&object, Phase::Commit).await.expect("writable");
            }
            let (keys, job_id) = (JobKeys::in_folder("job"), JobId::generate());
            let (tenant, lane) = (Tenant::default(), Lane::default());
            let who = Identity { job_id, tenant, lane, keys, attempt: 1, generation: 0 };
            // Not the store's folder, where temporary files would be listed.
            let context = Context::in_folder(&std::env::temp_dir());
            Self { context: Context { store, max_result_bytes, ..context }, who, folder }
        }

        async fn commit(&self, output: RunOutput) -> Result<Committed, Fault> {
            let terms = Terms { started_at: Utc::now(), queue_wait: None, supersedes_success: false };
            Committer::of(&self.context).commit(&self.who, terms, output).await
        }

        async fn listed(&self) -> BTreeSet<String> {
            let listed = self.context.store.list("job/", Phase::Commit).await;
            listed.expect("a readable folder").into_iter().collect()
        }
    }

    /// Objects that earlier runs have left and no result names.
    fn leftovers(keys: &JobKeys) -> [String; 5] {
        [keys.cancel(), keys.state(), keys.elements(9), keys.carried_part(1), "job/pages/0001.webp".to_owned()]
    }

    #[tokio::test]
    async fn a_commit_keeps_every_object_that_a_result_names_and_deletes_all_others() {
        let (result, mut named) = result_with_every_object("job/");
        assert!(result.elements[0].picture().is_some());
        let leftovers = leftovers(&JobKeys::in_folder("job"));
        let scene = Scene::with(named.iter().chain(&leftovers), 1 << 20).await;
        scene.commit(result.into()).await.expect("everything is there");
        named.insert(scene.who.keys.result());
        assert_eq!(scene.listed().await, named);
    }

    #[tokio::test]
    async fn a_commit_keeps_the_pictures_of_parsed_pages_inline_and_in_parts() {
        let keys = JobKeys::in_folder("job");
        for (max_result_bytes, parts) in [(1 << 20, None), (2_000, Some(keys.elements(1)))] {
            let (mut result, mut named) = result_with_every_object("job/");
            // Of an element that the parse does not have.
            result.elements.clear();
            result.pages = vec![Page::new(1), Page::new(2)];
            let gone = "job/pictures/0.png".to_owned();
            assert!(named.remove(&gone));
            let mut page = parsed_page(2, &["a", "b"]);
            page.elements[1].image = Some(picture("job/pictures/2.png"));
            named.insert("job/pictures/2.png".to_owned());
            let leftovers = leftovers(&keys);
            let scene = Scene::with(named.iter().chain(&leftovers).chain([&gone]), max_result_bytes).await;
            let raw = RawAnswer { key: keys.raw_parse(Engine::Docling), body: "{}".into() };
            let parsed = parsed_document([parsed_page(1, &["c"]), page]);
            let output = RunOutput { parsed: Some(parsed), raw: Some(raw), ..result.into() };
            let committed = scene.commit(output).await.expect("everything is there");
            assert_eq!((committed.pages, committed.elements), (2, 3));
            named.extend([keys.raw_parse(Engine::Docling), keys.markdown(), keys.result()]);
            named.extend(parts);
            assert_eq!(scene.listed().await, named, "{max_result_bytes}");
        }
    }

    #[tokio::test]
    async fn a_result_that_names_an_object_that_is_gone_is_not_stored() {
        let (result, mut named) = result_with_every_object("job/");
        let gone = named.pop_first().expect("there are objects");
        let scene = Scene::with(&named, 1 << 20).await;
        let fault = scene.commit(result.into()).await.expect_err("it would be a lie");
        assert_eq!(fault.code, ErrorCode::StorageUnavailable);
        assert!(fault.message.contains(&gone), "{}", fault.message);
        assert_eq!(scene.listed().await, named);
    }

    #[tokio::test]
    async fn what_the_pass_warns_about_is_known_of_the_stored_result() {
        let scene = Scene::with([], 4_000).await;
        let (mut result, _) = result_with_every_object("job/");
        (result.elements, result.artifacts, result.document) = (Vec::new(), Vec::new(), None);
        result.page_images.clear();
        result.thumbnails.clear();
        let mut page = parsed_page(1, &["a"]);
        page.page.text = Some("x".repeat(5_000));
        let output = RunOutput { parsed: Some(parsed_document([page])), ..result.into() };
        let committed = scene.commit(output).await.expect("it is stored");
        let codes: Vec<_> = committed.warnings.iter().map(|warning| warning.code.as_str()).collect();
        assert_eq!(codes, ["limit_reached"]);
        let stored = std::fs::read(scene.folder.path().join(scene.who.keys.result())).expect("it is stored");
        let stored: ParseResult = serde_json::from_slice(&stored).expect("a result");
        assert_eq!((stored.warnings, stored.errors), (committed.warnings, committed.errors));
        assert!(stored.completed_at.is_some());
    }
}
