//! Who may do what at the store: every access by every role, the refused ones as well as the
//! allowed ones.

use quire_producer::store::{Metadata, S3Store, StoreError};
use quire_tests::{
    World,
    permissions::{Role, User},
};

const WORKERS: &[Role] = &[Role::Worker, Role::DeclaringWorker];
const WORKERS_AND_OPERATORS: &[Role] = &[Role::Worker, Role::DeclaringWorker, Role::Operator];
const UPLOADERS: &[Role] = &[Role::Worker, Role::DeclaringWorker, Role::Publisher, Role::Follower];
const READERS: &[Role] = &[Role::Worker, Role::DeclaringWorker, Role::Follower, Role::Operator];
const NOBODY: &[Role] = &[];

/// Something that can be asked of the store; names are below the prefix.
#[derive(Debug, Clone, Copy)]
enum Access {
    Read(&'static str),
    Write(&'static str),
    Remove(&'static str),
    List(&'static str),
    /// Everything in the bucket.
    ListAll,
    /// Whether the bucket is there.
    Check,
}

use Access::{Check, List, ListAll, Read, Remove, Write};

/// What is asked of the store, and who may.
const AT_THE_STORE: &[(Access, &[Role])] = &[
    (Write("default/uploads/a.pdf"), UPLOADERS),
    (Write("other/uploads/a.pdf"), WORKERS),
    (Write("default/job/result.json"), WORKERS),
    (Write("default/job/cancel"), WORKERS_AND_OPERATORS),
    (Write("../elsewhere/default/uploads/a.pdf"), NOBODY),
    (Read("default/job/result.json"), READERS),
    // A user who may not list is refused instead of told that there is none.
    (Read("default/job/missing.json"), READERS),
    (Read("other/job/result.json"), WORKERS_AND_OPERATORS),
    (Read("../elsewhere/default/job/result.json"), NOBODY),
    (List("default/job/"), WORKERS_AND_OPERATORS),
    (List("../elsewhere/"), NOBODY),
    (ListAll, NOBODY),
    (Check, READERS),
    (Remove("default/job/result.json"), WORKERS_AND_OPERATORS),
    (Remove("../elsewhere/default/job/result.json"), NOBODY),
];

#[tokio::test]
async fn each_role_can_do_at_the_store_what_it_needs_and_nothing_else() {
    let world = World::new().await;
    let elsewhere = format!("{}-elsewhere", world.prefix);
    for key in ["default/job/result.json", "other/job/result.json"] {
        world.put(&format!("{}/{key}", world.prefix), b"{}".to_vec()).await;
        world.put(&format!("{elsewhere}/{key}"), b"{}".to_vec()).await;
    }
    let mut roles = Vec::new();
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Monitor) {
        let user = User::of(&world, role).await;
        roles.push((role, user.store().await, user));
    }
    for (access, expected) in AT_THE_STORE {
        // What fails for the owner of everything would be refused to every user, for another reason.
        // The whole bucket is not listed for that: it holds the objects of other tests.
        let sound = matches!(access, ListAll) || access.attempt(&world.store, &world.prefix).await;
        assert!(sound, "{access:?} is wrong in itself");
        let mut allowed = Vec::new();
        for (role, store, _) in &roles {
            if access.attempt(store, &world.prefix).await {
                allowed.push(*role);
            }
        }
        assert_eq!(allowed, *expected, "{access:?}");
    }
}

impl Access {
    /// Says whether the store allowed it.
    async fn attempt(self, store: &S3Store, prefix: &str) -> bool {
        let key = |name: &str| match name.strip_prefix("../elsewhere/") {
            Some(name) => format!("{prefix}-elsewhere/{name}"),
            None => format!("{prefix}/{name}"),
        };
        let outcome = match self {
            Read(name) => store.get(&key(name), 1024).await.map(drop),
            Write(name) => store.put(&key(name), "{}".into(), "application/json", &Metadata::new()).await,
            Remove(name) => store.delete(&key(name)).await,
            List(name) => store.list(&key(name)).await.map(drop),
            ListAll => store.list("").await.map(drop),
            Check => store.check().await,
        };
        match outcome {
            Ok(()) => true,
            Err(StoreError::Denied { .. }) => false,
            Err(error) => panic!("{self:?}: neither allowed nor refused: {error}"),
        }
    }
}
